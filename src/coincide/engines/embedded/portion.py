"""Portions of a log that hold accounts of their own: what is decided account by account is decided one after another.

Files of an import say which part of the accounts they hold (``partition``); one part of all its sources is a portion.
Sources without accounts, such as reported incidents, go with every portion and count with the first. So a run takes the
memory of a portion, whatever the log's size. DESIGN: "How it runs".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.partition import Files, Part, parted
from coincide.events.mapping import mapped
from coincide.rules.plan import Plan, UnusualDay


@dataclass(frozen=True)
class Portion:
    """``feeds``: what is read. ``counted``: the sources whose rows are counted here and in no other portion.

    ``part``: whose accounts the files of the sources ``owned`` say that they hold; ``None`` if these are all files.
    ``rows``: of each of these sources, how many rows all portions have.
    """

    feeds: tuple[Feed, ...]
    counted: frozenset[str]
    part: Part | None = None
    owned: Files = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


def portions(feeds: Sequence[Feed], plans: Sequence[Plan]) -> list[Portion]:
    """The whole log of accounts that nothing joins, in as many portions as it has.

    One of everything where a rule needs more than what one account did. Raises what is wrong with files.
    """
    names = frozenset(feed.name for feed in feeds)
    whole = [Portion(tuple(feeds), names)]
    if not all(_alone(plan) for plan in plans):
        return whole
    owned = [feed for feed in feeds if "account" in mapped(feed.source)]
    parts = parted([(feed.reader, feed.source) for feed in owned], {feed.name: feed.decided for feed in owned})
    if parts is None or len(parts) < 2:
        return whole
    rows = {feed.name: sum(map(feed.reader.expected_in, feed.decided)) for feed in owned}
    found: list[Portion] = []
    for part, files in parts.items():
        read = tuple(
            replace(feed, decided=tuple(files.get(feed.name, ()))) if feed.name in rows else feed for feed in feeds
        )
        found.append(Portion(read, frozenset(rows) if found else names, part, files, rows))
    return found


def _alone(plan: Plan) -> bool:
    """Whether what one account did decides its hits."""
    return plan.by in ("account", "actor") and not isinstance(plan.condition, UnusualDay)

"""Portions of a log that hold accounts of their own: what is decided account by account is decided one after another.

Files of an import say which part of the accounts they hold (``partition``), and are sorted by account (``span``).
Sources without accounts, such as reported incidents, are read with every portion and count with the first. So a run
takes the memory of a portion, whatever the log's size. DESIGN: "How it runs".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
from sqlglot import exp

from coincide.engines.embedded.load import Feed, Loaded
from coincide.engines.embedded.partition import Files, Part, check, parted
from coincide.engines.embedded.sieve import helps
from coincide.engines.embedded.span import Span, spans
from coincide.events.mapping import bare, mapped
from coincide.rules.plan import Plan


@dataclass(frozen=True)
class Portion:
    """``feeds``: what is read, of all but the first portion the sources ``beside`` only to be looked at.

    ``part``: whose accounts the files say that they hold, which are ``owned``, by source; ``None`` if these are all
    files. ``span``: which of these accounts are read, ``None`` if all. ``again``: whether another portion counts the
    records of these files. ``rows``: of each source with accounts, how many rows all portions have.
    """

    feeds: tuple[Feed, ...]
    beside: frozenset[str] = frozenset()
    part: Part | None = None
    owned: Files = field(default_factory=dict)
    span: Span | None = None
    again: bool = False
    rows: Mapping[str, int] = field(default_factory=dict)

    def only(self, feed: Feed, fields: Mapping[str, exp.Expr]) -> exp.Expr:
        """Which rows of a feed are of the portion."""
        if self.span is None or feed.name not in self.owned:
            return exp.true()
        return self.span.condition(bare(fields["account"]))

    def check(self, loaded: Loaded) -> None:
        """Raises ``ForeignToken`` where an account is of another part."""
        if self.part is not None:
            accounts = loaded.frame.filter(pl.col("source").is_in(sorted(self.owned)))["account"]
            check(self.part, self.owned, accounts.drop_nulls().unique().to_list())

    def counted(self, loaded: Loaded) -> Loaded:
        """What was read, with the records that are counted here."""
        loaded = loaded.beside(self.beside)
        return loaded.uncounted() if self.again else loaded


def portions(feeds: Sequence[Feed], plans: Sequence[Plan]) -> list[Portion]:
    """The whole log of accounts that nothing joins, in as many portions as it has.

    One of everything where a rule is about more than what one account did. Raises what is wrong with files.
    """
    whole = [Portion(tuple(feeds))]
    if not all(plan.by in ("account", "actor") for plan in plans):
        return whole
    owned = [feed for feed in feeds if "account" in mapped(feed.source)]
    parts = parted([(feed.reader, feed.source) for feed in owned], {feed.name: feed.decided for feed in owned})
    if parts is None:
        return whole
    rows = {feed.name: sum(map(feed.reader.expected_in, feed.decided)) for feed in owned}
    nobodys = frozenset(feed.name for feed in feeds) - rows.keys()
    # A sieve leaves nearly all rows unread, so that a whole part is little.
    sieved = all(helps(plan, feed.source, linked=False) for plan in plans for feed in owned if _reads(plan, feed))
    found: list[Portion] = []
    for part, files in parts.items():
        read = tuple(
            replace(feed, decided=tuple(files.get(feed.name, ()))) if feed.name in rows else feed for feed in feeds
        )
        paths = [feed.reader.folder / file.path for feed in owned for file in files.get(feed.name, ())]
        for number, span in enumerate([None] if sieved else spans(paths, "account")):
            beside = nobodys if found else frozenset[str]()
            found.append(Portion(read, beside, part, files, span, number > 0, rows))
    return found if len(found) > 1 else whole


def _reads(plan: Plan, feed: Feed) -> bool:
    return feed.source.kind is None or feed.source.kind in plan.events

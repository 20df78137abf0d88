"""What was found of things that hardly ever meet, and how it is told: in lines, and as a document.

Whatever is here may leave the house: types, their counts, and meetings as :mod:`coincide.odds.meeting` tells them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coincide.odds import meeting
from coincide.odds.idea import idea
from coincide.odds.meeting import Kind, Meeting
from coincide.odds.pair import FEW

ACTORS = 50
"""A type that fewer bought is left out."""
FORM = "discover/1"
MEANING = (
    "Things that hardly ever meet are no sign of anything by themselves: people who cook do not buy ready meals. "
    "This is for whoever writes rules, about types of things, and about nobody."
)


@dataclass(frozen=True)
class Discovery:
    """What was looked at, and what hardly ever meets, worst first. ``why_not``: why there is no answer, in words.

    ``width``: days of a window; ``windows``: those with any purchase; ``few``: types that fewer than fifty bought,
    ``beyond``: types that are too many to compare. ``apart``: windows that stand out from those of like size
    (``None``: fewer than five). ``cells``: information content, meetings and expectation of all pairs of ``matrix``.
    """

    width: int
    days: int
    by: str
    windows: int
    actors: int
    types: int
    few: int
    beyond: int
    pairs: tuple[Meeting, ...] = ()
    fours: tuple[Meeting, ...] = ()
    matrix: tuple[Kind, ...] = ()
    cells: tuple[tuple[Meeting | None, ...], ...] = ()
    apart: int | None = None
    compared: int = 0
    why_not: str | None = None


def lines(found: Discovery) -> Iterator[str]:
    """What was found, for a terminal."""
    yield from about(found)
    if found.why_not is not None:
        return
    yield ""
    yield "Pairs that meet least"
    if not found.pairs:
        yield "  none: all pairs meet as often as chance has it, or more"
    for place, pair in enumerate(found.pairs, 1):
        yield f"{place:>4}. {meeting.sentence(pair, found.width)}."
    yield ""
    yield "Four types, each pair of which meets little"
    if not found.fours:
        yield "  none"
    for place, four in enumerate(found.fours, 1):
        yield f"{place:>4}. {meeting.sentence(four, found.width)}."
        yield f"      {compared(four, found)}"
    rule = proposal(found)
    if rule is not None:
        yield ""
        yield "A rule to begin with, if somebody can say why (coincide rules check, rules test):"
        yield ""
        yield from (f"    {line}" for line in rule.splitlines())
    yield ""
    yield MEANING


def about(found: Discovery) -> Iterator[str]:
    """What was looked at, and if there is no answer, why not."""
    if found.why_not is not None:
        yield f"No answer: {found.why_not}."
        return
    yield (
        f"{found.windows:,} {meeting.span(found.width)} with purchases, of {found.actors:,} actors over"
        f" {found.days:,} days; {found.types:,} {_plural(found.by)} that at least {ACTORS} actors bought"
        f" ({found.few:,} that fewer bought are left out)."
    )
    if found.beyond:
        yield f"{found.beyond:,} more, those in the fewest windows, are left out: all pairs are too many to hold."
    yield (
        f"In {meeting.times(found.apart, found.width)} of {found.compared:,} the four things that meet least stand out"
        f" from those of {meeting.span(found.width)} of like size."
    )


def compared(four: Meeting, found: Discovery) -> str:
    """How the four lie among the worst fours of windows."""
    return (
        f"The worst four of {meeting.times(four.as_odd, found.width)} meet as little, of {found.compared:,} compared."
    )


def proposal(found: Discovery) -> str | None:
    """A draft of a rule over the worst four, else over the worst pair."""
    best = (found.fours or found.pairs)[:1]
    return idea(best[0], found.width, found.by) if best else None


def document(found: Discovery) -> dict[str, Any]:
    """What was found, for JSON."""
    head: dict[str, Any] = {
        "coincide": FORM,
        "window_days": found.width,
        "log": {"days": found.days, "windows": found.windows, "actors": found.actors, "by": found.by},
        "types": {"compared": found.types, f"under_{ACTORS}_actors": found.few, "left_out": found.beyond},
    }
    if found.why_not is not None:
        return head | {"why_not": found.why_not}
    standing: dict[str, Any] = {"windows": found.apart, "compared": found.compared}
    return head | {
        "paragraph": [*about(found), MEANING],
        "apart": standing | ({"under": FEW} if found.apart is None else {}),
        "pairs": [meeting.document(pair, found.width) for pair in found.pairs],
        "fours": [meeting.document(four, found.width) for four in found.fours],
        "rule": proposal(found),
    }


def _plural(by: str) -> str:
    return {"category": "categories"}.get(by, f"{by}s")

"""Types that hardly ever meet, as they may be told: a count below five is told as that and no more.

Nothing here says whose a window is or when it was, and none of the figures gives a small count away: what is expected
is rounded, and the information content is that of four meetings wherever there were fewer than five.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coincide.odds.pair import FEW


@dataclass(frozen=True)
class Kind:
    """A type of item: in how many windows it is, which share of all this is, and how many bought it."""

    name: str
    family: str | None
    windows: int
    share: float
    actors: int


@dataclass(frozen=True)
class Meeting:
    """Types that hardly ever meet: in how many windows they did (``None``: in fewer than five), and were expected to.

    ``information``: of a pair ``log2((C + 1/2) / (E + 1/2))``, of four types the sum over their six pairs, with counts
    below five taken for four. ``as_odd``: of four types, in how many windows the worst four meet as little (``None``:
    in fewer than five).
    """

    kinds: tuple[Kind, ...]
    met: int | None
    expected: float
    information: float
    as_odd: int | None = None


def told(count: int) -> int | None:
    """A count that may leave; ``None`` for one below five."""
    return count if count >= FEW else None


def rounded(expected: float) -> float:
    """An expectation as it is told: whole from ten up, with one decimal below."""
    return float(round(expected)) if expected >= 10 else round(expected, 1)


def sentence(meeting: Meeting, width: int) -> str:
    """What a meeting says, in words: ``A and B, each in 3 % of months, met in fewer than 5 months where 21 ...``."""
    names = [kind.name for kind in meeting.kinds]
    together = f"{', '.join(names[:-1])} and {names[-1]}"
    met = "met" if len(names) == 2 else "all met"
    return (
        f"{together}, {_shares(meeting.kinds)} of {span(width)}, {met} in {times(meeting.met, width)}"
        f" where {figure(meeting.expected)} {'was' if meeting.expected == 1 else 'were'} expected"
    )


def times(count: int | None, width: int) -> str:
    """``fewer than 5 months``, ``12 months``."""
    return f"{f'fewer than {FEW}' if count is None else f'{count:,}'} {span(width)}"


def span(width: int) -> str:
    """What windows of so many days are called, in the plural."""
    return {1: "days", 7: "weeks", 30: "months"}.get(width, f"windows of {width:,} days")


def figure(expected: float) -> str:
    """A number of windows that were expected; none at all is said so, too."""
    if expected == 0:
        return "next to none"
    return f"{expected:,.0f}" if expected == round(expected) else f"{expected:,.1f}"


def percent(share: float) -> str:
    """``3 %``, ``0.4 %``; a share above zero is never shown as zero."""
    if share >= 0.01:
        return f"{100 * share:.0f} %"
    return "under 0.1 %" if share < 0.0005 else f"{100 * share:.1f} %"


def document(meeting: Meeting, width: int) -> dict[str, Any]:
    """A meeting for JSON: a small count is ``null``, with ``under`` beside it."""
    found: dict[str, Any] = {
        "types": [kind.name for kind in meeting.kinds],
        "shares": [round(kind.share, 4) for kind in meeting.kinds],
        **_count("met", meeting.met),
        "expected": meeting.expected,
        "information": meeting.information,
        "sentence": sentence(meeting, width),
    }
    return found | (_count("as_odd", meeting.as_odd) if len(meeting.kinds) > 2 else {})


def _count(name: str, count: int | None) -> dict[str, int | None]:
    return {name: count} if count is not None else {name: None, "under" if name == "met" else f"{name}_under": FEW}


def _shares(kinds: Sequence[Kind]) -> str:
    shares = [percent(kind.share) for kind in kinds]
    if len(set(shares)) == 1:
        return f"each in {shares[0]}"
    return f"in {', '.join(shares[:-1])} and {shares[-1]}"

"""How long a reading will take, by what earlier scans took. A range, since a single number would be a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SCANS = 10
"""Earlier scans that are looked at, the newest."""
_LIKE = 10
"""A scan of fewer than a tenth of the rows spent its time on other things than rows."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds from the shortest to the longest, and what they rest on: so many scans, at so many rows a second."""

    shortest: float
    longest: float
    scans: int
    slowest: float
    fastest: float


def estimate(fewest: int, most: int, measured: Sequence[tuple[int, float]]) -> Estimate | None:
    """For a reading of ``fewest`` to ``most`` rows. ``measured``: rows (above 0) and seconds of earlier scans.

    It rests on the scans that read at least a tenth of the rows, else on the largest one; ``None`` without any.
    """
    alike = [one for one in measured if one[0] * _LIKE >= most]
    if not alike and measured:
        alike = [max(measured)]
    if not alike:
        return None
    rates = [rows / seconds for rows, seconds in alike]
    slowest, fastest = min(rates), max(rates)
    return Estimate(fewest / fastest, most / slowest, len(alike), slowest, fastest)


def spoken(shortest: float, longest: float) -> str:
    """A range of seconds as a person says it: ``2 to 5 seconds``, ``under a second``, ``40 seconds to 3 minutes``."""
    first, last = _spoken(shortest), _spoken(longest)
    if first == last:
        return last
    number, _, unit = first.partition(" ")
    return f"{number} to {last}" if last.endswith(f" {unit}") else f"{first} to {last}"


def _spoken(seconds: float) -> str:
    if seconds < 1:
        return "under a second"
    for length, unit in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * length:
            return f"{round(seconds / length):,} {unit}"
    return f"{max(2, round(seconds))} seconds"

"""Time zones, exactly as the standard library's ``zoneinfo`` has them, over whole arrays at once.

A zone's offsets over 1970 to 2200 are found once by asking ``zoneinfo``; between two changes the offset is
constant, so an array needs one binary search. A local time that happens twice (clocks set back) means the
first; one that never happens (clocks set forward) is taken with the offset before the change, which is what
``fold=0`` means in Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
"""Microseconds since 1970, of UTC or of a local clock."""

_SECOND = 1_000_000
_DAY = 86_400
# Two days more on either side than usable times have, because local clocks run ahead or behind.
_FIRST = -2 * _DAY
_LAST = 7_289_654_400 + 2 * _DAY


@dataclass(frozen=True)
class Offsets:
    """The changes of a zone's offset, in order of time.

    ``utc[i]`` is the instant from which ``offset[i + 1]`` holds, ``wall[i]`` the same on the local clock: the
    later of the two times that the clock shows then. ``offset`` has one item more. All in microseconds.
    """

    utc: Times
    wall: Times
    offset: Times


def to_utc(local_us: Times, zone: str) -> Times:
    """The instants that a local clock of ``zone`` shows as ``local_us``."""
    offsets = offsets_of(zone)
    return local_us - offsets.offset[np.searchsorted(offsets.wall, local_us, side="right")]


def local(utc_us: Times, zone: str) -> Times:
    """What a local clock of ``zone`` shows at the instants ``utc_us``."""
    offsets = offsets_of(zone)
    if not len(utc_us):
        return utc_us.copy()
    # Of the changes of two centuries only those between the first and the last of these times are looked at.
    low, high = np.searchsorted(offsets.utc, (utc_us.min(), utc_us.max()), side="right")
    between = offsets.utc[low:high]
    shown: Times = utc_us + offsets.offset[low + np.searchsorted(between, utc_us, side="right")]
    return shown


def day_of(utc_us: int, zone: str) -> int:
    """The local day of an instant, counted from 1970-01-01."""
    return int(local(np.array([utc_us], dtype=np.int64), zone)[0]) // (_DAY * _SECOND)


def start_of(day: int, zone: str) -> int:
    """The instant at which a local day begins."""
    return int(to_utc(np.array([day * _DAY * _SECOND], dtype=np.int64), zone)[0])


@lru_cache(maxsize=64)
def offsets_of(zone: str) -> Offsets:
    """The offsets of ``zone`` over 1970 to 2200. Raises ``ZoneInfoNotFoundError``."""
    info = ZoneInfo(zone)
    if zone == "UTC":
        nothing = np.zeros(0, dtype=np.int64)
        return Offsets(nothing, nothing, np.zeros(1, dtype=np.int64))
    # No zone has two changes within a day that cancel each other; a test looks at every zone there is.
    days = range(_FIRST, _LAST + 1, _DAY)
    changes: list[int] = []
    found = [_offset(info, days[0])]
    for day in days[1:]:
        after = _offset(info, day)
        if after != found[-1]:
            changes.extend(_changes(info, day - _DAY, day, found))
    utc = np.array(changes, dtype=np.int64) * _SECOND
    offset = np.array(found, dtype=np.int64) * _SECOND
    return Offsets(utc, utc + np.maximum(offset[:-1], offset[1:]), offset)


def _changes(info: ZoneInfo, low: int, high: int, found: list[int]) -> list[int]:
    """The seconds in ``(low, high]`` at which the offset becomes another; the offsets are added to ``found``."""
    changes = []
    last = _offset(info, high)
    while found[-1] != last:
        left, right = low, high
        while right - left > 1:
            middle = (left + right) // 2
            if _offset(info, middle) == found[-1]:
                left = middle
            else:
                right = middle
        changes.append(right)
        found.append(_offset(info, right))
        low = right
    return changes


def _offset(info: ZoneInfo, second: int) -> int:
    """Seconds that the local clock is ahead of UTC at ``second``."""
    offset = datetime.fromtimestamp(second, info).utcoffset()
    assert offset is not None
    return offset.days * _DAY + offset.seconds

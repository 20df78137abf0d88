"""The operator's clock: on which service day and in which hour something happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.events import zone

Times = NDArray[np.int64]

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US


@dataclass(frozen=True)
class ServiceClock:
    """The local clock of ``zone``, and how long after midnight a service day begins: 4 hours, for most operators.

    A service day is told by what the clock shows, not by hours gone by: where clocks are changed it has 23 or 25.
    """

    zone: str
    start_us: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_us < _DAY_US:
            raise ValueError(f"a service day begins between 00:00 and 24:00, not at {self.start_us} microseconds")

    def day(self, at: Times) -> NDArray[np.int32]:
        """The service day of each instant, counted from 1970-01-01."""
        return self.day_and_hour(at)[0]

    def begins(self, day: int) -> int:
        """The instant at which a service day begins, counted from 1970-01-01."""
        return int(zone.to_utc(np.array([day * _DAY_US + self.start_us], dtype=np.int64), self.zone)[0])

    def hour(self, at: Times) -> NDArray[np.int8]:
        """The hour that the local clock shows: 0 to 23."""
        return self.day_and_hour(at)[1]

    def day_and_hour(self, at: Times) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Both at once, for the clock is looked at only once."""
        shown = zone.local(at, self.zone)
        hour = (shown // _HOUR_US % 24).astype(np.int8)
        return ((shown - self.start_us) // _DAY_US).astype(np.int32), hour

"""A service day of one alert as a page shows it. Plain values: who somebody is stands here as a pseudonym only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from coincide.events import zone
from coincide.journeys.city import City
from coincide.journeys.histogram import Histogram

HOUR = 3_600_000_000
MINUTE = 60_000_000
DAY = 24 * HOUR


@dataclass(frozen=True)
class Ride:
    """A ride of the day. ``end`` and ``ends_us`` are ``None`` where the exit is missing.

    ``decides``: a tap of it is evidence of the alert.
    """

    begins_us: int
    ends_us: int | None
    start: str | None
    end: str | None
    line: str | None
    vehicle: str | None = None
    decides: bool = False


@dataclass(frozen=True)
class Clock:
    """When a service day begins: at ``start_us`` of the local day, in ``zone``."""

    zone: str
    start_us: int

    def day(self, utc_us: int) -> int:
        """The service day of an instant, counted from 1970-01-01."""
        return (self.wall(utc_us) - self.start_us) // DAY

    def wall(self, utc_us: int) -> int:
        """What the local clock shows, in microseconds since 1970."""
        return int(zone.local(np.array([utc_us], dtype=np.int64), self.zone)[0])

    def begins(self, day: int) -> int:
        """The instant at which a service day begins."""
        return int(zone.to_utc(np.array([day * DAY + self.start_us], dtype=np.int64), self.zone)[0])

    def shown(self, utc_us: int) -> str:
        """The time of day, to the second, as it stood on clocks there."""
        second = self.wall(utc_us) // 1_000_000 % 86_400
        return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


@dataclass(frozen=True)
class Standing:
    """A feature of the day, and how the other card-days of its product are spread.

    ``share``: of these card-days the part with as much or more, this one included; ``None`` in a small group.
    """

    feature: str
    unit: str
    says: str
    value: float
    share: float | None
    others: Histogram | None


@dataclass(frozen=True)
class Day:
    """A card-day. ``number``: the service day since 1970-01-01. ``card``: whose it is, a pseudonym.

    ``group``: card-days of the same product on it, this one included. ``city_why_not``, ``standings_why_not``: a
    sentence in the place of what cannot be had.
    """

    number: int
    clock: Clock
    rides: tuple[Ride, ...]
    taps: int
    product: str | None
    city: City
    card: str
    standings: tuple[Standing, ...] = ()
    group: int = 0
    city_why_not: str | None = None
    standings_why_not: str | None = None

    @property
    def date(self) -> str:
        """The date on which it began."""
        return (date(1970, 1, 1) + timedelta(days=self.number)).isoformat()

    @property
    def begins_us(self) -> int:
        """The instant at which it begins."""
        return self.clock.begins(self.number)

    def hours(self, ends: Sequence[int]) -> range:
        """The full hours since it began that hold all the given instants."""
        past = [end - self.begins_us for end in ends]
        low, high = min(past, default=0) // HOUR, -(-max(past, default=HOUR) // HOUR)
        return range(max(low, 0), max(high, low + 1) + 1)

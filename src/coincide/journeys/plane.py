"""Degrees to kilometres on a plane, for a map of one city: equirectangular, true at its own middle.

At latitude ``m`` a degree of longitude is ``cos m`` of one of latitude. Over a city the error is small: 30 km from the
middle, at 50 degrees north, less than 0.6 % in the east.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from coincide.journeys.city import Point

RADIUS = 6371.0088
"""Kilometres: the mean radius of the earth (IUGG)."""


@dataclass(frozen=True)
class Plane:
    """``middle``: where kilometres are counted from, and where the map is true."""

    middle: Point

    @classmethod
    def of(cls, points: Sequence[Point]) -> Plane:
        """The plane that touches the middle of the points."""
        lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
        return cls(((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2))

    def km(self, point: Point) -> tuple[float, float]:
        """Kilometres to the east and to the north of the middle."""
        lat, lon = self.middle
        east = math.remainder(point[1] - lon, 360.0)
        return (
            RADIUS * math.radians(east) * math.cos(math.radians(lat)),
            RADIUS * math.radians(point[0] - lat),
        )

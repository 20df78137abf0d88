"""Rides: boardings paired with the alightings that end them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.doubled import single
from coincide.detect.journey.order import by_token
from coincide.detect.journey.taps import EXIT, MISSING, TRANSFER, Positions, Taps, Truths, Whole


@dataclass(frozen=True, eq=False)
class Exits:
    """Exits that end no ride: visits of their stops, and nothing more."""

    token: Whole
    at: NDArray[np.int64]
    place: Whole
    day: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.token)


@dataclass(frozen=True, eq=False)
class Rides:
    """One row a ride, sorted by token and time.

    ``begins_us`` and ``start``: when and where it was boarded. ``ends_us`` and ``end``: when and where it was left;
    -1 where nothing says so. ``line``, ``vehicle`` and ``product`` are those of the boarding. ``day`` and ``hour``:
    service day and local hour of the boarding. ``unpaired``: the exits that end none of them. ``doubled``: how many
    taps were left out because a reader took them twice.
    """

    token: Whole
    begins_us: NDArray[np.int64]
    ends_us: NDArray[np.int64]
    start: Whole
    end: Whole
    line: Whole
    vehicle: Whole
    product: Whole
    day: NDArray[np.int32]
    hour: NDArray[np.int8]
    unpaired: Exits
    doubled: int

    def __len__(self) -> int:
        return len(self.token)

    @property
    def ended(self) -> Truths:
        """Of which rides the alighting is known."""
        ended: Truths = self.ends_us != MISSING
        return ended

    def take(self, rows: Positions | Truths) -> Rides:
        """The chosen rides, with the same exits that end none."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})


_COLUMNS = tuple(field.name for field in fields(Rides))[:-2]


def rides(taps: Taps, clock: ServiceClock, doubled_us: int, longest_us: int) -> Rides:
    """The rides of all tokens.

    Taps are taken by token, time and then all other columns; doubled ones are left out. Every tap but an exit begins
    a ride. The very next tap of the token ends it if it is an exit or a transfer and comes at most ``longest_us``
    later; else its alighting is missing: where a rider got off is never guessed. A transfer so ends one ride and
    begins the next. An exit that ends no ride is listed apart.
    """
    rows = single(taps, by_token(taps), doubled_us)
    token, at = taps.token[rows], taps.at[rows]
    action = taps.action[rows]
    ending = (action == EXIT) | (action == TRANSFER)
    boarding = action != EXIT
    ended = np.zeros(len(rows), dtype=np.bool_)
    ended[:-1] = boarding[:-1] & ending[1:] & (token[1:] == token[:-1]) & (at[1:] - at[:-1] <= longest_us)
    loose = action == EXIT
    loose[1:] &= ~ended[:-1]
    place = taps.place[rows]
    first = np.flatnonzero(boarding)
    over = ended[first]
    ends_us = np.full(len(first), MISSING, dtype=np.int64)
    ends_us[over] = at[first[over] + 1]
    end = np.full(len(first), MISSING, dtype=place.dtype)
    end[over] = place[first[over] + 1]
    begins_us = at[first]
    day, hour = clock.day_and_hour(begins_us)
    of = rows[first]
    return Rides(
        token[first],
        begins_us,
        ends_us,
        place[first],
        end,
        taps.line[of],
        taps.vehicle[of],
        taps.product[of],
        day,
        hour,
        Exits(token[loose], at[loose], place[loose], clock.day(at[loose])),
        len(taps) - len(rows),
    )


def joined(parts: Sequence[Rides]) -> Rides:
    """The rides of parts of which each has tokens of its own, in the order of the parts."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    exits = (np.concatenate([getattr(part.unpaired, field.name) for part in parts]) for field in fields(Exits))
    return Rides(**columns, unpaired=Exits(*exits), doubled=sum(part.doubled for part in parts))

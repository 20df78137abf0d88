"""From rides to taps as a fare system logs them: exits that are missing, taps lost and doubled, clocks that are off."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from coincide.simulate.city.lines import Lines
from coincide.simulate.city.parameters import Parameters
from coincide.simulate.city.ride import Rides
from coincide.simulate.city.rider import Riders

Ints = NDArray[np.int32]

ENTER, EXIT, TRANSFER, SINGLE = 0, 1, 2, 3
ACTIONS = ("enter", "exit", "transfer", "single")
DAY_S = 24 * 3600
SERVICE_S = 4 * 3600
"""A service day begins at 04:00 of the local clock."""
GATES, DOORS = 6, 3
"""Readers of a rail stop, and of a bus."""
_OFF_S = 3 * 3600


@dataclass(frozen=True)
class Taps:
    """Taps in the order of time, as codes: ``wall_s`` (seconds of the local clock since the city's first day),
    ``token``, ``action``, ``stop``, ``line``, ``direction``, ``vehicle`` (-1 on rail), ``device``, ``product``,
    ``riders``."""

    wall_s: Ints
    token: Ints
    action: NDArray[np.int8]
    stop: Ints
    line: Ints
    direction: Ints
    vehicle: Ints
    device: Ints
    product: Ints
    riders: Ints


def taps(
    lines: Lines, riders: Riders, made: Rides, token: Ints, parameters: Parameters, rng: np.random.Generator
) -> Taps:
    """The taps of the rides ``made``, each paid with its ``token``."""
    many = len(made.person)
    pattern = lines.pattern[made.board]
    rail, line = lines.rail[pattern], lines.line[pattern]
    flat = ~rail & (line * 61 % 100 < 100 * parameters.flat_lines)
    draw = rng.random((3, many), dtype=np.float32)
    missing = draw[0] < np.where(rail, parameters.exit_missing_rail, parameters.exit_missing_bus).astype(np.float32)
    leaves = np.flatnonzero(~(flat | missing) & (draw[1] >= parameters.lost))
    enters = np.flatnonzero(draw[2] >= parameters.lost)
    # A ride's number twice over: the taps before ``len(enters)`` are entries.
    ride = np.concatenate([enters, leaves]).astype(np.int32)
    entries = len(enters)
    action = np.full(len(ride), EXIT, dtype=np.int8)
    action[:entries] = np.where(flat[enters], SINGLE, np.where(made.change[enters], TRANSFER, ENTER))
    at_s = np.concatenate([made.enter_s[enters], made.exit_s[leaves]])
    twice = np.flatnonzero(rng.random(len(ride), dtype=np.float32) < parameters.doubled)
    at_s = np.concatenate([at_s, at_s[twice] + rng.integers(1, 7, len(twice), dtype=np.int32)])
    which = np.concatenate([np.arange(len(ride), dtype=np.int32), twice.astype(np.int32)])
    first_day = int(made.day.min()) if many else 0
    wall = (made.day[ride[which]] - first_day) * DAY_S + at_s
    order = _order(wall, which)
    wall, which = wall[order], which[order]
    ride, action, leaving = ride[which], action[which], which >= entries
    stop = lines.stop[np.where(leaving, made.alight[ride], made.board[ride])]
    pattern, rail, person = pattern[ride], rail[ride], made.person[ride]
    vehicle = lines.first_vehicle[pattern] + (made.run[ride] + lines.direction[pattern] * 3) % lines.vehicles[pattern]
    reader = (ride * 31 + which) % GATES
    vehicles = int((lines.first_vehicle + lines.vehicles).max())
    device = np.where(rail, vehicles * DOORS + stop * GATES + reader, vehicle * DOORS + reader % DOORS)
    if parameters.clocks_off > 0:
        # Every so-manieth vehicle, whichever that is: the same ones on every day.
        off = ~rail & (vehicle * 7_919 % 1000 < 1000 * parameters.clocks_off)
        wall = wall + np.where(off, _OFF_S, 0).astype(np.int32)
    several = (person * 13 % 97 == 0) & (ride % 5 == 0)
    return Taps(
        (wall + first_day * DAY_S + SERVICE_S).astype(np.int32), token[ride], action, stop, lines.line[pattern],
        lines.direction[pattern], np.where(rail, -1, vehicle).astype(np.int32), device.astype(np.int32),
        riders.product[person], np.where(several, 2, 1).astype(np.int32),
    )  # fmt: skip


def _order(wall: NDArray[np.integer], which: Ints) -> NDArray[np.int64]:
    """Where the taps stand in the order of time; of equal times the first made first."""
    # One number a tap sorts several times as fast as an index by time does.
    packed = (wall.astype(np.int64) << 32) | np.arange(len(which))
    packed.sort()
    return packed & 0xFFFF_FFFF


__all__ = ["ACTIONS", "Taps", "fields", "taps"]

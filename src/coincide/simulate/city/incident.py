"""Reports of thefts: some of those that simulated thieves commit, with errors, and others that none of them made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.simulate.city.lines import Lines
from coincide.simulate.city.parameters import Parameters
from coincide.simulate.city.ride import Rides
from coincide.simulate.city.tap import DAY_S, SERVICE_S

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Incidents:
    """Reports: ``begins_s``, ``ends_s`` (local clock since the city's first day), ``stop`` (-1: not said), ``line``,
    and the truth: ``token`` of the thief (-1: none of the simulated)."""

    begins_s: Ints
    ends_s: Ints
    stop: Ints
    line: Ints
    token: Ints


def incidents(lines: Lines, made: Rides, token: Ints, parameters: Parameters, rng: np.random.Generator) -> Incidents:
    """What is reported of these rides: the thieves' thefts, and others where people are."""
    rounds = np.flatnonzero(made.stealing)
    thefts = np.repeat(rounds, rng.poisson(parameters.thefts, len(rounds)))
    thefts = thefts[rng.random(len(thefts)) < parameters.reported]
    # As many again as the share says, each on the ride of anybody: reports come from where people are.
    expected = len(rounds) * parameters.thefts * parameters.reported * parameters.background
    others = rng.integers(0, max(1, len(made.person)), rng.poisson(expected) if len(made.person) else 0)
    ride = np.concatenate([thefts, others])
    many = len(ride)
    draw = rng.random((6, many))
    board, alight, day = made.board[ride], made.alight[ride], made.day[ride].astype(np.int64)
    # Somewhere between getting on and off; on the platform as often as not.
    along = np.where(draw[0] < 0.5, 0.0, draw[1])
    node = board + np.rint((alight - board) * along).astype(np.int64)
    at_s = made.enter_s[ride] + (made.exit_s[ride] - made.enter_s[ride]) * along
    # Off by so many minutes on average: the difference of two draws is a third of its width.
    off_s = (draw[2] - draw[3]) * 3 * parameters.minutes_off * 60
    span_s = parameters.span * 60 * (1 + 2 * draw[4])
    begins = day * DAY_S + SERVICE_S + at_s + off_s - span_s * draw[1]
    stop = lines.stop[node]
    stop = np.where(draw[5] < parameters.place_off, lines.near[stop], stop)
    stop = np.where(draw[5] >= 1 - parameters.place_missing, -1, stop)
    return Incidents(
        begins.astype(np.int32), (begins + span_s).astype(np.int32), stop.astype(np.int32),
        lines.line[lines.pattern[node]], np.where(np.arange(many) < len(thefts), token[ride], -1).astype(np.int32),
    )  # fmt: skip

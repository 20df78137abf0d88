"""A whole city, some days at a time: taps, reports and the truth, as codes; and the same as frames of text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.events.zone import to_utc
from coincide.simulate.city.incident import Incidents, incidents
from coincide.simulate.city.lines import Lines
from coincide.simulate.city.parameters import Parameters
from coincide.simulate.city.ride import Rides, rides
from coincide.simulate.city.rider import CLASS_NAMES, PRODUCTS, STYLE_NAMES, Riders, riders
from coincide.simulate.city.tap import ACTIONS, DOORS, GATES, Taps, taps

SMALLEST = 1_000
"""Tokens below which the rare classes would have nobody."""
LARGEST = 5_000_000
LONGEST = 366
FIRST_DAY = date(2025, 3, 3)
"""A Monday, four weeks before the clocks of Europe are set forward."""
BLOCK = 1_200_000
"""Days of people that are made at once. Part of what a seed means: another value gives another city."""
_SECOND_US = 1_000_000

TAPS = {
    "id": pl.Int64(),
    "when": pl.Datetime("us", "UTC"),
    "token": pl.String(),
    "action": pl.String(),
    "stop": pl.String(),
    "line": pl.String(),
    "direction": pl.String(),
    "vehicle": pl.String(),
    "device": pl.String(),
    "product": pl.String(),
    "riders": pl.Int32(),
}
INCIDENTS = {
    "id": pl.String(),
    "from": pl.Datetime("us", "UTC"),
    "until": pl.Datetime("us", "UTC"),
    "stop": pl.String(),
    "line": pl.String(),
}


@dataclass(frozen=True)
class Part:
    """``days`` days of a city: its taps and reports, and on how many of them each token went stealing."""

    taps: Taps
    incidents: Incidents
    stole: NDArray[np.int32]
    days: int


@dataclass(frozen=True)
class City:
    """``size`` tokens for ``days`` days on ``lines``, all of which follows from ``seed`` and ``parameters``.

    The same for one version of NumPy. Raises ``ValueError`` for what is out of bounds.
    """

    lines: Lines
    size: int
    days: int
    seed: int
    parameters: Parameters = Parameters()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        if not SMALLEST <= self.size <= LARGEST:
            raise ValueError(f"size is {self.size}; a city has {SMALLEST} to {LARGEST} tokens")
        if not 1 <= self.days <= LONGEST:
            raise ValueError(f"days is {self.days}; a city lives 1 to {LONGEST} days")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}; it cannot be negative")

    @cached_property
    def riders(self) -> Riders:
        """The people."""
        return riders(self.size, self.days, self.lines, self.parameters, self._streams(0, 1)[0])

    def parts(self) -> Iterator[Part]:
        """The days in order, some at a time; each call starts afresh."""
        for made, token, days, tapping, reporting in self._ridden():
            stole = np.unique(token[made.stealing].astype(np.int64) * LONGEST + made.day[made.stealing]) // LONGEST
            yield Part(
                taps(self.lines, self.riders, made, token, self.parameters, tapping),
                incidents(self.lines, made, token, self.parameters, reporting),
                np.bincount(stole, minlength=self.size).astype(np.int32),
                days,
            )

    def reports(self) -> Iterator[Incidents]:
        """The reports of :meth:`parts` alone, in less time."""
        for made, token, _, _, reporting in self._ridden():
            yield incidents(self.lines, made, token, self.parameters, reporting)

    def truth(self, stole: NDArray[np.int32]) -> pl.DataFrame:
        """One row a token: token, class, style (of thieves) and thief_days, of ``stole`` added up over all parts."""
        styles = self.riders.token_style
        return pl.DataFrame(
            {
                "token": self.tokens,
                "class": pl.Series(CLASS_NAMES).gather(self.riders.token_class),
                "style": pl.Series(STYLE_NAMES).gather(np.maximum(styles, 0)).set(pl.Series(styles < 0), None),
                "thief_days": stole,
            }
        )

    @cached_property
    def tokens(self) -> pl.Series:
        """The tokens as text, by number."""
        return "T" + pl.Series("token", np.arange(self.size)).cast(pl.String).str.zfill(8)

    def at_us(self, wall_s: NDArray[np.int32]) -> NDArray[np.int64]:
        """Microseconds of UTC of seconds of the local clock since the first day."""
        midnight = (FIRST_DAY - date(1970, 1, 1)) // timedelta(days=1) * 86_400
        return to_utc((wall_s.astype(np.int64) + midnight) * _SECOND_US, self.lines.zone)

    def tap_frame(self, made: Taps, first: int) -> pl.DataFrame:
        """Taps as the log has them, in ``TAPS``; ids count on from ``first``."""
        # The last vehicle's text is that of none.
        vehicle = np.where(made.vehicle < 0, len(self._vehicles) - 1, made.vehicle)
        return pl.DataFrame(
            {
                "id": np.arange(first, first + len(made.wall_s)),
                "when": pl.Series(self.at_us(made.wall_s)).cast(TAPS["when"]),
                "token": _texts(self.tokens, made.token),
                "action": _texts(pl.Series(ACTIONS), made.action),
                "stop": _texts(pl.Series(self.lines.stops), made.stop),
                "line": _texts(pl.Series(self.lines.lines), made.line),
                "direction": _texts(pl.Series(("0", "1")), made.direction),
                "vehicle": _texts(self._vehicles, vehicle),
                "device": _texts(self._devices, made.device),
                "product": _texts(pl.Series(PRODUCTS), made.product),
                "riders": made.riders,
            },
            schema=TAPS,
        )

    def incident_frame(self, made: Incidents) -> pl.DataFrame:
        """Reports in the order of time, in ``INCIDENTS``, and with each the thief's token, if there is one."""
        frame = pl.DataFrame(
            {
                "from": pl.Series(self.at_us(made.begins_s)).cast(INCIDENTS["from"]),
                "until": pl.Series(self.at_us(made.ends_s)).cast(INCIDENTS["until"]),
                "stop": _optional(pl.Series(self.lines.stops), made.stop),
                "line": pl.Series(self.lines.lines).gather(made.line),
                "thief": _optional(self.tokens, made.token),
            }
        ).sort("from", "until", "line", "stop", "thief", maintain_order=True)
        number = pl.Series(np.arange(1, len(frame) + 1)).cast(pl.String).str.zfill(5)
        return frame.select(pl.lit("I" + number).alias("id"), pl.all())

    @property
    def staff(self) -> list[str]:
        """The tokens of inspectors, as the operator knows them."""
        return self.tokens.gather(np.flatnonzero(self.riders.token_class == CLASS_NAMES.index("inspector"))).to_list()

    @cached_property
    def _vehicles(self) -> pl.Series:
        count = int((self.lines.first_vehicle + self.lines.vehicles).max())
        names = "V" + pl.Series(np.arange(count)).cast(pl.String).str.zfill(4)
        return pl.concat([names, pl.Series([None], dtype=pl.String)])

    @cached_property
    def _devices(self) -> pl.Series:
        doors = np.arange((len(self._vehicles) - 1) * DOORS)
        gates = np.arange(len(self.lines.stops) * GATES)
        on_board = self._vehicles.gather(doors // DOORS) + "-" + pl.Series(doors % DOORS).cast(pl.String)
        fixed = pl.Series(self.lines.stops).gather(gates // GATES) + "-" + pl.Series(gates % GATES).cast(pl.String)
        return pl.concat([on_board, fixed])

    def _ridden(self) -> Iterator[tuple[Rides, NDArray[np.int32], int, np.random.Generator, np.random.Generator]]:
        """Of some days at a time the rides, the token that pays each, how many days, and draws for what follows."""
        block = max(1, min(self.days, BLOCK // self.size))
        for number, first in enumerate(range(0, self.days, block), start=1):
            # One stream for each purpose, so that more reports do not change who rides.
            riding, paying, tapping, reporting = self._streams(number, 4)
            days = min(block, self.days - first)
            made = rides(self.lines, self.riders, first, days, FIRST_DAY.weekday(), self.parameters, riding)
            yield made, self._paid(made.person, made.day, paying), days, tapping, reporting

    def _paid(self, person: NDArray[np.int32], day: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int32]:
        """The token of each ride: of those who have two, the same for all of a day."""
        phones = self.riders.phone[person]
        draw = rng.random((int(day.max()) - int(day.min()) + 1, len(self.riders.phone)), dtype=np.float32)
        by_phone = (phones >= 0) & (draw[day - day.min(), person] < self.parameters.by_device)
        return np.where(by_phone, phones, self.riders.token[person])

    def _streams(self, number: int, purposes: int) -> list[np.random.Generator]:
        seeds = np.random.SeedSequence(self.seed, spawn_key=(number,)).spawn(purposes)
        return [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]


def _texts(texts: pl.Series, codes: NDArray[np.integer[Any]]) -> pl.Series:
    return texts.gather(pl.Series(codes.astype(np.uint32)))


def _optional(texts: pl.Series, codes: NDArray[np.int32]) -> pl.Series:
    """Texts by code, missing where it is negative."""
    return texts.gather(np.maximum(codes, 0)).set(pl.Series(codes < 0), None)


def digest() -> str:
    """The SHA-256 of this package's source, file by file in the order of their names: of code and parameters."""
    total = hashlib.sha256()
    folder = resources.files("coincide.simulate.city")
    for file in sorted((one for one in folder.iterdir() if Path(one.name).suffix == ".py"), key=lambda one: one.name):
        # Lines end the same way wherever the files were checked out.
        content = file.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()

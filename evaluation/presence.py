"""The rule ``presence`` on a simulated log: at how many of the known incidents each token was, by the product's own
kernel."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coincide.detect.there import Incidents, Taps, ordinary, pairs
from evaluation.log import Log, Reports

MARGIN_US = 10 * 60_000_000
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Form:
    """A form of the rule: what a tap must share with an incident, and when an incident does not count."""

    at: Literal["both", "line", "place"]
    usual: Decimal | None


FORMS = tuple(Form(at, usual) for at in ("both", "line", "place") for usual in (None, Decimal(10)))
"""Forms of the rule among which the training thieves choose."""


def seen_of(log: Log) -> Taps:
    """All taps, as the kernel takes them; sorted by place and line once, for whatever is asked of them."""
    row = np.arange(len(log.taps), dtype=np.int64)
    token, place, line = (column.astype(np.int64) for column in (log.taps.token, log.taps.place, log.taps.line))
    return Taps(row, token, log.taps.at, place, line)


class Presence:
    """Who was at which of ``reports``, for each form of the rule; found once, counted for any choice of reports."""

    def __init__(self, log: Log, reports: Reports, seen: Taps) -> None:
        self.size, self.reports = log.city.size, reports
        self._seen, self._zone = seen, log.city.lines.zone
        self._met: dict[Form, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}

    def counts(self, form: Form, known: NDArray[np.int64]) -> Values:
        """Of each token, at how many of the ``known`` reports (their numbers) it was."""
        token, report = self._at(form)
        chosen = np.isin(report, known)
        return np.bincount(token[chosen], minlength=self.size).astype(np.float64)

    def _at(self, form: Form) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if form not in self._met:
            stop, line = self.reports.stop.astype(np.int64), self.reports.line.astype(np.int64)
            # Of a report that names both, only the one that the form asks for.
            place = stop if form.at != "line" else np.full_like(stop, -1)
            line = np.where(stop >= 0, -1, line) if form.at == "place" else line
            told = Incidents(
                np.arange(len(stop), dtype=np.int64), self.reports.begins_us, self.reports.ends_us, place, line, (), ()
            )
            tap, incident = pairs(self._seen, told, MARGIN_US)
            if form.usual is not None:
                kept = ~ordinary(self._seen, told, tap, incident, MARGIN_US, form.usual, self._zone)
                tap, incident = tap[kept], incident[kept]
            key = np.unique(self._seen.account[tap] * len(stop) + incident)
            self._met[form] = (key // len(stop), key % len(stop))
        return self._met[form]

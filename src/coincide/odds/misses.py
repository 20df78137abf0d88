"""How many a rule missed just below its line, estimated from a sample that a person looked at.

Of ``in_all`` actors below the line ``n`` were drawn and decided, ``s`` of them suspicious. The others are as likely to
be as those were: with Jeffreys's prior the number among them is beta-binomial, so that the interval is never below
``s``, never above what is left, and closes when all were looked at. Inconclusive ones and those that nobody decided are
taken for not drawn: if they differ from the others, so does the truth.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from coincide.alerts.alert import iso
from coincide.errors import Where
from coincide.odds import sheet
from coincide.odds.below import Sample
from coincide.odds.errors import NamedTwice, SampleMixed
from coincide.odds.interval import LEVEL, count, ends
from coincide.odds.precision import Precision

COLUMNS = ("rule", "fingerprint", "in_all", "actor")
"""Of a sample that are read again, beside ``disposition``."""
HEADER = ("rule", "fingerprint", "in_all", "actor", "first_at", "last_at", "because", "disposition")


@dataclass(frozen=True, slots=True)
class Misses:
    """What a sample says of one rule in one meaning; ``low`` and ``high`` bound how many below the line are suspicious.

    ``said``: what became of the sample; ``estimate`` is its share of all; ``why_not``: why nothing can be told.
    """

    rule: str
    fingerprint: str
    in_all: int
    said: Precision
    estimate: float | None = None
    low: int | None = None
    high: int | None = None
    why_not: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        told = {"rule": self.rule, "fingerprint": self.fingerprint, "in_all": self.in_all, **self.said.counts}
        if self.why_not is not None:
            return {**told, "misses": {"why_not": self.why_not}}
        return {**told, "misses": {"estimate": self.estimate, "low": self.low, "high": self.high}}


EXACT = 1_000_000
"""Of more that were not drawn each is as good as drawn by itself."""


def interval(suspicious: int, decided: int, in_all: int, level: float = LEVEL) -> tuple[int, int]:
    """How many of all are suspicious, at the least and at the most.

    Raises ``ValueError`` unless ``0 <= suspicious <= decided <= in_all`` and ``decided > 0``.
    """
    if not 0 <= count(suspicious) <= count(decided) <= count(in_all) or decided == 0:
        raise ValueError(f"{suspicious} of {decided} decided of {in_all} is no sample")
    left = in_all - decided
    if left == 0:
        return suspicious, suspicious
    low, high = ends(level)
    fewest, most = _among(left, suspicious + 0.5, decided - suspicious + 0.5, (low, high))
    # As for a share, the interval reaches the end where all that were drawn are alike.
    return suspicious + (fewest if suspicious else 0), suspicious + (most if suspicious < decided else left)


def _among(left: int, first: float, second: float, cuts: tuple[float, float]) -> tuple[int, int]:
    """The quantiles of a beta-binomial: how many of those left, their share being Beta distributed."""
    if left > EXACT:
        low, high = (float(special.betaincinv(first, second, cut)) * left for cut in cuts)
        return int(low), min(left, math.ceil(high))
    some = np.arange(left + 1)
    ways = special.gammaln(left + 1) - special.gammaln(some + 1) - special.gammaln(left - some + 1)
    logs = ways + special.betaln(first + some, second + left - some) - special.betaln(first, second)
    sums = np.cumsum(np.exp(logs))
    low, high = np.searchsorted(sums, cuts)
    return int(low), min(left, int(high))


def to_csv(sample: Sample) -> bytes:
    """The sample as a table to be filled in: its last column is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for one in sample.findings:
        first, last = iso(one.started_by.occurred_at), iso(one.ended_by.occurred_at)
        writer.writerow([sample.rule, sample.fingerprint, sample.in_all, one.actor, first, last, one.because, ""])
    return text.getvalue().encode()


def estimated(path: Path) -> list[Misses]:
    """What a sample that was filled in says, by rule and meaning, in the order of the file.

    Raises what ``sheet.lines`` raises, ``SampleMixed``, ``NamedTwice``.
    """
    samples: dict[tuple[str, str], list[sheet.Line]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for line in sheet.lines(path, COLUMNS):
        version = line.cells["rule"], line.cells["fingerprint"]
        actor = (*version, line.cells["actor"])
        if actor in seen:
            raise NamedTwice(line.cells["actor"], seen[actor], line.where)
        seen[actor] = line.where.line or 0
        samples.setdefault(version, []).append(line)
    return [_misses(version, found) for version, found in samples.items()]


def _misses(version: tuple[str, str], found: Sequence[sheet.Line]) -> Misses:
    in_all = _number(found[0].cells["in_all"], found[0].where)
    for line in found:
        if _number(line.cells["in_all"], line.where) != in_all:
            raise SampleMixed(f"says {line.cells['in_all']} in all, and the lines before say {in_all:,}", line.where)
    if len(found) > in_all:
        raise SampleMixed(f"there are {len(found):,} lines of `{version[0]}`, of {in_all:,} in all", found[-1].where)
    said = Precision.of(line.disposition for line in found)
    if said.decided == 0:
        return Misses(*version, in_all, said, why_not="none of the sample was decided to be benign or suspicious")
    low, high = interval(said.suspicious, said.decided, in_all)
    return Misses(*version, in_all, said, in_all * said.suspicious / said.decided, low, high)


def _number(text: str, where: Where) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise SampleMixed(f"`{text}` is no number of actors", where)
    return int(text)

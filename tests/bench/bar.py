"""The bars: which figure is held against which limit, computed from samples alone.

A figure is a ratio of medians, or a median. The yardstick of a bar is the fastest of its forms by median.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any, Literal

GB = 1_000_000_000


@dataclass
class Sample:
    """What the rounds of one measurement gave, in the order of the rounds."""

    seconds: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    """Of our scans: process start to first read."""

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        """Median and range as text."""
        return f"{self.median:.2f} s ({min(self.seconds):.2f} to {max(self.seconds):.2f})"


Samples = dict[str, Sample]


@dataclass(frozen=True)
class Row:
    """One line of the table. ``limit`` is ``None`` for a figure that is printed without a bar."""

    what: str
    figure: float
    unit: str
    limit: float | None
    side: Literal["at most", "at least"]
    details: str

    @property
    def reached(self) -> bool | None:
        """Whether the figure is on the right side of its limit; ``None`` without one."""
        if self.limit is None:
            return None
        return self.figure <= self.limit if self.side == "at most" else self.figure >= self.limit


def fastest(samples: Samples, *names: str) -> tuple[str, Sample]:
    """The form with the least median among those that were measured."""
    measured = [(name, samples[name]) for name in names if name in samples]
    return min(measured, key=lambda item: item[1].median)


SELECT = ("select", "select-semi", "select-in")
WINDOW = tuple(f"combination-{form}" for form in ("range", "groups", "rows", "self-join"))
FIFTY_LOG = tuple(f"fifty-log-{form}" for form in ("range", "groups", "rows", "self-join"))
FIFTY_TABLE = tuple(f"fifty-table-{form}" for form in ("range", "groups", "rows", "self-join"))
# A count by day is the sharpest prefilter by counting, so it stands with the forms the bar names.
VELOCITY = ("velocity-range", "velocity-lag", "velocity-prefilter", "velocity-buckets")


def rows(samples: Samples, scaling: dict[int, Samples], size: int) -> list[Row]:
    """The table's lines for what was measured, in the order of the bars."""
    found: list[Row] = []

    def ratio(what: str, ours: str, names: tuple[str, ...], limit: float | None, *, faster: bool = False) -> None:
        """Ours over theirs; with ``faster`` theirs over ours."""
        if ours not in samples or not any(name in samples for name in names):
            return
        name, theirs = fastest(samples, *names)
        value = samples[ours].median / theirs.median
        details = f"ours {samples[ours].spread}; {name} {theirs.spread}"
        figure, side = (1 / value, "at least") if faster else (value, "at most")
        found.append(Row(what, figure, "x", limit, side, details))  # type: ignore[arg-type]

    def single(what: str, figure: float, unit: str, limit: float, details: str, *, least: bool = False) -> None:
        found.append(Row(what, figure, unit, limit, "at least" if least else "at most", details))

    ratio("one combination rule by account, against a bare select", "scan-account", SELECT, 1.3)
    ratio("the same by actor, against select and distinct pairs", "scan-actor", ("select-links",), 1.3)
    ratio("one rule by account, against one window query", "scan-account", WINDOW, None)
    if "scan-account" in samples and samples["scan-account"].start:
        start = statistics.median(samples["scan-account"].start)
        single(
            "process start to first read",
            start,
            "s",
            2.5,
            "median of the scans by account; the end of the process is in it",
        )
    ratio("50 combination rules against one", "scan-fifty", ("scan-account",), 2.5)
    ratio("50 rules, faster than 50 queries over the log", "scan-fifty", FIFTY_LOG, 12, faster=True)
    ratio("50 rules, faster than 50 queries over one table", "scan-fifty", FIFTY_TABLE, 1.2, faster=True)
    ratio("velocity, faster than RANGE, lag, lag after counts", "scan-velocity", VELOCITY, 1.5, faster=True)
    ratio("velocity against hashes in SQL, two passes", "scan-velocity", ("velocity-hash",), None, faster=True)
    if "graph" in samples:
        single("linking, graph part", samples["graph"].median, "s", 5, samples["graph"].spread)
    if "linking" in samples:
        single("linking, with reading", samples["linking"].median, "s", 20, samples["linking"].spread)
    for name, what, bar in (("pseudonyms", "keyed pseudonyms", 0.5), ("simulator", "simulated purchase lines", 1.0)):
        if name in samples:
            rate = statistics.median(answer["per_second"] for answer in samples[name].answers) / 1e6
            single(what, rate, "M/s", bar, samples[name].spread, least=True)
    ratio("CSV, start excluded, against DuckDB's own read", "scan-csv", ("read-csv",), 2)
    peaks = {name: max(sample.peaks) / GB for name, sample in samples.items() if _ours(name) and sample.peaks}
    if peaks:
        worst = max(peaks, key=lambda name: peaks[name])
        single("peak memory of our process tree", peaks[worst], "GB", 4, f"the largest of all, in {worst}")
    if size // 10 in scaling and "scan-account" in samples:
        smaller = scaling[size // 10]["scan-account"]
        growth = samples["scan-account"].median / smaller.median
        single("time for ten times the lines", growth, "x", 11, f"{size // 10:,} lines: {smaller.spread}")
    ratio("coincide --help against a bare click app", "help", ("help-bare",), 1.3)
    ratio("rules check against the bare imports", "rules-check", ("rules-check-bare",), 1.5)
    return found


def _ours(name: str) -> bool:
    return name.startswith("scan-") or name in ("graph", "linking", "pseudonyms")

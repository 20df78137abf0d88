"""The page ``docs/benchmarks.md``: what was measured, on which machine, and how to repeat it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from pathlib import Path

from bar import WINDOW, Row, Sample, Samples, fastest
from plot import Line, plot

from coincide import __version__

BEGIN, END = "<!-- results: written by tests/bench/run.py -->", "<!-- end of results -->"
LIBRARIES = ("duckdb", "polars", "pyarrow", "numpy", "scipy", "sqlglot")
SVG = "benchmarks.svg"


def text(
    found: list[Row], samples: Samples, scaling: dict[int, Samples], *, size: int, rounds: int, command: str
) -> str:
    """The part of the page between the markers, as Markdown."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    lines = [
        f"- Machine: {_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.system()}",
        f"- Versions: Coincide {__version__}, Python {platform.python_version()}, {versions}",
        f"- Command: `{command}`",
        f"- Log: {size:,} lines; {rounds} rounds, median (range)",
        "",
        "| what | figure | bar | reached | details |",
        "|---|---|---|---|---|",
        *(_row(row) for row in found),
        "",
        "All measurements:",
        "",
        "| measurement | lines | seconds: median (range) | peak memory |",
        "|---|---|---|---|",
    ]
    for lines_of_log, measured in [*sorted(scaling.items()), (size, samples)]:
        lines += [_measurement(name, lines_of_log, sample) for name, sample in measured.items()]
    return "\n".join(lines) + "\n"


def write(docs: Path, results: str, samples: Samples, scaling: dict[int, Samples], size: int) -> None:
    """Put the results between the markers of the page, and the plot beside it."""
    page = docs / "benchmarks.md"
    before = page.read_text(encoding="utf-8")
    between = f"{BEGIN}\n\n{results}\n![Seconds against lines of the log]({SVG})\n\n{END}"
    pattern = re.compile(re.escape(BEGIN) + ".*" + re.escape(END), re.DOTALL)
    page.write_text(pattern.sub(lambda _: between, before), encoding="utf-8")
    (docs / SVG).write_text(drawing(samples, scaling, size), encoding="utf-8")


def drawing(samples: Samples, scaling: dict[int, Samples], size: int) -> str:
    """The plot of the scan by account and of the fastest window query over the sizes measured."""
    by_size = [(rows, measured) for rows, measured in [*sorted(scaling.items()), (size, samples)]]
    ours = tuple((float(n), m["scan-account"].median) for n, m in by_size if "scan-account" in m)
    theirs = tuple((float(n), fastest(m, *WINDOW)[1].median) for n, m in by_size if any(w in m for w in WINDOW))
    lines = [Line("coincide scan", ours), Line("one DuckDB query", theirs)]
    return plot("Seconds against lines of the log", lines)


def _row(row: Row) -> str:
    bar = f"{row.side} {row.limit:g} {row.unit}" if row.limit is not None else "none"
    reached = {True: "yes", False: "**no**", None: ""}[row.reached]
    return f"| {row.what} | {row.figure:.2f} {row.unit} | {bar} | {reached} | {row.details} |"


def _measurement(name: str, lines_of_log: int, sample: Sample) -> str:
    own_size = name in ("scan-csv", "read-csv", "graph", "linking", "pseudonyms", "simulator") or name.startswith(
        ("help", "rules")
    )
    peak = f"{max(sample.peaks) / 1e9:.2f} GB"
    return f"| {name} | {'' if own_size else f'{lines_of_log:,}'} | {sample.spread} | {peak} |"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9

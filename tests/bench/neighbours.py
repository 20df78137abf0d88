"""Neighbours: a rule and ten variants of it, decided in one pass over a log, against a scan of the rule alone.

Whole processes, start included, in turn; no time counts unless both find the same of the rule. Bar: at most 2 x over
100 million purchases.

    python tests/bench/neighbours.py --data .bench --size 100_000_000 --rounds 3
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import log as bench_log
import place
from process import Run, run

from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.run import Task
from coincide.engines.workspace import open_workspace
from coincide.odds.log import read
from coincide.odds.neighbour import neighbours, table

BAR = 2.0
# A minimum makes the ten complete: two counts, two windows, two quantities, four components left out.
BODY = """where: quantity > 0
by: account
within: 30 days
combination: {at_least: 3, of: [pressure-vessel, timer, {energetic: {quantity: 2}}, steel-balls]}"""


def decided(folder: Path, *, beside: bool) -> dict[str, Any]:
    """One pass over the log of a workspace, with the neighbours of its rule or without."""
    started = time.perf_counter()
    workspace = open_workspace(folder)
    (loaded,) = workspace.rules
    found = neighbours(loaded.plan) if beside else ()
    feeds = [
        Feed(name, workspace.settings.sources[name], reader, tuple(reader.files()))
        for name, reader in workspace.readers.items()
    ]
    plans = [loaded.plan, *(one.plan for one in found)]
    task = Task(plans, feeds, workspace.catalog, workspace.lists, workspace.settings)
    log = read(task, only={loaded.plan.rule})
    mine = log.matched[loaded.plan.rule]
    return {
        "seconds": time.perf_counter() - started,
        "rule": {"read": log.found.read, "actors": len(mine.who), "alerts": mine.alerts},
        "neighbours": table(found, log.matched, 365.0),
    }


def main() -> None:
    """Measure both in turn."""
    parser = argparse.ArgumentParser(description="A rule with its neighbours against the rule alone.")
    parser.add_argument("--size", type=int, default=100_000_000, help="lines of the log")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path(".bench"), help="where logs are kept between runs")
    parser.add_argument("--one", choices=["alone", "beside"], help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(decided(options.workspace, beside=options.one == "beside")))
        return
    log = bench_log.make(options.data, options.size)
    with tempfile.TemporaryDirectory() as folder:
        workspace = place.place(Path(folder), log, {"rule": BODY}, links=False)
        measured = _rounds(workspace, options.rounds)
    alone, beside = (statistics.median(done.seconds for done in measured[way]) for way in ("alone", "beside"))
    peak = max(done.peak_bytes for done in measured["beside"]) / 1e9
    answer = json.loads(measured["beside"][0].stdout)
    for line in answer["neighbours"]:
        print(f"{line['name']:44} {line['actors']:>9,} actors {line['alerts']:>9,} alerts")
    print(f"the rule alone {alone:.2f} s; with {len(answer['neighbours'])} neighbours {beside:.2f} s, {peak:.2f} GB")
    print(f"{beside / alone:.2f} x, at most {BAR} x: {'yes' if beside <= BAR * alone else 'no'}")


def _rounds(workspace: Path, rounds: int) -> dict[str, list[Run]]:
    measured: dict[str, list[Run]] = {"alone": [], "beside": []}
    answers = []
    # The first one warms the files and does not count.
    for number in range(rounds + 1):
        for way, runs in measured.items():
            if number or way == "alone":
                done = run([sys.executable, __file__, "--one", way, "--workspace", str(workspace)])
                answers.append(json.loads(done.stdout)["rule"])
                if number:
                    runs.append(done)
                    print(f"{number} {way:7} {done.seconds:6.2f} s {done.peak_bytes / 1e9:5.2f} GB", file=sys.stderr)
    if any(answer != answers[0] for answer in answers):
        raise SystemExit(f"no time counts: the runs disagree on the rule: {answers}")
    return measured


if __name__ == "__main__":
    main()

"""``make bench``: measure every bar against its yardstick in one run, and write ``docs/benchmarks.md``.

Each measurement is a process of its own; the measurements of a group take turns, so that a busy machine slows
all of them. No time counts unless the answers agree: alerts, hits, first hits and evidence of every scan are
compared with its yardsticks' first. Files are warm: everything reads the log once before the first round.

    python tests/bench/run.py --size 10_000_000 --rounds 3 --only account actor
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import log as bench_log
import place
import report
from bar import FIFTY_LOG, FIFTY_TABLE, SELECT, VELOCITY, WINDOW, Sample, Samples, rows
from process import Run, run
from yardstick import FIFTY

BENCH = Path(__file__).parent
GROUPS = ("account", "actor", "fifty", "velocity", "csv", "linking", "pseudonyms", "simulator", "start")
BARE_HELP = """
import click
NAMES = {names!r}
class Lazy(click.Group):
    def list_commands(self, ctx):
        return [name for name, _ in NAMES]
    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(NAMES)
@click.group(cls=Lazy)
@click.version_option("0")
def app():
    "A bare app."
app(["--help"], prog_name="bare")
"""
BARE_IMPORTS = "import click, pydantic, ruamel.yaml, sqlglot"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Measurement = Callable[[], tuple[float, Run, Any, float | None]]
"""One round: seconds that count, the run, the answer, and for scans the seconds from start to first read."""


class Disagreement(Exception):
    """A scan and a yardstick gave different answers: no time counts."""


def main() -> None:
    """Measure what is asked for and write the page."""
    options = _options()
    data: Path = options.data
    log = bench_log.make(data, options.size)
    samples: Samples = {}
    for group in options.only:
        print(f"{group}:", file=sys.stderr)
        _rounds(_group(group, options, log), samples, options.rounds)
    _agree(samples)
    scaling: dict[int, Samples] = {}
    if "account" in options.only:
        for size in _smaller(options.size):
            smaller = bench_log.make(data, size)
            print(f"account, {size:,} lines:", file=sys.stderr)
            scaling[size] = _rounds(
                {
                    "scan-account": _scan(data, smaller, place.combination(), links=False),
                    **{name: _yardstick(name, smaller) for name in (*SELECT, *WINDOW)},
                },
                {},
                options.rounds,
            )
            _agree(scaling[size])
    # Groups may be measured one at a time: those of an earlier run over the same log stay until measured again.
    samples = _joined(data, options.size, samples)
    scaling = {size: _joined(data, size, scaling.get(size, {})) for size in _smaller(options.size)}
    scaling = {size: measured for size, measured in scaling.items() if measured}
    found = rows(samples, scaling, options.size)
    command = "python tests/bench/run.py " + " ".join(sys.argv[1:])
    text = report.text(found, samples, scaling, size=options.size, rounds=options.rounds, command=command)
    print(text)
    if options.docs:
        report.write(BENCH.parent.parent / "docs", text, samples, scaling, options.size)


def _joined(data: Path, size: int, samples: Samples) -> Samples:
    """These samples with those kept of earlier runs, which they replace by name; all are kept."""
    kept = data / f"results-{size}.json"
    earlier = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    joined = {name: Sample(**values) for name, values in earlier.items()} | samples
    kept.write_text(json.dumps({name: dataclasses.asdict(sample) for name, sample in joined.items()}))
    return joined


def _group(group: str, options: argparse.Namespace, log: Path) -> dict[str, Measurement]:
    """The measurements that take turns, by name."""
    data: Path = options.data

    def scan(rules: dict[str, str], *, links: bool = False) -> Measurement:
        return _scan(data, log, rules, links=links)

    def yardsticks(names: Iterable[str], over: Path = log) -> dict[str, Measurement]:
        wanted = [name for name in names if options.forms is None or name in options.forms]
        return {name: _yardstick(name, over) for name in wanted}

    match group:
        case "account":
            return {"scan-account": scan(place.combination()), **yardsticks((*SELECT, *WINDOW))}
        case "actor":
            ours = {"scan-actor": scan(place.combination(by="actor"), links=True)}
            return ours | yardsticks(("select-links", "combination-actor"))
        case "fifty":
            forms = [name for name in (*FIFTY_LOG, *FIFTY_TABLE) if name != "fifty-log-self-join" or options.all_forms]
            return {"scan-fifty": scan(place.fifty()), **yardsticks(forms)}
        case "velocity":
            return {"scan-velocity": scan(place.velocity()), **yardsticks((*VELOCITY, "velocity-hash"))}
        case "csv":
            text = bench_log.make(data, options.csv_size, format="csv")
            return {"scan-csv": _scan(data, text, place.combination(), links=False), **yardsticks(["read-csv"], text)}
        case "linking":
            accounts = ["--accounts", str(options.accounts)]
            run([sys.executable, str(BENCH / "part.py"), "links", str(data), *accounts])
            return {part: _part([part, str(data), *accounts]) for part in ("graph", "linking")}
        case "pseudonyms" | "simulator":
            return {group: _part([group])}
        case _:
            return _start(data, log)


def _start(data: Path, log: Path) -> dict[str, Measurement]:
    from coincide.cli.main import COMMANDS

    names = [(command.name, command.help) for command in COMMANDS]
    workspace = place.place(data / "workspace-check", log, place.combination(), links=False)
    return {
        "help": _wall(["-m", "coincide", "--help"]),
        "help-bare": _wall(["-c", BARE_HELP.format(names=names)]),
        "rules-check": _wall(["-m", "coincide", "rules", "check", "-w", str(workspace)]),
        "rules-check-bare": _wall(["-c", BARE_IMPORTS]),
    }


def _rounds(measurements: dict[str, Measurement], samples: Samples, rounds: int) -> Samples:
    """All measurements in turn, ``rounds`` times, behind one that does not count and warms the files."""
    next(iter(measurements.values()))()
    for number in range(rounds):
        for name, measurement in measurements.items():
            seconds, done, answer, start = measurement()
            sample = samples.setdefault(name, Sample())
            sample.seconds.append(seconds)
            sample.peaks.append(done.peak_bytes)
            sample.answers.append(answer)
            if start is not None:
                sample.start.append(start)
            gigabytes = done.peak_bytes / 1e9
            print(f"  {number + 1} {name:24} {seconds:8.2f} s {gigabytes:6.2f} GB", file=sys.stderr, flush=True)
    return samples


def _scan(data: Path, log: Path, rules: dict[str, str], *, links: bool) -> Measurement:
    """A scan of a new workspace: from first read to committed alerts if the scan says so, else the whole process."""

    def measure() -> tuple[float, Run, Any, float | None]:
        folder = place.place(data / "workspace", log, rules, links=links)
        done = run([sys.executable, "-m", "coincide", "scan", "-w", str(folder), "--json"])
        document = json.loads(done.stdout)
        said = document["run"].get("seconds")
        if said is None:
            return done.seconds, done, _answer(document), None
        # What is neither reading nor committing: the start, and printing the document, so it errs upwards.
        measured = said["read"] + said["commit"]
        return measured, done, _answer(document), done.seconds - measured

    return measure


def _answer(document: dict[str, Any]) -> dict[str, Any]:
    """Of a scan's document what a yardstick answers too, for each rule."""
    answer: dict[str, Any] = {"matched": document["rows"]["accepted"] + document["rows"]["duplicates"], "rules": {}}
    for rule in document["rules"]:
        alerts = [alert for alert in document["alerts"] if alert["rule"] == rule["rule"]]
        first = [(datetime.fromisoformat(alert["first_at"]) - _EPOCH) // timedelta(microseconds=1) for alert in alerts]
        answer["rules"][rule["rule"]] = {
            "alerts": len(alerts),
            "hits": sum(alert["hits"] for alert in alerts),
            "first_at": sum(at % 1_000_003 for at in first),
            "evidence": sum(len(alert["evidence"]) for alert in alerts),
        }
    answer["read"] = document["rows"]["read"]
    return answer


def _yardstick(name: str, log: Path) -> Measurement:
    def measure() -> tuple[float, Run, Any, float | None]:
        done = run([sys.executable, str(BENCH / "yardstick.py"), name, "--log", str(log)])
        document = json.loads(done.stdout)
        return document["seconds"], done, document["answer"], None

    return measure


def _part(arguments: list[str]) -> Measurement:
    def measure() -> tuple[float, Run, Any, float | None]:
        done = run([sys.executable, str(BENCH / "part.py"), *arguments])
        document = json.loads(done.stdout)
        return document["seconds"], done, document, None

    return measure


def _wall(arguments: list[str]) -> Measurement:
    def measure() -> tuple[float, Run, Any, float | None]:
        done = run([sys.executable, *arguments])
        return done.seconds, done, None, None

    return measure


def _agree(samples: Samples) -> None:
    """Raise ``Disagreement`` unless every round of every measurement gave the answer of its yardsticks."""
    wanted: list[tuple[str, Any, Any]] = []

    def compare(
        ours: str, theirs: tuple[str, ...], of_scan: Callable[[Any], Any], of_query: Callable[[Any], Any]
    ) -> None:
        if ours not in samples:
            return
        for name in theirs:
            if name in samples:
                for mine in samples[ours].answers:
                    wanted.extend(
                        (f"{ours}, {name}", of_scan(mine), of_query(other)) for other in samples[name].answers
                    )

    compare("scan-account", SELECT, lambda scan: scan["matched"], lambda query: query["rows"])
    compare("scan-account", WINDOW, lambda scan: _one(scan, 3), _triple)
    compare("scan-actor", ("select-links",), lambda scan: scan["matched"], lambda query: query["rows"])
    compare("scan-actor", ("combination-actor",), lambda scan: _one(scan, 3), _triple)
    compare("scan-fifty", (*FIFTY_LOG, *FIFTY_TABLE), _fifty, lambda query: list(zip(*_triple(query), strict=True)))
    velocity = (*VELOCITY, "velocity-hash")
    compare("scan-velocity", velocity, lambda scan: _one(scan, 4), lambda query: (*_triple(query), query["evidence"]))
    compare("scan-csv", ("read-csv",), lambda scan: scan["read"], lambda query: query["rows"])
    for name, mine, other in wanted:
        if mine != other:
            raise Disagreement(f"{name}: {mine} against {other}")


def _triple(answer: dict[str, Any]) -> tuple[Any, Any, Any]:
    return answer["alerts"], answer["hits"], answer["first_at"]


def _one(scan: dict[str, Any], figures: int) -> tuple[int, ...]:
    """The figures of a scan of one rule."""
    (rule,) = scan["rules"].values()
    return tuple(rule[key] for key in ("alerts", "hits", "first_at", "evidence")[:figures])


def _fifty(scan: dict[str, Any]) -> list[tuple[int, int, int]]:
    return [_triple(scan["rules"][place.rule_id(rule)]) for rule in FIFTY]


def _smaller(size: int) -> list[int]:
    """Sizes for the plot: a hundredth and a tenth, from 100,000 lines."""
    return [smaller for smaller in (size // 100, size // 10) if smaller >= 100_000]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure every bar against its yardstick.")
    parser.add_argument("--size", type=int, default=100_000_000, help="lines of the Parquet log")
    parser.add_argument("--csv-size", type=int, default=20_000_000, help="lines of the CSV log")
    parser.add_argument("--accounts", type=int, default=10_000_000, help="accounts to link")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path(".bench"), help="where logs are kept between runs")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--forms", nargs="+", metavar="NAME", help="of the yardsticks only these, as of an earlier run")
    parser.add_argument("--all-forms", action="store_true", help="also 50 self-joins over the log")
    parser.add_argument("--no-docs", dest="docs", action="store_false", help="leave docs/benchmarks.md alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()

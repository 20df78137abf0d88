"""``make bench-transit``: journeys and their yardsticks, each in a process of its own, in turns.

    python tests/bench/transit.py [PART ...] [--size 20_000_000] [--rounds 3]

Parts: features tails linear csv, which run where none is named; import features160 velocity100 velocity400.

Before any time counts, the card-days of a small log are compared one by one with those of SQL, in all columns that both
have, and the sums of the large ones. Seconds are from the first read to the last card-day in memory; the start of the
process and its imports are excluded for all. ``cpu`` is what all threads used: on a machine that others use too it says
more than the seconds do.
"""  # fmt: skip

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import copies
import duckdb
import numpy as np
import polars as pl
import tap_velocity
import taplog
from process import Run, run

BENCH = Path(__file__)
ZONE, STARTS_US, DOUBLED_US, LONGEST_US = "Europe/Paris", 4 * 3_600_000_000, 10_000_000, 180 * 60_000_000
COMMON = (
    "trips",
    "missing_exits",
    "distinct_stops",
    "stops_per_trip",
    "distinct_lines",
    "short_share",
    "entropy",
    "most_visits",
    "quick",
    "same_line",
    "back",
    "span_hours",
)
"""What SQL does sensibly. Ours are all eighteen."""
SETTINGS = """[sources.taps]
kind = "tap"
files = "{files}"
[sources.taps.columns]
event_id = "id"
occurred_at = "when"
account = "card"
place = "stop"
line = "line"
vehicle = "vehicle"
device = "device"
action = "action"
product = "product"
"""

Answer = dict[str, Any]


# --- ours -----------------------------------------------------------------------------------------------------------


def ours(folder: Path) -> tuple[pl.DataFrame, Answer]:
    """All features of all card-days, from the files."""
    from coincide.detect.journey.clock import ServiceClock
    from coincide.engines.embedded.database import connect
    from coincide.engines.embedded.journeys import Pairing, journeys
    from coincide.engines.workspace import open_workspace

    workspace = open_workspace(_workspace(folder))
    readers = [(reader, workspace.settings.sources[name]) for name, reader in workspace.readers.items()]
    with connect(workspace.settings) as connection, _timed() as told:
        found = journeys(readers, Pairing(ServiceClock(ZONE, STARTS_US), DOUBLED_US, LONGEST_US), connection)
    (ended,) = found.ended.values()
    told |= {"read": ended.read, "taken": ended.taken, "rides": found.rides}
    frame = pl.DataFrame({"token": found.days.token, "day": found.days.day, **found.days.features})
    return frame.with_columns(card=found.tokens["account"].gather(found.days.token)), told


def _workspace(folder: Path) -> Path:
    place = folder / "workspace"
    place.mkdir(exist_ok=True)
    link = place / "taps"
    if not link.exists():
        link.symlink_to(folder.resolve())
    ending = next(path.suffix for path in sorted(folder.iterdir()) if path.name.startswith("taps-"))
    (place / "coincide.toml").write_text(SETTINGS.format(files=f"taps/taps-*{ending}"))
    return place


def parted(folder: Path, names: Sequence[str]) -> Answer:
    """All features of imports, part by part; each part's card-days are summed and let go."""
    from coincide.detect.journey.clock import ServiceClock
    from coincide.engines.embedded import partition
    from coincide.engines.embedded.database import connect
    from coincide.engines.embedded.journeys import Pairing, each, readings

    workspace = copies.workspace(folder, names)
    readers = [(workspace.readers["taps"], workspace.settings.sources["taps"])]
    sums: list[Answer] = []

    def use(days: Any, _: pl.DataFrame) -> None:
        sums.append(_sums(pl.DataFrame({"day": days.day, **days.features})))

    with connect(workspace.settings) as connection, _timed() as told:
        parts = partition.parted(readers)
        assert parts is not None
        pairing = Pairing(ServiceClock(ZONE, STARTS_US), DOUBLED_US, LONGEST_US)
        whole = each(readings(readers, parts, connection), pairing, use)
    ended = whole.ended["taps"]
    days = sum(one["days"] for one in sums)
    found = {name: [sum(column) for column in zip(*(one[name] for one in sums), strict=True)] for name in COMMON}
    return {**told, "read": ended.read, "rides": whole.tally.rides, "answer": {"days": days, **found}}


# --- import -----------------------------------------------------------------------------------------------------------


def imported(folder: Path) -> Answer:
    """The log written anew by ours, from the first read to the last file on the disk."""
    out = copies.emptied(folder / "imported")
    with _timed() as told:
        done = copies.write(folder, out, parts=2)
    return {**told, "rows": done.read, **copies.content(f"{out}/part-*.parquet")}


def imported_by_sql(folder: Path) -> Answer:
    """The same by bare DuckDB, our pseudonyms joined; its rows are in no order, and a bad line ends it."""
    out = copies.emptied(folder / "imported-sql")
    with _timed() as told:
        rows = copies.write_by_sql(folder, out)
    return {**told, "rows": rows, **copies.content(f"{out}/*/*.parquet")}


# --- SQL ------------------------------------------------------------------------------------------------------------

# One window finds doubled taps and the tap after: in this log a double stands right behind its tap. Two levels of GROUP
# BY count visits of stops and rides of lines: a DISTINCT for each would be slower, and so would histograms.
_WINDOW = """CREATE TEMP TABLE rides AS
    SELECT card, line, stop AS start, sec AS begins, ((sec + shift - 14400) // 86400)::INT AS day,
    CASE WHEN after.action = 'exit' AND after.sec - sec <= 10800 THEN after.sec END AS ends,
    CASE WHEN after.action = 'exit' AND after.sec - sec <= 10800 THEN after.stop END AS stop
    FROM (SELECT card, sec, action, stop, line, shift, before, CASE WHEN one.action = action AND one.device = device
            AND one.sec - sec < 10 THEN two ELSE one END AS after,
            coalesce(before.action = action AND before.device = device AND sec - before.sec < 10, false) AS doubled
        FROM (SELECT card, sec, action, stop, line, device, CASE WHEN sec < 1743296400 THEN 3600 ELSE 7200 END AS shift,
                lag({sec: sec, action: action, device: device}) OVER w AS before,
                lead({sec: sec, action: action, device: device, stop: stop}) OVER w AS one,
                lead({sec: sec, action: action, device: device, stop: stop}, 2) OVER w AS two
            FROM (SELECT card, epoch_us("when") // 1000000 AS sec, action, stop, line, device FROM taps)
            WINDOW w AS (PARTITION BY card ORDER BY sec, action)))
    WHERE action = 'enter' AND NOT doubled"""
_FEATURES = """CREATE TEMP TABLE days AS
    WITH stops AS (SELECT card, day, count(*) AS distinct_stops, max(n) AS most_visits,
            log2(sum(n)) - sum(n * log2(n)) / sum(n) AS entropy
        FROM (SELECT card, day, stop, count(*) AS n FROM (SELECT card, day, start AS stop FROM rides
            UNION ALL SELECT card, day, stop FROM rides WHERE stop IS NOT NULL) GROUP BY ALL) GROUP BY card, day),
    lines AS (SELECT card, day, count(*) AS distinct_lines FROM (SELECT DISTINCT card, day, line FROM rides)
        GROUP BY card, day),
    alone AS (SELECT card, day, count(*) AS trips, count(*) FILTER (ends IS NULL) / count(*) AS missing_exits,
            avg((ends - begins <= 360)::INT) AS short_share,
            (max(greatest(begins, coalesce(ends, 0))) - min(begins)) / 3600 AS span_hours,
            avg((begins - ends_before < 600)::INT) AS quick,
            avg((line = line_before)::INT) AS same_line,
            avg((stop = start_before)::INT) AS back
        FROM (SELECT *, lag(ends) OVER w AS ends_before, lag(line) OVER w AS line_before,
                lag(start) OVER w AS start_before
            FROM rides WINDOW w AS (PARTITION BY card, day ORDER BY begins)) GROUP BY card, day)
    SELECT *, distinct_stops / trips AS stops_per_trip
    FROM alone JOIN stops USING (card, day) JOIN lines USING (card, day)"""
_HASHED = """(SELECT hash(card) AS card, "when", action, hash(stop) AS stop, hash(line) AS line, hash(device) AS device
    FROM {files})"""
_CODED = """(SELECT card::CARDS AS card, "when", action, stop::STOPS AS stop, line::LINES AS line,
    device::DEVICES AS device FROM {files})"""


def duck(folder: Path, form: str) -> tuple[pl.DataFrame, Answer]:
    """The common columns by bare DuckDB: over the texts, over hashes of them, or over enumerations made first."""
    files = f"read_parquet('{folder}/taps-*.parquet')"
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("SET preserve_insertion_order = false")
        with _timed() as told:
            taps = files
            if form == "hash":
                taps = _HASHED.format(files=files)
            if form == "coded":
                for name in ("card", "stop", "line", "device"):
                    db.execute(f"CREATE TYPE {name}s AS ENUM (SELECT DISTINCT {name} FROM {files})")
                taps = _CODED.format(files=files)
            db.execute(_WINDOW.replace("FROM taps", f"FROM {taps} AS taps"))
            db.execute(_FEATURES)
        columns = ", ".join(f"{name}::FLOAT AS {name}" for name in COMMON)
        frame = db.sql(f"SELECT card{'::VARCHAR AS card' if form == 'coded' else ''}, day, {columns} FROM days").pl()
    return frame, told


# --- the measurements -----------------------------------------------------------------------------------------------


@contextmanager
def _timed() -> Iterator[Answer]:
    told: Answer = {}
    before, started = _cpu(), time.perf_counter()
    yield told
    told |= {"seconds": time.perf_counter() - started, "cpu": _cpu() - before}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _sums(frame: pl.DataFrame) -> Answer:
    """How many card-days have each feature, and their sums, once plain and once by day."""
    found: Answer = {"days": len(frame)}
    for name in COMMON:
        values = frame[name].cast(pl.Float64).to_numpy()
        known = ~np.isnan(values)
        by_day = (frame["day"].to_numpy()[known] % 97) * values[known]
        found[name] = [int(known.sum()), float(values[known].sum()), float(by_day.sum())]
    return found


def _measure(form: str, folder: Path, names: Sequence[str]) -> None:
    plain: dict[str, Callable[[], Answer]] = {
        "parts": partial(parted, folder, names),
        "import": partial(imported, folder),
        "import-sql": partial(imported_by_sql, folder),
        **{f"velocity-{form}": partial(tap_velocity.by_sql, folder, form) for form in tap_velocity.FORMS},
    }
    if form in plain:
        print(json.dumps(plain[form]()))
        return
    frame, told = ours(folder) if form == "ours" else duck(folder, form)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**told, "peak": peak, "answer": _sums(frame)}))


def agree(folder: Path, forms: tuple[str, ...]) -> None:
    """Raise ``AssertionError`` unless every card-day is the same in all common columns."""
    mine = ours(folder)[0].sort("card", "day")
    for form in forms:
        theirs = duck(folder, form)[0]
        if form == "hash":
            named = duckdb.from_arrow(mine.select("card").unique().to_arrow())
            names = named.project("card AS name, hash(card) AS card").pl()
            theirs = theirs.join(names, on="card").drop("card").rename({"name": "card"})
        theirs = theirs.sort("card", "day")
        assert theirs["card"].equals(mine["card"])
        assert theirs["day"].cast(pl.Int32).equals(mine["day"]), form
        for name in COMMON:
            np.testing.assert_allclose(
                theirs[name].to_numpy().astype(np.float64), mine[name].to_numpy(), rtol=1e-6, atol=2e-6, err_msg=name
            )


def _same(one: Answer, other: Answer) -> None:
    for name in ("days", *COMMON):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-6, err_msg=name)


def _features(options: argparse.Namespace) -> None:
    small = taplog.make(options.data, 200_000)
    agree(small, tuple(options.forms))
    print(f"200,000 taps: every card-day is the same in {len(COMMON)} columns as in SQL", flush=True)
    folder = taplog.make(options.data, options.size)
    _table([("ours", folder), *((form, folder) for form in options.forms)], options.rounds, compare=True)


def _linear(options: argparse.Namespace) -> None:
    sizes = (options.size // 4, options.size, options.size * 4, options.size * 8)
    _table([("ours", taplog.make(options.data, size)) for size in sizes], 1, compare=False)


def _table(wanted: list[tuple[str, Path]], rounds: int, *, compare: bool) -> None:
    found: dict[tuple[str, Path], list[Answer]] = {}
    for _ in range(rounds):
        for form, folder in wanted:
            done = run([sys.executable, str(BENCH), "measure", form, str(folder)])
            answer = json.loads(done.stdout)
            found.setdefault((form, folder), []).append(answer)
            load = os.getloadavg()[0]
            print(
                f"{form:8} {folder.name:28} {answer['seconds']:7.2f} s  cpu {answer['cpu']:7.2f} s  "
                f"peak {done.peak_bytes / 1e9:5.2f} GB  load {load:.1f}",
                flush=True,
            )
    if compare:
        first = next(iter(found.values()))[0]
        for answers in found.values():
            for answer in answers:
                _same(first["answer"], answer["answer"])
    print("\n| form | log | seconds, best | cpu, best |\n|---|---|---|---|")
    for (form, folder), answers in found.items():
        best = [min(answer[key] for answer in answers) for key in ("seconds", "cpu")]
        print(f"| {form} | {folder.name} | {best[0]:.2f} | {best[1]:.2f} |")


def _tails(options: argparse.Namespace) -> None:
    """Tail ranks of four million card-days: one feature, and all of them."""
    from concurrent.futures import ThreadPoolExecutor

    from coincide.detect.journey.days import Days
    from coincide.detect.journey.tails import alike, tails
    from coincide.rules.feature import NAMES

    draw = np.random.default_rng(1)
    count = 4_000_000
    token = np.repeat(np.arange(count // 20, dtype=np.int32), 20)
    day = np.tile(np.arange(0, 40, 2, dtype=np.int32), count // 20)
    figures = {name: (draw.integers(0, 40, count) / 7).astype(np.float32) for name in NAMES}
    figures["span_hours"] = draw.random(count, dtype=np.float32)
    days = Days(token, day, draw.integers(0, 4, count).astype(np.int8), figures)
    for _ in range(options.rounds):
        with _timed() as one:
            tails(days, "span_hours")
        with _timed() as every, ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(partial(tails, days, among=alike(days)), NAMES))
        print(
            f"one feature {one['seconds']:.2f} s; all {len(NAMES)} {every['seconds']:.2f} s, cpu {every['cpu']:.2f} s"
        )


def _csv(options: argparse.Namespace) -> None:
    """From CSV to card-days."""
    folder = taplog.make(options.data, options.size // 4, format="csv")
    rows = json.loads((folder / "log.json").read_text())["rows"]
    for _ in range(options.rounds):
        done = run([sys.executable, str(BENCH), "measure", "ours", str(folder)])
        answer = json.loads(done.stdout)
        print(f"{rows:,} rows of CSV: {answer['seconds']:.2f} s, cpu {answer['cpu']:.2f} s", flush=True)


def _import(options: argparse.Namespace) -> None:
    """From CSV to Parquet with keyed pseudonyms."""
    folder = taplog.make(options.data, options.size, format="csv")
    for _ in range(options.rounds):
        answers = []
        for form in ("import", "import-sql"):
            answer, done = _run(form, folder)
            rate = answer["rows"] / answer["seconds"] / 1e6
            _say(form, folder.name, answer, done, f"{rate:.2f} M rows/s")
            answers.append({name: answer[name] for name in ("rows", "accounts", "content")})
        assert answers[0] == answers[1], answers


def _features160(options: argparse.Namespace) -> None:
    """All features of imports of one, two and eight times the log, whose cards have other names each time."""
    log = taplog.make(options.data, options.size)
    folder = copies.make(options.data, log, 8)
    for _ in range(options.rounds):
        first, _done = _run("ours", log)
        for count in (1, 2, 8):
            answer, done = _run("parts", folder, *copies.names(count))
            _say("parts", f"{answer['read']:,} taps", answer, done)
            # What is compared is of one card each, so copies have it so many times.
            _same({name: np.multiply(first["answer"][name], count) for name in ("days", *COMMON)}, answer["answer"])


def _velocity100(options: argparse.Namespace) -> None:
    """A rule over all taps, from Parquet to alerts, against SQL."""
    log = taplog.make(options.data, 5 * options.size)
    for _ in range(options.rounds):
        mine, done = tap_velocity.scan(options.data, tap_velocity.settings(log))
        _say("scan", log.name, mine, done, f"{mine['alerts']:,} alerts")
        for form in tap_velocity.FORMS:
            answer, done = _run(f"velocity-{form}", log)
            _say(form, log.name, answer, done)
            for name in ("alerts", "first_at", *(("hits",) if form != "range" else ())):
                assert answer[name] == mine[name], (form, name, answer[name], mine[name])


def _velocity400(options: argparse.Namespace) -> None:
    """The same rule over imports of five, ten and twenty times the log: the line through three sizes."""
    folder = copies.make(options.data, taplog.make(options.data, options.size), 20)
    sizes, seconds = [], []
    for count in (5, 10, 20):
        answer, done = tap_velocity.scan(options.data, copies.settings(folder, copies.names(count)), tap_velocity.RARE)
        _say("scan", f"{answer['read']:,} taps", answer, done, f"{answer['alerts']:,} alerts")
        sizes.append(answer["read"])
        seconds.append(answer["seconds"])
    slope, start = np.polyfit(sizes, seconds, 1)
    print(f"{start:.1f} s and {slope * 1e8:.2f} s a hundred million; 1.6 billion: {start + slope * 1.6e9:.0f} s")


def _run(form: str, folder: Path, *names: str) -> tuple[Answer, Run]:
    done = run([sys.executable, str(BENCH), "measure", form, str(folder), *names])
    answer: Answer = json.loads(done.stdout)
    return answer, done


def _say(form: str, log: str, answer: Answer, done: Run, more: str = "") -> None:
    cpu = f"cpu {answer['cpu']:7.2f} s  " if "cpu" in answer else ""
    print(
        f"{form:12} {log:28} {answer['seconds']:7.2f} s  {cpu}peak {done.peak_bytes / 1e9:5.2f} GB  "
        f"load {os.getloadavg()[0]:.1f}  {more}",
        flush=True,
    )


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "features": _features,
    "tails": _tails,
    "linear": _linear,
    "csv": _csv,
    "import": _import,
    "features160": _features160,
    "velocity100": _velocity100,
    "velocity400": _velocity400,
}
USUAL = ("features", "tails", "linear", "csv")


def main() -> None:
    """Measure what is asked for."""
    if sys.argv[1:2] == ["measure"]:
        _measure(sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
        return
    parser = argparse.ArgumentParser(description="Measure journeys against their yardsticks.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"default: {' '.join(USUAL)}")
    parser.add_argument("--size", type=int, default=20_000_000, help="taps of the log")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path(".bench"), help="where logs are kept between runs")
    parser.add_argument("--forms", nargs="*", choices=("text", "hash", "coded"), default=["text", "hash", "coded"])
    options = parser.parse_args()
    for part in options.parts or USUAL:
        print(f"{part}:", flush=True)
        PARTS[part](options)


if __name__ == "__main__":
    main()

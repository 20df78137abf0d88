"""The workspace of a simulated city: settings, feed, rules, the list of staff, the logs; and apart the truth."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.settings import WORKSPACE_FILE
from coincide.simulate.city.feed import write as write_feed
from coincide.simulate.city.incident import Incidents
from coincide.simulate.city.lines import read
from coincide.simulate.city.made import City, digest
from coincide.simulate.city.parameters import Parameters
from coincide.simulate.workspace import csv_text, prepare, template

FEED = "feed.zip"
TRUTH, TRUTH_OF_INCIDENTS = "truth.parquet", "truth-incidents.parquet"
"""Files that no source of the workspace reads."""
RULES = ("rules/many-trips.yaml", "rules/presence-at-thefts.yaml", "rules/unusual-day.yaml")
_ROWS_PER_FILE = 4_000_000


@dataclass(frozen=True)
class Written:
    """What was written: taps, reports, thieves' tokens, and the files of taps in the order of time."""

    taps: int
    incidents: int
    thieves: int
    files: list[Path]


def write_city(
    folder: Path,
    size: int,
    days: int,
    seed: int,
    *,
    gtfs: Path | None = None,
    parameters: Parameters | None = None,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Write the workspace of a city into a new or empty folder, on the feed ``gtfs`` or on a made-up one.

    ``progress`` is called with the number of days that are done. Raises ``FolderNotEmpty``, ``FolderIsFile`` and
    ``NoLines`` before anything is written but the feed.
    """
    parameters = parameters or Parameters()
    if gtfs is not None:
        read(gtfs, parameters.ride_minutes)
    prepare(folder)
    if gtfs is None:
        write_feed(folder / FEED)
    else:
        _copy(gtfs, folder / FEED)
    city = City(read(folder / FEED, parameters.ride_minutes), size, days, seed, parameters)
    _write_texts(folder, city)
    (folder / "taps").mkdir()
    files, taps, stole, told = _write_taps(folder, city, progress)
    reports = city.incident_frame(_joined(told))
    reports.drop("thief").write_parquet(folder / "incidents.parquet")
    truth = city.truth(stole)
    truth.write_parquet(folder / TRUTH)
    reports.select("id", "thief").write_parquet(folder / TRUTH_OF_INCIDENTS)
    return Written(taps, len(reports), int((truth["class"] == "thief").sum()), files)


def _write_texts(folder: Path, city: City) -> None:
    texts = {"size": city.size, "days": city.days, "seed": city.seed, "zone": city.lines.zone, "digest": digest()}
    for name in (WORKSPACE_FILE, "README.md", *RULES):
        text = template("city", name)
        for key, value in texts.items():
            text = text.replace(f"<{key}>", str(value))
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "lists").mkdir()
    staff = csv_text(("value",), ([token] for token in city.staff))
    (folder / "lists" / "staff.csv").write_text(staff, encoding="utf-8")


def _write_taps(
    folder: Path, city: City, progress: Callable[[int], None] | None
) -> tuple[list[Path], int, NDArray[np.int32], list[Incidents]]:
    files: list[Path] = []
    told: list[Incidents] = []
    taps = done = 0
    stole = np.zeros(city.size, dtype=np.int32)
    # While the files of some days are written, the next days are made; never more than one ahead.
    with ThreadPoolExecutor(max_workers=1) as beside:
        before: Future[None] | None = None
        for part in city.parts():
            frame = city.tap_frame(part.taps, taps + 1)
            if before is not None:
                before.result()
            count = -(-len(frame) // _ROWS_PER_FILE)
            paths = [folder / "taps" / f"taps-{len(files) + n:04d}.parquet" for n in range(1, count + 1)]
            before = beside.submit(_write, frame, paths)
            files += paths
            taps += len(frame)
            stole += part.stole
            told.append(part.incidents)
            done += part.days
            if progress is not None:
                progress(done)
        if before is not None:
            before.result()
    return files, taps, stole, told


def _write(frame: pl.DataFrame, paths: list[Path]) -> None:
    for path, rows in zip(paths, frame.iter_slices(_ROWS_PER_FILE), strict=True):
        # Level 1: a fifth larger than level 3 and twice as fast.
        rows.write_parquet(path, compression="zstd", compression_level=1)


def _joined(told: list[Incidents]) -> Incidents:
    names = ("begins_s", "ends_s", "stop", "line", "token")
    return Incidents(*(np.concatenate([getattr(one, name) for one in told]) for name in names))


def _copy(gtfs: Path, feed: Path) -> None:
    if gtfs.is_dir():
        with zipfile.ZipFile(feed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(gtfs.glob("*.txt")):
                archive.writestr(zipfile.ZipInfo(path.name, (2025, 1, 1, 0, 0, 0)), path.read_bytes(), 8, 6)
        return
    feed.write_bytes(gtfs.read_bytes())


__all__ = ["RULES", "TRUTH", "TRUTH_OF_INCIDENTS", "Written", "write_city"]

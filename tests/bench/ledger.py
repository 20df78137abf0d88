"""The ledger: entries per second, one durable entry, verifying, opening, each beside a yardstick on the same disk.

Run ``python tests/bench/ledger.py [--entries 1_000_000]``. The yardsticks are what nobody can go below here: writing
and syncing as many files as an append makes, and SHA-256 and ``json.loads`` of every entry in one process. Bars:
20,000 entries/s in batches, one durable entry in 5 ms (p99), a million verified in 20 s and 300 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from process import run

from coincide.ledger.entry import Entry
from coincide.ledger.note import Signer
from coincide.ledger.write import writing

SIGNER = Signer("bench.example/ledger", Ed25519PrivateKey.from_private_bytes(b"b" * 32))
START_US = 1_772_366_400_000_000
SINGLE = 2_000
OPENINGS = 30
SMALL = 1_000
VERIFY = """
import sys, time
from pathlib import Path
from coincide.ledger import note, policy, source
from coincide.ledger.verify import verify
began = time.perf_counter()
trusted = policy.of_key(note.Verifier.parsed(sys.argv[2]))
proven = verify(source.of_folder(Path(sys.argv[1])), trusted)
print(proven.checkpoint.size, time.perf_counter() - began)
"""
BARE = """
import hashlib, json, sys, time
from pathlib import Path
began, count = time.perf_counter(), 0
for file in Path(sys.argv[1], "tile", "entries").rglob("*"):
    if file.is_file():
        content, at = file.read_bytes(), 0
        while at < len(content):
            end = at + 2 + int.from_bytes(content[at : at + 2], "big")
            hashlib.sha256(content[at + 2 : end]).digest()
            json.loads(content[at + 2 : end])
            at, count = end, count + 1
print(count, time.perf_counter() - began)
"""


def entry(number: int) -> Entry:
    """Entry ``number``, as reads of alerts are: every third with a reason, every fifth with a commitment."""
    return Entry(
        START_US + number * 1_000,
        f"user-{number % 40}",
        "alert:evidence:open",
        f"A-{number % 5_000}",
        "allowed",
        role="reviewer",
        purpose="review",
        reason="asked by the seller, for the second time" if number % 3 == 0 else "",
        commitments={"identifier": "A" * 43 + "="} if number % 5 == 0 else {},
    )


def in_batches(folder: Path, count: int, batch: int) -> tuple[float, float]:
    """A new log of ``count`` entries: seconds from ``Entry`` values to their being durable, and of the bare files."""
    shutil.rmtree(folder, ignore_errors=True)
    seconds = yardstick = 0.0
    with writing(folder, SIGNER) as log:
        for low in range(0, count, batch):
            made = [entry(number) for number in range(low, min(count, low + batch))]
            with counted_syncs() as sizes:
                began = time.perf_counter()
                log.append([one.encoded for one in made])
                seconds += time.perf_counter() - began
            yardstick += bare(folder.with_name("bare"), [size for size in sizes if size])
    return seconds, yardstick


@contextmanager
def counted_syncs() -> Iterator[list[int]]:
    """The sizes of what is synced meanwhile; of folders 0."""
    sizes: list[int] = []
    fsync = os.fsync

    def counting(handle: int) -> None:
        state = os.fstat(handle)
        sizes.append(state.st_size if state.st_mode & 0o100000 else 0)
        fsync(handle)

    os.fsync = counting  # type: ignore[assignment]
    try:
        yield sizes
    finally:
        os.fsync = fsync


def bare(folder: Path, sizes: Sequence[int]) -> float:
    """Seconds to write and sync new files of these sizes, and then their folder."""
    folder.mkdir(exist_ok=True)
    contents = [os.urandom(size) for size in sizes]
    began = time.perf_counter()
    for number, content in enumerate(contents):
        with (folder / f"{number}.part").open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        (folder / f"{number}.part").replace(folder / str(number))
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    return time.perf_counter() - began


def one_by_one(folder: Path, first: int, count: int) -> tuple[list[float], list[float], float]:
    """Seconds of ``count`` appends of one entry, of the yardstick in turn with them, and files synced by each."""
    ours, yardstick, files = [], [], 0
    with writing(folder, SIGNER) as log:
        for number in range(first, first + count):
            made = entry(number)
            with counted_syncs() as sizes:
                began = time.perf_counter()
                log.append([made.encoded])
                ours.append(time.perf_counter() - began)
            synced = [size for size in sizes if size]
            files += len(synced)
            yardstick.append(bare(folder.with_name("bare"), synced))
    return ours, yardstick, files / count


def opening(folder: Path) -> float:
    """Median seconds of opening a log and closing it."""
    found = []
    for _ in range(OPENINGS):
        began = time.perf_counter()
        with writing(folder, SIGNER):
            found.append(time.perf_counter() - began)
    return statistics.median(found)


def spread(seconds: list[float]) -> str:
    """The middle, the hundredth part above and the worst, in milliseconds."""
    found = sorted(seconds)
    p99 = found[-(-len(found) * 99 // 100) - 1]
    return f"{statistics.median(found) * 1e3:.2f} / {p99 * 1e3:.2f} / {found[-1] * 1e3:.1f} ms"


def main() -> None:
    """Make the logs, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[2] / ".bench" / "ledger")
    options = parser.parse_args()
    count, place = options.entries, options.folder
    place.mkdir(parents=True, exist_ok=True)
    large, small = place / "large", place / "small"
    rows: list[tuple[str, str, str]] = []

    for folder, batch, some in ((small, 1_000, min(count, 100_000)), (large, 10_000, count)):
        seconds, syncing = in_batches(folder, some, batch)
        files_alone = f"bare files: {some / syncing:,.0f}"
        rows.append((f"entries/s in batches of {batch:,}", f"{some / seconds:,.0f}", files_alone))
    in_batches(small, SMALL, SMALL)
    rows.append((f"opening {count:,}", f"{opening(large) * 1e3:.2f} ms", f"{SMALL:,}: {opening(small) * 1e3:.2f} ms"))

    ours = run([sys.executable, "-c", VERIFY, str(large), SIGNER.verifier.text])
    yardstick = run([sys.executable, "-c", BARE, str(large)])
    for one in (ours, yardstick):
        found = int(one.stdout.split()[0])
        if found != count:
            raise SystemExit(f"{found:,} entries in the place of {count:,}")
    rows.append((f"verifying {count:,}", f"{ours.seconds:.1f} s", f"SHA-256 + json.loads: {yardstick.seconds:.1f} s"))
    rows.append(("peak memory of it", f"{ours.peak_bytes / 1e6:.0f} MB", f"{yardstick.peak_bytes / 1e6:.0f} MB"))

    each, alone, files = one_by_one(large, count, SINGLE)
    rows.append(("one durable entry, p50 / p99 / max", spread(each), f"{files:.1f} bare files: {spread(alone)}"))

    print(json.dumps({"entries": count, "cores": os.cpu_count(), "folder": str(place)}))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    for folder in (large, small, place / "bare"):
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

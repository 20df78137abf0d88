"""Packs: what their rules find in a simulated marketplace whose answer is known, by language of the titles.

Run ``python tests/bench/packs.py [--size 1_000_000] [--folder FOLDER]``: simulates, scans in a process of its own, and
prints the tables of ``docs/reference/packs.md``, then on stderr every miss and every false alarm with its title.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from coincide.engines.workspace import open_workspace
from coincide.simulate.assay import Assay, assay
from coincide.simulate.case import RULES
from coincide.simulate.marketplace import Marketplace
from coincide.simulate.title import LANGUAGES
from coincide.simulate.workspace import write_marketplace

NAMES = dict(zip(LANGUAGES, ("English", "German", "French", "Spanish", "Arabic", "Chinese"), strict=True))


def scanned(folder: Path) -> dict[str, Any]:
    """The document of a scan; the rules of packs are in shadow, and their alerts count."""
    command = [sys.executable, "-m", "coincide", "scan", "-w", str(folder), "--json"]
    document: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return document


def tables(found: Assay) -> Iterator[str]:
    """Markdown: planted cases by language, by rule, and titles by language."""
    rows = {row["language"]: row for row in found.by_language().iter_rows(named=True)}
    columns = ("planted", "found", "linked", "linked_found", "outside", "outside_alerted", "false_alarms")
    listed = [[rows[language][column] for column in columns] for language in LANGUAGES]
    sums = [sum(column) for column in zip(*listed, strict=True)]
    yield from _table(
        ("language", "planted", "found", "of them linked", "found", "just missing", "alerted", "false alarms"),
        [
            *((NAMES[one], *row) for one, row in zip(LANGUAGES, listed, strict=True)),
            ("all", *sums[:-1], found.false_count),
        ],
    )
    by_rule = []
    for rule in RULES:
        cases = found.cases.filter(rule=rule)
        due = cases.filter(pl.col("expected_alerts") > 0)
        false = found.false_alarms.filter(rule=rule)["alert"].n_unique()
        by_rule.append((f"`{rule}`", len(due), int((due["found"] > 0).sum()), len(cases) - len(due), false))
    yield from _table(("rule", "planted", "found", "just missing", "false alarms"), by_rule)
    titled = []
    for language in LANGUAGES:
        mine = found.titles.filter(language=language)
        goods = mine.filter(pl.col("components") != "")
        right = int((goods["seen_as"] == goods["components"]).sum())
        titled.append([len(goods), right, len(goods) - right, len(mine) - len(goods)])
    titled.append([sum(column) for column in zip(*titled, strict=True)])
    yield from _table(
        ("language", "titles of components", "read right", "not or as another", "other titles read as one"),
        [(name, *row) for name, row in zip((*NAMES.values(), "all"), titled, strict=True)],
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|---|{'---:|' * (len(header) - 1)}"
    for row in rows:
        yield f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |"
    yield ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary) / "marketplace"
        write_marketplace(folder, Marketplace(asked.size, asked.seed))
        started = time.monotonic()
        document = scanned(folder)
        seconds = time.monotonic() - started
        found = assay(folder, open_workspace(folder).catalog, document["alerts"])
    print(f"{asked.size:,} lines, seed {asked.seed}, scanned in {seconds:.0f} s, {len(document['alerts']):,} alerts\n")
    print("\n".join(tables(found)))
    unread = len(found.missed.filter(~pl.col("misread"))), found.false_alarms["title"].null_count()
    print(f"Missed though all titles were read right: {unread[0]}; false without a title at fault: {unread[1]}.")
    misread = (
        found.misread.group_by("language", "kind", "name", "way", "seen_as").len().sort("language", "kind", "name")
    )
    for title, frame in (("missed", found.missed), ("false alarms", found.false_alarms), ("misread", misread)):
        print(f"{title}: {len(frame)}", file=sys.stderr)
        print(frame.write_csv(), file=sys.stderr)


if __name__ == "__main__":
    main()

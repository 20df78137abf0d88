"""Rule versions: what is kept of the first time that a meaning ran, and what follows the newest wording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from coincide.store import scan
from coincide.store.database import open_database
from coincide.store.rule import RuleVersion, load, save
from coincide.store.scan import Scan

PLAIN = RuleVersion("many", "v1-a", "rule: many", "Looks at all.", ("a farm",), 7)
CLEAN = replace(PLAIN, git_commit="1" * 40, git_author="Ann", git_dirty=False)
DIRTY = replace(PLAIN, git_commit="2" * 40, git_author="Bob", git_dirty=True)
LATER = replace(PLAIN, git_commit="3" * 40, git_author="Cec", git_dirty=False)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with open_database(tmp_path).writing() as opened:
        yield opened


def kept(connection: Connection, *versions: RuleVersion) -> RuleVersion | None:
    for version in versions:
        save(connection, [version])
    return load(connection, "many", "v1-a")


@pytest.mark.parametrize(
    ("versions", "last"),
    [
        ([PLAIN], PLAIN),
        ([PLAIN, CLEAN], CLEAN),
        ([PLAIN, DIRTY], DIRTY),
        ([CLEAN, LATER], CLEAN),
        ([CLEAN, PLAIN], CLEAN),
        ([CLEAN, DIRTY], CLEAN),
        ([DIRTY, PLAIN], DIRTY),
        ([DIRTY, LATER], LATER),
        ([DIRTY, replace(LATER, git_dirty=True)], DIRTY),
    ],
)
def test_the_origin_that_is_kept_is_the_first_that_is_settled(
    connection: Connection, versions: list[RuleVersion], last: RuleVersion
) -> None:
    assert kept(connection, *versions) == last


def test_a_new_wording_takes_the_place_of_the_old_and_keeps_first_day_and_origin(connection: Connection) -> None:
    worded = replace(LATER, text="rule: many # why", innocent=("a gift",), sentence="Looks.", first_seen=9)
    expected = replace(CLEAN, text=worded.text, innocent=worded.innocent, sentence=worded.sentence)
    assert kept(connection, CLEAN, worded) == expected
    assert load(connection, "many", "v1-b") is None


def test_the_paces_are_of_the_newest_scans_that_read_rows_and_were_timed(connection: Connection) -> None:
    for number, (read, seconds) in enumerate([(10, 1.0), (0, 1.0), (20, 0.0), (30, 2.0), (40, 0.5)], start=1):
        end = 1_000_000 + round(seconds * 1e6)
        scan.add(connection, Scan(number, "all@1", 1_000_000, end, {}, {"read": read}, {}, {}))
    assert scan.paces(connection, 10) == [(40, 0.5), (30, 2.0), (10, 1.0)]
    assert scan.paces(connection, 2) == [(40, 0.5), (30, 2.0)]

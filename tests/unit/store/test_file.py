"""What is known of files, scans and rules survives as it was, scope by scope."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from coincide.store import file, rule, scan, tally
from coincide.store.database import Database, open_database
from coincide.store.file import FileState
from coincide.store.rule import RuleVersion
from coincide.store.scan import Scan

A = FileState("s", "shop", "a.csv", 10, 1_000, "d", False, 5, 3, 1, 100, 200)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path)


def test_a_file_is_replaced_in_its_own_scope_alone(database: Database) -> None:
    other = replace(A, scope="t")
    with database.writing() as connection:
        file.save(connection, [A, other, replace(A, path="b.csv")])
    with database.writing() as connection:
        file.save(connection, [replace(A, size=11)])
        file.remove(connection, [replace(A, path="b.csv")])
    with database.reading() as connection:
        assert file.load(connection, "s") == {("shop", "a.csv"): replace(A, size=11)}
        assert file.load(connection, "t") == {("shop", "a.csv"): other}


def test_rows_are_tallied_anew_for_the_days_that_were_read(database: Database) -> None:
    with database.writing() as connection:
        tally.save(connection, "s", {1: 4, 2: 5}, {"r": {1: 7, 3: 1}}, None)
        tally.save(connection, "s", {2: 1, 9: 9}, {"r": {3: 2}}, (2, 3))
        tally.save(connection, "t", {1: 1}, {}, None)
    with database.reading() as connection:
        assert tally.totals(connection, "s") == (5, {"r": 9})
        assert tally.totals(connection, "u") == (0, {})
    with database.writing() as connection:
        tally.forget(connection, "s")
        assert tally.totals(connection, "s") == (0, {})
        assert tally.totals(connection, "t") == (1, {})


def test_a_scope_that_is_forgotten_leaves_the_others(database: Database) -> None:
    with database.writing() as connection:
        file.save(connection, [A, replace(A, scope="t")])
        file.forget_scope(connection, "s")
    with database.reading() as connection:
        assert file.load(connection, "s") == {}
        assert len(file.load(connection, "t")) == 1


def test_saving_nothing_is_nothing(database: Database) -> None:
    with database.writing() as connection:
        file.save(connection, [])
        file.remove(connection, [])


def test_size_and_time_prove_nothing_for_a_file_as_new_as_its_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id\n")
    os.utime(path, ns=(50, 50_000_000_000))
    found = path.stat()
    known = replace(A, size=3, mtime_ns=50_000_000_000)
    assert known.looks_unchanged(found)
    assert not replace(known, racy=True).looks_unchanged(found)
    assert not replace(known, size=4).looks_unchanged(found)
    assert not replace(known, mtime_ns=1).looks_unchanged(found)
    assert file.racy(50_000_000_000, 51_000_000_000)
    assert not file.racy(50_000_000_000, 52_000_000_000)


def test_scans_are_numbered_and_the_latest_is_found(database: Database) -> None:
    with database.writing() as connection:
        assert (scan.next_id(connection), scan.latest(connection)) == (1, None)
        first = Scan(1, "s", 1, 2, {"rules": ["r"]}, {"read": 3}, {"read": 3}, {"entities": 1})
        scan.add(connection, first)
        scan.add(connection, replace(first, id=2, scope="t"))
        assert scan.next_id(connection) == 3
    with database.reading() as connection:
        assert scan.latest(connection, "s") == first
        assert scan.latest(connection) == replace(first, id=2, scope="t")


def test_a_rule_takes_new_words_and_keeps_its_first_day(database: Database) -> None:
    version = RuleVersion("r", "v1-a", "rule: r", "Three of four.", ("a hobby",), 5)
    with database.writing() as connection:
        rule.save(connection, [version, replace(version, fingerprint="v1-b")])
        rule.save(connection, [replace(version, text="rule: r # new", first_seen=9)])
    with database.reading() as connection:
        assert rule.load(connection, "r", "v1-a") == replace(version, text="rule: r # new")
        assert rule.load(connection, "r", "v1-c") is None
        assert rule.known(connection) == ["r"]

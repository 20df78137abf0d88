"""A new key gives new pseudonyms everywhere, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Column, LargeBinary, Table, Text, insert, select

from alertbook import Book, finding
from coincide.alerts import service
from coincide.alerts.reconcile import Cause
from coincide.entities.key import Key
from coincide.entities.pseudonym import pseudonym
from coincide.store import entity, tables
from coincide.store.database import open_database
from coincide.store.rename import _HOLDERS, PSEUDONYM, held, naming, rename
from coincide.store.tables import metadata

OLD, NEW = Key(b"o" * 32), Key(b"n" * 32)
ACCOUNTS = ("1", "2", "3")
NAMES = {pseudonym("shop", account, OLD): pseudonym("shop", account, NEW) for account in ACCOUNTS}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Alerts with a history, memberships, a suppression and separations, all named by the old key."""
    one, two, three = NAMES
    book = Book.made(tmp_path)
    book.scan(finding(1, 5, actor=one), finding(8, 9, actor=two))
    book.scan(replace(finding(1, 6, actor=one), actor=three), finding(8, 9, actor=two), cause=Cause.ENTITIES_CHANGED)
    service.decide(book.ledger, 2, "benign", because="a farm", by="kim", at_us=1)
    book.scan(cause=Cause.FILE_REMOVED)
    book.scan(finding(8, 8, actor=two))
    with book.database.writing() as connection:
        entity.add(connection, 1, "d", 1)
        entity.save_memberships(connection, 1, {one: one, two: one, three: three})
        pairs = combinations(sorted(NAMES), 2)
        rows = [{"account_a": a, "account_b": b, "by": "kim", "at": 1, "because": "x"} for a, b in pairs]
        connection.execute(insert(tables.separation), rows)
        entity.save_lists(connection, {one: 30}, [{"kind": "card", "pseudonym": two, "accounts": 9}])
    service.suppress(book.ledger, "fertiliser", one, until_us=9, because="x", by="kim", at_us=1)
    return book


def everything(book: Book) -> dict[str, list[dict[str, Any]]]:
    with book.database.reading() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
        }


def test_the_pattern_is_that_of_pseudonyms() -> None:
    assert all(PSEUDONYM.fullmatch(name) for name in (*NAMES, *NAMES.values()))


def test_no_old_name_is_left_and_nothing_else_differs(book: Book) -> None:
    before = everything(book)
    with book.database.writing() as connection:
        assert rename(connection, NAMES) > 0
    after = everything(book)
    assert not any(old in str(after) for old in NAMES)
    pairs = {tuple(sorted((row["account_a"], row["account_b"]))) for row in after.pop("separation")}
    assert pairs == {
        tuple(sorted((NAMES[row["account_a"]], NAMES[row["account_b"]]))) for row in before.pop("separation")
    }
    assert all(a < b for a, b in pairs)
    for name, rows in before.items():
        assert sorted(map(str, after[name])) == sorted(_replaced(str(row)) for row in rows)


def _replaced(text: str) -> str:
    for old, new in NAMES.items():
        text = text.replace(old, new)
    return text


def test_alerts_keep_their_ids_and_are_found_again_under_the_new_names(book: Book) -> None:
    two = NAMES[list(NAMES)[1]]
    with book.database.writing() as connection:
        rename(connection, NAMES)
    assert book.scan(finding(8, 8, actor=two)) == []
    assert book.alert(2).finding.actor == two


def test_names_that_change_places_are_both_renamed(book: Book) -> None:
    one, two, _ = NAMES
    with book.database.writing() as connection:
        rename(connection, {one: two, two: one})
        assert entity.members(connection, two) == sorted([one, two])
    assert book.alert(2).finding.actor == one


def test_two_names_do_not_become_one(book: Book) -> None:
    one, two, _ = NAMES
    with book.database.writing() as connection, pytest.raises(ValueError, match="become one"):
        rename(connection, {one: two, two: two})


def test_every_table_that_may_hold_a_pseudonym_is_known() -> None:
    # A pseudonym in any text of a table that is not listed would be forgotten. Titles are names of goods.
    free = {"scan", "segment", "file", "tally", "rule_version", "entity_version", "title_tag", "pseudonym", "rule_odds"}
    free |= {"ledger_entry", "ledger_head"}
    # Requests are refused that hold one.
    free |= {"request"}
    assert {table.name for table in _HOLDERS} | free == set(metadata.tables)


@pytest.mark.parametrize("table", _HOLDERS, ids=lambda table: table.name)
def test_every_column_that_may_hold_a_pseudonym_is_looked_in_and_renamed(tmp_path: Path, table: Table) -> None:
    old, new = next(iter(NAMES.items()))
    texts = [column.name for column in table.c if isinstance(column.type, Text | JSON)]
    with open_database(tmp_path).writing(keep=False) as connection:
        # One row names it in every column that takes text, whatever the column is for.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.execute(insert(table).values({column.name: _filled(column, old) for column in table.c}))
        assert held(connection, [old]) == {old}
        assert len(connection.execute(select(table).where(naming(table, old))).all()) == 1
        assert rename(connection, NAMES) == 1
        (row,) = connection.execute(select(table)).mappings()
        assert dict(row) == {column.name: _filled(column, new) for column in table.c}
        assert held(connection, [old]) == set()
    assert texts


@pytest.mark.parametrize(
    ("table", "name"),
    [(table, column.name) for table in _HOLDERS for column in table.c if isinstance(column.type, Text | JSON)],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_pseudonym_in_one_column_alone_is_found_there(tmp_path: Path, table: Table, name: str) -> None:
    old = next(iter(NAMES))
    with open_database(tmp_path).writing(keep=False) as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        row = {column.name: _filled(column, old if column.name == name else "nobody") for column in table.c}
        connection.execute(insert(table).values(row))
        assert held(connection, [old]) == {old}
        assert len(connection.execute(select(table).where(naming(table, old))).all()) == 1


def _filled(column: Column[Any], name: str) -> Any:
    """What a row has in a column, with a name where there is room for one."""
    if isinstance(column.type, JSON):
        return {"of": [name, {"as": f"{name}."}]}
    if isinstance(column.type, Text):
        return f"as {name}."
    return b"" if isinstance(column.type, LargeBinary) else 1

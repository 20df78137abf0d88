"""Random edits of random workspaces: what is foretold is what happens, and a diff is the difference of two scans."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given

from coincide.alerts.alert import Finding
from coincide.alerts.compared import compared
from coincide.alerts.foresight import foresee
from coincide.alerts.listing import Wanted, page
from coincide.alerts.scan import scan
from coincide.engines.workspace import RUNNING, Workspace, open_workspace
from coincide.ledger.book import Book
from coincide.ledger.staff import Staff
from coincide.rules.difference import difference
from coincide.store.database import open_database
from property.choice import Choice, drawn
from property.draw_rule import DAY, HOUR, rule
from property.draw_world import world
from property.workspace import Layout, layout, parts, write_part, write_settings
from property.worlds import examples
from reference.world import World

NOW_US = 1_800_000_000_000_000
SHARE = 100
"""One in so many examples: each takes several scans."""
KEY = "22" * 32


class _Unlogged(Book):
    """Entries stay in the database: what the ledger makes of them is another test's matter."""

    def log(self) -> None:
        """Nothing."""

    def reading(self, *arguments: Any, **named: Any) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Edit:
    """A world, how it is written, and what it is after an edit: of rules, catalog, lists, caps; with more files."""

    before: World
    after: World
    layout: Layout
    late: int


def edit(choice: Choice) -> Edit:
    """Any world; each rule stays, goes, or becomes another; rows of the catalog and of lists go."""
    made = world(choice, separations=False)
    form = layout(choice, made, most_files=4)
    begins = next((one.window[1] for one in made.rules if one.window[0] == "service-day"), 4 * HOUR)
    rules = []
    for number, one in enumerate(made.rules):
        other = replace(rule(choice, number, DAY, HOUR, one.zone, begins=begins), id=one.id)
        rules += choice.of([[one], [one], [other], []])
    catalog = [row for row in made.catalog if not choice.percent(15)]
    after = replace(
        made,
        rules=rules or made.rules,
        catalog=catalog
        if choice.percent(30) and {row[2] for row in catalog} == {row[2] for row in made.catalog}
        else made.catalog,
        lists={name: rows[choice.below(2) :] for name, rows in made.lists.items()},
        group_limit=choice.of([made.group_limit, made.group_limit, 3]),
    )
    return Edit(made, after, form, choice.below(2))


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Workspace, Book]]:
    workspace = open_workspace(folder)
    with closing(open_database(workspace.state)) as database:
        yield workspace, _Unlogged(database, workspace.ledger, Staff("judge", purpose="a test"))


def dump(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / ".coincide/coincide.db")) as connection:
        return list(connection.iterdump())


def assert_foretold(told: Edit, folder: Path) -> None:
    """A scan, an edit, a plan, and what comes of it."""
    write_settings(told.before, told.layout, folder)
    all_parts = parts(told.before, told.layout)
    there = [part for part in all_parts if not told.late or part.file.endswith(f"/00.{part.file.rpartition('.')[2]}")]
    for part in there:
        write_part(told.before, told.layout, folder, part)
    with opened(folder) as (workspace, book):
        scan(workspace, book, now_us=NOW_US)
    write_settings(told.after, told.layout, folder)
    for part in all_parts:
        if part not in there:
            write_part(told.before, told.layout, folder, part)
    kept = dump(folder)
    with opened(folder) as (workspace, book):
        plan = foresee(workspace, book, now_us=NOW_US)
        assert dump(folder) == kept
        quick = foresee(workspace, book, now_us=NOW_US, alerts=False)
        assert replace(plan, outcome=None) == quick
        done = scan(workspace, book, now_us=NOW_US, plan=plan.digest)
        assert plan.outcome is not None
        assert [*plan.outcome.changes] == [*done.changes]
        assert plan.empty == (dump(folder) == kept)
        if not plan.empty and done.entities is not None:
            assert plan.outcome.entities == done.entities
        assert foresee(workspace, book, now_us=NOW_US).empty


def found(folder: Path) -> dict[str, set[Finding]]:
    """What a first scan finds, by rule, without the words of the rule."""
    with opened(folder) as (workspace, book):
        scan(workspace, book, now_us=NOW_US)
        with book.database.reading() as connection:
            alerts = page(connection, Wanted(), now_us=NOW_US).alerts
    by_rule: dict[str, set[Finding]] = {}
    for alert in alerts:
        by_rule.setdefault(alert.facts.rule, set()).add(replace(alert.finding, because=""))
    return by_rule


def assert_difference_of_two_scans(told: Edit, folder: Path) -> None:
    """Old and new rules over the same files, catalog and lists: in one pass, and by a scan of each."""
    second = replace(told.before, rules=told.after.rules)
    for name, made in (("old", told.before), ("new", second)):
        (folder / name).mkdir()
        write_settings(made, told.layout, folder / name)
        for part in parts(made, told.layout):
            write_part(made, told.layout, folder / name, part)
    with opened(folder / "old") as (workspace, book), opened(folder / "new") as (other, _):
        differences = difference(workspace.rules, other.rules)
        history = compared(workspace, book, differences, now_us=NOW_US)
    old, new = found(folder / "old"), found(folder / "new")
    for one in differences:
        if any(side is not None and side.rule.status not in RUNNING for side in (one.old, one.new)):
            # A scan does not run it; a diff says what it would find.
            continue
        before, after = old.get(one.rule, set()), new.get(one.rule, set())
        comparison = history.get(one.rule)
        if comparison is None:
            assert before == after
            continue
        sorts = {
            sort: {replace(example.finding, because="") for example in shown}
            for sort, shown in comparison.sorts.items()
        }
        assert (comparison.before, comparison.after) == (len(before), len(after))
        assert comparison.same == len(before & after)
        assert sorts["vanish"] <= before - after
        assert sorts["appear"] | sorts["change"] == after - before
        assert len(sorts["vanish"]) + len(sorts["change"]) == len(before - after)


def test_what_is_foretold_happens(request: pytest.FixtureRequest) -> None:
    @examples(request.config, SHARE)
    @given(drawn(edit))
    def check(told: Edit) -> None:
        with tempfile.TemporaryDirectory() as folder:
            assert_foretold(told, Path(folder))

    check()


def test_a_diff_is_the_difference_of_two_scans(request: pytest.FixtureRequest) -> None:
    @examples(request.config, SHARE)
    @given(drawn(edit))
    def check(told: Edit) -> None:
        with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"COINCIDE_KEY": KEY}):
            assert_difference_of_two_scans(told, Path(folder))

    check()

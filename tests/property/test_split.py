"""Files that come, change and go: after every scan the open alerts are those of one scan over what is there.

So they are the same whichever way a log is split into files and in whichever order these come.
"""

from __future__ import annotations

import importlib
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from coincide.detect.rows import Rows
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import Run, Task
from coincide.requests.request import Request
from property.agreement import as_document, differences, expected
from property.choice import Choice, drawn
from property.draw_rule import COMPONENTS, DAY
from property.draw_transit import presence, unusual
from property.draw_world import CATALOG, world
from property.engine import Embedded, Engine
from property.kernel import requests_of
from property.workspace import Layout, Part, layout, parts, write_part, write_settings
from property.worlds import examples
from reference.judge import judge
from reference.world import Bad, Kind, Row, Rule, Source, World

SHARE = 20
"""One in so many examples: each takes several scans."""
MOST = 40
"""In ``make test``: an example takes a second or two."""

START = datetime(2025, 3, 1, 22, tzinfo=UTC)
ENOUGH = 150
"""With so many scans each way to read again has come up."""
WAYS = ("window", "whole", "moved", "read of others")


@dataclass(frozen=True)
class Story:
    """A world, how it is written, and the files there are after each step.

    ``force``: of each request, the step from which on it is in force, and the step from which on it is ended.
    """

    world: World
    layout: Layout
    steps: list[list[Part]]
    force: tuple[tuple[int, int], ...] = ()

    def requests(self, step: int) -> list[tuple[Request, bool]]:
        """What is on record at a step, and whether it is in force."""
        made = zip(requests_of(self.world), self.force, strict=True)
        return [
            (replace(one, ended=one.proposed) if step >= last else one, step < last)
            for one, (first, last) in made
            if step >= first
        ]


def story(choice: Choice) -> Story:
    """Any world."""
    made = world(choice, separations=False)
    return told(choice, made, layout(choice, made, most_files=4))


def transit_story(choice: Choice) -> Story:
    """Taps and incidents in any order, and requests that are confirmed and ended on the way."""
    made = choice.of([presence, presence, presence, unusual])(choice)
    found = told(choice, made, layout(choice, made, most_files=4))
    # Whatever a rule of presence or of days finds may rest on any file: a step or two say enough.
    found = replace(found, steps=found.steps[-4:])
    spans = [sorted([choice.below(4), choice.of([4, 3, 1, 2])]) for _ in made.covered]
    return replace(found, force=tuple((first, last) for first, last in spans))


def sparse_story(choice: Choice) -> Story:
    """Few accounts that buy rarely: files lie far apart in time, and one of them joins or parts accounts of others."""
    rules = [
        Rule("both", ["purchase"], ("combination", 2, dict.fromkeys(COMPONENTS[:2])), ("sliding", 2 * DAY)),
        Rule("often", ["purchase"], ("velocity", choice.of([2, 3]), None), ("sliding", DAY)),
        Rule("alone", ["purchase"], ("velocity", 2, None), ("sliding", DAY), by="account"),
        Rule("back", ["purchase", "return"], ("ratio", "return", "purchase", "0.5", 1), ("sliding", 2 * DAY)),
        Rule("card", ["purchase"], ("velocity", 2, "account"), ("sliding", DAY), by="link.card"),
    ]
    columns: dict[str, str | list[str]] = {
        "event_id": "id", "occurred_at": "when", "account": "who", "item": "sku", "kind": "what",
    }  # fmt: skip
    sources = {
        name: Source(columns, _rare_rows(choice), None, form, accounts, links={"card": "card no"})
        for name, form, accounts in (
            ("shop", choice.of(["csv", "parquet"]), "people"),
            ("app", choice.of(["parquet", "ndjson"]), choice.of(["people", None])),
        )
    }
    kinds = {"card": Kind(cap=choice.of([10, 3, 2]))}
    made = World(sources, rules, list(CATALOG), kinds=kinds, group_limit=choice.of([20, 3]))
    return told(choice, made, layout(choice, made, most_files=6))


def _rare_rows(choice: Choice) -> list[Row | Bad]:
    """By time, so that each file holds some days of its own."""
    rows: list[Row] = []
    for _ in range(4 + choice.below(12)):
        at = START + choice.below(5) * timedelta(days=10) + choice.of([0, 1, 24, 25]) * timedelta(hours=1)
        card = choice.of([None, None, None, None, "k1", "k2", "k3"])
        item = choice.of(["A", "B", "C", "A"])
        who, number = choice.of("uvwxyz"), choice.of("1234")
        what = choice.of(["purchase", "purchase", "purchase", "return"])
        when = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        rows.append({"id": number, "when": when, "who": who, "sku": item, "what": what, "card no": card})
    return [*sorted(rows, key=lambda row: str(row["when"]))]


def told(choice: Choice, made: World, form: Layout) -> Story:
    """Files are added in any order, sometimes several at once; at the end some lose rows or go altogether."""
    waiting = parts(made, form)
    there: list[Part] = []
    # Each source has a file from the start: a glob that matches nothing is refused.
    for name in made.sources:
        first = choice.of([part for part in waiting if part.source == name])
        waiting.remove(first)
        there.append(first)
    steps = [list(there)]
    while waiting:
        for _ in range(min(len(waiting), choice.of([1, 1, 2]))):
            part = choice.of(waiting)
            waiting.remove(part)
            there.append(part)
        steps.append(list(there))
    for _ in range(choice.of([1, 0, 2])):
        part = choice.of(there)
        others = [other for other in there if other.source == part.source and other is not part]
        there.remove(part)
        if not others or choice.percent(50):
            there.append(_shorter(choice, made.sources[part.source], part))
        steps.append(list(there))
    return Story(made, form, steps)


def _shorter(choice: Choice, source: Source, part: Part) -> Part:
    """The file with a row less, unless that row is the one that shows an NDJSON file's columns."""
    if not part.rows:
        return part
    lost = choice.of(part.rows)
    rest = [row for row in part.rows if row != lost]
    if source.format == "ndjson" and not any(isinstance(source.rows[row], dict) for row in rest):
        return part
    return replace(part, rows=rest)


def only(world: World, there: list[Part]) -> World:
    """The world with only the rows of some files."""
    kept = {name: [row for part in there if part.source == name for row in part.rows] for name in world.sources}
    sources = {
        name: replace(source, rows=[source.rows[row] for row in sorted(kept[name])])
        for name, source in world.sources.items()
    }
    return replace(world, sources=sources)


def assert_every_step_agrees(engine: Engine, told: Story, folder: Path) -> None:
    """Scan after each step; the judge sees each time what is there, all at once."""
    write_settings(told.world, told.layout, folder)
    before: list[Part] = []
    for step, there in enumerate(told.steps):
        for part in before:
            if part.file not in [other.file for other in there]:
                (folder / part.file).unlink()
        for part in there:
            if part not in before:
                write_part(told.world, told.layout, folder, part)
        before = there
        recorded = told.requests(step)
        engine.record(folder, [request for request, _ in recorded])
        found = engine.scan(folder)
        now = only(told.world, there)
        asked = dict(zip(requests_of(told.world), told.world.covered, strict=True)) if told.force else {}
        now = replace(now, covered=[asked[request] for request, in_force in recorded if in_force])
        right = expected(now, judge(now).verdict, None, lambda by, account: engine.called(folder, by, account))
        assert not differences(as_document(right), found)
        # "what was superseded or withdrawn on the way says why"
        assert all(reason for _, reason in found["closed"])


@pytest.mark.parametrize("of", [story, sparse_story, transit_story])
def test_every_split_and_order_ends_in_the_same_alerts(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, of: Callable[[Choice], Story]
) -> None:
    seen = watched(monkeypatch)

    @examples(request.config, SHARE, most=MOST)
    @given(drawn(of))
    def compare(told: Story) -> None:
        with tempfile.TemporaryDirectory() as name:
            assert_every_step_agrees(Embedded(), told, Path(name))

    compare()
    # Few examples need not meet every way to read again.
    if of is sparse_story and seen["scans"] >= ENOUGH:
        assert all(seen[way] for way in WAYS), dict(seen)


def watched(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the ways in which scans read again. Of files that only moved accounts need no other row is read."""
    seen: Counter[str] = Counter()
    engine = importlib.import_module("coincide.engines.embedded.run")
    run, prepared = engine.run, engine.prepared
    frames: list[pl.DataFrame] = []

    def watched_prepared(*arguments: Any) -> Rows:
        rows: Rows = prepared(*arguments)
        frames.append(rows.frame)
        return rows

    def watched_run(task: Task, progress: Progress) -> Run:
        result: Run = run(task, progress)
        wider = result.wider
        seen["scans"] += 1
        if wider is None:
            return result
        seen["whole" if wider.whole else "window" if wider.moved is None else "moved"] += 1
        if wider.moved is not None:
            for feed in task.feeds:
                of_others = len(feed.decided) + len(wider.files.get(feed.name, ()))
                rows = frames[-1].filter(pl.col("source") == feed.name, pl.col("file") >= of_others)
                seen["read of others"] += len(rows)
                assert rows.join(wider.moved, on=["namespace", "account"], how="anti").is_empty()
        return result

    monkeypatch.setattr(engine, "prepared", watched_prepared)
    monkeypatch.setattr("coincide.alerts.scan.run", watched_run)
    return seen

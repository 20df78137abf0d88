"""Files that come, change and go: after every scan the open alerts are those of one scan over what is there.

So they are the same whichever way a log is split into files and in whichever order these come.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given

from property.agreement import as_document, differences, expected
from property.choice import Choice, drawn
from property.draw_world import world
from property.engine import Embedded, Engine
from property.workspace import Layout, Part, layout, parts, write_part, write_settings
from property.worlds import examples
from reference.judge import judge
from reference.world import Source, World

SHARE = 20
"""One in so many examples: each takes several scans."""


@dataclass(frozen=True)
class Story:
    """A world, how it is written, and the files there are after each step."""

    world: World
    layout: Layout
    steps: list[list[Part]]


def story(choice: Choice) -> Story:
    """Files are added in any order, sometimes several at once; at the end some lose rows or go altogether."""
    made = world(choice, separations=False)
    form = layout(choice, made, most_files=4)
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
    for there in told.steps:
        for part in before:
            if part.file not in [other.file for other in there]:
                (folder / part.file).unlink()
        for part in there:
            if part not in before:
                write_part(told.world, told.layout, folder, part)
        before = there
        found = engine.scan(folder)
        now = only(told.world, there)
        right = expected(now, judge(now).verdict, None, lambda by, account: engine.called(folder, by, account))
        assert not differences(as_document(right), found)
        # "what was superseded or withdrawn on the way says why"
        assert all(reason for _, reason in found["closed"])


def test_every_split_and_order_ends_in_the_same_alerts(request: pytest.FixtureRequest) -> None:
    @examples(request.config, SHARE)
    @given(drawn(story))
    def compare(told: Story) -> None:
        with tempfile.TemporaryDirectory() as name:
            assert_every_step_agrees(Embedded(), told, Path(name))

    compare()

"""The engine against the judge: rows, quarantine, alerts, hits and evidence must be equal."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from property import tally
from property.agreement import differences, expected
from property.engine import run_once
from property.workspace import Form, Layout, write
from property.worlds import SHARDS, examples, worlds
from reference.judge import judge
from reference.small import row, rule, shop
from reference.world import World


def assert_agreement(world: World, layout: Layout) -> None:
    """Write the world down, run the engine over it, ask the judge."""
    trial = judge(world)
    tally.note(world, trial)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = write(world, layout, folder)
        found = run_once(folder, world.separations)
    assert not differences(expected(world, trial.verdict, places), found)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_engine_agrees_with_the_judge(shard: int, request: pytest.FixtureRequest) -> None:
    @examples(request.config, SHARDS)
    @given(worlds())
    def compare(made: tuple[World, Layout]) -> None:
        assert_agreement(*made)

    compare()


# --- Cases that random examples found, kept by name -------------------------------------------------------------


def _agree(made: World) -> None:
    assert_agreement(made, {name: Form() for name in made.sources})


def test_an_unless_may_measure_the_same_twice() -> None:
    twice = ("compare", "<", ("distinct", "account"), ("arithmetic", "-", ("distinct", "account"), ("number", "1")))
    _agree(shop([row("1", 0), row("2", 1)], rule("velocity", 1, None, unless=twice)))


def test_bytes_that_are_not_utf8_spoil_one_cell_of_ndjson_and_not_the_record() -> None:
    made = shop(
        [row("1", 0, place=b"\xff"), row("2", 1)], rule("velocity", 2, None), rule("velocity", 2, "place", id="s")
    )
    _agree(replace(made, sources={"shop": replace(made.sources["shop"], format="ndjson")}))


def test_the_same_account_in_two_sources_of_one_namespace_is_one_account() -> None:
    made = shop([row("1", 0)], rule("velocity", 2, None))
    first = replace(made.sources["shop"], accounts="people")
    second = replace(first, rows=[row("2", 1)])
    _agree(replace(made, sources={"shop": first, "app": second}))


def test_a_list_is_judged_at_the_time_of_the_event_and_so_needs_it_readable() -> None:
    listed = ("in-list", ("field", "account"), "licensed")
    rows = [row("1", 0), row("2", 0) | {"occurred_at": "soon"}, row("3", 0) | {"occurred_at": None}]
    _agree(shop([*rows], rule("velocity", 1, None, where=listed), lists={"licensed": [("x", None, None)]}))


def test_equal_identifiers_of_two_namespaces_are_two_accounts_for_unless_too() -> None:
    two = ("compare", ">=", ("distinct", "account"), ("number", "2"))
    made = shop([row("1", 0, organisation="o")], rule("velocity", 2, None, by="organisation", unless=two))
    web = replace(made.sources["shop"], rows=[row("2", 1, organisation="o")])
    _agree(replace(made, sources={**made.sources, "web": web}))

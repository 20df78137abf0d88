"""Made-up rules: which types may stand for a component, and that all at once are as each by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.detect.rows import Rows
from coincide.odds import control
from coincide.odds.bout import bouts, width_of
from coincide.odds.control import alike, commonness, counted, drawn, results
from coincide.odds.hand import Hand, observed
from coincide.odds.population import Population, Trips
from coincide.odds.shelf import Shelf, Shelved
from coincide.rules.plan import Combination, LocalDay, Plan, Sequence, Sliding, Threshold, Velocity
from handmade import DAY, PLAN, handed

PEOPLE, TYPES = 40, 9
FAMILIES = ["a", "a", "b", "b", "c", "c", "d", "d", "d"]


def shelf_of(families: Iterable[str] = FAMILIES, buyers: Any = None, lines: Any = None) -> Shelf:
    named = pl.Series("family", list(families))
    number = pl.int_range(len(named), eager=True, dtype=pl.UInt32)
    items = pl.DataFrame({"value": [f"i{n}" for n in range(len(named))], "type": number})
    ones = np.ones(len(named), dtype=np.int64)
    return Shelf(items, "item", named, ones if buyers is None else buyers, ones if lines is None else lines)


def town(seed: int = 1) -> tuple[Population, Shelved]:
    """Purchases of nine types, of which each line of a trip is one."""
    rng = np.random.default_rng(seed)
    rows = sorted(
        {
            (int(day) * DAY, who, int(kind))
            for who in range(PEOPLE)
            for day in rng.choice(120, 3 + who // 2, replace=False)
            for kind in rng.choice(TYPES, rng.integers(1, 4), replace=False)
        }
    )
    at, who, kind = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    times = np.unique(at)
    names = pl.DataFrame({"namespace": ["s"] * PEOPLE, "account": [f"{n:04}" for n in range(PEOPLE)]})
    trip, lines = np.unique(who * 1000 * DAY + at, return_counts=True)
    trips = Trips(trip // (1000 * DAY), trip % (1000 * DAY), lines)
    everybody = Population(names, np.bincount(who, minlength=PEOPLE), int(at.min()), int(at.max()), trips)
    frame = pl.DataFrame({"occurred_at": at, "quantity": 1 + kind % 3, "tagset": np.zeros(len(at), dtype=np.uint32)})
    return everybody, Shelved(
        Rows(frame, (frozenset(),)), np.arange(len(at)), who, np.searchsorted(times, at), times, kind
    )


TWENTY = Sliding(20 * DAY)


def asked(condition: Any, window: Any = TWENTY) -> Plan:
    return replace(PLAN, condition=condition, window=window, components=("a", "b", "c"))


def alone(plan: Plan, everybody: Population, there: Shelved, types: list[int]) -> Hand:
    """One made-up rule as a rule of its own."""
    chosen = np.isin(there.type, types)
    unit = np.array([types.index(kind) for kind in there.type[chosen].tolist()], dtype=np.int64)
    around = handed(everybody, []).around
    return Hand(
        plan, there.rows, around, everybody, there.row[chosen], there.who[chosen], there.at[chosen], there.times, unit,
        np.eye(len(types), dtype=np.bool_),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "window"),
    [
        (Combination(2, (("a", None), ("b", None), ("c", None))), Sliding(10 * DAY)),
        (Combination(3, (("a", None), ("b", None), ("c", None))), Sliding(20 * DAY)),
        (Combination(2, (("a", Decimal(3)), ("b", None), ("c", None))), Sliding(20 * DAY)),
        (Combination(2, (("a", None), ("b", None), ("c", None))), LocalDay()),
        (Sequence(("a", "c", "b"), 15 * DAY), Sliding(40 * DAY)),
        (Sequence(("c", "a", "c"), None), Sliding(40 * DAY)),
        (Velocity(4, None), Sliding(10 * DAY)),
        (Threshold("quantity", Decimal(9), True, None), Sliding(10 * DAY)),
    ],
)
def test_all_made_up_rules_at_once_are_as_each_by_itself(
    condition: Any, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody, there = town()
    plan = asked(condition, window)
    # A sequence may come back to a component: it is one all the same.
    components = len(set(condition.steps)) if isinstance(condition, Sequence) else 3
    sets = drawn([np.arange(TYPES)] * components, shelf_of(), np.random.default_rng(2), 30)
    held = alone(plan, everybody, there, sets[0].tolist())
    whole = results(held, there, sets, np.random.default_rng(3))
    for number, types in enumerate(sets.tolist()):
        each = observed(alone(plan, everybody, there, types))
        assert whole.found.actors[number] == each.actors[0]
        assert whole.found.alerts[number] == each.alerts[0]
    assert len(set(whole.found.actors.tolist())) > 3
    # In parts that fit into memory it is the same.
    monkeypatch.setattr(control, "_AT_ONCE", 700)
    monkeypatch.setattr(control, "_EVERYBODY_AT_ONCE", 7 * PEOPLE)
    parts = results(held, there, sets, np.random.default_rng(3))
    for one, other in ((whole.found.actors, parts.found.actors), (whole.expected, parts.expected)):
        assert one.tolist() == other.tolist()
    assert whole.variance.tolist() == parts.variance.tolist()


def test_expected_and_its_variance_are_of_so_many_deals(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody, there = town()
    plan = asked(Combination(2, (("a", None), ("b", None), ("c", None))))
    sets = drawn([np.arange(TYPES)] * 3, shelf_of(), np.random.default_rng(2), 20)
    held = alone(plan, everybody, there, sets[0].tolist())
    seen: list[list[int]] = []
    before = control._Each.counted

    def noted(self: Any, *given: Any) -> Any:
        found = before(self, *given)
        if len(given) == 2:
            seen.append(found.actors.tolist())
        return found

    monkeypatch.setattr(control._Each, "counted", noted)
    told = results(held, there, sets, np.random.default_rng(3), 4)
    dealt = np.array(seen[1:])
    assert dealt.shape == (4, len(sets))
    assert told.expected.tolist() == dealt.mean(axis=0).tolist()
    assert told.variance == pytest.approx(dealt.var(axis=0, ddof=1) / 4)


# --- which types ------------------------------------------------------------------------------------------------


def test_the_types_of_a_made_up_rule_are_of_different_families_and_no_two_rules_are_the_same() -> None:
    sets = drawn([np.arange(TYPES)] * 3, shelf_of(), np.random.default_rng(4), 10_000)
    families = [{FAMILIES[kind] for kind in types} for types in sets.tolist()]
    assert all(len(one) == 3 for one in families)
    same = {frozenset(types) for types in sets.tolist()}
    # Of four families three, and of each a type: all there are, each once.
    assert len(same) == len(sets) == 2 * 2 * 2 + 3 * (2 * 2 * 3)


def test_the_same_generator_gives_the_same_rules_and_no_more_than_asked_for() -> None:
    one, same, other = (drawn([np.arange(TYPES)] * 2, shelf_of(), np.random.default_rng(s), 7) for s in (5, 5, 6))
    assert one.tolist() == same.tolist() != other.tolist()
    assert one.shape == (7, 2)


def test_each_place_takes_a_type_that_may_stand_there() -> None:
    sets = drawn([np.array([0, 2]), np.array([4, 5]), np.array([6])], shelf_of(), np.random.default_rng(7), 50)
    assert {tuple(types) for types in sets.tolist()} == {(0, 4, 6), (0, 5, 6), (2, 4, 6), (2, 5, 6)}


@pytest.mark.parametrize("places", [[], [np.array([1]), np.array([], dtype=np.int64)]])
def test_where_nothing_can_stand_there_is_no_made_up_rule(places: list[Any]) -> None:
    assert drawn(places, shelf_of(), np.random.default_rng(8), 10).shape == (0, len(places))


def test_alike_is_within_fifteen_percent_both_ways_and_not_beyond() -> None:
    numbers = np.array([84, 85, 100, 115, 116])
    (found,) = alike([np.arange(5)], np.array([100]), numbers)
    assert found.tolist() == [1, 2, 3]


def test_types_that_may_be_alike_are_kept_and_the_rule_s_own_are_not() -> None:
    # Bouts lie between buyers and lines: of 100 wanted, 85 to 115.
    buyers, lines = np.array([116, 115, 50, 10, 100, 0]), np.array([200, 115, 85, 84, 100, 90])
    types = shelf_of("abcdef", buyers, lines)
    (found,) = control._candidates(types, np.array([100]), np.array([4, -1]))
    assert sorted(found.tolist()) == [1, 2]
    (found,) = control._candidates(types, np.array([100]), np.array([-1]))
    assert found.tolist() == [4, 1, 2]


def test_the_nearest_types_are_taken_where_they_are_many_and_fewer_where_lines_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = np.arange(90, 111)
    types = shelf_of([str(n) for n in numbers], numbers, numbers)
    monkeypatch.setattr(control, "TYPES", 5)
    (found,) = control._candidates(types, np.array([100]), np.array([-1]))
    assert sorted(numbers[found].tolist()) == [98, 99, 100, 101, 102]
    monkeypatch.setattr(control, "ROWS", 200)
    (found,) = control._candidates(types, np.array([100]), np.array([-1]))
    assert numbers[found].tolist() == [100, 99] or numbers[found].tolist() == [100, 101]


# --- bouts ------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=30), st.integers(1, 9), st.randoms())
def test_bouts_are_those_of_a_plain_loop(events: list[tuple[int, int]], width: int, order: Any) -> None:
    order.shuffle(events)
    count = 0
    before: dict[int, int] = {}
    for owner, at in sorted(events):
        count += owner not in before or at - before[owner] >= width
        before[owner] = at
    owners, times = (np.array([event[n] for event in events], dtype=np.int64) for n in (0, 1))
    begun = bouts(owners, times, width)
    assert len(begun) == count
    assert len(set(begun.tolist())) == count


def test_components_and_types_are_counted_by_bouts_in_the_window() -> None:
    everybody, there = town()
    plan = asked(Combination(2, (("a", None), ("b", None), ("c", None))), Sliding(10 * DAY))
    numbers = counted(there, plan, TYPES + 2)
    held = alone(plan, everybody, there, [3, 0, 8])
    assert commonness(held).tolist() == numbers[[3, 0, 8]].tolist()
    assert numbers[TYPES:].tolist() == [0, 0]
    for kind in range(TYPES):
        mine = there.type == kind
        assert numbers[kind] == len(bouts(there.who[mine], there.times[there.at[mine]], 10 * DAY))
    assert width_of(LocalDay()) == DAY

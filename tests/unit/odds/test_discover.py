"""Discover over made-up tables: every figure as slow loops have it, and nothing that gives a small count away."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.engines.embedded.incidence import Incidence
from coincide.odds.discover import discover
from coincide.odds.discovery import Discovery, document, lines
from coincide.odds.matrix import page
from coincide.odds.meeting import document as meeting_document
from coincide.odds.meeting import sentence
from coincide.odds.pair import pairs

NAMES = tuple(f"thing {letter}" for letter in "abcdefgh")


def table(seed: int, actors: int = 150, months: int = 4, apart: tuple[tuple[int, int], ...] = ((0, 1),)) -> Incidence:
    """Windows of ``months`` for each actor; types that are ``apart`` never meet, but in the first two windows."""
    dice = np.random.default_rng(seed)
    busy = dice.lognormal(0, 0.7, actors)
    marks = []
    for actor, month in itertools.product(range(actors), range(months)):
        chance = np.minimum(0.95, busy[actor] * np.linspace(0.15, 0.5, len(NAMES)))
        held = set(np.flatnonzero(dice.random(len(NAMES)) < chance).tolist())
        row = actor * months + month
        for one, other in apart:
            if row >= 2 and {one, other} <= held:
                held.remove(one if dice.random() < 0.5 else other)
            elif row < 2:
                held |= {one, other}
        marks += [(row, one) for one in sorted(held)]
    # Windows of nothing are no windows.
    rows = sorted({row for row, _ in marks})
    number = {row: place for place, row in enumerate(rows)}
    return Incidence(
        window=np.array([number[row] for row, _ in marks]),
        type=np.array([one for _, one in marks]),
        owner=np.unique([row // months for row in rows], return_inverse=True)[1],
        names=NAMES,
        families=(None,) * len(NAMES),
        days=30 * months,
        by="item type",
    )


def slow_model(marks: Incidence) -> list[list[float]]:
    """The probability of each window and type, by scaling one after the other: no degrees, no classes."""
    rows, columns = marks.windows, len(marks.names)
    size, spread = [0] * rows, [0] * columns
    for row, column in zip(marks.window.tolist(), marks.type.tolist(), strict=True):
        size[row] += 1
        spread[column] += 1
    x, y = np.full(rows, 0.5), np.full(columns, 0.5)
    size_, spread_ = np.array(size), np.array(spread)
    for _ in range(3_000):
        x = size_ / (y / (1 + np.outer(x, y))).sum(axis=1)
        y = spread_ / (x[:, None] / (1 + np.outer(x, y))).sum(axis=0)
    found: list[list[float]] = (np.outer(x, y) / (1 + np.outer(x, y))).tolist()
    return found


def test_every_figure_of_a_pair_is_that_of_slow_loops() -> None:
    marks = table(1)
    found = discover(marks, 30, 100)
    q = slow_model(marks)
    held: dict[int, set[int]] = {}
    for row, column in zip(marks.window.tolist(), marks.type.tolist(), strict=True):
        held.setdefault(row, set()).add(column)
    assert found.windows == len(held)
    assert found.actors == len(set(marks.owner.tolist()))
    expected = {
        (one, other): sum(row[one] * row[other] for row in q) for one, other in itertools.combinations(range(8), 2)
    }
    met = {pair: sum(set(pair) <= types for types in held.values()) for pair in expected}
    content = {pair: math.log2((max(met[pair], 4) + 0.5) / (expected[pair] + 0.5)) for pair in expected}
    below = sorted((pair for pair in expected if content[pair] < 0), key=lambda pair: content[pair])
    assert [tuple(NAMES.index(kind.name) for kind in one.kinds) for one in found.pairs] == below
    for one in found.pairs:
        pair = (NAMES.index(one.kinds[0].name), NAMES.index(one.kinds[1].name))
        assert one.met == (met[pair] if met[pair] >= 5 else None)
        assert one.expected == pytest.approx(expected[pair], abs=0.51 if expected[pair] >= 10 else 0.051)
        assert one.information == pytest.approx(content[pair], abs=0.0051)
        for kind in one.kinds:
            column = NAMES.index(kind.name)
            windows = [row for row, types in held.items() if column in types]
            assert kind.windows == len(windows)
            assert kind.share == len(windows) / len(held)
            assert kind.actors == len({int(marks.owner[row]) for row in windows})
    assert found.pairs[0].kinds[0].name == "thing a"
    assert found.pairs[0].kinds[1].name == "thing b"
    assert found.pairs[0].met is None


def slow_fours(content: list[list[float]]) -> list[list[int]]:
    """From each pair that meets too little, worst first, what meets those chosen least; none that shares three."""
    pairs_ = [pair for pair in itertools.combinations(range(8), 2) if content[pair[0]][pair[1]] < 0]
    found: list[list[int]] = []
    for pair in sorted(pairs_, key=lambda one: content[one[0]][one[1]]):
        four = [*pair]
        while len(four) < 4:
            adds = {one: sum(content[one][other] for other in four) for one in range(8) if one not in four}
            best = min(adds, key=lambda one: adds[one])
            if adds[best] >= 0:
                break
            four.append(best)
        if len(four) == 4 and all(len({*four} & {*other}) < 3 for other in found):
            found.append(sorted(four))
    return found


def test_every_figure_of_four_types_is_that_of_slow_loops() -> None:
    marks = table(2, actors=400, apart=((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2)))
    found = discover(marks, 30, 100)
    assert found.types == 8
    q = slow_model(marks)
    held: dict[int, set[int]] = {}
    for row, column in zip(marks.window.tolist(), marks.type.tolist(), strict=True):
        held.setdefault(row, set()).add(column)
    content = [[0.0] * 8 for _ in range(8)]
    for one, other in itertools.combinations(range(8), 2):
        met = max(4, sum({one, other} <= types for types in held.values()))
        both = sum(row[one] * row[other] for row in q)
        content[one][other] = content[other][one] = math.log2((met + 0.5) / (both + 0.5))
    assert found.fours
    assert [[NAMES.index(kind.name) for kind in four.kinds] for four in found.fours] == slow_fours(content)
    for four in found.fours:
        chosen = [NAMES.index(kind.name) for kind in four.kinds]
        together = sum(set(chosen) <= types for types in held.values())
        assert four.met == (together if together >= 5 else None)
        expected = sum(math.prod(row[one] for one in chosen) for row in q)
        assert four.expected == pytest.approx(expected, abs=0.51 if expected >= 10 else 0.051)
        total = 0.0
        for one, other in itertools.combinations(chosen, 2):
            met = max(4, sum({one, other} <= types for types in held.values()))
            total += math.log2((met + 0.5) / (sum(row[one] * row[other] for row in q) + 0.5))
        assert four.information == pytest.approx(total, abs=0.0051)


def _outputs(found: Discovery) -> tuple[str, str, str]:
    return "\n".join(lines(found)), json.dumps(document(found)), page(found)


def test_a_pair_that_meets_once_or_four_times_is_told_the_same() -> None:
    # Between windows of one size, types are exchanged so that all margins stay: only the meetings of a and b change.
    marks = table(3)
    told = []
    for met in (0, 1, 2, 3, 4):
        changed = _with_meetings(marks, met)
        found = discover(changed, 30, 100)
        here = [one for one in found.pairs if [kind.name for kind in one.kinds] == ["thing a", "thing b"]]
        names = [kind.name for kind in found.matrix]
        cell = found.cells[names.index("thing a")][names.index("thing b")]
        told.append((here, cell, sentence(here[0], 30), meeting_document(here[0], 30)))
        assert _met(changed, 0, 1) == met
    assert told == told[:1] * 5
    assert told[0][0][0].met is None


def _met(marks: Incidence, one: int, other: int) -> int:
    of = [set(marks.window[marks.type == type_].tolist()) for type_ in (one, other)]
    return len(of[0] & of[1])


def _with_meetings(marks: Incidence, met: int) -> Incidence:
    """Extra windows of four types: `met` of them hold a and b, four less as many hold them apart; margins are equal."""
    start = marks.windows
    extra = []
    for place in range(4):
        one, other = start + 2 * place, start + 2 * place + 1
        together = place < met
        # Two windows of c and d each, and one a and one b: either both in the first, with c and d in the second.
        extra += (
            [(one, 0), (one, 1), (other, 2), (other, 3)] if together else [(one, 0), (one, 2), (other, 1), (other, 3)]
        )
    owner = np.concatenate([marks.owner, np.repeat([0, 1, 2, 3], 2)])
    # The first two windows of the table hold a and b by plan: they are taken apart here.
    keep = ~((marks.window < 2) & (marks.type == 0))
    return replace(
        marks,
        window=np.concatenate([marks.window[keep], [row for row, _ in extra]]),
        type=np.concatenate([marks.type[keep], [one for _, one in extra]]),
        owner=owner,
    )


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_nothing_told_is_a_small_count_and_no_figure_is_none(seed: int, most: int) -> None:
    found = discover(table(seed, actors=80, months=2), 30, most)
    assert len(found.pairs) <= most
    assert len(found.fours) <= most
    for one in (*found.pairs, *found.fours, *(cell for row in found.cells for cell in row if cell is not None)):
        assert one.met is None or one.met >= 5
        assert one.as_odd is None or one.as_odd >= 5
        assert math.isfinite(one.information)
        assert math.isfinite(one.expected)
        assert all(kind.actors >= 50 for kind in one.kinds)
    said = json.loads(json.dumps(document(found), allow_nan=False))
    for one in [*said.get("pairs", ()), *said.get("fours", ())]:
        assert (one["met"] is None) == (one.get("under") == 5)
        assert ("fewer than 5" in one["sentence"]) == (one["met"] is None) or one.get("as_odd") is None


def test_a_type_that_fewer_than_fifty_bought_is_left_out() -> None:
    marks = table(4)
    # Only the first 49 actors keep the last type.
    keep = (marks.type != 7) | (marks.owner[marks.window] < 49)
    found = discover(replace(marks, window=marks.window[keep], type=marks.type[keep]), 30, 100)
    assert (found.types, found.few) == (7, 1)
    assert "thing h" not in "".join(_outputs(found))


def test_the_order_of_marks_and_the_numbers_of_windows_change_nothing() -> None:
    marks = table(5)
    dice = np.random.default_rng(5)
    order, rows = dice.permutation(len(marks.window)), dice.permutation(marks.windows)
    owner = np.empty_like(marks.owner)
    owner[rows] = marks.owner
    moved = replace(marks, window=rows[marks.window[order]], type=marks.type[order], owner=owner)
    assert _outputs(discover(moved, 30, 20)) == _outputs(discover(marks, 30, 20))


def _only(marks: Incidence, type_: int) -> Incidence:
    keep = marks.type == type_
    return replace(marks, window=marks.window[keep], type=marks.type[keep])


EMPTY = Incidence(
    window=np.zeros(0, dtype=np.int64),
    type=np.zeros(0, dtype=np.int64),
    owner=np.zeros(0, dtype=np.int64),
    names=(),
    families=(),
    days=0,
    by="item type",
)


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        (EMPTY, "there is no purchase in the log"),
        (replace(EMPTY, days=12), "the log has 12 days, and a window has 30"),
        (replace(EMPTY, days=1), "the log has 1 day, and"),
        (replace(EMPTY, days=40), "no purchase in a whole window has a known item type"),
        (table(6, actors=1), "not enough: 1 actor; 50 needed"),
        (table(6, actors=49), "not enough: 48 actors; 50 needed"),
        (
            _only(table(6, actors=60, months=1), 0),
            "no item type was bought by 50",
        ),
        (_only(table(6), 7), "only one item type was bought by 50 actors"),
    ],
)
def test_where_there_is_no_answer_it_is_said_in_words(marks: Incidence, says: str) -> None:
    found = discover(marks, 30, 20)
    assert says in (found.why_not or "")
    text, data, html = _outputs(found)
    assert text.startswith("No answer: ")
    assert json.loads(data)["why_not"] == found.why_not
    assert "No answer" in html


def test_where_nothing_meets_less_than_by_chance_that_is_said() -> None:
    # Every window holds everything.
    marks = Incidence(
        window=np.repeat(np.arange(60), 2),
        type=np.tile([0, 1], 60),
        owner=np.arange(60),
        names=("a", "b"),
        families=(None, None),
        days=30,
        by="category",
    )
    found = discover(marks, 30, 20)
    assert found.why_not is None
    assert (found.pairs, found.fours) == ((), ())
    assert "none: all pairs meet as often as chance has it" in "\n".join(lines(found))
    assert document(found)["rule"] is None


def test_four_types_are_of_four_families() -> None:
    marks = replace(
        table(2, apart=((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2))),
        families=("x", "x", "y", "y", "z", None, None, "w"),
    )
    for four in discover(marks, 30, 100).fours:
        known = [kind.family for kind in four.kinds if kind.family is not None]
        assert len(known) == len(set(known))


def test_planted_windows_stand_out_among_those_of_like_size() -> None:
    """A quick one of `tests/bench/discover.py`: kitchens and workshops that never meet, but in planted windows."""
    from scipy.stats import mannwhitneyu

    from coincide.odds.quadruple import quadruples

    dice = np.random.default_rng(11)
    types, windows = 60, 6_000
    camp = dice.integers(0, 4, types)
    mine = dice.integers(0, 4, windows)
    chance = np.where(camp[None, :] == mine[:, None], 0.25, 0.012)
    rows = dice.random((windows, types)) < chance
    rows[:, :10] |= dice.random((windows, 10)) < 0.3
    planted = dice.choice(windows, 50, replace=False)
    wanted = set()
    for one in planted.tolist():
        four = [int(dice.choice(np.flatnonzero(camp == side)[-8:])) for side in range(4)]
        rows[one, four] = True
        wanted |= {tuple(sorted(pair)) for pair in itertools.combinations(four, 2)}
    window, type_ = np.nonzero(rows)
    all_pairs = pairs(window, type_, windows, types)
    worst = quadruples(window, type_, windows, all_pairs.content)
    is_planted = np.isin(worst.window, planted)
    area = mannwhitneyu(worst.apart[is_planted], worst.apart[~is_planted]).statistic
    assert area / (is_planted.sum() * (~is_planted).sum()) >= 0.85
    marks = Incidence(
        window, type_, np.arange(windows), tuple(f"t{n:02}" for n in range(types)), (None,) * types, 30, "item"
    )
    named = {tuple(int(kind.name[1:]) for kind in one.kinds) for one in discover(marks, 30, 10_000).pairs}
    assert wanted <= named

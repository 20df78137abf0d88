"""The closed form: bouts and groups as loops have them, the formula as a slow one, and simulated logs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds import closed as module
from coincide.odds.bout import bouts
from coincide.odds.closed import BINS, Closed, WhyNot, busy, closed

PURCHASES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=25)


def slow_bouts(purchases: list[tuple[int, int]], width: int) -> int:
    """One purchase after another."""
    last: dict[int, int] = {}
    count = 0
    for owner, at in sorted(purchases, key=lambda one: one[1]):
        if owner not in last or at - last[owner] >= width:
            count += 1
        last[owner] = at
    return count


@given(PURCHASES, st.integers(1, 12))
def test_what_one_buys_again_within_the_window_counts_once(purchases: list[tuple[int, int]], width: int) -> None:
    owner, at = (np.array([one[place] for one in purchases], dtype=np.int64) for place in (0, 1))
    assert len(bouts(owner, at, width)) == slow_bouts(purchases, width)


@given(st.lists(st.one_of(st.integers(0, 50), st.integers(0, 10**12)), max_size=300))
def test_groups_keep_the_actors_and_their_lines_and_hold_those_alike(lines: list[int]) -> None:
    found = busy(np.array(lines, dtype=np.int64))
    active = [one for one in lines if one]
    assert found.actors.sum() == len(active)
    assert found.total == pytest.approx(sum(active))
    assert len(found.actors) <= BINS
    assert (np.diff(found.lines) > 0).all()
    if active:
        assert min(active) <= found.lines[0] * (1 + 1e-12)
        assert found.lines[-1] <= max(active) * (1 + 1e-12)


def test_a_few_who_buy_very_much_are_a_group_of_their_own() -> None:
    found = busy(np.array([10] * 5_000_0 + [100_000] * 3))
    assert found.actors.tolist() == [50_000, 3]
    assert found.lines.tolist() == [10, 100_000]


def slow_expected(counts: list[int], lines: list[int], span: float, width: float, k: int) -> float:
    """Actor by actor, over all ways that others can be on, the rate summed in small steps."""
    expected = 0.0
    for own in lines:
        rates = [count * own / (span * sum(lines)) for count in counts]

        def entering(time: float, rates: list[float] = rates) -> float:
            on = [1 - math.exp(-rate * time) for rate in rates]
            total = 0.0
            for component, rate in enumerate(rates):
                others = on[:component] + on[component + 1 :]
                for way in itertools.product([False, True], repeat=len(others)):
                    if sum(way) == k - 1:
                        ways = (one if is_on else 1 - one for is_on, one in zip(way, others, strict=True))
                        total += rate * (1 - on[component]) * math.prod(ways)
            return total

        steps = 400
        inside = sum(entering((step + 0.5) * width / steps) for step in range(steps)) * width / steps
        expected += 1 - math.exp(-(inside + (span - width) * entering(width)))
    return expected


@pytest.mark.parametrize(("counts", "k"), [([30, 12, 7, 20], 3), ([30, 12, 7, 20], 2), ([9, 4], 1), ([50, 40, 60], 3)])
def test_the_formula_is_that_of_slow_loops(counts: list[int], k: int) -> None:
    lines = [1, 3, 3, 10, 40, 2, 8]
    found = closed(np.array(counts), busy(np.array(lines)), span=360.0, width=30.0, at_least=k)
    assert isinstance(found, Closed)
    assert found.expected == pytest.approx(slow_expected(counts, lines, 360.0, 30.0, k), rel=1e-5)


def matched(events: list[tuple[float, int]], width: float, k: int) -> bool:
    """Whether at any purchase the last ``width`` hold ``k`` components: every purchase against every other."""
    return any(len({name for at, name in events if now - width < at <= now}) >= k for now, _ in events)


@pytest.mark.parametrize(("width", "k"), [(30.0, 2), (30.0, 3), (7.0, 2)])
def test_simulated_logs_match_as_often_as_it_says(width: float, k: int) -> None:
    dice = np.random.default_rng(int(width) * 10 + k)
    span, logs = 360.0, 40
    lines = np.exp(dice.normal(2.0, 1.0, 300)).astype(np.int64) + 1
    counts = [260, 180, 90, 140]
    total = []
    for _ in range(logs):
        found = 0
        for own in lines.tolist():
            events: list[tuple[float, int]] = []
            for name, count in enumerate(counts):
                drawn = int(dice.poisson(count * own / int(lines.sum())))
                events += [(float(at), name) for at in dice.uniform(0, span, drawn)]
            found += matched(events, width, k)
        total.append(found)
    # Bouts: what the formula is given is what a log of independent purchases has of them.
    said = closed(np.array(counts), busy(lines), span=span, width=width, at_least=k)
    assert isinstance(said, Closed)
    error = float(np.std(total, ddof=1)) / math.sqrt(logs)
    # It counts entries as if each were independent of the one before, so that it is a little high: at most a tenth.
    assert np.mean(total) - 4 * error <= said.expected <= 1.1 * np.mean(total) + 4 * error


def test_more_components_asked_for_match_fewer() -> None:
    groups = busy(np.arange(1, 400))
    found = [closed(np.array([400, 300, 200, 90]), groups, span=360, width=30, at_least=k) for k in (1, 2, 3, 4, 5)]
    expected = [one.expected for one in found if isinstance(one, Closed)]
    assert expected == sorted(expected, reverse=True)
    assert expected[-1] == 0.0
    assert expected[0] < 399


def test_a_component_that_nobody_bought_leaves_too_few() -> None:
    assert closed(np.array([5, 0, 0]), busy(np.array([3])), span=9, width=2, at_least=2) == Closed(0.0)


@pytest.mark.parametrize(
    ("counts", "lines", "span", "k", "totals", "says"),
    [
        ([5], [1], 360.0, 1, True, "minimum total"),
        ([5] * 65, [1], 360.0, 1, False, "at most 64"),
        ([5], [0], 360.0, 1, False, "nobody bought anything"),
        ([5], [1], 0.0, 1, False, "nobody bought anything"),
        ([5], [1], 29.0, 1, False, "shorter than the window"),
        ([5], [1], 360.0, 0, False, "matches everybody"),
    ],
)
def test_where_it_can_say_nothing_it_says_why(
    counts: list[int], lines: list[int], span: float, k: int, totals: bool, says: str
) -> None:
    groups = busy(np.array(lines))
    found = closed(np.array(counts), groups, span=span, width=30.0, at_least=k, totals=totals)
    assert isinstance(found, WhyNot)
    assert says in found.why_not


def test_its_bias_is_said_with_it() -> None:
    found = closed(np.array([5, 5]), busy(np.array([3, 4])), span=90, width=30, at_least=2)
    assert isinstance(found, Closed)
    assert found.bias == module.BIAS
    assert "too low" in found.bias

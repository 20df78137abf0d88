"""Dealing: who may get what, each way as likely, and to which trip it moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import chisquare

from coincide.detect.rows import Rows
from coincide.odds import deal as dealing
from coincide.odds.deal import dealer, deals, seats
from coincide.odds.hand import Hand, able, in_order, observed, tried
from coincide.odds.population import Population
from coincide.rules.expression import Compare, Field, Literal
from coincide.rules.plan import Combination, Plan, Sequence, Velocity
from handmade import DAY, PLAN, handed, people

UNLIKELY = 1e-3
"""Seeds are fixed: a failure is a change, not bad luck."""


def alike(count: int, days: int = 4) -> Population:
    """So many who went on the same days."""
    return people([[(day, 1) for day in range(days)]] * count)


# --- seats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (5, [5]), (6, [3, 3]), (7, [3, 4]), (8, [3, 5]), (9, [3] * 3)])
def test_blocks_hold_so_many_and_the_last_what_is_over(count: int, sizes: list[int]) -> None:
    lines = np.arange(count, 0, -1)
    one = seats(replace(alike(count), lines=lines), 3, np.random.default_rng(1))
    assert lines[one.who].tolist() == sorted(lines)
    assert one.place[one.who].tolist() == list(range(count))
    begins = np.cumsum([0, *sizes[:-1]])
    assert one.begin.tolist() == np.repeat(begins, sizes).tolist()
    assert one.size.tolist() == np.repeat(sizes, sizes).tolist()


def test_who_are_as_busy_sit_in_any_order() -> None:
    rng = np.random.default_rng(2)
    seen = Counter(tuple(seats(alike(3), 3, rng).who.tolist()) for _ in range(1200))
    assert chisquare([seen[order] for order in permutations(range(3))]).pvalue > UNLIKELY


@pytest.mark.parametrize("histories", [1, 2, 3, 4])
def test_every_way_to_seat_a_block_is_as_likely(histories: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealing, "BLOCK", 4)
    held = handed(alike(4), [(who, 0, 0) for who in range(histories)])
    rng = np.random.default_rng(3)
    drawn = dealer(held, rng).places(6000, rng)
    seen = Counter(map(tuple, drawn.tolist()))
    ways = list(permutations(range(4), histories))
    assert set(seen) <= set(ways)
    assert chisquare([seen[way] for way in ways]).pvalue > UNLIKELY


def test_components_and_deals_are_dealt_without_regard_to_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealing, "BLOCK", 3)
    held = handed(alike(3), [(0, 0, 0), (0, 0, 1)])
    rng = np.random.default_rng(4)
    drawn = dealer(held, rng).places(4500, rng)
    assert chisquare(list(Counter(map(tuple, drawn.tolist())).values())).pvalue > UNLIKELY
    follows = Counter(zip(drawn[:-1, 0].tolist(), drawn[1:, 0].tolist(), strict=True))
    assert len(follows) == 9
    assert chisquare(list(follows.values())).pvalue > UNLIKELY


def test_a_history_stays_in_its_block_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealing, "BLOCK", 2)
    everybody = people([[(day, 1 + 10 * (who // 2)) for day in range(5)] for who in range(6)])
    held = handed(everybody, [(who, day, unit) for who in (0, 3, 5) for day in (1, 2) for unit in (0, 1)])
    rng = np.random.default_rng(5)
    dealt = dealer(held, rng).deal(50, rng, all_of_it=True)
    assert (dealt.who // 2).tolist() == (held.who[dealt.of] // 2).tolist()
    owners: dict[tuple[int, int, int], set[int]] = {}
    for of, deal, who in zip(dealt.of.tolist(), dealt.deal.tolist(), dealt.who.tolist(), strict=True):
        owners.setdefault((deal, int(held.who[of]), int(held.unit[of])), set()).add(who)
    assert all(len(one) == 1 for one in owners.values())
    assert len(set(map(tuple, owners.values()))) > 3


# --- times ----------------------------------------------------------------------------------------------------


def times(held: Hand, count: int, seed: int) -> Counter[int]:
    """On which day the first event lies when it is the second one's, over so many deals."""
    rng = np.random.default_rng(seed)
    dealt = dealer(held, rng).deal(count, rng, all_of_it=True)
    mine = (dealt.who == 1) & (dealt.of == 0)
    return Counter((held.times[dealt.at[mine]] // DAY).tolist())


def test_an_event_moves_to_where_as_much_had_been_bought() -> None:
    # Lines 2 and 3 of 4 are the middle half of what was bought: of the other's eight lines the third to the sixth.
    everybody = people([[(0, 1), (10, 2), (20, 1)], [(100, 3), (200, 2), (300, 3)]])
    seen = times(handed(everybody, [(0, 10, 0)]), 8000, 6)
    assert set(seen) == {100, 200, 300}
    assert chisquare([seen[100], seen[200], seen[300]], np.array([1, 2, 1]) * seen.total() / 4).pvalue > UNLIKELY


@pytest.mark.parametrize(("day", "to"), [(0, {100}), (20, {300}), (10, {200})])
def test_first_and_last_trips_stay_first_and_last(day: int, to: set[int]) -> None:
    everybody = people([[(0, 5), (10, 5), (20, 5)], [(100, 1), (200, 1), (300, 1)]])
    assert set(times(handed(everybody, [(0, day, 0)]), 300, 7)) == to


def test_who_shopped_once_gives_an_event_to_any_trip_by_its_lines() -> None:
    everybody = people([[(0, 1)], [(100, 6), (200, 3), (300, 1)]])
    seen = times(handed(everybody, [(0, 0, 0)]), 8000, 8)
    assert chisquare([seen[100], seen[200], seen[300]], np.array([6, 3, 1]) * seen.total() / 10).pvalue > UNLIKELY


def test_lines_of_one_trip_stay_beside_each_other() -> None:
    everybody = people([[(0, 4), (10, 4)], [(100, 4), (200, 4)]])
    held = handed(everybody, [(0, 10, 0)] * 4)
    rng = np.random.default_rng(9)
    dealt = dealer(held, rng).deal(200, rng, all_of_it=True)
    mine = dealt.who == 1
    assert set((held.times[dealt.at[mine]] // DAY).tolist()) == {200}


def test_a_trip_is_not_dealt_more_than_it_held() -> None:
    everybody = people([[(day, 1) for day in range(6)]] * 4)
    held = handed(everybody, [(0, 2, 0), (1, 2, 1), (2, 2, 2), (3, 2, 3)], units=4)
    rng = np.random.default_rng(10)
    dealt = dealer(held, rng).deal(400, rng, all_of_it=True)
    places = Counter(zip(dealt.deal.tolist(), dealt.who.tolist(), dealt.at.tolist(), strict=True))
    assert set(places.values()) == {1}
    assert max(Counter(zip(dealt.deal.tolist(), dealt.who.tolist(), strict=True)).values()) == 4


def test_whoever_is_dealt_more_than_they_ever_bought_has_it_all_the_same() -> None:
    held = handed(people([[(0, 1)]] * 2), [(0, 0, 0), (1, 0, 1)])
    assert deals(held, np.random.default_rng(11), 400).actors.tolist().count(1) == pytest.approx(200, abs=50)


def test_without_trips_events_keep_their_times() -> None:
    everybody = replace(alike(4), trips=None)
    held = handed(everybody, [(0, 2, 0), (1, 3, 1)])
    rng = np.random.default_rng(12)
    dealt = dealer(held, rng).deal(20, rng, all_of_it=True)
    assert dealt.at.tolist() == held.at[dealt.of].tolist()
    assert len(set(dealt.who.tolist())) == 4


def test_too_many_observations_keep_their_times_and_larger_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealing, "SNAPPED", 1)
    made = dealer(handed(alike(200), [(0, 2, 0), (1, 3, 1)]), np.random.default_rng(13))
    assert not made.snap
    assert set(made.seats.size.tolist()) == {64, 72}


# --- counting -------------------------------------------------------------------------------------------------


def busy_hand(plan: Plan = PLAN) -> Hand:
    rng = np.random.default_rng(14)
    everybody = people(
        [[(int(day), int(rng.integers(1, 4))) for day in rng.choice(90, 8, replace=False)] for _ in range(60)]
    )
    theirs = everybody.trips
    assert theirs is not None
    chosen = rng.choice(len(theirs.who), 90, replace=False)
    events = [(int(theirs.who[n]), int(theirs.at[n] // DAY), int(rng.integers(0, 2))) for n in chosen]
    return handed(everybody, events, plan)


def test_the_same_seed_gives_the_same_deals_and_another_one_others() -> None:
    held = busy_hand()
    one, same, other = (deals(held, np.random.default_rng(seed), 60).actors.tolist() for seed in (1, 1, 2))
    assert one == same != other


def test_deals_in_one_go_or_many_follow_one_law(monkeypatch: pytest.MonkeyPatch) -> None:
    held = busy_hand()
    whole = deals(held, np.random.default_rng(15), 1500)
    monkeypatch.setattr(dealing, "_AT_ONCE", 7 * len(held))
    parts = deals(held, np.random.default_rng(16), 1500)
    assert len(parts.actors) == len(parts.alerts) == 1500
    for one, other in ((whole.actors, parts.actors), (whole.alerts, parts.alerts)):
        away = (one.mean() - other.mean()) / np.sqrt(one.var() / 1500 + other.var() / 1500)
        assert abs(away) < 3
        assert one.std() / other.std() == pytest.approx(1, abs=0.1)


def test_few_observations_among_many_actors_are_dealt_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    held = busy_hand()
    whole = deals(held, np.random.default_rng(17), 40)
    seen: list[int] = []
    before = dealing.Dealer.deal

    def deal(self: Any, count: int, *rest: Any, **more: Any) -> Any:
        seen.append(count)
        return before(self, count, *rest, **more)

    monkeypatch.setattr(dealing.Dealer, "deal", deal)
    monkeypatch.setattr(dealing, "_EVERYBODY_AT_ONCE", 3 * len(held.everybody))
    assert len(deals(held, np.random.default_rng(17), 40).actors) == len(whole.actors)
    assert max(seen) == 3


@pytest.mark.parametrize(
    "condition",
    [Combination(2, (("a", None), ("b", None))), Sequence(("a", "b", "a"), 10 * DAY), Velocity(2, None)],
)
def test_who_is_left_out_could_not_have_matched(condition: Any) -> None:
    held = busy_hand(replace(PLAN, condition=condition, components=("a", "b")))
    made = dealer(held, np.random.default_rng(18))
    for seed in range(30):
        whole = made.deal(1, np.random.default_rng(seed), all_of_it=True)
        chosen = able(held.plan, whole.who, held.unit[whole.of], held.carries, len(held.everybody))
        both = [
            tried(held, whole.of[some], whole.deal[some], whole.who[some], whole.at[some], held.unit[whole.of[some]], 1)
            for some in (chosen, np.ones(len(chosen), dtype=np.bool_))
        ]
        assert both[0].actors.tolist() == both[1].actors.tolist()
        assert both[0].alerts.tolist() == both[1].alerts.tolist()
        if isinstance(condition, Velocity):
            assert chosen.all()
        else:
            assert not chosen.all()
            # Nobody who has both is left out, and nobody who has one is kept.
            units = [set(held.unit[whole.of[whole.who == who]].tolist()) for who in range(len(held.everybody))]
            assert chosen.tolist() == [len(units[who]) == 2 for who in whole.who.tolist()]


def test_a_hand_of_nothing_is_dealt_to_nobody() -> None:
    held = handed(alike(40), [])
    assert observed(held).actors.tolist() == [0]
    assert deals(held, np.random.default_rng(19), 3).actors.tolist() == [0, 0, 0]


def test_alerts_and_actors_of_each_deal_are_its_own() -> None:
    # Deal 0: one actor with two alerts a window apart; deal 1: two actors; deal 2: nobody.
    held = handed(alike(3, 70), [(0, 0, 0), (0, 1, 1), (0, 60, 0), (0, 61, 1)])
    of, deal = np.array([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]), np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    who = np.array([0, 0, 0, 0, 1, 1, 2, 2, 0, 1])
    found = tried(held, of, deal, who, held.at[of], held.unit[of], 3)
    assert found.actors.tolist() == [1, 2, 0]
    assert found.alerts.tolist() == [2, 2, 0]


def test_what_stays_with_an_actor_keeps_its_account_and_what_moves_gets_the_one_that_names_the_actor() -> None:
    silent = Compare("=", Field("account"), Literal("second"))
    held = handed(alike(3), [(0, 0, 0), (0, 1, 1)], replace(PLAN, by="actor", unless=silent))
    # The actor 0000 bought both with a second account of theirs, of which `unless` says that nothing is to come.
    named = held.rows.frame.with_columns(namespace=pl.lit("s"), account=pl.lit("second"))
    held = replace(held, rows=Rows(named, held.rows.tagsets))
    assert observed(held).actors.tolist() == [0]
    moved = tried(held, np.array([0, 1]), np.zeros(2, np.int64), np.array([1, 1]), held.at, held.unit, 1)
    assert moved.actors.tolist() == [1]


@pytest.mark.parametrize("owners", [5, 2**61])
def test_the_order_is_by_owner_and_time_and_else_as_it_was(owners: int) -> None:
    rng = np.random.default_rng(20)
    code, at = rng.integers(0, 5, 300), rng.integers(0, 4, 300)
    assert in_order(code, at, owners, 4).tolist() == np.lexsort((np.arange(300), at, code)).tolist()

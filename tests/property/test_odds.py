"""Dealing against the judge: the undealt deal is the scan, and a deal is decided as the judge decides it."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from unittest.mock import patch

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Feed, MasterData
from coincide.engines.embedded.run import Task
from coincide.engines.workspace import open_workspace
from coincide.entities.actors import Actors, Separation
from coincide.entities.link import link
from coincide.odds import deal as dealing
from coincide.odds import log as logs
from coincide.odds.deal import dealer, deals
from coincide.odds.hand import Hand, hand, observed, tried
from coincide.rules.plan import Ratio
from property.workspace import Layout, write
from property.worlds import examples, worlds
from reference.condition import Observation
from reference.judge import Trial, judge
from reference.odds import blocks, busy, dealt_alerts, may_move_to
from reference.world import Account, Rule, World

SHARE = 32
"""One in so many examples: each is written, read and dealt for all its rules."""
DEALS = 3
BLOCK = 3
"""These worlds have a handful of accounts."""

_instance = cache(duckdb.connect)


def _connection(place: str) -> duckdb.DuckDBPyConnection:
    return _instance(place).cursor()


def hands(folder: Path, separations: list[tuple[Account, Account]]) -> dict[str, Hand]:
    """The hand of each rule of a workspace that has one, by its name; links and all, as a backtest makes them."""
    workspace = open_workspace(folder)
    apart = [Separation(*pair) for pair in separations]

    def joined(edges: pl.DataFrame) -> Actors:
        return link(edges, workspace.settings.entities, apart)

    data = [
        MasterData(workspace.settings.links[name], reader, tuple(reader.files()))
        for name, reader in workspace.master_data.items()
    ]
    feeds = [
        Feed(name, workspace.settings.sources[name], reader, tuple(reader.files()), tuple(reader.files()))
        for name, reader in workspace.readers.items()
    ]
    plans = [loaded.plan for loaded in workspace.chosen() if not isinstance(loaded.plan.condition, Ratio)]
    log = logs.read(Task(plans, feeds, workspace.catalog, workspace.lists, workspace.settings, joined, data))
    found = {}
    with connect(workspace.settings) as connection:
        for plan in plans:
            everybody = logs.everybody(log, plan, connection)
            decided = log.decided[plan.rule]
            found[plan.rule] = hand(plan, decided.rows, decided.keep, everybody, log.around(plan))
    return found


def of_the_judge(held: Hand, rule: Rule, trial: Trial) -> list[tuple[Account, Observation]]:
    """The judge's observations with whose they are, in the order of the hand: the same ones, in the strict order."""
    given = [(actor, one) for actor, observations in trial.seen[rule.id].items() for one in observations]
    given.sort(key=lambda pair: pair[1].name)
    columns = held.rows.frame.select("occurred_at", "source", "event_id", "account")[held.row]
    assert [one.name for _, one in given] == columns.rows()
    return given


def names(held: Hand) -> list[Account]:
    return held.everybody.names.rows()


def counts_owners(rule: Rule) -> bool:
    """Whether it counts how many different ones buy, who are in a deal not those who bought: that asks nothing."""
    whose = "account" if rule.by in ("actor", "account") else rule.by
    counted = rule.condition[0] == "velocity" and rule.condition[2] == whose
    return counted or str(("distinct", whose)) in str(rule.unless)


def check(world: World, layout: Layout) -> Counter[str]:
    """All that is said of deals, of each rule of the world; how often there was something to see."""
    trial = judge(world)
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name, patch.object(duckdb, "connect", _connection):
        write(world, layout, Path(name))
        found = hands(Path(name), world.separations)
    for rule in world.rules:
        if rule.id not in found:
            continue
        held = found[rule.id]
        alerts = [alert for alert in trial.verdict.alerts if alert.rule == rule.id]
        whole = observed(held)
        assert whole.actors.tolist() == [len({alert.actor for alert in alerts})]
        assert whole.alerts.tolist() == [len(alerts)]
        given = of_the_judge(held, rule, trial)
        assert [names(held)[who] for who in held.who] == [actor for actor, _ in given]
        seen["an alert"] += bool(alerts)
        if held.plan.tagged is None:
            # A sieve may have left rows unread of which, where they are, nothing comes: there is nothing to deal.
            continue
        trips = busy(world, rule, trial.verdict.actors)
        theirs = held.everybody.trips
        assert theirs is not None
        assert {
            (names(held)[who], at): lines
            for who, at, lines in zip(theirs.who.tolist(), theirs.at.tolist(), theirs.lines.tolist(), strict=True)
        } == {(who, at): lines for who, one in trips.items() for at, lines in one.items()}
        assert held.everybody.lines.tolist() == [sum(trips[who].values()) for who in names(held)]
        check_deals(world, rule, held, trips, given, seen)
    return seen


def check_deals(
    world: World,
    rule: Rule,
    held: Hand,
    trips: dict[Account, Counter[int]],
    given: list[tuple[Account, Observation]],
    seen: Counter[str],
) -> None:
    """A few deals of one hand."""
    called = names(held)
    rng = np.random.default_rng(len(given))
    made = dealer(held, rng)
    seated = blocks(trips, [called[who] for who in made.seats.who], dealing.BLOCK)
    block = {who: number for number, one in enumerate(seated) for who in one}
    dealt = made.deal(DEALS, rng, all_of_it=True)
    assert dealt.of.tolist() == list(range(len(held))) * DEALS
    assert dealt.deal.tolist() == [deal for deal in range(DEALS) for _ in held.row]
    counted = tried(held, dealt.of, dealt.deal, dealt.who, dealt.at, held.unit[dealt.of], DEALS)
    asked = frozenset(held.plan.tagged or ())
    for deal in range(DEALS):
        mine = dealt.deal == deal
        owners = [called[who] for who in dealt.who[mine]]
        times = held.times[dealt.at[mine]].tolist()
        histories: dict[tuple[Account, frozenset[str]], set[Account]] = {}
        for (was, one), owner, at in zip(given, owners, times, strict=True):
            histories.setdefault((was, one.components & asked), set()).add(owner)
            assert at in may_move_to(trips[was], trips[owner], one.at, owners.count(owner) - 1)
            seen["moved"] += was != owner
        # Each history whole to one new owner of its block, no two of one sort to one owner.
        assert all(len(new) == 1 for new in histories.values())
        assert all(block[was] == block[owner] for (was, _), (owner,) in histories.items())
        given_to = Counter((owner, unit) for (_, unit), (owner,) in histories.items())
        assert set(given_to.values()) <= {1}
        # No trip is dealt more than it held, unless its owner is dealt more than they ever bought.
        for owner in set(owners):
            held_at = Counter(at for at, whose in zip(times, owners, strict=True) if whose == owner)
            assert held_at <= trips[owner] or held_at.total() > trips[owner].total()
        if not counts_owners(rule):
            alerts = dealt_alerts(world, rule, given, owners, times)
            assert counted.actors[deal] == len({alert.actor for alert in alerts})
            assert counted.alerts[deal] == len(alerts)
            seen["an alert dealt"] += bool(alerts)
    # What is left out because nothing can come of it is nothing.
    same = dealer(held, np.random.default_rng(5)), dealer(held, np.random.default_rng(5))
    all_of_it = same[0].deal(1, np.random.default_rng(6), all_of_it=True)
    told = tried(held, all_of_it.of, all_of_it.deal, all_of_it.who, all_of_it.at, held.unit[all_of_it.of], 1)
    held_back = same[1].deal(1, np.random.default_rng(6))
    if len(held_back.of) < len(held):
        seen["left out"] += 1
    assert len(set(held_back.of.tolist())) == len(held_back.of)
    where = {(of, who) for of, who in zip(all_of_it.of.tolist(), all_of_it.who.tolist(), strict=True)}
    assert {(of, who) for of, who in zip(held_back.of.tolist(), held_back.who.tolist(), strict=True)} <= where
    mine = np.isin(all_of_it.of, held_back.of)
    only = tried(
        held, all_of_it.of[mine], all_of_it.deal[mine], all_of_it.who[mine], all_of_it.at[mine],
        held.unit[all_of_it.of[mine]], 1,
    )  # fmt: skip
    assert (only.actors.tolist(), only.alerts.tolist()) == (told.actors.tolist(), told.alerts.tolist())
    once, again = (deals(held, np.random.default_rng(7), 2) for _ in range(2))
    assert once.alerts.tolist() == again.alerts.tolist()


@pytest.mark.parametrize("only", [None, "combination", "sequence"])
def test_a_deal_is_what_the_judge_says_it_is(
    only: str | None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dealing, "BLOCK", BLOCK)
    seen: Counter[str] = Counter()

    @examples(request.config, SHARE if only is None else SHARE * 2)
    @given(worlds(only=only))
    def compare(made: tuple[World, Layout]) -> None:
        seen.update(check(*made))

    compare()
    assert min(seen[what] for what in ("an alert", "moved", "an alert dealt")) > 0, seen

"""What the neighbours of a rule match, decided beside it over the same rows, against the judge's loops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from coincide.detect.detect import hits, kept
from coincide.detect.evaluate import Surroundings
from coincide.detect.fit import fit
from coincide.engines.embedded.run import Decided
from coincide.odds.matched import Matched, matched
from coincide.odds.neighbour import neighbours
from coincide.odds.overlap import Shared, overlap
from coincide.rules.load import load_text
from coincide.rules.plan import Combination, Plan, Ratio, ServiceDay, Sliding, Threshold, Velocity
from coincide.rules.plan import Sequence as Steps
from property.kernel import context, events_of, lists_of, rows_of
from property.workspace import Layout, rule_text
from property.worlds import examples, worlds
from reference.judge import judge
from reference.world import Rule, World

SHARE = 40


@pytest.mark.parametrize("only", [None, "ratio"])
def test_a_rule_and_its_neighbours_in_one_pass_match_what_loops_find(
    request: pytest.FixtureRequest, only: str | None
) -> None:
    @examples(request.config, SHARE)
    @given(worlds(only=only))
    def compare(made: tuple[World, Layout]) -> None:
        world, _ = made
        rows, lists = rows_of(world, events_of(world)), lists_of(world)
        for rule in world.rules[:2]:
            (loaded,) = load_text(rule_text(rule), context=context(world))
            plans = [loaded.plan, *(one.plan for one in neighbours(loaded.plan))]
            rules = [_as_judged(rule, plan) for plan in plans]
            alerts = judge(replace(world, rules=rules)).verdict.alerts
            found: dict[str, Matched] = {}
            for plan in plans:
                around = Surroundings(plan.zone, lists)
                keep = kept(rows, fit(plan, rows, around).usable)
                found[plan.rule] = matched(Decided(plan, rows, keep, hits(plan, rows, keep, around), []))
            who = {plan.rule: {one.actor for one in alerts if one.rule == plan.rule} for plan in plans}
            assert {name: len(one.who) for name, one in found.items()} == {name: len(one) for name, one in who.items()}
            assert {name: one.alerts for name, one in found.items()} == {
                name: sum(one.rule == name for one in alerts) for name in who
            }
            beside = overlap(found[rule.id], found.values())
            assert {name: one.shared for name, one in beside.others.items()} == {
                name: len(who[rule.id] & who[name]) for name in sorted(who.keys() - {rule.id})
            }
            together = set().union(*(who[plan.rule] for plan in plans[1:]))
            assert beside.any == Shared(len(together), len(together & who[rule.id]))

    compare()


def _as_judged(rule: Rule, plan: Plan) -> Rule:
    """The judge's rule with what a neighbour changes."""
    return replace(
        rule,
        id=plan.rule,
        condition=_asked(plan),
        window=_window(plan),
        components=None if plan.components is None else list(plan.components),
        status="live",
    )


def _window(plan: Plan) -> tuple[Any, ...]:
    match plan.window:
        case Sliding(width_us):
            return ("sliding", width_us)
        case ServiceDay(begins_us):
            return ("service-day", begins_us)
        case _:
            return ("day",)


def _asked(plan: Plan) -> tuple[Any, ...]:
    match plan.condition:
        case Combination(least, of):
            return ("combination", least, {name: None if total is None else str(total) for name, total in of})
        case Velocity(least, distinct):
            return ("velocity", least, distinct)
        case Threshold() as one:
            return ("threshold", one.sum, str(one.limit), one.inclusive, one.unit or one.currency)
        case Steps(steps, gap_us):
            return ("sequence", list(steps), gap_us)
        case Ratio(of_kind, to, more_than, least):
            return ("ratio", of_kind, to, str(more_than), least)
        case _:
            raise ValueError("these worlds have purchases alone")

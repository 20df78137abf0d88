"""How many examples were of use: an alert, a tie that decided, an event on the edge of a window."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from reference.expression import local
from reference.judge import Trial, judge
from reference.world import Rule, World

LEAST = {"an alert": 30, "a tie that decided": 10, "an event on the edge of a window": 10}
"""Percent of the examples; fewer, and the comparison proves less than it says."""
ENOUGH = 100
"""Below so many examples shares are told and not judged."""

counts: Counter[str] = Counter()


def note(world: World, trial: Trial) -> None:
    """Count one example."""
    counts["examples"] += 1
    counts["an alert"] += bool(trial.verdict.alerts)
    counts["a tie that decided"] += tie_decided(world, trial)
    counts["an event on the edge of a window"] += on_edge(world, trial)


def tie_decided(world: World, trial: Trial) -> bool:
    """Whether the alerts would be others if simultaneous observations were ordered the other way round."""
    if not any(_tied(observations) for seen in trial.seen.values() for observations in seen.values()):
        return False
    other = judge(world, ties_reversed=True).verdict.alerts
    return _comparable(trial.verdict.alerts) != _comparable(other)


def _comparable(alerts: list[Any]) -> set[Any]:
    """Alerts without the order in which their evidence is listed."""
    return {
        (
            a.rule,
            a.actor,
            a.started_by,
            a.ended_by,
            a.hits,
            a.silenced,
            frozenset(a.evidence),
            frozenset(a.latest_evidence),
        )
        for a in alerts
    }


def _tied(observations: list[Any]) -> bool:
    times = [observation.at for observation in observations]
    return len(set(times)) < len(times)


def on_edge(world: World, trial: Trial) -> bool:
    """Whether two observations of an actor lie a window or a gap apart, to the microsecond or one beside it."""
    rules = {rule.id: rule for rule in world.rules}
    for rule_id, seen in trial.seen.items():
        for observations in seen.values():
            times = sorted({observation.at for observation in observations})
            if any(_edge(rules[rule_id], a, b) for a in times for b in times if a < b):
                return True
    return False


def _edge(rule: Rule, earlier: int, later: int) -> bool:
    widths = []
    if rule.window[0] == "sliding":
        widths.append(rule.window[1])
    else:
        # The edge of a day is its midnight, or when service begins.
        begins = timedelta(microseconds=rule.window[1] if rule.window[0] == "service-day" else 0)
        wall = local(later, rule.zone).replace(tzinfo=None) - begins
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        if wall - midnight <= timedelta(microseconds=1):
            return True
    if rule.condition[0] == "sequence" and rule.condition[2] is not None:
        widths.append(rule.condition[2])
    return any(abs(later - earlier - width) <= 1 for width in widths)


def told(of: Counter[str]) -> list[str]:
    """The tally in lines."""
    examples = of["examples"]
    lines = [f"{examples} examples"]
    for what, least in LEAST.items():
        share = 100 * of[what] / examples if examples else 0
        lines.append(f"{of[what]} had {what} ({share:.0f} %, at least {least} % needed)")
    return lines


def lacking(of: Counter[str]) -> list[str]:
    """What there was too little of."""
    if of["examples"] < ENOUGH:
        return []
    return [what for what, least in LEAST.items() if 100 * of[what] < least * of["examples"]]

"""The neighbours of a rule: the same rule with one number or one name changed, to see how much hangs on each.

A neighbour is a plan that a rule file could say, but for windows and gaps that are no whole minutes; it has an id of
its own, so that a run can decide it beside the rule. DESIGN, section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Any

from coincide.odds.load import per_day
from coincide.odds.matched import Matched
from coincide.rules.explain import duration
from coincide.rules.parse import MAX_DECIMALS, MAX_DIGITS
from coincide.rules.plan import Combination, Condition, Plan, Ratio, Sliding, Threshold, Velocity
from coincide.rules.plan import Sequence as Steps
from coincide.rules.read import DAY_US, MAX_WINDOW_DAYS
from coincide.rules.rule import MAX_COUNT
from coincide.rules.words import number

APART = "~"
"""Between the rule's id and the number of a neighbour: no id of a rule has it."""
_MOST_US = MAX_WINDOW_DAYS * DAY_US
_FIFTH = Decimal(5)
_HALF, _TWICE = Decimal("0.5"), Decimal(2)
_EXACT = Context(prec=2 * MAX_DIGITS)
_LEAST = Decimal(1).scaleb(-MAX_DECIMALS)


@dataclass(frozen=True)
class Neighbour:
    """``name``: for people; ``change``: what became of what, in the keys of a rule."""

    name: str
    change: str
    plan: Plan


def neighbours(plan: Plan) -> tuple[Neighbour, ...]:
    """All of them, each meaning something else than the rule and than each other."""
    seen = {plan.fingerprint}
    found: list[Neighbour] = []
    for name, change, other in _changed(plan):
        if other.fingerprint not in seen:
            seen.add(other.fingerprint)
            found.append(Neighbour(name, change, replace(other, rule=f"{plan.rule}{APART}{len(found) + 1}")))
    return tuple(found)


def table(found: Sequence[Neighbour], matched: Mapping[str, Matched], days: float) -> list[dict[str, Any]]:
    """What each of them matched in a log of so many days. ``matched``: by the id of its plan."""
    return [
        {
            "name": one.name,
            "change": one.change,
            "actors": len(matched[one.plan.rule].who),
            "alerts": matched[one.plan.rule].alerts,
            "alerts_per_day": per_day(matched[one.plan.rule].alerts, days),
        }
        for one in found
    ]


_Change = tuple[str, str, Plan]


def _changed(plan: Plan) -> Iterator[_Change]:
    """In the order in which they are shown. Some may mean the same."""
    match plan.condition:
        case Combination(of=parts) as condition:
            yield from _counts(plan, condition, lambda _: f"of {len(parts)}", most=len(parts))
            yield from _windows(plan)
            yield from _minimums(plan, condition)
            yield from _fewer(plan, condition)
        case Velocity(distinct=distinct) as condition:
            one, of = ("event", "") if distinct is None else ("different value", f" of {distinct}")
            # Every event on its own would be an alert, and all of them in memory.
            least = 2 if plan.tagged is None else 1
            yield from _counts(plan, condition, lambda count: f"{one}{'s' if count > 1 else ''}{of}", least=least)
            yield from _windows(plan)
            yield from _unnamed(plan)
        case Threshold() as condition:
            yield from _limits(plan, condition)
            yield from _windows(plan)
            yield from _unnamed(plan)
        case Steps() as condition:
            yield from _windows(plan)
            yield from _gaps(plan, condition)
            yield from _shorter(plan, condition)
        case Ratio() as condition:
            yield from _ratios(plan, condition)
            yield from _windows(plan)
            yield from _unnamed(plan)


def _with(plan: Plan, condition: Condition) -> Plan:
    return replace(plan, condition=condition)


def _counts(
    plan: Plan,
    condition: Combination | Velocity,
    of: Callable[[int], str],
    *,
    least: int = 1,
    most: int = MAX_COUNT,
) -> Iterator[_Change]:
    """``of``: what so many are counted of."""
    old = condition.at_least
    for new in (old - 1, old + 1):
        if least <= new <= most:
            change = f"at_least {old:,} -> {new:,}"
            yield f"at least {new:,} {of(new)}", change, _with(plan, replace(condition, at_least=new))


def _windows(plan: Plan) -> Iterator[_Change]:
    """A local day has no half."""
    if not isinstance(plan.window, Sliding):
        return
    old = plan.window.width_us
    for new in (old // 2, old * 2):
        if 0 < new <= _MOST_US:
            other = replace(plan, window=Sliding(new), condition=_within(plan.condition, new))
            yield f"within {duration(new)}", f"within {duration(old)} -> {duration(new)}", other


def _within(condition: Condition, width_us: int) -> Condition:
    """A gap longer than the window says nothing, and no rule may have one."""
    if isinstance(condition, Steps) and condition.gap_us is not None and condition.gap_us > width_us:
        return replace(condition, gap_us=None)
    return condition


def _minimums(plan: Plan, condition: Combination) -> Iterator[_Change]:
    """Of components that must add up to a quantity; the others are covered by any."""
    for place, (component, old) in enumerate(condition.of):
        for step in (-1, 1) if old is not None else ():
            assert old is not None
            new = old + step
            if new > 0 and _sayable(new):
                of = (*condition.of[:place], (component, new), *condition.of[place + 1 :])
                name = f"a quantity of {number(new)} or more of {component}"
                change = f"{component} quantity {number(old)} -> {number(new)}"
                yield name, change, _with(plan, replace(condition, of=of))


def _fewer(plan: Plan, condition: Combination) -> Iterator[_Change]:
    """Each component left out. As many of the others are wanted, or all of them where there are no more."""
    left = len(condition.of) - 1
    for component, _ in condition.of if left else ():
        of = tuple(one for one in condition.of if one[0] != component)
        least = min(condition.at_least, left)
        name, change = f"without {component}, at least {least} of {left}", f"{component} left out"
        if least != condition.at_least:
            change += f", at_least {condition.at_least} -> {least}"
        yield name, change, _with(plan, Combination(least, of))


def _unnamed(plan: Plan) -> Iterator[_Change]:
    """Each of the components that count left out; without any, every event would count."""
    named = plan.components or ()
    for component in named if len(named) > 1 else ():
        others = tuple(one for one in named if one != component)
        yield f"without {component}", f"{component} left out", replace(plan, components=others)


def _limits(plan: Plan, condition: Threshold) -> Iterator[_Change]:
    """A fifth lower and higher."""
    key, words = ("at_least", "at least") if condition.inclusive else ("more_than", "more than")
    step = _EXACT.divide(abs(condition.limit), _FIFTH)
    for exactly in (_EXACT.subtract(condition.limit, step), _EXACT.add(condition.limit, step)):
        new = _near(exactly)
        if _sayable(new):
            change = f"{key} {number(condition.limit)} -> {number(new)}"
            yield f"{words} {number(new)}", change, _with(plan, replace(condition, limit=new))


def _ratios(plan: Plan, condition: Ratio) -> Iterator[_Change]:
    old = condition.more_than
    for new in (_near(_EXACT.multiply(old, factor)) for factor in (_HALF, _TWICE)):
        if _sayable(new):
            name = f"more than {number(new)} {condition.of} for each {condition.to}"
            yield name, f"more_than {number(old)} -> {number(new)}", _with(plan, replace(condition, more_than=new))


def _gaps(plan: Plan, condition: Steps) -> Iterator[_Change]:
    old = condition.gap_us
    if old is None:
        return
    most = plan.window.width_us if isinstance(plan.window, Sliding) else DAY_US * 25 // 24
    for new in (old // 2, old * 2):
        change = f"gap {duration(old)} -> {duration(new)}"
        if new > most:
            # It would say nothing any more.
            change = f"gap {duration(old)} -> none, inside the window"
            yield "any gap between steps", change, _with(plan, replace(condition, gap_us=None))
        elif new:
            yield f"at most {duration(new)} between steps", change, _with(plan, replace(condition, gap_us=new))


def _shorter(plan: Plan, condition: Steps) -> Iterator[_Change]:
    """Two steps are the fewest."""
    steps = condition.steps
    if len(steps) > 2:
        for which, left_out, rest in (("first", steps[0], steps[1:]), ("last", steps[-1], steps[:-1])):
            name = f"without the {which} step, {left_out}"
            yield name, f"{which} step ({left_out}) left out", _with(plan, replace(condition, steps=rest))


def _near(value: Decimal) -> Decimal:
    """The nearest number with as many decimals as a rule can have."""
    return value.quantize(_LEAST, context=_EXACT).normalize(_EXACT)


def _sayable(value: Decimal) -> bool:
    """Whether the number, of no more decimals than a rule can have, has no more digits than one can have."""
    return sum(map(str.isdigit, format(value.normalize(_EXACT), "f"))) <= MAX_DIGITS

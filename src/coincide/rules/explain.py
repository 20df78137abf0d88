"""A plan in plain English: what a rule looks for, and why an alert was raised.

Both texts are made from the plan alone, never by hand, so that they cannot say anything else than what was
evaluated. Times are UTC. No identifier of anybody stands in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import assert_never

from coincide.events.event import INCIDENT
from coincide.rules import plan as plans
from coincide.rules.feature import PAST_DAYS
from coincide.rules.plan import LocalDay, Plan, ServiceDay, Sliding
from coincide.rules.plan import Sequence as Steps
from coincide.rules.words import either, number, words

_MINUTE_US = 60_000_000
_HOUR_US = 60 * _MINUTE_US
_DAY_US = 24 * _HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_WHERE: dict[plans.Where, str] = {
    "both": "at its place and on its line, as far as it names them",
    "place": "at its place, or on its line where it names no place",
    "line": "on its line, or at its place where it names no line",
}

Because = Callable[[Sequence[str], int | None, int | None, Decimal | None, int, int], str]


# --- the rule ---------------------------------------------------------------------------------------------


def explain(plan: Plan) -> str:
    """What the rule looks for, in a few sentences."""
    sentences = [_looks_at(plan), _raises(plan), _groups(plan)]
    if plan.unless is not None:
        sentences.insert(2, f"It stays silent where {words(plan.unless)}.")
    return " ".join(sentences)


def _looks_at(plan: Plan) -> str:
    looked_at = [kind for kind in plan.events if not (plan.beside_incidents and kind == INCIDENT)]
    text = f"Looks at {either(looked_at)} events"
    if plan.components is not None:
        noun = "component" if len(plan.components) == 1 else "components"
        text += f" of the {noun} {either(plan.components)}"
    if plan.where is not None:
        text += f" where {words(plan.where)}"
    match plan.by:
        case "actor":
            return f"{text}, for each actor (accounts that are linked count as one)."
        case "account" | "organisation":
            return f"{text}, for each {plan.by}."
        case link:
            return f"{text}, for each {link.removeprefix('link.')}."


def _raises(plan: Plan) -> str:
    window = _window(plan)
    match plan.condition:
        case plans.Combination(at_least, of):
            parts = [_part(name, minimum) for name, minimum in of]
            if len(parts) == 1:
                return f"Raises an alert when {parts[0]} is seen {window}."
            which = "all" if at_least == len(parts) else f"at least {at_least}"
            return (
                f"Raises an alert when {which} of these {len(parts)} components are seen {window}: {', '.join(parts)}."
            )
        case plans.Velocity(at_least, None):
            return f"Raises an alert when there are at least {at_least:,} of them {window}."
        case plans.Velocity(at_least, distinct):
            return f"Raises an alert when they have at least {at_least:,} different values of {distinct} {window}."
        case plans.Threshold() as condition:
            return f"Raises an alert when {_summed(condition)} {window} is {_limit(condition)}."
        case Steps(steps, gap_us):
            ordered = ", then ".join(steps)
            return f"Raises an alert when these are seen in this order {window}{_gap(gap_us)}: {ordered}."
        case plans.Ratio(of, to, more_than, at_least):
            many = f"more than {number(more_than)} {of} {'event' if more_than == 1 else 'events'} for each {to} event"
            return f"Raises an alert when there are {many} {window}, and at least {_counted(at_least, f'{to} event')}."
        case plans.Presence(at_least, margin_us, usual, at):
            ordinary = (
                ""
                if usual is None
                else f" An incident does not count where the account was there at that time of day on more than "
                f"{number(usual)} % of the {PAST_DAYS} days before."
            )
            return (
                f"Raises an alert when there are taps at {at_least:,} or more different reported incidents {window}: "
                f"{_WHERE[at]}, at most {duration(margin_us)} before or after.{ordinary} "
                "Which accounts these are is shown only under a recorded request."
            )
        case plans.UnusualDay() as condition:
            return f"Raises an alert when {_tail(condition)} {window}.{_where_looked(condition)}"
        case other:
            assert_never(other)


def _groups(plan: Plan) -> str:
    if not isinstance(plan.window, Sliding):
        return "Each day is an alert of its own."
    return f"What follows within less than {duration(plan.window.width_us)} belongs to the same alert."


def _part(name: str, minimum: Decimal | None) -> str:
    return name if minimum is None else f"{name} (a quantity of {number(minimum)} or more in all)"


def _window(plan: Plan) -> str:
    match plan.window:
        case Sliding(width_us):
            return f"within {duration(width_us)}"
        case LocalDay():
            return f"on one day ({plan.zone})"
        case ServiceDay(begins_us):
            return f"on one day of service (from {clock(begins_us)}, {plan.zone})"
        case other:
            assert_never(other)


def duration(length_us: int) -> str:
    """``30 days``, ``24 hours``, ``90 minutes``: the largest unit that says it in whole numbers.

    One day is ``24 hours``, since it is not a day of the calendar.
    """
    if length_us % _DAY_US == 0 and length_us > _DAY_US:
        return f"{length_us // _DAY_US:,} days"
    if length_us % _HOUR_US == 0:
        return _counted(length_us // _HOUR_US, "hour")
    if length_us % _MINUTE_US == 0:
        return _counted(length_us // _MINUTE_US, "minute")
    return f"{number(Decimal(length_us) / 1_000_000)} seconds"


# --- the alert --------------------------------------------------------------------------------------------


def because(
    plan: Plan,
    *,
    components: Sequence[str] = (),
    count: int | None = None,
    beside: int | None = None,
    total: Decimal | None = None,
    first_us: int,
    last_us: int,
) -> str:
    """The sentence of an alert, from its first hit.

    ``components``: those covered, of a combination. ``count``: observations or distinct values, of a velocity; events
    of the kind that is compared, of a ratio, and ``beside``: of the other. ``total``: the sum, of a threshold.
    ``first_us``, ``last_us``: the earliest observation it rests on, and the hit, microseconds since 1970. What follows
    from the plan is made once per plan; a call takes microseconds.
    """
    return _sentence(plan)(components, count, beside, total, first_us, last_us)


_made: tuple[Plan, Because] | None = None


def _sentence(plan: Plan) -> Because:
    """The last plan's sentence is kept: alerts come rule by rule, and hashing a plan costs more than the text."""
    global _made  # noqa: PLW0603
    made = _made
    if made is None or made[0] is not plan:
        made = _made = (plan, _because(plan))
    return made[1]


def _because(plan: Plan) -> Because:
    window = _window(plan)
    when = _day_range if isinstance(plan.window, Sliding) and plan.window.width_us >= 2 * _DAY_US else _time_range
    of = "" if plan.components is None else f" of {either(plan.components)}"
    match plan.condition:
        case plans.Combination(_, named):
            labels = {name: name if least is None else f"{name} (at least {number(least)})" for name, least in named}
            out_of = f"of {_counted(len(named), 'component')}"
            return lambda components, _count, _beside, _total, a, b: (
                f"{len(components)} {out_of} ({', '.join([labels[n] for n in components])}) {window}, {when(a, b)}."
            )
        case plans.Velocity(_, distinct):
            one, many = ("observation", "observations")
            if distinct is not None:
                one, many = (f"value of {distinct}", f"different values of {distinct}")
            return lambda _components, count, _beside, _total, a, b: (
                f"{count:,} {one if count == 1 else many}{of} {window}, {when(a, b)}."
            )
        case plans.Threshold() as condition:
            what, limit, unit = _shortly(condition), _limit(condition), _unit(condition)
            return lambda _components, _count, _beside, total, a, b: (
                f"{what} of {number(total or Decimal(0))}{unit}{of} {window}, {limit}, {when(a, b)}."
            )
        case Steps(steps, gap_us):
            ordered = f"{', then '.join(steps)}, {window}{_gap(gap_us)}"
            return lambda _components, _count, _beside, _total, a, b: f"{ordered}, {when(a, b)}."
        case plans.Ratio(compared, to, more_than, _):
            limit = f"more than {number(more_than)} for each"
            return lambda _components, count, beside, _total, a, b: (
                f"{_counted(count or 0, f'{compared} event')} to {_counted(beside or 0, f'{to} event')}{of} {window}, "
                f"{limit}, {when(a, b)}."
            )
        case plans.Presence():
            return lambda incidents, count, _beside, _total, a, b: (
                f"Taps at {_counted(count or 0, 'reported incident')} ({_some(incidents)}) {window}, {when(a, b)}."
            )
        case plans.UnusualDay() as condition:
            ground = _ground(condition)
            return lambda said, _count, _beside, _total, a, b: f"{'; '.join(said)} {window}, {when(a, b)}.{ground}"
        case other:
            assert_never(other)


def _some(names: Sequence[str], most: int = 6) -> str:
    """The first of many names, and how many more there are."""
    shown, more = names[:most], len(names) - most
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def _tail(condition: plans.UnusualDay) -> str:
    """What must be far in the tail, and against whom."""
    names = ", ".join(name.replace("_", " ") for name in condition.of)
    own = (
        ""
        if condition.own is None
        else f" and above {number(condition.own)} % of the account's own days in the {PAST_DAYS} before"
    )
    return (
        f"at least {condition.at_least:,} of {_counted(len(condition.of), 'feature')} ({names}) are above "
        f"{number(condition.beyond)} % of the days of all accounts of the same product that day{own},"
    )


def _where_looked(condition: plans.UnusualDay) -> str:
    if condition.anywhere is None:
        return " Only days that touch a reported incident are looked at."
    return f" All days are looked at.{_ground(condition)}"


def _ground(condition: plans.UnusualDay) -> str:
    """On which ground days count that touch no incident: every alert carries it."""
    if condition.anywhere is None:
        return ""
    purpose, law, dpia = condition.anywhere
    return f" Looked for without an incident: purpose {purpose}; {law}; assessment {dpia}."


def _gap(gap_us: int | None) -> str:
    return "" if gap_us is None else f", each at most {duration(gap_us)} after the one before"


def _day_range(first_us: int, last_us: int) -> str:
    """For windows of days: the hour says nothing there."""
    first, last = _date(first_us), _date(last_us)
    return f"on {first}" if first == last else f"from {first} to {last}"


def _time_range(first_us: int, last_us: int) -> str:
    """For short windows: dates alone where both times are midnight, as in logs that know dates only."""
    if first_us % _DAY_US == 0 and last_us % _DAY_US == 0:
        return _day_range(first_us, last_us)
    if first_us == last_us:
        return f"at {_date(first_us)} {clock(first_us)} UTC"
    if first_us // _DAY_US == last_us // _DAY_US:
        return f"on {_date(first_us)} from {clock(first_us)} to {clock(last_us)} UTC"
    return f"from {_date(first_us)} {clock(first_us)} to {_date(last_us)} {clock(last_us)} UTC"


def _date(at_us: int) -> str:
    return _day(at_us // _DAY_US)


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).date().isoformat()


def clock(at_us: int) -> str:
    """``14:30``, ``14:30:05``, ``14:30:05.250000``: no finer than needed."""
    seconds, fraction_us = divmod(at_us % _DAY_US, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{hour:02d}:{minute:02d}"
    if second or fraction_us:
        text += f":{second:02d}"
    return f"{text}.{fraction_us:06d}" if fraction_us else text


# --- small parts ------------------------------------------------------------------------------------------


def _summed(condition: plans.Threshold) -> str:
    match condition.sum:
        case "quantity":
            return "the sum of quantity"
        case "quantity * content":
            return f"the sum of quantity times content, in {condition.unit},"
        case _:
            return f"the sum of amounts in minor units of {condition.currency}"


def _shortly(condition: plans.Threshold) -> str:
    return {"quantity": "quantity", "quantity * content": "content"}.get(condition.sum, "amount")


def _unit(condition: plans.Threshold) -> str:
    if condition.currency is not None:
        return f" in minor units of {condition.currency}"
    return f" {condition.unit}" if condition.unit is not None else ""


def _limit(condition: plans.Threshold) -> str:
    return f"{'at least' if condition.inclusive else 'more than'} {number(condition.limit)}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

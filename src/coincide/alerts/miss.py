"""The nearest miss in words and as JSON: what was there, what was missing, by how much and when. Times are UTC."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any, assert_never

from coincide.alerts.alert import iso
from coincide.detect.nearest import (
    Failed,
    NearCombination,
    Nearest,
    NearRatio,
    NearSequence,
    NearThreshold,
    NearVelocity,
    Outside,
    Part,
)
from coincide.rules.explain import duration
from coincide.rules.plan import Plan, Presence, Ratio, Sliding, Threshold, Velocity
from coincide.rules.words import number

_UNITS = (("day", 86_400_000_000), ("hour", 3_600_000_000), ("minute", 60_000_000))


def elapsed(length_us: int) -> str:
    """``31 days``, ``1 day 3 hours``, ``0.5 seconds``: exactly, without parts that are nothing."""
    parts = []
    for name, size in _UNITS:
        count, length_us = divmod(length_us, size)
        if count:
            parts.append(f"{count:,} {name}{'' if count == 1 else 's'}")
    if length_us or not parts:
        parts.append(f"{number(Decimal(length_us) / 1_000_000)} second{'' if length_us == 1_000_000 else 's'}")
    return " ".join(parts)


def document(near: Nearest) -> dict[str, Any]:
    """The miss as JSON values; lengths of time are in microseconds, times ISO 8601 in UTC, sums text."""
    content = {"kind": type(near).__name__.removeprefix("Near").lower(), **asdict(near)}
    if isinstance(near, NearCombination):
        content["covered"] = near.covered
    plain: dict[str, Any] = _plain(content)
    return plain


def lines(plan: Plan, near: Nearest) -> list[str]:
    """What a person reads, the main line first."""
    window = f"within {duration(plan.window.width_us)}" if isinstance(plan.window, Sliding) else "on one day"
    match near:
        case NearCombination():
            head = f"{near.covered} of {_many(len(near.parts), 'component')} {window}, up to {iso(near.at)};"
            return [f"{head} {near.needed} would be a hit", *(_part(part) for part in near.parts)]
        case NearVelocity():
            return [_velocity(plan, near, window)]
        case NearThreshold():
            return [_threshold(plan, near, window)]
        case NearSequence():
            return _sequence(near, window)
        case NearRatio():
            return [_ratio(plan, near, window)]
        case other:
            assert_never(other)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _moment(key, one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case Decimal():
            return number(value)
        case _:
            return value


def _moment(key: str, value: Any) -> Any:
    if isinstance(value, int) and (key == "at" or key.endswith("_at")):
        return iso(value)
    if key == "times":
        return [iso(one) for one in value]
    return _plain(value)


def _part(part: Part) -> str:
    text = f"{'covered' if part.covered else 'missing'}  {part.component}"
    if part.at is not None:
        text += f"  {iso(part.at)}"
    if part.minimum is not None and part.reached is not None:
        text += f"  quantity {number(part.reached)} of {number(part.minimum)}"
    if part.outside is not None:
        text += f"  {_outside(part.component, part.outside)}"
    elif not part.seen:
        text += "  no such observation"
    return text


def _outside(component: str, outside: Outside) -> str:
    if outside.over is None:
        return f"seen on another day, {iso(outside.at)}"
    first, last = (component, outside.anchor) if outside.at <= outside.anchor_at else (outside.anchor, component)
    came = f"{last} came {elapsed(outside.apart)} after {first} ({iso(min(outside.at, outside.anchor_at))})"
    return f"{came}, {_late(outside.over)}"


def _late(over_us: int) -> str:
    return f"{elapsed(over_us)} too late" if over_us else "exactly the window later, which is just outside"


def _velocity(plan: Plan, near: NearVelocity, window: str) -> str:
    distinct = plan.condition.distinct if isinstance(plan.condition, Velocity) else None
    what = "observations" if distinct is None else f"different values of {distinct}"
    if isinstance(plan.condition, Presence):
        what = "reported incidents that a request covers"
    missing = max(near.needed - near.count, 0)
    when = f"from {iso(near.first_at)} to {iso(near.at)}"
    return f"{near.count:,} of {near.needed:,} {what} {window}, {when}: {missing:,} missing"


def _threshold(plan: Plan, near: NearThreshold, window: str) -> str:
    assert isinstance(plan.condition, Threshold)
    condition = plan.condition
    unit = f" {condition.unit}" if condition.unit is not None else ""
    unit = f" in minor units of {condition.currency}" if condition.currency is not None else unit
    limit = f"{'at least' if condition.inclusive else 'more than'} {number(condition.limit)}"
    missing = f"{number(near.missing)} missing" if near.missing > 0 else "nothing missing"
    if near.missing == 0 and not condition.inclusive:
        missing = "exactly the limit, and it must be more"
    when = f"from {iso(near.first_at)} to {iso(near.at)}"
    return f"{condition.sum} sums to {number(near.total)}{unit} {window}, {when}; {limit} is needed: {missing}"


def _ratio(plan: Plan, near: NearRatio, window: str) -> str:
    assert isinstance(plan.condition, Ratio)
    condition = plan.condition
    of, to = f"{condition.of} event", f"{condition.to} event"
    least = _many(condition.at_least, to)
    asked = f"at least {least} and more than {number(condition.more_than)} {condition.of} for each are needed"
    short = [_many(count, noun) for count, noun in ((near.missing_to, to), (near.missing_of, of)) if count]
    missing = f"{' and '.join(short)} missing" if short else "nothing missing"
    when = f"from {iso(near.first_at)} to {iso(near.at)}"
    return f"{_many(near.of, of)} to {_many(near.to, to)} {window}, {when}; {asked}: {missing}"


def _sequence(near: NearSequence, window: str) -> list[str]:
    done = [f"done     {step}  {iso(at)}" for step, at in zip(near.steps, near.times, strict=True)]
    head = f"{_many(len(near.steps), 'step')} completed in order {window}"
    return [head, *done, *([f"missing  {_failed(near.failed)}"] if near.failed is not None else [])]


def _failed(failed: Failed) -> str:
    if failed.at is None:
        return f"{failed.step}  {'seen only before' if failed.earlier else 'no such observation'}"
    why = []
    if failed.over_gap is not None:
        why.append(f"{elapsed(failed.over_gap)} too long after the step before")
    if failed.over_window is not None:
        why.append(f"outside the window: {_late(failed.over_window)}")
    if failed.other_day:
        why.append("on another day")
    return f"{failed.step}  {iso(failed.at)}, {' and '.join(why)}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

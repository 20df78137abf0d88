"""The random worlds are worth their time: each of these wrong meanings shows in some of them.

Each mutant changes one thing in the judge; the judge as it is must then disagree within a few hundred worlds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from property.choice import Seeded
from property.draw_world import world
from reference import actor, condition, event, expression, judge
from reference.world import Kind, Rule, Verdict, World

WORLDS = 1_500


@cache
def _world(seed: int) -> tuple[World, Verdict]:
    made = world(Seeded(seed))
    return made, judge.judge(made).verdict


def _window_closed_at_the_old_end(rule: Rule, earlier: Any, at: Any) -> bool:
    if rule.window[0] != "sliding":
        return judge._day(rule, earlier) == judge._day(rule, at)
    return bool(at.at - earlier.at <= rule.window[1])


def _last_copy_first(event_: event.Event) -> tuple[Any, ...]:
    names = sorted(event_.values, key=event.rank)
    return tuple((1,) if event_.values[n] is None else (0, event_.values[n]) for n in names)


def _greedy(
    steps: list[str], gap: int | None, window: list[condition.Observation], position: int
) -> list[condition.Observation] | None:
    chain: list[condition.Observation] = []
    for step in reversed(steps):
        earlier = [p for p in range(position) if step in window[p].components]
        if not earlier or (gap is not None and window[position].at - window[earlier[-1]].at > gap):
            return None
        position = earlier[-1]
        chain.insert(0, window[position])
    return chain


def _with(module: Any, name: str, change: Callable[[Any], Any]) -> tuple[Any, str, Any]:
    return (module, name, change(getattr(module, name)))


def _caps(step: int) -> dict[str, Kind]:
    return {name: Kind(kind.strong, kind.cap + step) for name, kind in actor._DEFAULT.items()}


def _rule(**changes: Callable[[Rule], Any]) -> Callable[[Any], Any]:
    """A function of a rule first, called with the rule changed."""

    def change(function: Any) -> Any:
        def changed(rule: Rule, *rest: Any) -> Any:
            return function(replace(rule, **{name: made(rule) for name, made in changes.items()}), *rest)

        return changed

    return change


def _condition(*changes: tuple[str, int, Callable[[Any], Any]]) -> Callable[[Rule], Any]:
    def change(rule: Rule) -> Any:
        parts = list(rule.condition)
        for kind, place, made in changes:
            if parts[0] == kind:
                parts[place] = made(parts[place])
        return tuple(parts)

    return change


def _turned(condition_: tuple[Any, ...]) -> tuple[Any, ...]:
    if condition_[0] != "ratio":
        return condition_
    _, of, to, *rest = condition_
    return ("ratio", to, of, *rest)


MUTANTS: dict[str, tuple[Any, str, Any]] = {
    "the window holds its old end": (judge, "_inside", _window_closed_at_the_old_end),
    "hits a window apart are one episode": (judge, "_closer", _window_closed_at_the_old_end),
    "k less one": _with(
        condition,
        "holds",
        _rule(condition=_condition(("combination", 1, lambda k: k - 1), ("velocity", 1, lambda n: n - 1))),
    ),
    "k and one": _with(
        condition,
        "holds",
        _rule(condition=_condition(("combination", 1, lambda k: k + 1), ("velocity", 1, lambda n: n + 1))),
    ),
    "minimum totals ignored": _with(condition, "holds", _rule(condition=_condition(("combination", 2, dict.fromkeys)))),
    "gap ignored": _with(condition, "holds", _rule(condition=_condition(("sequence", 2, lambda _: None)))),
    "gap excluded": _with(
        condition, "holds", _rule(condition=_condition(("sequence", 2, lambda gap: gap and gap - 1)))
    ),
    "sequence takes the latest and gives up": (condition, "_before", _greedy),
    "limit included": _with(condition, "holds", _rule(condition=_condition(("threshold", 3, lambda _: True)))),
    "limit excluded": _with(condition, "holds", _rule(condition=_condition(("threshold", 3, lambda _: False)))),
    "a ratio that is reached is passed": _with(
        condition, "holds", _rule(condition=_condition(("ratio", 3, lambda limit: str(float(limit) - 1e-9))))
    ),
    "a ratio of too few": _with(condition, "holds", _rule(condition=_condition(("ratio", 4, lambda n: n - 1)))),
    "a ratio of more": _with(condition, "holds", _rule(condition=_condition(("ratio", 4, lambda n: n + 1)))),
    "a ratio the other way round": _with(condition, "holds", _rule(condition=lambda rule: _turned(rule.condition))),
    "last copy kept": (judge, "_as_sorted", _last_copy_first),
    "unknown silences": _with(judge, "truth", lambda of: lambda *a: {None: True}.get(of(*a), of(*a))),
    "nothing is silenced": _with(
        judge, "alerts_of", lambda of: lambda w, r, *rest: of(w, replace(r, unless=None), *rest)
    ),
    "catalog by the whole category": _with(
        judge,
        "_components",
        lambda of: (
            lambda w, e: frozenset(
                c for m, v, c in w.catalog if (e.values.get("item") if m == "sku" else e.values.get("category")) == v
            )
        ),
    ),
    "titles beside codes": _with(
        judge, "_components", lambda of: lambda w, e: of(w, e) | judge._titled(w, str(e.values.get("title") or ""))
    ),
    "titles exclude nothing": _with(
        judge, "_titled", lambda of: lambda w, t: of(replace(w, catalog=[e for e in w.catalog if e[0] == "title"]), t)
    ),
    "titles say nothing": _with(judge, "_titled", lambda _: lambda _w, _t: frozenset()),
    "a kit has one component": _with(judge, "_components", lambda of: lambda w, e: frozenset(sorted(of(w, e))[:1])),
    "days in UTC": _with(judge, "_day", lambda of: lambda r, o: expression.local(o.at, "UTC").date()),
    "clock in UTC": _with(expression, "local", lambda of: lambda at, zone: of(at, "UTC")),
    "lists never expire": _with(
        expression, "_on_list", lambda of: lambda v, at, entries: of(v, at, [(e, f, None) for e, f, _ in entries])
    ),
    "unknown is false": _with(expression, "_compare", lambda of: lambda o, a, b: bool(of(o, a, b))),
    "caps one higher": (actor, "_DEFAULT", _caps(1)),
    "caps one lower": (actor, "_DEFAULT", _caps(-1)),
    "address joins": (actor, "_DEFAULT", {**_caps(0), "address": Kind(True, 10)}),
    "separations ignored": (actor, "_separated", lambda *_: False),
    "reasons in another order": _with(judge, "_REASONS", lambda of: list(reversed(of))),
    "by nothing is an observation": _with(judge, "_observed", lambda of: lambda w, r, e: True),
    "unreadable is missing": _with(
        judge, "_unusable", lambda of: lambda w, r, e: None if e.unreadable else of(w, r, e)
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_meaning_shows(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = [_world(seed) for seed in range(WORLDS)]
    module, name, wrong = MUTANTS[mutant]
    monkeypatch.setattr(module, name, wrong)
    for user in (judge, condition, actor):
        # Names that a module imported from another.
        if user is not module and hasattr(user, name):
            monkeypatch.setattr(user, name, wrong)
    for made, verdict in right:
        try:
            if judge.judge(made).verdict != verdict:
                return
        except (AssertionError, KeyError, TypeError, ValueError):
            # A meaning so wrong that it cannot even be carried out.
            return
    pytest.fail(f"no world out of {WORLDS} shows it")

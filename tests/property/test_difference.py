"""What differs between two sets of rules, over random rules: nothing that counts goes unsaid, nothing else is said."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings

from coincide.rules.context import Context
from coincide.rules.difference import WORDS, difference, parts
from coincide.rules.load import LoadedRule, load_text
from coincide.settings import Attribute
from property.choice import Choice, drawn
from property.draw_rule import DAY, HOUR, ZONES, rule
from property.workspace import rule_text

Pair = tuple[list[LoadedRule], list[LoadedRule]]
REVIEWED: dict[str, Any] = {"reviewed_by": "data protection officer", "reviewed_on": date(2025, 1, 1)}
DECLARED = {"colour": Attribute(type="text", **REVIEWED), "grade": Attribute(type="number", **REVIEWED)}


def pair(choice: Choice) -> Pair:
    """Two sets of rules: of the second, some are as in the first, some have other words, some another meaning."""
    sets: Pair = ([], [])
    for number in range(1 + choice.below(4)):
        drawn_rules = [rule(choice, number, DAY, HOUR, choice.of(ZONES)) for _ in range(2)]
        texts = [rule_text(one).replace(f"rule: {one.id}\n", f"rule: r{number}\n") for one in drawn_rules]
        first, second = texts[0], choice.of([texts[0], texts[1]])
        if choice.percent(30):
            second = second.replace("title: A rule of a test", "title: Another title")
        if choice.percent(30):
            second = second.replace("severity: low", "severity: high")
        for text, side in ((first, 0), (second, 1)):
            if choice.percent(90):
                sets[side].extend(load_text(text, context=Context(attributes=DECLARED)))
    return sets


@settings(deadline=None, max_examples=100)
@given(drawn(pair))
def test_a_difference_says_what_each_rule_became_and_parts_are_named_exactly_where_the_meaning_changed(
    sets: Pair,
) -> None:
    old, new = ({loaded.plan.rule: loaded for loaded in one} for one in sets)
    found = difference(*sets)
    assert [one.rule for one in found] == sorted(old.keys() | new.keys())
    for one in found:
        before, after = old.get(one.rule), new.get(one.rule)
        assert (one.old, one.new) == (before, after)
        if before is None or after is None:
            assert one.kind == ("added" if before is None else "removed")
            assert one.counts
            continue
        same = before.plan.fingerprint == after.plan.fingerprint
        assert (one.kind == "meaning") == (not same)
        assert bool(one.parts) == (not same)
        assert one.edited == tuple(key for key in WORDS if getattr(before.rule, key) != getattr(after.rule, key))
        assert one.counts == (not same or before.rule.status != after.rule.status)
        assert all(part.old != part.new for part in one.parts)
        assert [(part.name, part.new, part.old) for part in one.parts] == [
            (part.name, part.old, part.new) for part in parts(after.plan, before.plan)
        ]


@settings(deadline=None, max_examples=20)
@given(drawn(pair))
def test_rules_do_not_differ_from_themselves(sets: Pair) -> None:
    for one in difference(sets[0], sets[0]):
        assert (one.kind, one.parts, one.edited, one.status, one.counts) == ("same", (), (), None, False)

"""A skeleton is right as it stands, whatever the catalog has."""

from __future__ import annotations

import pytest

from coincide.rules.load import Context, load_text
from coincide.rules.rule import KIND_KEYS, Kind
from coincide.rules.skeleton import skeleton


@pytest.mark.parametrize("kind", KIND_KEYS)
@pytest.mark.parametrize("components", [(), ("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_a_skeleton_is_a_rule_without_a_mistake(kind: Kind, components: tuple[str, ...]) -> None:
    text = skeleton("its-id", kind, components)
    context = Context(components=frozenset(components) or None, link_kinds=frozenset(), lists=frozenset())
    (loaded,) = load_text(text, context=context)
    assert loaded.rule.rule == "its-id"
    assert loaded.rule.kind == kind
    assert loaded.rule.status == "draft"
    # A day is compared with a hundred others at least, more than a test has.
    assert any(test.alerts for test in loaded.rule.tests) or kind == "unusual-day"
    assert text.startswith("# yaml-language-server: $schema=")

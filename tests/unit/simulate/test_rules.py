"""The rules that the simulated and demo workspaces bring are right, as the rule language reads them."""

from __future__ import annotations

from importlib import resources

import pytest

from coincide.rules.load import Context, load_text
from coincide.simulate import journey
from coincide.simulate.item import COMPONENTS
from coincide.simulate.workspace import template


@pytest.mark.parametrize(
    ("workspace", "rule", "components"),
    [
        ("shop", "purchase-combination", set(COMPONENTS)),
        ("journey", "everyday-combination", set(journey.COMPONENTS.values())),
    ],
)
def test_the_rule_has_no_mistake_and_tests(workspace: str, rule: str, components: set[str]) -> None:
    context = Context(components=frozenset(components), link_kinds=frozenset({"card"}))
    (loaded,) = load_text(template(workspace, f"rules/{rule}.yaml"), context=context)
    assert loaded.plan.rule == rule
    assert set(loaded.plan.tagged or ()) == components
    assert len(loaded.rule.tests) >= 2


def test_every_workspace_of_the_package_data_is_tested_here() -> None:
    folders = resources.files("coincide.simulate").joinpath("demo").iterdir()
    # The marketplace has no rule of its own: it runs those of packs. Those of the city are run in `test_city_folder`.
    assert {folder.name for folder in folders} == {"shop", "journey", "marketplace", "city"}

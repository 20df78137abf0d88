"""The rules that packs come with: each says why, what is innocent, and on what it rests, and its tests hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincide.catalog.catalog import load as load_catalog
from coincide.catalog.managed_list import load as load_lists
from coincide.detect.trial import trial
from coincide.obligations.load import load as load_obligations
from coincide.packs import pack
from coincide.rules.context import Context
from coincide.rules.load import LoadedRule, load, load_text
from coincide.settings import Settings

OBLIGATIONS = {name: one.obligation for name, one in load_obligations(Path("/nowhere"), "none").items()}
RULES = [
    pytest.param(name, one, id=one.plan.rule)
    for name, found in pack.every().items()
    for one in load(found.rules, context=Context(obligations=OBLIGATIONS))
]


@pytest.mark.parametrize(("name", "one"), RULES)
def test_a_rule_of_a_pack_ships_in_shadow_and_says_all_that_a_person_needs(name: str, one: LoadedRule) -> None:
    rule = one.rule
    assert name
    assert rule.status == "shadow"
    assert len(rule.why) > 20
    assert rule.innocent
    assert rule.references
    # It fires, it just misses, and something innocent does not fire.
    assert len(rule.tests) >= 3
    alerts = [test.alerts for test in rule.tests]
    assert alerts.count(0) >= 2
    assert max(alerts) >= 1


@pytest.mark.parametrize(("name", "one"), RULES)
def test_the_tests_of_a_rule_hold_with_the_catalog_of_its_pack_alone(
    name: str, one: LoadedRule, tmp_path: Path
) -> None:
    catalog, lists = load_catalog(tmp_path, None, [name]), load_lists(tmp_path, "lists/*.csv", [name])
    for test in one.rule.tests:
        went = trial(one.plan, test, kind=one.rule.events[0], catalog=catalog, lists=lists, settings=Settings())
        assert went.passed, (test.name, went.found, went.refused)


@pytest.mark.parametrize(("name", "one"), RULES)
def test_a_rule_names_only_components_that_the_catalog_of_its_pack_has(name: str, one: LoadedRule) -> None:
    assert set(one.plan.tagged or ()) <= load_catalog(Path(), None, [name]).components


def test_what_the_regulation_names_is_what_the_pack_knows() -> None:
    from coincide.obligations.substance import substances

    loaded = load_obligations(Path("/nowhere"), "none")["eu-2019-1148"]
    assert set(substances(loaded) or ()) == load_catalog(Path(), None, ["eu-2019-1148"]).components


def test_events_of_a_test_are_of_the_kind_that_the_rule_names_first() -> None:
    text = (
        "rule: two\ntitle: Two\nstatus: draft\nseverity: low\nwhy: To try.\nbasis: {purpose: test, law: none}\n"
        "innocent: [anything]\nevents: [refund, purchase]\nby: account\nwithin: 2 days\nvelocity: {at_least: 1}\n"
        "where: kind = 'refund'\ntests: [{name: a refund, given: [{at: 2025-03-01}], expect: 1 alert}]\n"
    )
    (one,) = load_text(text, context=Context())
    catalog = load_catalog(Path(), None)
    assert trial(
        one.plan, one.rule.tests[0], kind=one.rule.events[0], catalog=catalog, lists={}, settings=Settings()
    ).passed

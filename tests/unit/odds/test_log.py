"""One pass for many rules: what is kept of those that are asked about, and of those that are only counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.run import Task
from coincide.engines.workspace import open_workspace
from coincide.entities.link import link
from coincide.odds.log import Log, read
from coincide.odds.neighbour import neighbours, table
from coincide.rules.plan import Plan
from kinshop import HEAD, LINKED, RULE, TOML

CATALOG = "match,value,component\nsku,s1,timer\nsku,s2,steel-balls\n"


def task(folder: Path) -> Task:
    """Anna and Bert share a card and a home; Cora bought both things."""
    (folder / "purchases").mkdir()
    for name, text in {
        "coincide.toml": TOML,
        "catalog.csv": CATALOG,
        "rules/two-things.yaml": RULE,
        "purchases/a.csv": HEAD + LINKED,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    opened = open_workspace(folder)
    feeds = [
        Feed(name, opened.settings.sources[name], reader, tuple(reader.files()), tuple(reader.files()))
        for name, reader in opened.readers.items()
    ]
    plans = [loaded.plan for loaded in opened.rules]
    entities = opened.settings.entities
    return Task(plans, feeds, opened.catalog, opened.lists, opened.settings, lambda edges: link(edges, entities))


def counts(log: Log, plan: Plan) -> tuple[list[int], int]:
    one = log.matched[plan.rule]
    assert one.plan == plan
    return one.who.tolist(), one.alerts


def test_neighbours_are_decided_in_the_rules_pass_and_only_counted(tmp_path: Path) -> None:
    asked = task(tmp_path)
    (plan,) = asked.plans
    beside = neighbours(plan)
    log = read(replace(asked, plans=[plan, *(one.plan for one in beside)]), only={plan.rule})
    assert [(line["name"], line["actors"], line["alerts"]) for line in table(beside, log.matched, 10)] == [
        ("at least 1 of 2", 2, 2),
        ("within 15 days", 2, 2),
        ("within 60 days", 2, 2),
        ("without steel-balls, at least 1 of 1", 2, 2),
        ("without timer, at least 1 of 1", 2, 2),
    ]
    assert set(log.decided) == {plan.rule}
    assert log.found.read == 4
    assert {name: len(told) for name, told in log.found.episodes.items()} == {
        plan.rule: 2,
        **{one.plan.rule: 0 for one in beside},
    }


def test_each_is_counted_as_in_a_pass_of_its_own(tmp_path: Path) -> None:
    asked = task(tmp_path)
    (plan,) = asked.plans
    by_account = replace(plan, rule="by-account", by="account")
    plans = [plan, by_account, *(one.plan for one in neighbours(by_account))]
    together = read(replace(asked, plans=plans), only=())
    assert not together.decided
    for one in plans:
        alone = read(replace(asked, plans=[one]))
        assert set(alone.decided) == {one.rule}
        assert len(alone.found.episodes[one.rule]) == alone.matched[one.rule].alerts
        who, alerts = counts(together, one)
        assert (len(who), alerts) == (len(alone.matched[one.rule].who), alone.matched[one.rule].alerts)

"""Workspaces that a benchmark scans: made anew for every run, so that nothing of an earlier one is known."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import log as bench_log
from yardstick import FIFTY, ONE, VELOCITY, Rule

SETTINGS = """
[sources.purchases]
kind = "purchase"
files = "{log}/*.{format}"

[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
{links}
[catalog]
files = "catalog.csv"
"""
LINKS = """
[sources.purchases.links]
card = "card_no"
"""
RULE = """rule: {id}
title: {id}
status: live
severity: high
why: A rule to measure.
basis: {{purpose: measurement, law: "none: the log is made up"}}
innocent: [the log is made up]
events: purchase
{body}
"""


def place(folder: Path, log: Path, rules: dict[str, str], *, links: bool) -> Path:
    """A workspace over the log's files with these rules; whatever was there is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "rules").mkdir(parents=True)
    format = "parquet" if any(log.glob("*.parquet")) else "csv"
    settings = SETTINGS.format(log=log.resolve().as_posix(), format=format, links=LINKS if links else "")
    (folder / "coincide.toml").write_text(settings, encoding="utf-8")
    with (folder / "catalog.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [("sku", sku, component) for sku, component in bench_log.catalog()]
        csv.writer(file, lineterminator="\n").writerows([("match", "value", "component"), *rows])
    for id, body in rules.items():
        (folder / "rules" / f"{id}.yaml").write_text(RULE.format(id=id, body=body), encoding="utf-8")
    return folder


def combination(rule: Rule = ONE, *, by: str = "account") -> dict[str, str]:
    """The combination rule as a file's text, by its id."""
    k, days = rule
    components = ", ".join(bench_log.COMPONENTS)
    body = f"where: quantity > 0\nby: {by}\nwithin: {days} days\ncombination: {{at_least: {k}, of: [{components}]}}"
    return {rule_id(rule): body}


def rule_id(rule: Rule) -> str:
    """The id under which the rule's alerts are found again."""
    return f"combination-{rule[0]}-of-4-in-{rule[1]:02d}"


def fifty() -> dict[str, str]:
    """Fifty combination rules that all read the same matched lines."""
    return {id: body for rule in FIFTY for id, body in combination(rule).items()}


def velocity() -> dict[str, str]:
    """Twelve lines in 24 hours; every line is an observation."""
    return {"velocity": f"by: account\nwithin: 24 hours\nvelocity: {{at_least: {VELOCITY}}}"}

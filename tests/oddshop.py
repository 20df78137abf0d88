"""A small workspace with rules of several kinds, and odds on record as a backtest would leave them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run
from coincide.engines.workspace import open_workspace
from coincide.store import odds
from coincide.store.database import open_database
from coincide.store.odds import RuleOdds

KEY = "11" * 32
SETTINGS = """\
[sources.shop]
kind = "purchase"
files = "purchases/*.csv"
[sources.shop.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
[catalog]
files = "catalog.csv"
"""
KINDS = {
    "three": "within: 10 days\ncombination: {at_least: 3, of: [vessel, timer, balls]}",
    "one": "within: 10 days\ncombination: {at_least: 1, of: [vessel]}",
    "often": "within: 1 days\nvelocity: {at_least: 3}",
    "much": "within: 5 days\nthreshold: {sum: quantity, more_than: 10}",
    "steps": "within: 30 days\nsequence: {steps: [vessel, timer, balls], gap: 10 days}",
    "back": "within: 30 days\nratio: {of: return, to: purchase, more_than: 0.5, at_least: 2}",
}
HEAD = "id,when,customer,sku,qty\n"


def rule(id_: str, status: str = "live", kind: str | None = None) -> str:
    events = "[purchase, return]" if (kind or id_) == "back" else "purchase"
    return (
        f"rule: {id_}\ntitle: A rule\nstatus: {status}\nseverity: high\nwhy: To try.\n"
        f"basis: {{purpose: test, law: a law}}\ninnocent: [anything]\nevents: {events}\nby: account\n"
        f"{KINDS[kind or id_]}\n"
    )


@dataclass
class Shop:
    """The workspace, and the commands called in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def bought(self, rows: list[tuple[str, str, str, int]], file: str = "1") -> None:
        """Rows of a file: when, who, what, how many."""
        lines = (f"{file}-{number},{','.join(map(str, row))}" for number, row in enumerate(rows))
        self.write(f"purchases/{file}.csv", HEAD + "".join(f"{line}\n" for line in lines))

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Status, stdout and stderr of a command."""
        self.capsys.readouterr()
        status = run([*arguments, "-w", str(self.folder)])
        out, err = self.capsys.readouterr()
        return status, out, err

    def json(self, *arguments: str, status: int = 0) -> Any:
        """The document that a command prints."""
        found, out, err = self.call(*arguments, "--json")
        assert found == status, err
        return json.loads(out)

    def acts(self) -> list[tuple[str, str]]:
        """What the ledger has, oldest first."""
        return [(one["act"], one["object"]) for one in self.json("ledger", "list")["entries"]]

    def fingerprint(self, rule_: str) -> str:
        """Of the rule as it is now."""
        return next(one.plan.fingerprint for one in open_workspace(self.folder).rules if one.plan.rule == rule_)

    def backtested(self, rule_: str, document: dict[str, Any], at: int = 1) -> None:
        """Puts the document of a backtest on record."""
        with open_database(self.folder / ".coincide").writing() as connection:
            odds.save(connection, RuleOdds(self.fingerprint(rule_), rule_, at, document))


def made(folder: Path, capsys: pytest.CaptureFixture[str], rules: dict[str, str]) -> Shop:
    """A workspace with these rules (id and status), each of the kind that it is called by, and no purchases."""
    shop = Shop(folder, capsys)
    shop.write("coincide.toml", SETTINGS)
    shop.write("catalog.csv", "match,value,component\nsku,V,vessel\nsku,T,timer\nsku,B,balls\n")
    for id_, status in rules.items():
        shop.write(f"rules/{id_}.yaml", rule(id_, status))
    return shop


def backtest(
    *,
    alerts: int = 40,
    actors: int = 40,
    mean: float | None = 40.0,
    days: float = 400.0,
    to: str = "2025-01-01T00:00:00Z",
    placebos: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The parts of a backtest's document that say what to expect."""
    controls = {"rules": 200, "factor": 1.0, "variation": 0.1, "drift": 0.1} if placebos is None else placebos
    return {
        "coincide": "backtest/1",
        "paragraph": ["So many matched.", "Nothing here says why someone bought."],
        "short": "So many matched. This is about the rule, not about this alert.",
        "log": {"from": "2024-01-01T00:00:00Z", "to": to, "days": days, "actors": 1000, "lines": 10**6},
        "counts": {"examined": 1000, "actors": actors, "alerts": alerts},
        "deals": {"why_not": "no components"} if mean is None else {"deals": 200, "mean": mean, "seed": 1},
        "placebos": controls,
        "examples": {"typical": [{"actor": "p-secret"}], "odd": []},
    }

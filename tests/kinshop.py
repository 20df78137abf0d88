"""A small workspace with linked accounts and rows that cannot be used, and the commands called in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run
from coincide.entities.key import load
from coincide.entities.pseudonym import pseudonym

TOML = """\
[sources.purchases]
kind = "purchase"
files = "purchases/*.csv"
timezone = "UTC"
[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
[sources.purchases.links]
card = "card"
address = "home"
[entities]
group_limit = 3
[entities.kinds.card]
cap = 4
[catalog]
files = "catalog.csv"
"""
RULE = """\
rule: two-things
title: Two things
status: live
severity: low
why: To try it.
basis: {purpose: public-safety, law: "Regulation (EU) 2016/679, Article 6(1)(f)"}
innocent: [shopping]
events: purchase
by: actor
within: 30 days
combination: {at_least: 2, of: [timer, steel-balls]}
tests:
  - name: both
    given: [{at: 2025-03-01, component: timer}, {at: 2025-03-02, component: steel-balls}]
    expect: 1 alert
"""
HEAD = "id,when,customer,sku,card,home\n"
LINKED = (
    "1,2025-03-01T10:00:00,anna,s1,c1,h1\n"
    "2,2025-03-02T10:00:00,bert,s2,c1,h1\n"
    "3,2025-03-03T10:00:00,cora,s1,c2,\n"
    "4,2025-03-04T10:00:00,cora,s2,c2,\n"
)


@dataclass
class Shop:
    """The workspace."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> None:
        """Writes a file of the workspace."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def rows(self, rows: str, name: str = "purchases/a.csv") -> None:
        """Writes a file of purchases."""
        self.write(name, HEAD + rows)

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Status, stdout and stderr of a command."""
        self.capsys.readouterr()
        status = run([*arguments, "-w", str(self.folder)])
        out, err = self.capsys.readouterr()
        return status, out, err

    def json(self, *arguments: str) -> Any:
        """The document that a command prints."""
        status, out, err = self.call(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    def name(self, account: str, namespace: str = "purchases") -> str:
        """The pseudonym that the account has now."""
        return pseudonym(namespace, account, load(self.folder / ".coincide/key").current)


def made(folder: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    """A workspace in which anna and bert share a card and an address, and cora is alone."""
    shop = Shop(folder, capsys)
    shop.write("coincide.toml", TOML)
    shop.write("catalog.csv", "match,value,component\nsku,s1,timer\nsku,s2,steel-balls\n")
    shop.write("rules/two-things.yaml", RULE)
    shop.rows(LINKED)
    return shop

"""A shop with regulated goods, titles in several scripts and a known key, after its first scan."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

import pytest

from coincide.alerts import register
from coincide.alerts.alert import Alert
from coincide.cli.main import run
from coincide.engines.workspace import Workspace, open_workspace
from coincide.entities import key
from coincide.ledger.book import Book
from coincide.ledger.staff import Staff
from coincide.store.database import Database
from ledgershop import LedgerShop

ANNA, BERT, CORA, DORA = (
    "anna.petrova@shop.example",
    "bert.olsen@shop.example",
    "cora@shop.example",
    "dora@shop.example",
)
CARD = "4539-7721-0048"
AT = 1_743_508_800_000_000
"""2025-04-01T12:00:00Z."""

TOML = """\
[sources.orders]
kind = "purchase"
files = "orders/*.csv"
timezone = "Europe/Paris"
[sources.orders.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
title = "name"
quantity = "pieces"
content = "holds"
unit = "unit"
status = "state"
customer_type = "class"
payment_method = "paid"
[sources.orders.links]
card = "card"
[sources.orders.attributes]
concentration = "strength"
[attributes.concentration]
type = "text"
[catalog]
files = "catalog.csv"
"""
CATALOG = """\
match,value,component
sku,AC-5,acetone
sku,HP-12,hydrogen-peroxide
sku,TM-1,timer
sku,SB-6,steel-balls
"""
HEAD = "id,when,customer,sku,name,pieces,holds,unit,state,class,paid,strength,card\n"
LONG = "Nagellackentferner-Nachfüllkanister-für-Werkstatt-und-Gewerbe-" * 4
ROWS = (
    f'1,2025-03-01T10:00:00,{ANNA},AC-5,"Aceton <b>rein</b> & ""techn.""",3,5,l,completed,consumer,cash,99 %,{CARD}\n'
    f"2,2025-03-29T23:30:00,{BERT},HP-12,過氧化氫 12%,2.50,1,l,attempted,consumer,cash,12 %,{CARD}\n"
    f"3,2025-03-30T03:30:00,{ANNA},AC-5,{LONG},1,25,l,refused,consumer,card,,{CARD}\n"
    f"4,2025-03-02T09:00:00,{CORA},TM-1,مؤقت مطبخ,1,,,,,,,\n"
    f"5,2025-03-03T09:00:00,{CORA},SB-6,Steel balls 6 mm,200,,,completed,,voucher,,\n"
    f"6,2025-03-04T09:00:00,{DORA},AC-5,Acetone,1,,,completed,business,invoice,,\n"
    f"7,2025-03-05T09:00:00,{DORA},TM-1,Timer,1,,,completed,business,invoice,,\n"
)


def rule(id_: str, components: str, basis: str, *, status: str = "live", title: str = "") -> str:
    """A combination of two components within a month."""
    return (
        f"rule: {id_}\ntitle: {title or id_}\nstatus: {status}\nseverity: low\nwhy: To try it.\n"
        f"basis: {{purpose: public-safety, {basis}}}\ninnocent: [a workshop]\nevents: purchase\nwithin: 30 days\n"
        f"combination: {{at_least: 2, of: [{components}]}}\n"
    )


RULES = {
    "precursors": rule(
        "precursors",
        "acetone, hydrogen-peroxide",
        'law: "Regulation (EU) 2019/1148, Article 9", obligation: eu-2019-1148, ground: c',
        title="Two regulated goods together",
    ),
    "household": rule("household", "timer, steel-balls", 'law: "Regulation (EU) 2016/679, Article 6(1)(f)"'),
    "trial": rule("trial", "timer, acetone", 'law: "Regulation (EU) 2019/1148, Article 9(1)(e)"', status="shadow"),
}
"""Alerts: A-1 household (cora), A-2 precursors (anna and bert), A-3 trial (dora)."""
HOUSEHOLD, PRECURSORS, TRIAL = 1, 2, 3


class ReportShop(LedgerShop):
    """The workspace, and its parts for those who call no command."""

    @property
    def workspace(self) -> Workspace:
        return open_workspace(self.folder)

    def book(self, database: Database, purpose: str = "a test") -> Book:
        return Book(database, self.place, Staff("kim", purpose=purpose))

    def alert(self, id_: int) -> Alert:
        with self.database() as database, database.reading() as connection:
            found = register.find(connection, id_)
        assert found is not None
        return found


def scanned(folder: Path) -> Path:
    """The shop after its first scan, to copy."""
    for name, text in (
        ("coincide.toml", TOML),
        ("catalog.csv", CATALOG),
        ("orders/a.csv", HEAD + ROWS),
        *((f"rules/{id_}.yaml", text) for id_, text in RULES.items()),
    ):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    key.load_or_make(folder / ".coincide/key", random=bytes)  # of nothing but zeros, so that pseudonyms are known
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["scan", "-w", str(folder)]) == 0
    return folder


def copied(folder: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> ReportShop:
    """A shop of its own, as the other is."""
    shutil.copytree(folder, place)
    return ReportShop(place, capsys)

"""A small shop as a user's folder, whose second scan supersedes one alert and withdraws another."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

SETTINGS = """
[sources.purchases]
kind = "purchase"
files = "purchases/*.csv"
timezone = "UTC"
[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
[sources.purchases.links]
card = "card"
[catalog]
files = "catalog.csv"
"""
RULES = """
rule: vessel-and-timer
title: A vessel and a timer
status: live
severity: high
why: Ordinary apart.
innocent: [a kitchen]
basis: {purpose: public-safety, law: a test rests on none}
events: purchase
by: actor
within: 3 days
combination: {at_least: 2, of: [pressure-vessel, timer]}
---
rule: many-lines
title: Many lines
status: shadow
severity: low
why: To have a second rule.
innocent: [a shop]
basis: {purpose: public-safety, law: a test rests on none}
events: purchase
by: account
within: 1 days
where: "quantity >= 5"
velocity: {at_least: 2}
"""
CATALOG = "match,value,component\nsku,cooker,pressure-vessel\nsku,clock,timer\n"
HEADER = "id,when,customer,sku,qty,card\n"
START = datetime(2025, 3, 1, tzinfo=UTC)

BOTH = """\
a1,0.0,ann,cooker,1,c1
a2,1.0,bea,clock,1,c1
a2,1.0,bea,clock,1,c1
a3,5.0,ann,cooker,5,c1
a4,6.0,ann,clock,6,c1
,6.0,ann,clock,7,c1
a5,never,ann,clock,8,c1
a6,6.0,ann,"clock
a7,7.0,ann,bread,1,c1
"""
LEAVES = "l1,20.0,cem,cooker,1,\nl2,20.5,cem,clock,1,\nl3,never,cem,clock,1,\nl4,21,dan,bread\n"
JOINS = "j1,2.9,ann,clock,1,c1\nj2,3.5,bea,cooker,5,c1\nj3,3.5,bea,cooker,few,c2\n,3.6,bea,cooker,9,c2\n"


def found(folder: Path) -> Path:
    """A workspace before its first scan: two alerts of one actor in one file, one of another in a second file."""
    for name in ("rules", "purchases"):
        (folder / name).mkdir(parents=True)
    (folder / "coincide.toml").write_text(SETTINGS, "utf-8")
    (folder / "rules" / "rules.yaml").write_text(RULES, "utf-8")
    (folder / "catalog.csv").write_text(CATALOG, "utf-8")
    _write(folder / "purchases" / "both.csv", BOTH)
    _write(folder / "purchases" / "leaves.csv", LEAVES)
    return folder


def change(folder: Path) -> None:
    """One file comes, whose lines join two alerts; one goes, and an alert with it."""
    _write(folder / "purchases" / "joins.csv", JOINS)
    (folder / "purchases" / "leaves.csv").unlink()


def turn(folder: Path, number: int) -> None:
    """One file becomes another for each number, and the alert of its lines with it; another comes and goes."""
    joins = folder / "purchases" / "joins.csv"
    if joins.exists():
        joins.unlink()
    else:
        _write(joins, JOINS)
    lines = (
        f"t{number},{30 + number}.0,cem,cooker,1,",
        f"u{number},{30 + number}.5,cem,clock,1,",
        "v,never,cem,clock,1,",
    )
    _write(folder / "purchases" / "turn.csv", "\n".join(lines))


def grow(folder: Path, lines: int) -> None:
    """A file of so many lines, each a match, of which one in a hundred cannot be used."""
    rows = []
    for number in range(lines):
        when = "never" if number % 100 == 0 else str(30 + number % 1000 / 10)
        rows.append(f"g{number},{when},u{number % 977},{('cooker', 'clock')[number % 2]},{number % 7},\n")
    _write(folder / "purchases" / "grown.csv", "".join(rows))


def _write(path: Path, lines: str) -> None:
    rows = []
    for line in lines.splitlines():
        cells = line.split(",")
        if cells[1].replace(".", "").isdigit():
            cells[1] = (START + timedelta(days=float(cells[1]))).isoformat()
        rows.append(",".join(cells) + "\n")
    path.write_text(HEADER + "".join(rows), "utf-8")
    # Older than any scan: a file that is as new as the scan is hashed whole, which is another test's matter.
    os.utime(path, (START.timestamp(), START.timestamp()))

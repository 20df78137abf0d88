"""``coincide discover`` from files: what it reads, what it says, and that it can neither raise nor keep anything."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from coincide.catalog.assortment import load
from coincide.cli.discover import discover
from coincide.engines.embedded.incidence import incidence
from coincide.engines.workspace import open_workspace
from coincide.entities.link import link
from coincide.odds.errors import PageIsThere
from coincide.settings import Settings

SOURCE = Path(__file__).parents[3] / "src" / "coincide"
SETTINGS = """
[sources.shop]
files = "log-*.csv"
timezone = "UTC"
[sources.shop.columns]
event_id = "id"
occurred_at = "at"
kind = "kind"
status = "status"
account = "customer"
item = "sku"
category = "shelf"
[sources.shop.links]
card = "card"
"""
ASSORTMENT = """
[assortment]
files = "goods.csv"
item = "sku"
type = "sort"
"""
SORTS = ("saw", "flour", "rope", "tea", "paint", "soap")


def shop(folder: Path, *, customers: int = 120, days: int = 95, assortment: bool = True, seed: int = 1) -> Path:
    """Customers who cook and customers who build; saws and flour meet in two baskets only."""
    dice = random.Random(seed)
    rows = []
    for customer in range(customers):
        for day in range(0, days, 6):
            own = ("flour", "tea", "soap") if customer % 2 else ("saw", "rope", "paint", "soap")
            kept = [name for name in own if dice.random() < 0.5]
            if customer < 2 and day == 0:
                kept = ["saw", "flour"]
            for name in kept:
                date = f"2025-{1 + day // 30:02}-{1 + day % 28:02}T10:00:00"
                item, card = f"{name}-{dice.randrange(2)}", f"card {customer}"
                rows.append((date, f"cust{customer:04}", item, f"shelf {name}", "purchase", "completed", card))
    rows.append(("2025-01-01T00:00:00", "cust0000", "soap-0", "shelf soap", "purchase", "", "card 0"))
    # What is no purchase, was refused, or cannot be read does not count.
    for number in range(60):
        for item in ("saw-0", "flour-0"):
            rows.append(("2025-01-05T10:00:00", f"cust{number:04}", item, "shelf saw", "return", "", ""))
            rows.append(("2025-01-05T10:00:00", f"cust{number:04}", item, "shelf saw", "purchase", "refused", ""))
            rows.append(("yesterday", f"cust{number:04}", item, "shelf saw", "purchase", "completed", ""))
            rows.append(("2025-01-05T10:00:00", "", item, "shelf saw", "purchase", "completed", ""))
    for half in (0, 1):
        lines = [f"{number},{','.join(row)}" for number, row in enumerate(rows) if number % 2 == half]
        text = "\n".join(["id,at,customer,sku,shelf,kind,status,card", *lines]) + "\n"
        (folder / f"log-{half}.csv").write_text(text, encoding="utf-8")
    goods = [f"{name}-{number},{name}" for name in SORTS for number in (0, 1)]
    (folder / "goods.csv").write_text("\n".join(["sku,sort", *goods]) + "\n", encoding="utf-8")
    (folder / "coincide.toml").write_text(SETTINGS + (ASSORTMENT if assortment else ""), encoding="utf-8")
    return folder


def run(folder: Path, *arguments: str) -> Any:
    return CliRunner().invoke(discover, ["-w", str(folder), *arguments], catch_exceptions=False)


def told(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run(folder, "--json", *arguments)
    assert done.exit_code == 0
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def tree(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        for file in sorted(folder.rglob("*"))
    }


def test_saws_and_flour_hardly_ever_meet(tmp_path: Path) -> None:
    found = told(shop(tmp_path))
    assert found["coincide"] == "discover/1"
    assert (found["log"]["actors"], found["log"]["by"]) == (120, "item type")
    saw_and_flour = next(one for one in found["pairs"] if one["types"] == ["flour", "saw"])
    assert (saw_and_flour["met"], saw_and_flour["under"]) == (None, 5)
    assert saw_and_flour["sentence"].startswith("flour and saw, ")
    assert "met in fewer than 5 months where" in saw_and_flour["sentence"]


def test_what_was_counted_is_what_plain_loops_count(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    opened = open_workspace(shop(tmp_path))
    found = incidence(opened, load(tmp_path, opened.settings.assortment), 30, None)
    rows: list[dict[str, str]] = []
    for file in sorted(tmp_path.glob("log-*.csv")):
        rows += csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    made = [row for row in rows if row["kind"] == "purchase" and row["status"] in ("", "completed")]
    good = [row for row in made if row["at"] != "yesterday"]
    day = {id(row): datetime.fromisoformat(row["at"]).replace(tzinfo=UTC).toordinal() for row in good}
    first, last = min(day.values()), max(day.values())
    assert found.days == last - first + 1
    marks = {
        (row["customer"], (day[id(row)] - first) // 30, row["sku"].rpartition("-")[0])
        for row in good
        if row["customer"] and (day[id(row)] - first) // 30 < found.days // 30
    }
    assert len(found.window) == len(marks)
    assert found.windows == len({mark[:2] for mark in marks})
    assert found.names == tuple(sorted(SORTS))
    for place, name in enumerate(found.names):
        here = found.window[found.type == place]
        assert len(here) == sum(mark[2] == name for mark in marks)
        assert len(set(found.owner[here].tolist())) == len({mark[0] for mark in marks if mark[2] == name})


def test_accounts_that_a_card_ties_are_one_actor(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    text = (folder / "log-0.csv").read_text() + (folder / "log-1.csv").read_text().split("\n", 1)[1]
    # Two customers each share a card: what one buys, both have bought.
    for customer in range(120):
        text = text.replace(f",card {customer}\n", f",shared-{customer // 2}\n")
    (folder / "log-0.csv").write_text(text)
    (folder / "log-1.csv").unlink()
    opened = open_workspace(folder)
    goods = load(folder, opened.settings.assortment)
    apart = incidence(opened, goods, 30, None)
    tied = incidence(opened, goods, 30, lambda edges: link(edges, opened.settings.entities))
    assert (int(apart.owner.max()) + 1, int(tied.owner.max()) + 1) == (120, 60)
    assert told(folder)["log"]["actors"] == 60
    # Now builders and cooks share a month, and nothing is odd about saws and flour.
    assert all(one["types"] != ["flour", "saw"] for one in told(folder)["pairs"])


def test_without_an_assortment_types_are_categories_and_without_those_items(tmp_path: Path) -> None:
    folder = shop(tmp_path, assortment=False)
    assert told(folder)["log"]["by"] == "category"
    assert ["shelf flour", "shelf saw"] in [one["types"] for one in told(folder)["pairs"]]
    settings = (folder / "coincide.toml").read_text().replace('category = "shelf"\n', "")
    (folder / "coincide.toml").write_text(settings)
    assert told(folder)["log"]["by"] == "item"
    assert ["flour-0", "saw-0"] in [one["types"] for one in told(folder)["pairs"]]


def test_numbers_as_accounts_and_items_are_the_same_as_text(tmp_path: Path) -> None:
    import polars as pl

    rows = {
        "customer": [1, 1, 2],
        "sku": [7, 8, 7],
        "at": ["2025-01-01", "2025-01-02", "2025-02-01"],
        "id": ["a", "b", "c"],
    }
    pl.DataFrame(rows).write_parquet(tmp_path / "log.parquet")
    pl.DataFrame({"sku": ["7", "8"], "sort": ["x", "y"]}).write_csv(tmp_path / "goods.csv")
    shops = '[sources.shop]\nkind="purchase"\nfiles="log.parquet"\ntimezone="UTC"\n[sources.shop.columns]\n'
    columns = 'event_id="id"\noccurred_at="at"\naccount="customer"\nitem="sku"\n'
    (tmp_path / "coincide.toml").write_text(shops + columns + ASSORTMENT)
    opened = open_workspace(tmp_path)
    found = incidence(opened, load(tmp_path, opened.settings.assortment), 30, None)
    assert (found.names, found.windows, len(found.window), found.days) == (("x", "y"), 1, 2, 32)


def test_no_account_date_or_key_leaves(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    page = tmp_path / "out.html"
    said = run(folder).stdout + json.dumps(told(folder, "--html", str(page), "--most", "1000")) + page.read_text()
    for secret in ("cust", "card ", "2025", "shared"):
        assert secret not in said


def test_it_writes_nothing_into_the_workspace(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    before = tree(folder)
    run(folder)
    assert tree(folder) == before


def test_what_it_runs_on_has_no_way_to_write_a_store(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    code = f"""
import sys
from coincide.cli.main import run
status = run(['discover', '-w', {str(folder)!r}, '--json', '--html', {str(folder / "x.html")!r}])
own = ('coincide.alerts', 'coincide.ledger', 'coincide.store', 'coincide.reports.service', 'sqlalchemy')
print(sorted(name for name in sys.modules if name.startswith(own)), file=sys.stderr)
sys.exit(status)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Of the store it has what writes the page, whole and durably, and what that needs.
    assert ast.literal_eval(done.stderr.splitlines()[-1]) == [
        "coincide.store",
        "coincide.store.durable",
        "coincide.store.failpoint",
        "coincide.store.private",
    ]


def test_nothing_but_its_command_reads_what_it_finds() -> None:
    own = {"discover", "discovery", "meeting", "idea", "matrix", "pair", "quadruple"}
    users = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom) and node.module == "coincide.odds":
                names = [f"coincide.odds.{alias.name}" for alias in node.names]
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.removeprefix("coincide.odds.") in own and name.startswith("coincide.odds.") for name in names):
                users.add(str(file.relative_to(SOURCE)))
    assert users - {f"odds/{name}.py" for name in own} == {"cli/discover.py"}


def test_the_rule_is_a_draft_that_can_be_read(tmp_path: Path) -> None:
    rule = told(shop(tmp_path))["rule"]
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "idea.yaml").write_text(rule)
    assert "status: draft" in rule
    catalog = "match,value,component\n" + "".join(f"sku,{name}-0,{name}\n" for name in SORTS)
    (tmp_path / "catalog.csv").write_text(catalog)
    with (tmp_path / "coincide.toml").open("a") as settings:
        settings.write('[catalog]\nfiles = "catalog.csv"\n')
    plans = [loaded.plan for loaded in open_workspace(tmp_path).rules]
    assert len(plans) == 1
    assert open_workspace(tmp_path).chosen(()) == []


def test_the_page_is_whole_in_one_file_and_is_not_written_over(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    page = tmp_path / "new.html"
    run(folder, "--html", str(page))
    html = page.read_text()
    assert "default-src &#39;none&#39;" in html
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert "&lt;5 / " in html
    with pytest.raises(PageIsThere, match="is not written over"):
        run(folder, "--html", str(page))
    assert page.read_text() == html


@pytest.mark.parametrize("window", ["30", "0 days", "2 hours", "-1 days", "4000 days", "month", "1.5 days"])
def test_a_window_is_whole_days_or_weeks(tmp_path: Path, window: str) -> None:
    done = run(shop(tmp_path, customers=1), "--window", window)
    assert done.exit_code == 2
    assert "no whole number of days or weeks" in done.stderr


def test_weeks_are_taken(tmp_path: Path) -> None:
    found = told(shop(tmp_path), "--window", "1 week")
    assert found["window_days"] == 7
    assert "weeks" in found["pairs"][0]["sentence"]


@pytest.mark.parametrize("name", ["page.txt", "nowhere/page.html"])
def test_a_page_that_cannot_be_is_refused_before_anything_is_read(tmp_path: Path, name: str) -> None:
    assert run(tmp_path, "--html", str(tmp_path / name)).exit_code == 2


@pytest.mark.parametrize(
    ("customers", "days", "says"),
    [(1, 95, "1 actor; 50 needed"), (120, 20, "a window has 30"), (49, 95, "49 actors; 50 needed")],
)
def test_a_log_that_is_too_small_is_answered_in_words(tmp_path: Path, customers: int, days: int, says: str) -> None:
    folder = shop(tmp_path, customers=customers, days=days)
    done = run(folder)
    assert done.exit_code == 0
    assert says in done.stdout
    assert says in told(folder)["why_not"]


def test_an_empty_log_is_answered_in_words(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    for file in folder.glob("log-*.csv"):
        file.write_text("id,at,customer,sku,shelf,kind,status,card\n")
    assert "there is no purchase in the log" in run(folder).stdout


def test_the_settings_have_an_assortment() -> None:
    assert Settings.model_validate({"assortment": {"files": "a", "item": "b", "type": "c"}}).assortment is not None

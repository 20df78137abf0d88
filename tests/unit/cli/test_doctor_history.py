"""``coincide doctor --history``: each way in which a source or a rule dies is found, in every format."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.cli.main import run

GOLDEN = Path(__file__).parents[2] / "golden" / "doctor"
TOML = """\
memory = "500MB"
[sources.purchases]
kind = "purchase"
files = "purchases/*.{format}"
timezone = "{zone}"
[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
status = "state"
[catalog]
files = "catalog.csv"
"""
RULE = """\
rule: {name}
title: Two things
status: live
severity: low
why: To try it.
basis: {{purpose: public-safety, law: "Regulation (EU) 2016/679, Article 6(1)(f)"}}
innocent: [shopping]
events: purchase
by: account
{where}
within: 30 days
combination: {{at_least: 2, of: [timer, steel-balls]}}
tests:
  - name: both
    given: [{{at: 2025-03-01, component: timer{given}}}, {{at: 2025-03-02, component: steel-balls{given}}}]
    expect: 1 alert
"""
LAST = date(2025, 6, 29)
"""A Sunday: the last whole day of the log."""
AT = "2025-06-30T06:00:00Z"
Row = dict[str, Any]
Change = Callable[[date, list[Row]], list[Row]]


@dataclass
class Shop:
    """A workspace with ten steady weeks, and what doctor says of it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    format: str = "csv"
    zone: str = "UTC"

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def make(self, change: Change = lambda _, rows: rows, *, days: int = 70, per_day: int = 24, more: str = "") -> None:
        """A file for each week, of ``days`` to the last; ``change`` gets each day and its rows."""
        self.write("coincide.toml", TOML.format(format=self.format, zone=self.zone) + more)
        self.write("catalog.csv", "match,value,component\nsku,s0,timer\nsku,s1,steel-balls\n")
        self.rule()
        weeks: dict[int, list[Row]] = {}
        for back in range(days - 1, -1, -1):
            day = LAST - timedelta(days=back)
            weeks.setdefault(back // 7, []).extend(change(day, list(_day(day, per_day))))
        for week, rows in weeks.items():
            if rows:
                self.log(f"purchases/week-{99 - week}.{self.format}", rows)

    def rule(self, name: str = "two-things", where: str = "", given: str = "") -> None:
        self.write(f"rules/{name}.yaml", RULE.format(name=name, where=where, given=given))

    def log(self, name: str, rows: list[Row]) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame(rows, infer_schema_length=None)
        match self.format:
            case "csv":
                frame.write_csv(file)
            case "ndjson":
                frame.write_ndjson(file)
            case _:
                typed = frame["when"].str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
                frame.with_columns(when=typed, qty=frame["qty"].cast(pl.Int64, strict=False)).write_parquet(file)

    def scan(self) -> None:
        assert run(["scan", "-w", str(self.folder)]) == 0

    def doctor(self, at: str = AT) -> dict[str, Any]:
        self.capsys.readouterr()
        status = run(["doctor", "--history", "--at", at, "-w", str(self.folder), "--json"])
        document: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        assert status == (1 if document["findings"] else 0)
        return document

    def found(self, at: str = AT) -> list[tuple[str, str]]:
        """Code and sentence of each finding, but that no scan has been."""
        findings = self.doctor(at)["findings"]
        return [(one["code"], one["message"]) for one in findings if one["code"] != "COI-W009"]

    def only(self, code: str, at: str = AT) -> str:
        ((found, message),) = self.found(at)
        assert found == code
        return message

    def page(self, at: str = AT) -> str:
        self.capsys.readouterr()
        run(["doctor", "--history", "--at", at, "-w", str(self.folder)])
        return self.capsys.readouterr().out


def _day(day: date, count: int) -> Iterator[Row]:
    """Rows spread over the day, half of them of items that the catalog knows."""
    for number in range(count):
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=86_400 * number // count)
        yield {
            "id": f"{day}-{number}",
            "when": at.strftime("%Y-%m-%dT%H:%M:%S"),
            "customer": f"c{number % 5}",
            "sku": f"s{number % 4}",
            "qty": "1",
            "state": "completed",
        }


def since(first: date, changed: Change) -> Change:
    """The change from this day on."""
    return lambda day, rows: changed(day, rows) if day >= first else rows


def dropped(*names: str) -> Change:
    return lambda _, rows: [{name: value for name, value in row.items() if name not in names} for row in rows]


def altered(**values: Any) -> Change:
    return lambda _, rows: [{**row, **values} for row in rows]


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, capsys)


@pytest.fixture(params=["csv", "ndjson", "parquet"])
def each(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """The shop in each format."""
    shop.format = request.param
    return shop


RECENT = LAST - timedelta(days=6)


def test_a_steady_source_has_no_finding(each: Shop) -> None:
    each.make()
    each.scan()
    document = each.doctor()
    assert document["findings"] == []
    source = document["history"]["sources"]["purchases"]
    assert source["newest"] == int(datetime(2025, 6, 29, 23, tzinfo=UTC).timestamp()) * 1_000_000
    assert set(source["days"].values()) == {24}
    assert len(source["days"]) == 63
    assert source["rhythm"] == {
        "judged": True,
        "weekdays": [0, 1, 2, 3, 4, 5, 6],
        "longest_pause": 0,
        "missed": 0,
        "allowed": 0,
    }
    assert source["catalog"]["rows"] == {"before": [12 * 56, 24 * 56], "now": [12 * 7, 24 * 7]}
    assert source["catalog"]["items"] == {"before": [2, 4], "now": [2, 4]}
    assert source["missing"]["quantity"] == {"before": [0, 24 * 56], "now": [0, 24 * 7]}
    rule = document["history"]["rules"]["two-things"]
    assert (rule["dead"], rule["last_day"], rule["components_unseen"]) == (False, "2025-06-29", [])


def test_a_silent_source_is_said_loudly_and_first(each: Shop) -> None:  # COI-W001
    each.make(since(LAST - timedelta(days=3), lambda *_: []))
    each.write("lists/broken.csv", "nothing\n")
    each.rule("two-things", "where: status = 'gone'", ", status: gone")
    found = each.found()
    assert len(found) > 1
    assert found[0] == (
        "COI-W001",
        "SILENT: `purchases` has given no event since 2025-06-25 23:00+00:00: 3 expected days without a row (rows are "
        "expected every day), and its longest pause in 8 weeks was 0. What happens there is not looked at by any rule",
    )


def test_a_source_is_given_its_grace(shop: Shop) -> None:
    shop.make(since(LAST - timedelta(days=3), lambda *_: []))
    assert shop.found("2025-06-27T06:00Z") == []
    assert [code for code, _ in shop.found("2025-06-28T00:00Z")] == ["COI-W001"]
    shop.make(since(LAST - timedelta(days=3), lambda *_: []), more="[doctor]\ngrace = {purchases = 9}\n")
    assert shop.found("2025-06-30T06:00Z") == []


def test_a_shop_that_never_sells_on_sundays_is_not_late_on_one(shop: Shop) -> None:
    shop.make(lambda day, rows: [] if day.weekday() == 6 else rows)
    assert shop.found("2025-06-30T23:59Z") == []
    assert shop.doctor("2025-06-30T23:59Z")["history"]["sources"]["purchases"]["rhythm"]["weekdays"] == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]
    # Monday's rows are due on Tuesday; with a day of grace they are late on Wednesday.
    assert shop.found("2025-07-01T23:59Z") == []
    assert "on Mon, Tue, Wed, Thu, Fri, Sat" in shop.only("COI-W001", "2025-07-02T00:00Z")


def test_files_that_come_without_readable_times_are_named_with_the_silence(each: Shop) -> None:
    each.make(since(RECENT, altered(when="yesterday")))
    found = dict(each.found("2025-06-30T06:00Z"))
    assert "168 rows have no time that can be read" in found["COI-W001"]
    if each.format != "parquet":  # There the column is a timestamp, and what is none is missing.
        # The file before also reaches into the newest days that there are.
        assert "`occurred_at` of `purchases` cannot be read in 50.0 % (168 of 336)" in found["COI-W005"]


def test_a_source_without_any_event_is_silent(shop: Shop) -> None:
    shop.make(altered(when=""))
    code, message = shop.found()[0]
    assert code == "COI-W001"
    assert message.startswith("SILENT: `purchases` has given no event at all; 1,680 rows have no time")


def test_a_single_day_of_history_says_that_it_is_too_little(shop: Shop) -> None:
    shop.make(days=1)
    assert shop.found() == []
    assert "too little history to know its rhythm; more than 14 days" in shop.page()
    assert "2025-06-29 23:00+00:00: 15 days without a row, and too little history" in shop.only(
        "COI-W001", "2025-07-16T00:00Z"
    )


def test_a_day_with_no_rows_and_a_halved_day_are_found(each: Shop) -> None:  # COI-W002
    fewer: dict[date, int] = {date(2025, 6, 25): 0, date(2025, 6, 27): 20}
    each.make(lambda day, rows: rows[: fewer.get(day, len(rows))], per_day=200)
    assert each.only("COI-W002") == (
        "`purchases` had too few rows on Wed 2025-06-25 (0, usually 200), Fri 2025-06-27 (20, usually 200)"
    )


def test_a_doubled_day_is_found(each: Shop) -> None:  # COI-W003
    def doubled(day: date, rows: list[Row]) -> list[Row]:
        return rows + [{**row, "id": row["id"] + "x"} for row in rows] if day == date(2025, 6, 28) else rows

    each.make(doubled, per_day=100)
    assert each.only("COI-W003") == "`purchases` had too many rows on Sat 2025-06-28 (200, usually 100)"


def test_a_column_that_is_missing_now_is_found(each: Shop) -> None:  # COI-W004
    each.make(since(RECENT, altered(state=None)))
    assert each.only("COI-W004") == (
        "`status` of `purchases` is missing in 100.0 % (168 of 168) of the newest rows, 0.0 % (0 of 1,344) before"
    )


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_numbers_in_another_format_are_found(shop: Shop, format: str) -> None:  # COI-W005
    shop.format = format
    shop.make(since(RECENT, altered(qty="1,5")))
    ((code, message),) = [one for one in shop.found() if one[0].startswith("COI-W")]
    assert (code, message) == (
        "COI-W005",
        "`quantity` of `purchases` cannot be read in 100.0 % (168 of 168) of the newest rows, "
        "0.0 % (0 of 1,344) before",
    )


def test_records_that_cannot_be_read_at_all_are_found(shop: Shop) -> None:
    shop.make()
    file = shop.folder / "purchases" / "week-99.csv"
    file.write_text(file.read_text() + "one,two\n" * 20)
    (message,) = [message for code, message in shop.found() if code == "COI-W005"]
    assert message.startswith("the record itself of `purchases` cannot be read in 10.6 % (20 of 188)")


def test_columns_that_came_and_went_are_found(each: Shop) -> None:  # COI-W006
    each.make(
        lambda day, rows: (
            altered(shipped="x")(day, dropped("note")(day, rows)) if day >= RECENT else altered(note="y")(day, rows)
        )
    )
    assert each.only("COI-W006") == (
        f"`purchases` changed its shape with `purchases/week-99.{each.format}`: there are new columns `shipped`; "
        "columns are gone `note`"
    )


def test_items_that_the_catalog_knows_no_longer_are_found(each: Shop) -> None:  # COI-W007
    def renamed(_: date, rows: list[Row]) -> list[Row]:
        return [{**row, "sku": "0" + row["sku"]} for row in rows]

    each.make(since(RECENT, renamed))
    assert each.only("COI-W007") == (
        "the catalog knows the item of 0.0 % (0 of 168) of the newest rows of `purchases`, 50.0 % (672 of 1,344) before"
    )


def test_rules_that_no_scan_ran_are_found(shop: Shop) -> None:  # COI-W009
    shop.make()
    (finding,) = shop.doctor()["findings"]
    assert (finding["code"], finding["message"]) == (
        "COI-W009",
        "no scan in 28 days ran rule `two-things` as it is now; there was no scan at all",
    )
    shop.scan()
    assert shop.doctor()["findings"] == []
    # A rule of another meaning is another rule.
    file = shop.folder / "rules/two-things.yaml"
    file.write_text(file.read_text().replace("30 days", "29 days"))
    (finding,) = shop.doctor()["findings"]
    assert finding["message"] == "no scan in 28 days ran rule `two-things` as it is now; there was no scan at all"


def test_a_scan_of_long_ago_is_none(shop: Shop) -> None:
    shop.make()
    shop.scan()
    late = (datetime.now(tz=UTC) + timedelta(days=29)).isoformat()
    codes = [one["code"] for one in shop.doctor(late)["findings"]]
    assert codes[:2] == ["COI-W001", "COI-W009"]


def test_a_component_that_never_comes_is_to_blame(each: Shop) -> None:  # COI-W008
    each.make(altered(sku="s1"))
    each.scan()
    assert each.only("COI-W008") == (
        "rule `two-things` can have matched nothing in 28 days (the last time: 2025-06-29): "
        "no row carries the component `timer`"
    )


def test_a_part_of_where_that_held_for_no_row_is_to_blame(each: Shop) -> None:
    each.make()
    each.rule("refused", "where: status = 'refused' and quantity >= 1", ", status: refused, quantity: 1")
    each.scan()
    assert each.only("COI-W008") == (
        "rule `refused` can have matched nothing in 28 days: `status = 'refused'` held for no row"
    )


def test_a_part_of_where_is_asked_of_rows_of_the_rules_components(shop: Shop) -> None:
    shop.make(lambda _, rows: [{**row, "state": "refused" if row["sku"] == "s3" else "completed"} for row in rows])
    shop.rule("refused", "where: status = 'refused'", ", status: refused")
    shop.scan()
    assert "`status = 'refused'` held for no row" in shop.only("COI-W008")


def test_a_list_that_expired_is_to_blame(shop: Shop) -> None:
    shop.make()
    shop.write("lists/watched.csv", "value,until\nc1,2025-05-01\n")
    shop.rule("watched", "where: account in list('watched')")
    shop.scan()
    assert shop.only("COI-W008").endswith(
        "`account in list('watched')` never holds: the list `watched` is empty or has expired"
    )


def test_a_broken_file_is_a_finding_and_its_rules_are_not_called_silent(shop: Shop) -> None:
    shop.make()
    (shop.folder / "purchases/week-99.csv").write_text("id,when\n1,2025-06-29\n")
    assert {code for code, _ in shop.found()} == {"COI-E006"}
    assert len(shop.found()) == len(set(shop.found())), "what the rest of doctor found is not said twice"
    assert shop.doctor()["history"]["sources"] == {}


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", date(2025, 3, 30)), ("Europe/Berlin", date(2025, 10, 26))])
def test_a_day_of_23_or_25_hours_is_a_day(shop: Shop, zone: str, day: date) -> None:
    shop.zone = zone
    shop.make()
    file = "purchases/week-99.csv"
    rows = [row for back in range(70) for row in _day(day + timedelta(days=3 - back), 24)]
    for old in (shop.folder / "purchases").iterdir():
        old.unlink()
    shop.log(file, rows)
    source = shop.doctor(f"{day + timedelta(days=4)}T06:00Z")
    assert [one for one in source["findings"] if one["code"] != "COI-W009"] == []
    assert set(source["history"]["sources"]["purchases"]["days"].values()) == {24}


def test_days_are_those_of_the_zone_that_is_set(shop: Shop) -> None:
    shop.make(more='[doctor]\ntimezone = "America/New_York"\n')
    source = shop.doctor()["history"]["sources"]["purchases"]
    assert source["zone"] == "America/New_York"
    # The log's last day ends at 23:00 UTC, which is 19:00 there; its last day there began at 04:00 UTC.
    assert source["days"]["2025-06-29"] == 20


def test_nothing_later_than_the_time_of_looking_is_seen(each: Shop) -> None:
    each.make()
    source = each.doctor("2025-06-20T12:00:00Z")["history"]["sources"]["purchases"]
    assert source["newest"] == int(datetime(2025, 6, 20, 12, tzinfo=UTC).timestamp()) * 1_000_000
    assert source["days"]["2025-06-20"] == 13
    assert "2025-06-21" not in source["days"]


def test_thresholds_are_settings(shop: Shop) -> None:
    shop.make(lambda day, rows: rows[:60] if day == date(2025, 6, 25) else rows, per_day=100)
    assert shop.found() == []
    shop.make(
        lambda day, rows: rows[:60] if day == date(2025, 6, 25) else rows,
        per_day=100,
        more="[doctor]\nfewer_percent = 60\nweeks = 6\n",
    )
    assert shop.only("COI-W002") == "`purchases` had too few rows on Wed 2025-06-25 (60, usually 100)"


def test_no_identity_is_shown(shop: Shop) -> None:
    shop.make(since(RECENT, altered(customer="a-person")))
    shop.scan()
    shown = json.dumps(shop.doctor()) + shop.page()
    assert "a-person" not in shown
    assert "c1" not in shown


def test_it_changes_nothing(shop: Shop) -> None:
    shop.make()
    shop.scan()
    before = {file: file.read_bytes() for file in shop.folder.rglob("*") if file.is_file()}
    shop.doctor()
    assert {file: file.read_bytes() for file in shop.folder.rglob("*") if file.is_file()} == before


def test_a_time_without_history_is_a_mistake(shop: Shop) -> None:
    shop.make(days=1)
    shop.capsys.readouterr()
    assert run(["doctor", "--at", AT, "-w", str(shop.folder)]) == 2
    assert "--at goes with --history" in shop.capsys.readouterr().err


def test_settings_that_cannot_be_read_have_no_history(shop: Shop) -> None:
    shop.write("coincide.toml", "[doctor]\nweeks = 1\n")
    document = shop.doctor()
    assert [one["code"] for one in document["findings"]] == ["COI-S006"]
    assert "history" not in document


@pytest.mark.parametrize("name", ["page.txt", "document.json"])
def test_page_and_document_are_as_they_were(shop: Shop, name: str) -> None:
    def changed(day: date, rows: list[Row]) -> list[Row]:
        if day == date(2025, 6, 24):
            return []
        return [{**row, "state": None, "qty": "1,5"} for row in rows] if day >= RECENT else rows

    shop.make(since(LAST - timedelta(days=1), lambda *_: []))
    shop.make(changed)
    shop.rule("refused", "where: status = 'refused'", ", status: refused")
    shop.scan()
    at = "2025-07-03T06:00:00Z"
    if name == "page.txt":
        shown = shop.page(at).replace(str(shop.folder), "WORKSPACE")
    else:
        document = shop.doctor(at)
        shown = json.dumps(document["history"], indent=1, ensure_ascii=False) + "\n"
    golden = GOLDEN / name
    if os.environ.get("COINCIDE_RECORD") == "1":
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


KINDS = """\
[sources.events]
files = "events.csv"
time_unit = "s"
timezone = "Europe/Berlin"
[sources.events.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
kind = "what"
item = "sku"
amount = "price"
currency = "money"
[doctor.grace]
event = 2
[catalog]
files = "catalog.csv"
"""


def test_a_log_of_several_kinds_is_counted_by_kind(shop: Shop) -> None:
    """Times are counts; taps carry no item; a kind that is none of ours is no kind."""
    shop.write("coincide.toml", KINDS)
    shop.write("catalog.csv", "match,value,component\nsku,s0,timer\nsku,s1,steel-balls\n")
    shop.rule()
    start = int(datetime(2025, 4, 20, tzinfo=UTC).timestamp())
    what = ("purchase", "tap", "nonsense")
    rows = [
        f"{number},{start + number * 3_600},c,{what[number % 3]},{'' if number % 3 else f's{number % 2}'},9.99,EUR"
        for number in range(24 * 70)
    ]
    shop.write("events.csv", "id,when,customer,what,sku,price,money\n" + "\n".join(rows) + "\n")
    shop.scan()
    document = shop.doctor()
    # Of the settings only the name in `grace` is wrong.
    (finding,) = document["findings"]
    assert (finding["code"], finding["message"]) == ("COI-S006", "`doctor.grace.event`: no source has this name")
    assert finding["where"]["line"] == 14
    source = document["history"]["sources"]["events"]
    assert source["zone"] == "Europe/Berlin"
    assert source["missing"]["amount"] == {"before": [0, 24 * 56], "now": [0, 24 * 6 + 2]}
    assert source["missing"]["item"]["before"] == [16 * 56, 24 * 56]
    assert source["catalog"]["rows"]["before"] == [8 * 56, 8 * 56]
    assert document["history"]["rules"]["two-things"]["components_unseen"] == []

    shop.write("coincide.toml", KINDS.replace("event = 2", ""))
    shop.rule(where="where: amount_minor > 5000")
    shop.scan()
    assert shop.only("COI-W008").endswith("`amount_minor > 5000` held for no row")

    shop.rule()
    file = shop.folder / "rules/two-things.yaml"
    file.write_text(file.read_text().replace("events: purchase", "events: refund"))
    shop.scan()
    assert shop.only("COI-W008").endswith("no source gave a row of kind `refund`")


def test_text_that_is_not_utf8_in_parquet_is_read_by_the_slower_reader(shop: Shop) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    shop.format = "parquet"
    shop.make()
    file = shop.folder / "purchases/week-99.parquet"
    table = pq.read_table(file)
    broken = pa.array([b"\xff"] * table.num_rows, pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.column_names.index("state"), "state", broken), file)
    found = dict(shop.found())
    assert found["COI-W005"] == (
        "`status` of `purchases` cannot be read in 100.0 % (168 of 168) of the newest rows, 0.0 % (0 of 1,344) before"
    )


def test_a_column_may_be_called_as_what_stands_beside_it(each: Shop) -> None:
    each.make(altered(**{"?file": "x", "?at": "y", "coincide batch": "z"}))
    assert each.found() == []


def test_two_bad_sources_are_said_before_what_is_smaller(shop: Shop) -> None:
    shop.make(since(LAST - timedelta(days=9), lambda *_: []))
    toml = (shop.folder / "coincide.toml").read_text()
    other = toml[toml.index("[sources") : toml.index("[catalog]")].replace("purchases", "returns")
    shop.write("coincide.toml", toml + other.replace('kind = "purchase"', 'kind = "return"'))
    shop.log("returns/one.csv", [{**row, "qty": "many"} for row in _day(date(2025, 1, 1), 3)])
    codes = [code for code, _ in shop.found()]
    assert codes[:2] == ["COI-W001", "COI-W001"]
    assert "COI-U009" in codes[2:]

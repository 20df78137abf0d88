"""A workspace that ages by years: what is over goes after its time, to the last byte, and what is needed stays."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from coincide.alerts import kinship, retention, reveal, scan, service
from coincide.alerts.alert import Disposition
from coincide.alerts.retention import Retained
from coincide.cli.main import run
from coincide.engines.workspace import Workspace, open_workspace
from coincide.entities.key import load
from coincide.entities.pseudonym import pseudonym
from coincide.ledger import entry, policy, source, succession, tiles
from coincide.ledger.book import Book
from coincide.ledger.staff import Staff
from coincide.ledger.verify import verify
from coincide.reports import service as reports
from coincide.reports.beside import BESIDE, GONE
from coincide.store import tables
from coincide.store.database import open_database
from kinshop import HEAD, RULE, TOML, Shop, made

DAY_US = 86_400_000_000
NAME = re.compile(rb"p-[a-z2-7]{26}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SETTINGS = """
[retention]
decided_days = 300
closed_days = 60
report_days = 120
quarantine_days = 40
suppression_days = 100
commitment_days = 200
scan_days = 150
"""


def us(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class Aging:
    """A workspace in which the time is what the test says."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.shop: Shop = made(folder, capsys)
        (folder / "purchases/a.csv").unlink()
        # A source has a file at all times; of this one no rule selects anything.
        self.shop.rows("0,2020-01-01T10:00:00,zoe,s9,,\n", "purchases/none.csv")
        self.shop.write("coincide.toml", TOML + SETTINGS)
        self.folder = folder
        self.now = datetime(2020, 1, 1, tzinfo=UTC)

    @property
    def workspace(self) -> Workspace:
        return open_workspace(self.folder)

    @property
    def state(self) -> Path:
        return self.folder / ".coincide"

    @contextmanager
    def book(self) -> Iterator[Book]:
        database = open_database(self.state)
        # Each look at the clock is a moment later, as the ledger asks.
        ticks = iter(range(1, 1_000_000))
        base = us(self.now)
        yield Book(database, self.workspace.ledger, Staff("kim", purpose="a test"), clock=lambda: base + next(ticks))
        database.close()

    def scan(self) -> None:
        with self.book() as book:
            scan.scan(self.workspace, book, now_us=us(self.now))

    def retain(self, keep: bool = True) -> Retained:
        with self.book() as book:
            return retention.retain(self.workspace, book, now_us=us(self.now), beside=BESIDE, keep=keep)

    def decide(self, number: int, disposition: Disposition = "benign") -> None:
        with self.book() as book:
            service.decide(book, number, disposition, because="looked into", by="kim", at_us=us(self.now))

    def draft(self, number: int) -> None:
        with self.book() as book:
            reports.draft(self.workspace, book, number, by="kim", at_us=us(self.now))

    def consider(self, number: int) -> None:
        with self.book() as book:
            reports.consider(self.workspace, book, number, because="too much", by="lee", at_us=us(self.now))

    def suppress(self, account: str, days: int) -> None:
        until = us(self.now + timedelta(days=days))
        with self.book() as book:
            service.suppress(
                book, "two-things", self.name(account), until_us=until, because="known", by="kim", at_us=us(self.now)
            )

    def reveal(self, account: str) -> None:
        with self.book() as book:
            reveal.reveal(self.workspace, book, self.name(account), reason="a test")

    def explain(self, account: str) -> None:
        """A look at somebody of whom nothing need be stored."""
        with self.book() as book:
            kinship.explain(self.workspace, book, ("purchases", account))

    def name(self, account: str) -> str:
        return pseudonym("purchases", account, load(self.state / "key").current)

    def buys(self, account: str, file: str, *, card: str = "") -> None:
        """Two things on two days, which is an alert, in a file of its own."""
        days = [(self.now - timedelta(days=ago)).strftime("%Y-%m-%dT10:00:00") for ago in (3, 2)]
        rows = "".join(f"{file}-{n},{day},{account},s{n},{card},\n" for n, day in enumerate(days, 1))
        self.shop.rows(rows, f"purchases/{file}.csv")

    def rows(self, table: str) -> list[dict[str, Any]]:
        database = open_database(self.state)
        with database.reading() as connection:
            found = [dict(row) for row in connection.execute(select(tables.metadata.tables[table])).mappings()]
        database.close()
        return found

    def stored(self) -> set[str]:
        """The pseudonyms in the rows of all tables."""
        found = "".join(str(self.rows(name)) for name in tables.metadata.tables)
        return {one.decode() for one in NAME.findall(found.encode())}

    def traces(self) -> set[str]:
        """The pseudonyms in any byte of any file of the state folder."""
        files = (path for path in self.state.rglob("*") if path.is_file())
        return {one.decode() for path in files for one in NAME.findall(path.read_bytes())}

    def alerts(self) -> dict[int, str]:
        return {row["id"]: "tombstone" if row["erased_at"] else row["status"] for row in self.rows("alert")}


@pytest.fixture
def aging(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Aging:
    return Aging(tmp_path / "shop", capsys)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_after_years_of_files_that_come_and_go_no_byte_is_left_that_should_be_gone(aging: Aging, seed: int) -> None:
    chance = random.Random(seed)
    files: list[str] = []
    everybody: set[str] = set()
    for month in range(18):
        aging.now += timedelta(days=30)
        account = f"person-{month}@shop.example"
        card = f"card-{month}" if chance.random() < 0.4 else ""
        aging.buys(account, f"f{month}", card=card)
        files.append(f"f{month}")
        if card:
            everybody.add(f"friend-{month}@shop.example")
            row = f"x,{aging.now:%Y-%m-%dT%H:%M:%S},friend-{month}@shop.example,s9,{card},\n,never,,,,\n"
            aging.shop.rows(row, f"purchases/g{month}.csv")
            files.append(f"g{month}")
        everybody.add(account)
        while len(files) > 8 or (files and chance.random() < 0.2):
            (aging.folder / "purchases" / f"{files.pop(0)}.csv").unlink()
        aging.scan()
        for number, status in aging.alerts().items():
            if status == "open" and chance.random() < 0.2:
                aging.draft(number)
            if status == "open" and chance.random() < 0.2:
                aging.consider(number)
            if status == "open" and chance.random() < 0.3:
                aging.decide(number)
        if chance.random() < 0.3 and aging.name(account) in aging.stored():
            aging.suppress(account, chance.randrange(10, 90))
        if chance.random() < 0.3 and aging.name(account) in aging.stored():
            aging.reveal(account)
        if chance.random() < 0.3:
            aging.explain(account)
        aging.retain()
        # No byte names anybody whom no row names, and no row keeps a seal that nothing needs.
        assert aging.traces() == aging.stored()
        _assert_due(aging)
    statuses = aging.alerts()
    assert {"tombstone", "decided"} <= set(statuses.values())
    for name in files:
        (aging.folder / "purchases" / f"{name}.csv").unlink()
    aging.scan()
    for number, status in aging.alerts().items():
        assert status != "open", number
    aging.now += timedelta(days=3_650)
    done = aging.retain()
    # All of it: no pseudonym, no identifier, no seal, in no byte. What is left are numbers.
    assert aging.traces() == set()
    assert not any(account.encode() in path.read_bytes() for path in _files(aging) for account in everybody)
    assert done.waiting == {"alerts": 0, "reported_alerts": 0, "suppressions": 0}
    for table in ("pseudonym", "membership", "suppression", "ledger_salt", "segment"):
        assert aging.rows(table) == [], table
    assert aging.alerts() == dict.fromkeys(statuses, "tombstone")
    assert {str(row["document"]) for row in aging.rows("report")} == {"{}"}
    assert {row["because"] for row in aging.rows("consideration")} == {GONE}
    # A second run has nothing to do, and the ledger proves true with all that was entered.
    assert not any(aging.retain().gone.values())
    fetch = source.of_folder(aging.state / "ledger")
    first = succession.first_key(fetch)
    assert first is not None
    size = verify(fetch, policy.of_key(first)).checkpoint.size
    acts = [entry.parsed(one).act for one in tiles.entries(fetch, size)]
    assert acts.count("state:retain") == 20


def _files(aging: Aging) -> list[Path]:
    return [path for path in aging.state.rglob("*") if path.is_file()]


def _assert_due(aging: Aging) -> None:
    """Nothing is older than its time, but for what waits for its source."""

    def before(days: int) -> int:
        return us(aging.now) - days * DAY_US

    changes: dict[int, int] = {}
    for row in aging.rows("alert_change"):
        changes[row["alert"]] = max(row["at"], changes.get(row["alert"], 0))
    spans = [(row["first_at"], row["last_at"]) for row in aging.rows("file") if row["first_at"] is not None]
    drafts = [row for row in aging.rows("report") if row["erased_at"] is None]
    considered = aging.rows("consideration")
    young = {row["alert"] for row in drafts if row["drafted_at"] >= before(120)}
    young |= {row["alert"] for row in considered if row["at"] >= before(120)}
    for row in aging.rows("alert"):
        if row["status"] == "open":
            continue
        of_it = changes[row["id"]] >= before(60) if row["status"] != "decided" else row["decided_at"] >= before(300)
        waits = row["status"] == "decided" and any(
            first <= row["last_at"] and row["first_at"] <= last for first, last in spans
        )
        if row["erased_at"]:
            assert not NAME.search(str(row).encode())
            assert row["id"] not in young
        else:
            assert of_it or waits or row["id"] in young
        # Reports and the words of considerations stay for their own time, and for that of the alert; no source is
        # waited for.
        if (row["erased_at"] or not of_it) and row["id"] not in young:
            assert row["id"] not in {one["alert"] for one in drafts}
            assert {one["because"] for one in considered if one["alert"] == row["id"]} <= {GONE}
    assert all(row["at"] >= before(200) for row in aging.rows("ledger_salt"))
    assert all(row["created"] >= before(40) for row in aging.rows("segment"))
    for row in aging.rows("suppression"):
        assert row["until"] >= before(100) or any(first < row["until"] for first, _ in spans)


def test_an_undecided_alert_has_no_age(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.now += timedelta(days=3_650)
    assert not any(aging.retain().gone.values())
    assert aging.alerts() == {1: "open"}


def test_a_decision_waits_as_long_as_a_scan_could_raise_the_matter_anew(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.decide(1)
    aging.now += timedelta(days=301)
    done = aging.retain()
    assert (done.gone["alerts"], done.waiting["alerts"]) == (0, 1)
    assert aging.alerts() == {1: "decided"}
    # Everything is read anew, and the decision is what keeps it from a second alert.
    aging.shop.write("catalog.csv", "match,value,component\nsku,s1,timer\nsku,s2,steel-balls\nsku,s7,timer\n")
    aging.scan()
    assert aging.alerts() == {1: "decided"}
    (aging.folder / "purchases/a.csv").unlink()
    aging.scan()
    done = aging.retain()
    assert (done.gone["alerts"], done.waiting["alerts"]) == (1, 0)
    assert aging.alerts() == {1: "tombstone"}
    assert aging.traces() == set()


@pytest.mark.parametrize("kind", ["report", "consideration"])
def test_a_report_that_is_young_keeps_its_alert_and_goes_with_it(aging: Aging, kind: str) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.decide(1, "suspicious")
    aging.now += timedelta(days=299)
    (aging.draft if kind == "report" else aging.consider)(1)
    (aging.folder / "purchases/a.csv").unlink()
    aging.scan()
    aging.now += timedelta(days=119)
    done = aging.retain()
    assert (done.gone["alerts"], done.gone[f"{kind}s"], done.waiting["reported_alerts"]) == (0, 0, 1)
    assert aging.alerts() == {1: "decided"}
    assert aging.name("ann") in aging.traces()
    aging.now += timedelta(days=2)
    done = aging.retain()
    assert (done.gone["alerts"], done.gone[f"{kind}s"], done.waiting["reported_alerts"]) == (1, 1, 0)
    assert aging.alerts() == {1: "tombstone"}
    assert aging.traces() == set()
    (row,) = aging.rows(kind)
    if kind == "report":
        assert (row["document"], row["erased_at"], row["drafted_by"]) == ({}, us(aging.now), "kim")
    else:
        assert (row["because"], row["by"]) == (GONE, "lee")
    assert not any(aging.retain().gone.values())


def test_a_report_does_not_wait_for_the_source_as_its_alert_does(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.draft(1)
    aging.consider(1)
    aging.decide(1, "suspicious")
    aging.now += timedelta(days=301)
    done = aging.retain()
    assert (done.gone["reports"], done.gone["considerations"], done.gone["alerts"]) == (2, 1, 0)
    assert (done.waiting["alerts"], done.waiting["reported_alerts"]) == (1, 0)
    # The alert is still to be reported on, if need be: the moment that counted, counts.
    aging.draft(1)
    assert [row["revision"] for row in aging.rows("report")] == [1, 2, 3]
    considered = aging.rows("report")[-1]["document"]["considered"]
    assert (considered["by"], considered["because"]) == ("lee", GONE)


def test_a_report_of_an_alert_that_is_not_over_has_no_age(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.draft(1)
    aging.now += timedelta(days=3_650)
    assert not any(aging.retain().gone.values())
    aging.decide(1, "suspicious")
    assert not any(aging.retain().gone.values())
    assert aging.rows("report")[0]["document"] != {}


def test_what_a_scan_of_some_rules_read_long_ago_is_waited_for_only_as_long_as_it_is_there(aging: Aging) -> None:
    aging.buys("ann", "a")
    with aging.book() as book:
        scan.scan(aging.workspace, book, names=("two-things",), now_us=us(aging.now))
    aging.decide(1)
    (aging.folder / "purchases/a.csv").unlink()
    aging.scan()
    # The scan of that selection was never given again, so what it knew of the file is still there.
    assert len({row["scope"] for row in aging.rows("file") if row["path"] == "purchases/a.csv"}) == 1
    aging.now += timedelta(days=301)
    assert aging.retain().waiting["alerts"] == 0
    assert aging.alerts() == {1: "tombstone"}


def test_a_source_that_is_no_longer_set_is_not_waited_for(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.decide(1)
    aging.now += timedelta(days=301)
    assert aging.retain(keep=False).waiting["alerts"] == 1
    aging.shop.write(
        "coincide.toml", (TOML + SETTINGS).replace("purchases]", "others]").replace("purchases.", "others.")
    )
    assert (aging.retain().waiting["alerts"], aging.alerts()) == (0, {1: "tombstone"})


def test_a_suppression_waits_as_long_as_it_silences_something(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.suppress("ann", 10)
    aging.now += timedelta(days=111)
    assert aging.retain().waiting["suppressions"] == 1
    aging.buys("bob", "b")
    (aging.folder / "purchases/a.csv").unlink()
    aging.scan()
    before = aging.rows("file")
    done = aging.retain()
    assert (done.gone["suppressions"], done.waiting["suppressions"]) == (1, 0)
    # It had no effect any more, so nothing has to be read again: what files gave is known under the new scope.
    after = aging.rows("file")
    assert [row["scope"] for row in after] != [row["scope"] for row in before]
    scans = len(aging.rows("scan"))
    aging.scan()
    assert len(aging.rows("scan")) == scans
    assert aging.rows("file") == after


def test_the_place_of_a_row_in_quarantine_goes_and_that_there_was_one_stays(aging: Aging) -> None:
    aging.shop.rows(",2020-01-01T10:00:00,ann,s1,,\n", "purchases/a.csv")
    aging.scan()
    assert len(list((aging.state / "segments").iterdir())) == 1
    aging.now += timedelta(days=41)
    assert aging.retain().gone["quarantined_rows"] == 1
    assert list((aging.state / "segments").iterdir()) == []
    assert [row["quarantined"] for row in aging.rows("file")] == [1, 0]
    aging.scan()
    assert [row["quarantine"] for row in aging.rows("file")] == [None, None]


def test_whom_staff_looked_at_is_sealed_for_as_long_as_it_can_be_proven(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.shop.rows("b1,2020-01-01T10:00:00,bob,s1,,\n", "purchases/b.csv")
    aging.scan()
    aging.explain("bob")
    aging.now += timedelta(days=199)
    assert aging.retain().gone["seals"] == 0
    assert aging.name("bob") in aging.traces()
    aging.now += timedelta(days=2)
    gone = aging.retain().gone
    assert (gone["commitments"], gone["seals"]) == (1, 1)
    assert aging.traces() == {aging.name("ann")}


def test_scans_are_forgotten_but_for_those_that_something_refers_to_and_the_newest(aging: Aging) -> None:
    for number in range(5):
        aging.now += timedelta(days=100)
        aging.shop.rows(f"{number},{aging.now:%Y-%m-%dT%H:%M:%S},ann,s9,,\n", f"purchases/{number}.csv")
        if number == 1:
            aging.buys("bob", "b")
        aging.scan()
    assert aging.retain().gone["scans"] == 2
    # The second opened the alert, the fourth is not old enough.
    assert [row["id"] for row in aging.rows("scan")] == [2, 4, 5]
    aging.now += timedelta(days=3_650)
    aging.retain()
    assert [row["id"] for row in aging.rows("scan")] == [2, 5]


def test_a_dry_run_counts_the_same_and_changes_no_byte(aging: Aging) -> None:
    aging.buys("ann", "a")
    aging.scan()
    aging.reveal("ann")
    (aging.folder / "purchases/a.csv").unlink()
    aging.scan()
    aging.now += timedelta(days=400)
    before = {path: path.read_bytes() for path in _files(aging) if path.name != "lock"}
    dry = aging.retain(keep=False)
    assert {path: path.read_bytes() for path in _files(aging) if path.name != "lock"} == before
    assert dry.gone["alerts"] == 1
    assert aging.retain() == dry


def test_the_command_says_what_went_and_enters_it(aging: Aging, capsys: pytest.CaptureFixture[str]) -> None:
    aging.shop.write("purchases/a.csv", HEAD + "1,2020-01-01T10:00:00,ann,s1,,\n2,2020-01-02T10:00:00,ann,s2,,\n")
    assert aging.shop.call("scan")[0] == 0
    assert aging.shop.call("alerts", "decide", "A-1", "benign", "--because", "x")[0] == 0
    aging.shop.write("coincide.toml", TOML + "[retention]\ndecided_days = 0\n")
    status, out, err = aging.shop.call("retain", "--dry-run")
    assert (status, "0  alerts would go" in out) == (0, True)
    assert "1  alerts older than their time wait until no file has rows of then" in err
    (aging.folder / "purchases/a.csv").unlink()
    assert aging.shop.call("scan")[0] == 0
    found = aging.shop.json("retain")
    assert (found["gone"]["alerts"], found["gone"]["seals"], found["dry_run"]) == (1, 1, False)
    said = aging.shop.call("ledger", "list", "--act", "state:retain")[1]
    assert said.count("alerts 1, reports 0, considerations 0, suppressions 0, ") == 1


def test_the_command_says_which_alerts_stay_for_a_report(aging: Aging) -> None:
    aging.shop.write("purchases/a.csv", HEAD + "1,2020-01-01T10:00:00,ann,s1,,\n2,2020-01-02T10:00:00,ann,s2,,\n")
    assert aging.shop.call("scan")[0] == 0
    assert aging.shop.call("report", "draft", "A-1", "--purpose", "x")[0] == 0
    assert aging.shop.call("alerts", "decide", "A-1", "suspicious", "--because", "x")[0] == 0
    aging.shop.write("coincide.toml", TOML + "[retention]\ndecided_days = 0\n")
    (aging.folder / "purchases/a.csv").unlink()
    assert aging.shop.call("scan")[0] == 0
    status, out, err = aging.shop.call("retain")
    assert (status, "0  reports\n" in out) == (0, True)
    assert "1  alerts older than their time wait for the time of their report or consideration" in err
    aging.shop.write("coincide.toml", TOML + "[retention]\ndecided_days = 0\nreport_days = 0\n")
    gone = aging.shop.json("retain")["gone"]
    assert (gone["alerts"], gone["reports"], gone["considerations"], gone["seals"]) == (1, 1, 0, 1)
    said = aging.shop.call("ledger", "list", "--act", "state:retain")[1]
    assert said.count("alerts 1, reports 1, considerations 0, ") == 1


def test_a_number_of_days_that_is_none_is_refused(aging: Aging) -> None:
    aging.shop.write("coincide.toml", TOML + "[retention]\ndecided_days = -1\n")
    assert run(["retain", "-w", str(aging.folder)]) == 3


def test_the_rule_of_these_tests_looks_by_actor() -> None:
    assert "by: actor" in RULE

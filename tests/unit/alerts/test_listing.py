"""Lists: what is asked for, page by page, in every form."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from alertbook import FACTS, HOUR, START, Book, finding
from coincide.alerts import listing, service
from coincide.alerts.errors import BadPage
from coincide.alerts.listing import COLUMNS, Wanted

LOW = replace(FACTS, rule="timers", severity="low", shadow=True)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.made(tmp_path)


@pytest.fixture
def full(book: Book) -> Book:
    """A-1 at hour 1, A-3 at hour 2 (of another) and A-2 at hour 8; A-4 in shadow at hour 2; A-5 withdrawn."""
    book.scan(finding(1, 5), finding(8, 9))
    book.scan(finding(1, 5), finding(8, 9), finding(2, 3, actor="p-two"))
    book.scan(finding(2, 3), finding(9, 9), facts=LOW)
    book.scan(finding(2, 3), facts=LOW)
    service.decide(book.ledger, 2, "benign", because="a farm", by="kim", at_us=START)
    return book


def names(book: Book, wanted: Wanted, *, after: str | None = None, limit: int | None = None) -> list[str]:
    with book.database.reading() as connection:
        return [alert.name for alert in listing.page(connection, wanted, after=after, limit=limit, now_us=0).alerts]


def test_open_alerts_come_in_order_of_their_first_hit(full: Book) -> None:
    assert names(full, Wanted()) == ["A-1", "A-3", "A-4"]
    assert names(full, Wanted(statuses=())) == ["A-1", "A-3", "A-4", "A-2", "A-5"]


def test_each_condition_narrows(full: Book) -> None:
    assert names(full, Wanted(rules=("timers",))) == ["A-4"]
    assert names(full, Wanted(severities=("high",))) == ["A-1", "A-3"]
    assert names(full, Wanted(statuses=("decided", "withdrawn"))) == ["A-2", "A-5"]
    assert names(full, Wanted(actors=("p-two",))) == ["A-3"]
    assert names(full, Wanted(shadow=True)) == ["A-4"]
    assert names(full, Wanted(shadow=False)) == ["A-1", "A-3"]
    assert names(full, Wanted(since_us=START + 2 * HOUR)) == ["A-3", "A-4"]
    assert names(full, Wanted(until_us=START + 2 * HOUR)) == ["A-1"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 9])
def test_pages_of_any_size_give_the_whole_list_once(full: Book, limit: int) -> None:
    seen: list[str] = []
    after: str | None = None
    with full.database.reading() as connection:
        while True:
            page = listing.page(connection, Wanted(statuses=()), after=after, limit=limit, now_us=0)
            seen += [alert.name for alert in page.alerts]
            after = page.next
            if after is None:
                break
    assert seen == ["A-1", "A-3", "A-4", "A-2", "A-5"]


def test_an_alert_that_opens_meanwhile_shifts_no_page(full: Book) -> None:
    with full.database.reading() as connection:
        first = listing.page(connection, Wanted(), limit=2, now_us=0)
    full.scan(finding(0, 0), finding(1, 5), finding(8, 9), finding(2, 3, actor="p-two"))
    assert names(full, Wanted(), after=first.next) == ["A-4"]


@pytest.mark.parametrize("after", ["", "A-1", "1-2-3", "99999999999999999-1", "1-x"])
def test_a_place_that_no_page_printed_is_refused(full: Book, after: str) -> None:
    with pytest.raises(BadPage):
        names(full, Wanted(), after=after)


def test_a_document_has_the_agreed_shape(full: Book) -> None:
    document = listing.document(full.alert(2))
    assert tuple(document) == COLUMNS
    assert document["id"] == "A-2"
    assert document["versions"] == {"rule": "v1-abc", "catalog": "c1", "entities": 1}
    assert document["first_at"] == "2025-03-01T08:00:00Z"
    assert document["evidence"] == [
        {"source": "shop", "event_id": "e8", "account": "p-one", "occurred_at": "2025-03-01T08:00:00Z"}
    ]
    assert (document["disposition"], document["decided_by"]) == ("benign", "kim")


def test_csv_and_parquet_hold_what_the_documents_hold(full: Book) -> None:
    alerts = [full.alert(id_) for id_ in (1, 2)]
    rows = list(csv.DictReader(io.StringIO(listing.to_csv(alerts))))
    assert [row["id"] for row in rows] == ["A-1", "A-2"]
    assert (rows[0]["shadow"], rows[0]["decided_by"], rows[1]["decided_by"]) == ("false", "", "kim")
    assert json.loads(rows[0]["evidence"])[0]["event_id"] == "e1"
    frame = pl.read_parquet(io.BytesIO(listing.to_parquet(alerts)))
    assert tuple(frame.columns) == COLUMNS
    assert frame["first_at"].dtype == pl.Datetime("us", "UTC")
    assert frame["first_at"].dt.epoch("us").to_list() == [START + HOUR, START + 8 * HOUR]
    assert frame["hits"].to_list() == [5, 2]


def test_no_alerts_make_an_empty_file_of_the_same_columns() -> None:
    assert listing.to_csv([]) == ",".join(COLUMNS) + "\n"
    frame = pl.read_parquet(io.BytesIO(listing.to_parquet([])))
    assert (tuple(frame.columns), frame.height) == (COLUMNS, 0)

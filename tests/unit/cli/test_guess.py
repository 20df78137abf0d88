"""Guessing which column is which field."""

from __future__ import annotations

import pytest

from coincide.cli.guess import guess


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("id", "event_id"),
        ("TransactionID", "event_id"),
        ("when", "occurred_at"),
        ("Date", "occurred_at"),
        ("transaction_timestamp", "occurred_at"),
        ("household_id", "account"),
        ("Customer No", "account"),
        ("user", "account"),
        ("SKU", "item"),
        ("product-id", "item"),
        ("qty", "quantity"),
        ("department", "category"),
        ("store_id", "place"),
    ],
)
def test_a_usual_name_is_understood_in_any_spelling(column: str, field: str) -> None:
    assert guess([column]).columns == {field: column}


def test_a_basket_and_an_item_name_a_line_together() -> None:
    assert guess(["basket_id", "product_id"]).columns["event_id"] == ["basket_id", "product_id"]


def test_a_basket_alone_names_no_event() -> None:
    assert "event_id" in guess(["basket_id", "customer", "when"]).missing


def test_an_id_of_lines_goes_before_a_basket() -> None:
    assert guess(["basket_id", "product_id", "line_id"]).columns["event_id"] == "line_id"


def test_the_more_telling_name_wins() -> None:
    assert guess(["date", "occurred_at"]).columns == {"occurred_at": "occurred_at"}


def test_no_column_is_taken_twice() -> None:
    found = guess(["id", "customer", "when", "sku", "device", "card_no"])
    taken = [*found.columns.values(), *found.links.values()]
    assert len(taken) == len({str(column) for column in taken})


def test_identifiers_become_links() -> None:
    assert guess(["card_no", "device_id", "address"]).links == {
        "card": "card_no",
        "device": "device_id",
        "address": "address",
    }


def test_what_is_not_understood_is_left_in_the_order_of_the_file() -> None:
    assert guess(["zeta", "id", "alpha"]).left == ("zeta", "alpha")


def test_without_a_time_or_an_account_it_is_no_log() -> None:
    assert not guess(["sku", "title"]).is_log
    assert guess(["customer", "when"]).is_log


def test_no_columns_at_all_give_no_guess() -> None:
    assert guess([]).columns == {}

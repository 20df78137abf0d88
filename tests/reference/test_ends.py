"""Every row read ends in one of four; `verdict` proves that the counts add up."""

from __future__ import annotations

import pytest

from reference.small import DAY, row, rule, verdict
from reference.world import Bad, Cell

ANY = rule("velocity", 1, None)
COMPARE_QUANTITY = ("compare", ">", ("field", "quantity"), ("number", "0"))


def test_rows_of_no_rule_are_unmatched_however_broken() -> None:
    found = verdict([row(None, 0, "Z", account=None)], rule("combination", 1, {"a": None}))
    assert found.rows["unmatched"] == 1


def test_a_broken_record_is_quarantined_and_counted_once() -> None:
    found = verdict([Bad(b'"')], ANY, rule("velocity", 2, None, id="s"))
    assert found.quarantined == [("shop", 0, "bad-record")]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"event_id": None, "account": None, "occurred_at": None}, "no-event-id"),
        ({"event_id": "", "account": None}, "no-event-id"),
        ({"account": None, "occurred_at": None}, "no-account"),
        ({"occurred_at": None}, "no-time"),
        ({"occurred_at": "soon", "quantity": "many"}, "unreadable-time"),
        ({"occurred_at": "1969-12-31T23:59:59.999999Z"}, "unreadable-time"),
        ({"occurred_at": "2201-01-01T00:00:00Z"}, "unreadable-time"),
        ({"quantity": "many", "content": "much"}, "unreadable-quantity"),
        ({"quantity": "1", "content": "inf"}, "unreadable-content"),
        ({"quantity": "1234567890123456789"}, "unreadable-quantity"),
        ({"quantity": "0.0000000001"}, "unreadable-quantity"),
        ({"unit": b"\xff"}, "unreadable-unit"),
        ({"event_id": b"\xff"}, "unreadable-event_id"),
    ],
)
def test_the_first_reason_of_quarantine_is_told(cells: dict[str, Cell], reason: str) -> None:
    asked = rule("threshold", "quantity * content", "1", True, "kg")
    found = verdict([row("1", 0) | {"unit": "kg"} | cells], asked)
    assert found.quarantined == [("shop", 0, reason)]


@pytest.mark.parametrize("text", ["2200-12-31T23:59:59.9999999Z", "1970-01-01T00:00:00Z", "1e17", "1.0000000000"])
def test_the_last_usable_values_are_usable(text: str) -> None:
    cells: dict[str, Cell] = {"occurred_at": text} if "T" in text else {"quantity": text}
    assert verdict([row("1", 0) | cells], rule("threshold", "quantity", "1", True, None)).rows["accepted"] == 1


def test_unknown_currency_is_quarantined_and_another_currency_is_no_observation() -> None:
    asked = rule("threshold", "amount_minor", "1", True, "EUR")
    rows = [row(str(n), 0, currency=c) for n, c in enumerate(["EUR", "USD", "XQX", None])]
    found = verdict([*rows], asked)
    assert found.quarantined == [("shop", 2, "unknown-currency")]
    assert (found.rows["accepted"], found.rows["unmatched"]) == (1, 2)


def test_an_unreadable_field_of_where_quarantines_only_if_where_is_unknown_because_of_it() -> None:
    spoilt = row("1", 0, quantity="many", place="p")
    either = ("or", [COMPARE_QUANTITY, ("compare", "=", ("field", "place"), ("text", "p"))])
    both = ("and", [COMPARE_QUANTITY, ("compare", "=", ("field", "place"), ("text", "q"))])
    assert verdict([spoilt], rule(*ANY.condition, where=COMPARE_QUANTITY)).quarantined[0][2] == "unreadable-quantity"
    assert verdict([spoilt], rule(*ANY.condition, where=either)).rows["accepted"] == 1
    assert verdict([spoilt], rule(*ANY.condition, where=both)).rows["unmatched"] == 1


def test_a_missing_field_of_where_only_does_not_select() -> None:
    assert verdict([row("1", 0)], rule(*ANY.condition, where=COMPARE_QUANTITY)).rows["unmatched"] == 1


def test_nothing_is_kept_of_a_row_without_the_value_that_the_rule_is_by() -> None:
    found = verdict([row("1", 0), row("2", 0, organisation="o")], rule(*ANY.condition, by="organisation"))
    assert (found.rows["unmatched"], found.rows["accepted"]) == (1, 1)


def test_of_copies_the_one_whose_fields_sort_first_is_kept() -> None:
    copies = [row("1", 0, quantity=q) for q in ("10", "9", None)]
    asked = rule("threshold", "quantity", "1", True, None)
    found = verdict([*copies], asked)
    assert (found.rows["accepted"], found.rows["duplicates"], found.alerts) == (1, 2, [])
    assert verdict([*copies[:2]], rule("threshold", "quantity", "10", True, None)).alerts == []


def test_the_same_id_at_another_time_or_of_another_account_is_another_event() -> None:
    found = verdict([row("1", 0), row("1", 1), row("1", 0, account="y")], ANY)
    assert found.rows["accepted"] == 3


def test_copies_are_found_among_the_rows_that_a_rule_selects() -> None:
    """The copy that sorts first is not selected by the first rule, so that rule keeps the other one."""
    copies = [row("1", 0, quantity="-1"), row("1", 0, quantity="2")]
    found = verdict([*copies], rule(*ANY.condition, where=COMPARE_QUANTITY))
    assert (found.rows["unmatched"], found.rows["accepted"]) == (1, 1)
    found = verdict([*copies], rule(*ANY.condition, where=COMPARE_QUANTITY), rule(*ANY.condition, id="s"))
    assert (found.rows["accepted"], found.rows["duplicates"]) == (2, 0)


def test_a_quarantined_row_claims_no_id() -> None:
    rows = [row("1", 0, quantity="many"), row("1", 0, quantity="5")]
    found = verdict([*rows], rule("threshold", "quantity", "5", True, None))
    assert (found.rows["quarantined"], found.rows["accepted"], len(found.alerts)) == (1, 1, 1)


def test_the_quarantine_of_one_rule_leaves_the_row_to_another() -> None:
    found = verdict([row("1", 0, quantity="many")], ANY, rule("threshold", "quantity", "1", True, None, id="s"))
    assert found.rows["quarantined"] == 1
    assert [alert.rule for alert in found.alerts] == ["r"]


def test_lists_hold_from_the_start_of_a_day_to_the_start_of_another() -> None:
    lists: dict[str, list[tuple[str, str | None, str | None]]] = {"l": [("x", "2025-03-02", "2025-03-03")]}
    rows = [row(str(n), at) for n, at in enumerate([DAY - 1, DAY, 2 * DAY - 1, 2 * DAY])]
    found = verdict([*rows], rule(*ANY.condition, where=("in-list", ("field", "account"), "l")), lists=lists)
    assert (found.rows["accepted"], found.rows["unmatched"]) == (2, 2)
    assert found.alerts[0].started_by[2] == "1"

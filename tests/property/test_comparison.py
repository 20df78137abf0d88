"""The comparison itself: what is the same agrees, what is not is named."""

from __future__ import annotations

from typing import Any

import pytest

from property.agreement import as_document, differences, expected, from_document
from reference.judge import judge
from reference.small import row, rule, shop

WORLD = shop([row("1", 0), row("2", 1, account="y"), row("3", 2)], rule("velocity", 2, None))


def right() -> dict[str, Any]:
    return expected(WORLD, judge(WORLD).verdict, {("shop", n): ("a.csv", n + 2) for n in range(3)})


def test_a_verdict_agrees_with_itself() -> None:
    assert len(right()["alerts"]) == 1
    assert differences(right(), right()) == []
    assert differences(as_document(right()), as_document(right())) == []


@pytest.mark.parametrize("key", ["hits", "silenced", "counted", "one_account", "evidence", "latest_evidence"])
def test_an_alert_that_differs_in_one_thing_is_named_with_it(key: str) -> None:
    other = right()
    other["alerts"][0][key] = None
    (line,) = differences(right(), other)
    assert key in line


def test_missing_and_added_alerts_and_rows_are_told() -> None:
    none = {**right(), "alerts": [], "rows": {**right()["rows"], "accepted": 0}}
    assert [line.split(":")[0] for line in differences(right(), none)] == ["rows", "alert missing"]
    assert [line.split(":")[0] for line in differences(none, right())] == ["rows", "alert too many"]


def test_a_document_is_read_into_the_same_form() -> None:
    def event(at: str, event_id: str) -> dict[str, str]:
        return {"source": "shop", "event_id": event_id, "account": "x", "occurred_at": at}

    times = ["2025-03-01T00:00:00Z", "2025-03-01T00:00:00.000002Z"]
    proof = [event(times[0], "1"), event(times[1], "3")]
    alert = {
        "rule": "r", "actor": ["shop", "x"], "source": "shop", "started_by": "3", "first_at": times[1],
        "last_at": times[1], "hits": 1, "silenced": 0, "counted": 2, "one_account": True, "evidence": proof,
        "latest_evidence": proof,
    }  # fmt: skip
    document = {"rows": right()["rows"], "rules": [{"rule": "r", "observations": 3}], "alerts": [alert]}
    found = from_document(document)
    found["alerts"][0]["actor"] = ("shop", "x")
    assert differences(as_document(right()), found) == []

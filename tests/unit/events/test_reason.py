"""Reasons of quarantine: which one counts, and what each means."""

from __future__ import annotations

from coincide.events import reason
from coincide.events.event import FIELDS


def test_the_first_reason_by_precedence_counts() -> None:
    names = {
        "unknown-currency",
        "unreadable-link.card",
        "unreadable-quantity",
        "unreadable-time",
        "no-account",
        "unreadable-item",
        "unreadable-attributes.a",
        "no-event-id",
    }
    assert reason.precedence(names) == (
        "no-event-id",
        "no-account",
        "unreadable-time",
        "unreadable-item",
        "unreadable-quantity",
        "unreadable-link.card",
        "unreadable-attributes.a",
        "unknown-currency",
    )


def test_every_reason_says_what_it_means() -> None:
    names = [known.name for known in (*reason.REASONS, reason.UNKNOWN_CURRENCY)]
    names += [reason.unreadable(field.name) for field in FIELDS]
    assert all(len(reason.says(name)) > 20 for name in names)
    assert reason.unreadable("occurred_at") == "unreadable-time"

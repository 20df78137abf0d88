"""Times on the command line: ISO 8601 dates and instants; what has no zone is UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from coincide.errors import UsageError


def instant(option: str, text: str | None) -> int | None:
    """Microseconds since 1970 in UTC, ``None`` for ``None``. Raises ``UsageError`` that names the option."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} takes a date or a time, not {text!r}", hint="such as 2025-03-01 or 2025-03-01T12:00:00Z"
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

"""Times as options take them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(click.ParamType[int]):
    """A date or a time in ISO 8601 as microseconds since 1970; UTC where it names no zone, a date its
    beginning."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The microseconds; a usage error for anything else."""
        if isinstance(value, int):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is no date or time such as 2025-03-01 or 2025-03-01T12:00:00Z", param, ctx)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        since = found - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

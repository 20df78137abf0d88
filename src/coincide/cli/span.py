"""Lengths of whole days as options take them."""

from __future__ import annotations

import re
from typing import Any

import click

MOST = 3_660
_DAYS = {"day": 1, "week": 7}


class Span(click.ParamType[int]):
    """``30 days`` or ``2 weeks`` as a number of days."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The days; a usage error for anything else."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"\s*([0-9]{1,6})\s*(day|week)s?\s*", value)
        days = int(found[1]) * _DAYS[found[2]] if found else 0
        if not 1 <= days <= MOST:
            self.fail(
                f"`{value}` is no whole number of days or weeks, such as `30 days`, up to {MOST:,} days", param, ctx
            )
        return days

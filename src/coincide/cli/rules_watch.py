"""``coincide rules watch``: whether rules raise what was expected of them. ``odds.standing`` finds it out."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coincide.odds.standing import Standing, Unwatched


@click.command()
@click.option("--rule", "names", multiple=True, metavar="ID", help="Only this rule; may be repeated.")
@workspace_option
@json_option
def watch(names: tuple[str, ...], workspace: Path, as_json: bool) -> int:
    """Say whether rules raise what their backtest led to expect.

    For each rule that is live or in shadow: alerts since its latest backtest beside those expected, with bounds that
    hold however often one looks, and whether that is an alarm. Look every day: of rules to which nothing happens, at
    most one in twenty ever raises one. Then the rules that changed in the last seven days, among all of them. Only
    numbers are read, so nothing goes into the ledger. Ends with 1 if there is an alarm.
    """
    from coincide.engines.workspace import open_workspace
    from coincide.odds.standing import standing
    from coincide.store.database import open_database

    opened = open_workspace(workspace)
    with closing(open_database(opened.state)) as database, database.reading() as connection:
        found, unwatched = standing(connection, opened.chosen(names), now_us=time.time_ns() // 1_000)
    if as_json:
        click.echo(json.dumps(_document(found, unwatched), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in _lines(found, unwatched)))
    return 1 if any(one.alarm is not None for one in found) else 0


def _lines(found: Sequence[Standing], unwatched: Sequence[Unwatched]) -> list[str]:
    lines: list[str] = []
    for one in found:
        state = "no alarm"
        if one.alarm is not None:
            state = f"ALARM since {_day(one.alarm)}: {'more' if one.more else 'fewer'} than expected"
        lines += [
            f"{one.rule} ({one.status}): {state}",
            f"  {_counted(one.observed, 'alert')} in {_counted(one.days, 'day')} since {_day(one.since)}, where "
            f"{_number(one.expected)} were expected",
            f"  that is {_number(one.low)} to {_number(one.high)} times as many, with 95 % certainty at any time",
        ]
        if not one.calibrated:
            lines.append("  expected from its own history alone: its backtest has no made-up rules to compare it with")
    if found:
        moved = [one for one in found if one.week.changed]
        lines.append(f"Changed in the last week: {', '.join(map(_moved, moved)) if moved else 'no rule'}")
    lines += [f"{one.rule}: not watched: {one.why_not}" for one in unwatched]
    return lines or ["no rules to watch"]


def _moved(one: Standing) -> str:
    week = one.week
    return (
        f"{one.rule} ({_counted(week.observed, 'alert')} in {_counted(week.days, 'day')}, "
        f"{_number(week.expected)} expected)"
    )


def _document(found: Sequence[Standing], unwatched: Sequence[Unwatched]) -> dict[str, Any]:
    return {
        "alarms": sum(one.alarm is not None for one in found),
        "rules": [
            {
                "rule": one.rule,
                "status": one.status,
                "fingerprint": one.fingerprint,
                "since": _day(one.since),
                "until": _day(one.until),
                "days": one.days,
                "observed": one.observed,
                "expected": one.expected,
                "variation": one.variation,
                "clumping": one.clumping,
                "calibrated": one.calibrated,
                "low": one.low,
                "high": one.high,
                "alarm": None if one.alarm is None else {"since": _day(one.alarm), "more": one.more},
                "week": {
                    "days": one.week.days,
                    "observed": one.week.observed,
                    "expected": one.week.expected,
                    "p": one.week.p,
                    "changed": one.week.changed,
                },
            }
            for one in found
        ],
        "unwatched": [{"rule": one.rule, "why_not": one.why_not} for one in unwatched],
    }


def _day(day: int) -> str:
    from coincide.alerts.alert import iso

    return iso(day * 86_400_000_000)[:10]


def _number(number: float) -> str:
    """Two digits that count: ``0.04``, ``1.2``, ``36``, ``1,200``."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

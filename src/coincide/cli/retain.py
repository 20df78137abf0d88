"""``coincide retain``: what is over and older than its time goes. Thin: ``alerts.retention`` does the work."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from coincide.cli.book import acting
from coincide.cli.option import json_option, workspace_option

_WAITS = {
    "alerts": "alerts older than their time wait until no file has rows of then",
    "reported_alerts": "alerts older than their time wait for the time of their report or consideration",
    "suppressions": "suppressions older than their time wait until no file has rows of then",
}


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what would go, and take out nothing.")
@workspace_option
@json_option
def retain(dry_run: bool, workspace: Path, as_json: bool) -> None:
    """Take out what is over and older than `[retention]` of the settings says. Run it daily, after the scan.

    Undecided alerts stay. Decisions and suppressions stay as long as files have rows of their time, because a scan
    that reads them would raise the matter anew. Alerts stay with a report or consideration that is not old enough.
    """
    from coincide.alerts import retention
    from coincide.engines.workspace import open_workspace
    from coincide.reports.beside import BESIDE

    opened = open_workspace(workspace)
    with acting(opened) as book:
        done = retention.retain(opened, book, now_us=time.time_ns() // 1_000, beside=BESIDE, keep=not dry_run)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "gone": done.gone, "waiting": done.waiting}, indent=2))
        return
    for kind, count in done.gone.items():
        click.echo(f"{count:>6,}  {kind.replace('_', ' ')}{' would go' if dry_run else ''}")
    for kind, count in done.waiting.items():
        if count:
            click.echo(f"{count:>6,}  {_WAITS[kind]}", err=True)

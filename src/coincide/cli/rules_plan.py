"""``coincide rules plan`` and ``apply``: what the next scan will do, and doing just that. See ``alerts.foresight``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincide.cli.book import acting, purpose_option
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.alerts.foresight import Foresight
    from coincide.engines.workspace import Workspace


@click.command()
@click.option("--no-alerts", is_flag=True, help="Tell what was edited and what will be read; read nothing.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if there is anything to do.")
@purpose_option
@workspace_option
@json_option
def plan(no_alerts: bool, exit_code: bool, purpose: str | None, workspace: Path, as_json: bool) -> int:
    """Say what the next scan will do, before it does it.

    Shown is what was edited since the last scan (rules, catalog, lists, settings), which files that makes necessary to
    read and how long it will take, and which alerts will open, change or be withdrawn. Nothing is kept. To find out
    about the alerts takes as long as the scan; that they are shown goes into the ledger.
    """
    from coincide.alerts.foresight import document, lines
    from coincide.engines.workspace import open_workspace

    told = _foreseen(open_workspace(workspace), purpose, alerts=not no_alerts)
    if as_json:
        click.echo(json.dumps(document(told), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in lines(told)))
        # To stderr: what to do next is no part of the plan.
        said = "There is nothing to do." if told.empty else f"`coincide rules apply --plan {told.digest}` does this."
        click.echo(said, err=True)
    return 1 if exit_code and not told.empty else 0


@click.command()
@click.option("--plan", "planned", required=True, metavar="DIGEST", help="The plan, by what `rules plan` calls it.")
@click.option("--dry-run", is_flag=True, help="Check that the plan still holds; do nothing.")
@workspace_option
@json_option
def apply(planned: str, dry_run: bool, workspace: Path, as_json: bool) -> None:
    """Do what was planned, if it is still what would be done.

    This is `coincide scan`, with a promise: if a rule, the catalog, a list, a setting, a file or an alert was changed
    after the plan was made, nothing is done and the command ends with 1.
    """
    from coincide.alerts.errors import PlanOutdated
    from coincide.alerts.foresight import summary
    from coincide.alerts.keep import purposes_of
    from coincide.alerts.scan import scan
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    if dry_run:
        told = _foreseen(opened, None, alerts=False)
        if told.digest != planned:
            raise PlanOutdated(planned, told.digest)
        _say(f"the plan {planned} still holds", {"plan": planned, "applied": False}, as_json)
        return
    total = sum(reader.expected() for reader in opened.readers.values())
    with acting(opened, otherwise=purposes_of(opened.chosen())) as book, Progress("Reading", total or None) as bar:
        outcome = scan(opened, book, now_us=time.time_ns() // 1_000, progress=bar.advance, plan=planned)
    counts: dict[str, int] = {}
    for change in outcome.changes:
        counts[change.change] = counts.get(change.change, 0) + 1
    content = {"plan": planned, "applied": True, "run": outcome.run, "alerts": dict(sorted(counts.items()))}
    _say("\n".join(clean(line) for line in summary(outcome.changes)), content, as_json)


def _foreseen(opened: Workspace, purpose: str | None, *, alerts: bool) -> Foresight:
    from coincide.alerts.foresight import foresee
    from coincide.alerts.keep import purposes_of
    from coincide.cli.progress import Progress

    total = sum(reader.expected() for reader in opened.readers.values()) if alerts else 0
    # As a scan, it shows what it shows for what its rules are for, unless somebody says another purpose.
    with (
        acting(opened, purpose=purpose, otherwise=purposes_of(opened.chosen())) as book,
        Progress("Reading", total or None) as bar,
    ):
        return foresee(opened, book, now_us=time.time_ns() // 1_000, alerts=alerts, progress=bar.advance)


def _say(sentence: str, content: dict[str, object], as_json: bool) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=2) if as_json else sentence)

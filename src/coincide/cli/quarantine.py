"""``coincide quarantine``: the rows that could not be used. Thin: ``alerts.quarantine`` does the work."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.alerts import Listing
from coincide.cli.book import acting, purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.events.quarantine import Quarantined

ROWS = 50
"""Rows on one screen, unless told; JSON takes all of them."""


@click.group(cls=Listing, context_settings={"help_option_names": ["-h", "--help"]})
def quarantine() -> None:
    """List, count, show and retry the rows that could not be used.

    Without a command, lists them; `coincide quarantine list --help` says how to filter.
    """


@quarantine.command("list")
@workspace_option
@click.option("--source", metavar="NAME", help="Only of this source.")
@click.option("--reason", metavar="REASON", help="Only with this reason, such as no-time.")
@click.option("--limit", type=click.IntRange(1), help=f"Rows at most.  [default: {ROWS}, in JSON all]")
@json_option
def list_(workspace: Path, source: str | None, reason: str | None, limit: int | None, as_json: bool) -> None:
    """List the rows in quarantine by source, file and position."""
    found = _held(workspace, source, reason)
    shown = found[: limit if limit is not None or as_json else ROWS]
    if as_json:
        _json({"quarantined": [_row(row) for row in shown], "count": len(found)})
        return
    for row in shown:
        click.echo(clean(f"{row.source}  {row.file}  {row.position}  {row.reason}"))
    if not found:
        click.echo("no rows are in quarantine")
    elif len(shown) < len(found):
        click.echo(f"{len(found) - len(shown):,} more: --limit {len(found)} shows all", err=True)


@quarantine.command()
@workspace_option
@click.option("--source", metavar="NAME", help="Only of this source.")
@click.option("--reason", metavar="REASON", help="Only with this reason.")
@json_option
def count(workspace: Path, source: str | None, reason: str | None, as_json: bool) -> None:
    """Count the rows in quarantine by source and reason."""
    from coincide.alerts.quarantine import counted

    found = counted(_held(workspace, source, reason))
    if as_json:
        _json({"counts": [{"source": name, "reason": why, "rows": number} for name, why, number in found]})
        return
    for name, why, number in found:
        click.echo(clean(f"{number:>12,}  {name}  {why}"))
    if not found:
        click.echo("no rows are in quarantine")


@quarantine.command()
@click.argument("source")
@click.argument("file")
@click.argument("position", type=int)
@purpose_option
@workspace_option
@json_option
def show(source: str, file: str, position: int, purpose: str | None, workspace: Path, as_json: bool) -> None:
    """Show a row in quarantine from its file, while that is still there as it was."""
    from coincide.alerts import quarantine as rows
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with reading(opened, purpose) as book:
        row, fields = rows.show(opened, book, source, file, position)
    if as_json:
        _json({**_row(row), "row": fields})
        return
    click.echo(clean(f"{row.source}  {row.file}  {row.position}  {row.reason}"))
    for name, value in fields.items():
        click.echo(clean(f"  {name}: {'(missing)' if value is None else value}"))


@quarantine.command()
@workspace_option
@json_option
def retry(workspace: Path, as_json: bool) -> None:
    """Read the files that have rows in quarantine again, and scan."""
    from coincide.alerts import quarantine as rows
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with acting(opened) as book, Progress("Reading", None) as bar:
        done = 0

        def progress(records: int) -> None:
            nonlocal done
            done += records
            bar.update(done)

        told = rows.retry(opened, book, now_us=time.time_ns() // 1_000, progress=progress)
    if as_json:
        counts = {"files": told.files, "before": told.before, "after": told.after, "left": told.left}
        _json({**counts, "run": told.outcome.run})
        return
    files = "1 file was" if told.files == 1 else f"{told.files:,} files were"
    click.echo(f"{files} read again: {told.left:,} of {told.before:,} rows left the quarantine")
    if told.after:
        click.echo(f"{'1 row is' if told.after == 1 else f'{told.after:,} rows are'} in quarantine now")


def _held(workspace: Path, source: str | None, reason: str | None) -> list[Quarantined]:
    from coincide.alerts.quarantine import held
    from coincide.engines.workspace import open_workspace
    from coincide.store.database import open_database

    opened = open_workspace(workspace)
    with closing(open_database(opened.state)) as base, base.reading() as connection:
        return held(opened, connection, source=source, reason=reason)


def _row(row: Quarantined) -> dict[str, Any]:
    return {"source": row.source, "file": row.file, "position": row.position, "reason": row.reason, "hash": row.digest}


def _json(content: dict[str, Any]) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))

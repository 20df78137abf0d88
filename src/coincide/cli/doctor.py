"""``coincide doctor``: what is wrong with a workspace, and how to mend it. The looking is done in ``examine``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.moment import Moment
from coincide.cli.option import json_option, workspace_option

if TYPE_CHECKING:
    from coincide.cli.examine import Report
    from coincide.watch.look import Look
    from coincide.watch.taps import TapReport

ROWS = 100_000


@click.command()
@click.option(
    "--rows", type=click.IntRange(min=1), default=ROWS, show_default=True, help="Rows of each source to look at."
)
@click.option("--history", is_flag=True, help="Compare every source and rule with its own past.")
@click.option("--taps", is_flag=True, help="Look at all taps: tokens, clocks of vehicles, doubled taps, exits.")
@click.option("--at", type=Moment(), metavar="TIME", help="With --history: as of this time.  [default: now]")
@workspace_option
@json_option
def doctor(rows: int, history: bool, taps: bool, at: int | None, workspace: Path, as_json: bool) -> int:
    """Check a workspace, and say what is wrong and how to mend it.

    Looks at settings, sources (their columns, and the first rows of up to 20 files), catalog, lists, obligations,
    rules, the key and the ledger. Names event ids that are not unique, and fields that rules read and no source maps.
    Changes nothing. Ends with 1 if anything is wrong.

    With --history also: sources that have gone silent, days with too few or too many rows, columns that came, went,
    are missing or cannot be read, items that the catalog knows no longer, rules that matched nothing.

    With --taps also, of transit taps: tokens that stand for many riders, vehicles whose clocks are off; and how many
    taps are doubled, entries without an exit, exits without an entry, and stops that the network does not have.
    """
    from coincide.cli.examine import examine

    if at is not None and not history:
        raise click.UsageError("--at goes with --history")
    report = examine(workspace, rows=rows)
    seen = _look(workspace, report, time.time_ns() // 1_000 if at is None else at) if history else None
    tapped = _taps(workspace, report) if taps else []
    if as_json:
        click.echo(_document(report, seen, tapped))
    else:
        _show(report, seen, tapped)
    return 1 if report.findings else 0


def _look(folder: Path, report: Report, at_us: int) -> Look | None:
    """What the sources and rules were over time; its findings come to the others, silence before all."""
    from coincide.cli.progress import Progress
    from coincide.watch.errors import SilentSource
    from coincide.watch.look import look

    subject = report.subject
    if subject is None or not subject.settings.sources:
        return None
    from coincide.engines.workspace import Workspace

    with Progress("Reading", None) as bar:
        seen = look(Workspace(folder, subject.settings), subject.place, at_us, bar.advance)
    known = {str(finding) for finding in report.findings}
    more = [finding for finding in seen.findings if str(finding) not in known]
    report.findings[:] = sorted([*report.findings, *more], key=lambda one: not isinstance(one, SilentSource))
    return seen


def _taps(folder: Path, report: Report) -> list[TapReport]:
    """What all taps of each source say; its findings come to the others."""
    from coincide.cli.progress import Progress
    from coincide.watch.tapped import tapped

    subject = report.subject
    if subject is None or not subject.settings.sources:
        return []
    from coincide.engines.workspace import Workspace

    with Progress("Reading", None) as bar:
        found, findings = tapped(Workspace(folder, subject.settings), subject.place, bar.advance)
    known = {str(finding) for finding in report.findings}
    report.findings += [finding for finding in findings if str(finding) not in known]
    return found


def _show(report: Report, seen: Look | None, tapped: list[TapReport]) -> None:
    from coincide.cli import render
    from coincide.cli.main import coloured

    for finding in report.findings:
        click.echo(render.text(finding, colour=coloured("stdout")))
        click.echo()
    for name, files in report.files.items():
        click.echo(f"{name}: {_counted(files, 'file')}, {_counted(report.rows.get(name, 0), 'row')} looked at")
    if seen is not None:
        from coincide.cli.history import page

        for line in page(seen):
            click.echo(line)
    for one in tapped:
        from coincide.cli.taps import lines

        for line in lines(one):
            click.echo(line)
    count = len(report.findings)
    click.echo(f"{_counted(report.rules, 'rule')}; {_counted(count, 'finding') if count else 'nothing is wrong'}")


def _document(report: Report, seen: Look | None, tapped: list[TapReport]) -> str:
    from coincide.cli import render

    content: dict[str, Any] = {
        "findings": [render.entry(finding) for finding in report.findings],
        "sources": {
            name: {"files": files, "rows_looked_at": report.rows.get(name, 0)} for name, files in report.files.items()
        },
        "rules": report.rules,
    }
    if seen is not None:
        from coincide.cli.history import document

        content["history"] = document(seen)
    if tapped:
        from coincide.cli import taps

        content["taps"] = [taps.document(one) for one in tapped]
    return json.dumps(content, ensure_ascii=False, indent=2)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

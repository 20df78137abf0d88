"""``coincide report``: drafts of reports, and the moment at which a person considers one due. Thin: ``reports`` does
the work."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.alerts import Number, because_option, by_option, dry_run_option
from coincide.cli.book import acting, purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.reports.register import Listed
    from coincide.reports.report import Report

_ID = re.compile(r"(?:[Rr]-)?(\d{1,18})")


class ReportNumber(click.ParamType[int]):
    """The number of a report, as ``R-3`` or ``3``."""

    name = "report"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> int:
        """The number. Raises ``NoSuchReport`` for what cannot be one."""
        if isinstance(value, int):
            return value
        found = _ID.fullmatch(value)
        if found is None:
            from coincide.reports.errors import NoSuchReport

            raise NoSuchReport(value)
        return int(found[1])


def out_option(command: Any) -> Any:
    """``--out FILE``, passed as ``out``: a new file, the page or by its ending the record."""
    return click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the page to this new file (.html), or the record (.json).",
    )(command)


@click.group()
def report() -> None:
    """Draft reports from alerts, for a person to complete. Nothing leaves Coincide by itself."""


@report.command()
@click.argument("alert_id", metavar="ALERT", type=Number())
@click.option("--obligation", metavar="ID", help="Under which obligation.  [default: that of the rule, else voluntary]")
@out_option
@by_option
@dry_run_option
@purpose_option
@workspace_option
@json_option
def draft(
    alert_id: int,
    obligation: str | None,
    out: Path | None,
    by: str,
    dry_run: bool,
    purpose: str | None,
    workspace: Path,
    as_json: bool,
) -> None:
    """Draft a report of ALERT. The evidence is read from the sources again, and that goes into the ledger first.

    What data can show is filled in; what only a person can say is left blank. A second draft of the same alert under
    the same obligation is a new revision; every revision is kept. Withdrawn and superseded alerts, and those decided
    benign, are refused; an alert of a rule in shadow can be drafted from, and the draft says so.
    """
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace
    from coincide.reports import service

    _check(out)
    opened = open_workspace(workspace)
    done = 0

    def progress(records: int) -> None:
        nonlocal done
        done += records
        bar.update(done)

    with reading(opened, purpose) as book, Progress("Reading", None) as bar:
        made = service.draft(
            opened, book, alert_id, obligation=obligation, by=by, at_us=_now_us(), progress=progress, keep=not dry_run
        )
    if made.rests_on.shadow:
        click.echo(f"{made.rests_on.alert} is of a rule in shadow; the draft says so", err=True)
    _give(made, None if dry_run else out, as_json)


@report.command()
@click.argument("alert_id", metavar="ALERT", type=Number())
@because_option
@click.option("--ground", metavar="LETTER", help="The ground of the obligation that you see.")
@click.option("--obligation", metavar="ID", help="Under which obligation.  [default: that of its draft, else its rule]")
@by_option
@dry_run_option
@workspace_option
@json_option
def consider(
    alert_id: int,
    because: str,
    ground: str | None,
    obligation: str | None,
    by: str,
    dry_run: bool,
    workspace: Path,
    as_json: bool,
) -> None:
    """Say that you consider ALERT to be one for a report: the moment from which the deadline runs.

    Who and when is recorded, also in the ledger. The first such moment of an alert counts: to say it again is recorded
    too, and moves nothing.
    """
    from coincide.engines.workspace import open_workspace
    from coincide.reports import service

    opened = open_workspace(workspace)
    with acting(opened) as book:
        found = service.consider(
            opened,
            book,
            alert_id,
            because=because,
            by=by,
            at_us=_now_us(),
            obligation=obligation,
            ground=ground,
            keep=not dry_run,
        )
    if as_json:
        content = {
            "alert": f"A-{alert_id}",
            "obligation": found.obligation.obligation,
            "considered": found.first.model_dump(mode="json"),
            "again": found.again,
            "deadline": found.obligation.deadline.words,
            "due": found.due,
            "reports": [{"report": one.report, "revision": one.revision} for one in found.revised],
        }
        click.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    first = found.first
    if found.again:
        said = f"A-{alert_id} was considered on {first.at} by {first.by} already: that moment stands"
    else:
        said = f"A-{alert_id} {'would be' if dry_run else 'is'} considered as of {first.at} by {first.by}"
    click.echo(clean(said))
    deadline = found.obligation.deadline.words
    click.echo(f"under {found.obligation.obligation}: {deadline}")
    click.echo(f"due until {found.due}" if found.due else "no hours run")
    for one in found.revised:
        click.echo(f"{one.report} has revision {one.revision}, with this moment in it")


@report.command()
@click.argument("report_id", metavar="REPORT", type=ReportNumber())
@click.option("--revision", type=click.IntRange(min=1), help="An older revision.  [default: the newest]")
@out_option
@purpose_option
@workspace_option
@json_option
def show(
    report_id: int, revision: int | None, out: Path | None, purpose: str | None, workspace: Path, as_json: bool
) -> None:
    """Show a report that was drafted. It goes into the ledger first."""
    from coincide.engines.workspace import open_workspace
    from coincide.reports import service

    _check(out)
    with reading(open_workspace(workspace), purpose) as book:
        found = service.show(book, report_id, revision)
    _give(found, out, as_json)


@report.command("list")
@workspace_option
@json_option
def list_(workspace: Path, as_json: bool) -> None:
    """List reports: number, newest revision, alert, obligation, by whom and when. Nothing of what is in them."""
    from coincide.engines.workspace import open_workspace
    from coincide.reports import register
    from coincide.store.database import open_database

    with closing(open_database(open_workspace(workspace).state)) as database, database.reading() as connection:
        found = [_listed(one) for one in register.listed(connection)]
    if as_json:
        click.echo(json.dumps({"reports": found}, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo(
            clean(
                "{report} revision {revision}  {status}  {alert}  {obligation}  {drafted_at}  {drafted_by}".format(
                    **one
                )
            )
        )
    if not found:
        click.echo("no reports", err=True)


@report.command()
@click.option("-w", "--workspace", metavar="FOLDER", expose_value=False, help="Taken as everywhere; not needed.")
@json_option
def schema(as_json: bool) -> None:
    """Print the JSON Schema of records. With --json it comes on one line."""
    from coincide.reports.schema.made import published

    text = published()
    click.echo(json.dumps(json.loads(text), ensure_ascii=False) if as_json else text, nl=as_json)


def _listed(one: Listed) -> dict[str, Any]:
    from coincide.alerts.alert import iso

    return {
        "report": f"R-{one.id}",
        "revision": one.revision,
        "alert": f"A-{one.alert}",
        "obligation": one.obligation,
        "status": one.status,
        "drafted_at": iso(one.drafted_at),
        "drafted_by": one.drafted_by,
    }


def _check(out: Path | None) -> None:
    """Before anything is read or kept: a file that somebody may have completed is not written over."""
    if out is None:
        return
    if out.suffix.lower() not in (".html", ".htm", ".json"):
        raise click.UsageError("--out takes a file that ends in .html or .json")
    if not out.parent.is_dir():
        raise click.UsageError(f"--out names a file in `{clean(str(out.parent))}`, which is no folder")
    if out.exists():
        from coincide.reports.errors import FileIsThere

        raise FileIsThere(str(out))


def _give(made: Report, out: Path | None, as_json: bool) -> None:
    record = json.dumps(made.model_dump(mode="json"), ensure_ascii=False, indent=2)
    if out is not None:
        from coincide.reports.page import page

        _write(page(made) if out.suffix.lower() != ".json" else f"{record}\n", out)
        click.echo(f"{made.name} is in {clean(str(out))}", err=True)
    if as_json:
        click.echo(record)
    elif out is None:
        from coincide.reports.lines import lines

        click.echo("\n".join(clean(line) for line in lines(made)))


def _write(content: str, out: Path) -> None:
    """Durably and whole, for its owner alone; a file that came to be meanwhile stays."""
    from coincide.reports.errors import FileIsThere
    from coincide.store import private
    from coincide.store.database import translated

    with translated(str(out)):
        try:
            private.create(out, content.encode())
        except FileExistsError:
            raise FileIsThere(str(out)) from None


def _now_us() -> int:
    return time.time_ns() // 1000

"""``coincide alerts``: the list, one alert in full, and what a person says of it. Thin: ``alerts`` does the
work."""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coincide.cli.alerts_sample import sample
from coincide.cli.book import acting, login, purpose_option, reading
from coincide.cli.moment import Moment
from coincide.cli.option import json_option, workspace_option
from coincide.cli.page import page_option
from coincide.cli.page import write as write_page
from coincide.cli.render import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from coincide.alerts.alert import Alert, Disposition
    from coincide.alerts.timeline import Step
    from coincide.engines.workspace import Workspace
    from coincide.journeys.seen import Seen
    from coincide.ledger.book import Book
    from coincide.ledger.subject import Subject
    from coincide.store.database import Database

Told = TypeVar("Told")

ROWS = 50
"""Alerts on one screen, unless told; files and pipes take all of them."""

_ID = re.compile(r"(?:[Aa]-)?(\d{1,18})")


class Listing(click.Group):
    """A group that lists when no command of it is named: ``coincide alerts --rule ID`` is ``alerts list
    --rule ID``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts ``list`` in front of bare options; help stays the group's."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


class Number(click.ParamType[int]):
    """The number of an alert, as ``A-12`` or ``12``."""

    name = "alert"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> int:
        """The number. Raises ``NoSuchAlert`` for what cannot be one."""
        if isinstance(value, int):
            return value
        found = _ID.fullmatch(value)
        if found is None:
            from coincide.alerts.errors import NoSuchAlert

            raise NoSuchAlert(value)
        return int(found[1])


def by_option(command: Any) -> Any:
    """``--by NAME``, passed as ``by``: who says so."""
    return click.option("--by", default=login, show_default="login name", help="Who says so.")(command)


def because_option(command: Any) -> Any:
    """``--because TEXT``, passed as ``because``: the reason, for whoever reads the history."""
    return click.option("--because", required=True, metavar="TEXT", help="The reason, for the record.")(command)


def dry_run_option(command: Any) -> Any:
    """``--dry-run``, passed as ``dry_run``: checks and says, and keeps nothing."""
    return click.option("--dry-run", is_flag=True, help="Check and say what would happen; keep nothing.")(command)


@click.group(cls=Listing, context_settings={"help_option_names": ["-h", "--help"]})
def alerts() -> None:
    """List alerts, show one, and say what it is.

    Without a command, lists the open alerts; `coincide alerts list --help` says how to filter.
    """


alerts.add_command(sample)


@alerts.command("list")
@workspace_option
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only of this rule; may be repeated.")
@click.option("--severity", "severities", multiple=True, metavar="NAME", help="Only of this severity; may be repeated.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(["open", "decided", "superseded", "withdrawn", "all"]),
    default=("open",),
    show_default=True,
    help="Only of this status; may be repeated.",
)
@click.option("--actor", "actors", multiple=True, metavar="PSEUDONYM", help="Only of this actor; may be repeated.")
@click.option("--since", type=Moment(), metavar="TIME", help="First hit at this date or time (UTC) or later.")
@click.option("--until", type=Moment(), metavar="TIME", help="First hit before this date or time (UTC).")
@click.option("--shadow/--live", default=None, help="Only of shadow rules, or only of live ones.")
@click.option("--after", metavar="PLACE", help="Go on from here: the place that the page before printed.")
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), help=f"Alerts on a page.  [default: {ROWS} in a table, else all]"
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "parquet"]), default="table", show_default=True
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, not to stdout."
)
@purpose_option
@json_option
def list_(
    workspace: Path,
    rules: tuple[str, ...],
    severities: tuple[str, ...],
    statuses: tuple[Any, ...],
    actors: tuple[str, ...],
    since: int | None,
    until: int | None,
    shadow: bool | None,
    after: str | None,
    limit: int | None,
    form: str,
    output: Path | None,
    purpose: str | None,
    as_json: bool,
) -> None:
    """List alerts by first hit, one page at a time. Whatever is not a table on the screen goes into the ledger."""
    from coincide.alerts import listing
    from coincide.engines.workspace import open_workspace

    form = "json" if as_json else form
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("a Parquet file is not for a terminal; name a file with --output")
    wanted = listing.Wanted(rules, severities, () if "all" in statuses else statuses, actors, since, until, shadow)
    size = ROWS if form == "table" and limit is None else limit
    if form == "table" and output is None:
        with closing(_opened(workspace)) as database, database.reading() as connection:
            page = listing.page(connection, wanted, now_us=_now_us(), after=after, limit=size)
    else:
        with reading(open_workspace(workspace), purpose) as book:
            page = listing.exported(book, wanted, now_us=_now_us(), after=after, limit=size)
    match form:
        case "json":
            content = {"alerts": [listing.document(alert) for alert in page.alerts], "next": page.next}
            _write(json.dumps(content, ensure_ascii=False, indent=2) + "\n", output)
        case "csv":
            _write(listing.to_csv(page.alerts), output)
        case "parquet":
            _write(listing.to_parquet(page.alerts), output)
        case _:
            _write(_table(page.alerts), output)
    for rule, over in page.lapsed.items():
        said = f"Open alerts of {rule} are not shown: {', '.join(over)} not in force any more. Run `coincide scan`."
        click.echo(clean(said), err=True)
    if page.next is not None and form != "json":
        click.echo(f"There are more: --after {page.next}", err=True)


@alerts.command()
@click.argument("alert_id", metavar="ID", type=Number())
@page_option
@purpose_option
@workspace_option
@json_option
def show(alert_id: int, page: Path | None, purpose: str | None, workspace: Path, as_json: bool) -> None:
    """Show why an alert fired, its timeline, and what became of it. It goes into the ledger first.

    The page of an alert over taps shows its days too: rides on a diagram and a map, beside all other card-days.
    """
    from coincide.alerts import account
    from coincide.engines.workspace import open_workspace

    looked: list[Seen] = []

    def look(alert: Alert) -> list[Step]:
        if page is None:
            return timeline(workspace, alert)
        looked.append(_seen(workspace, alert))
        return looked[0].steps

    with reading(open_workspace(workspace), purpose) as book:
        told = account.account(book, alert_id, look, now_us=_now_us())
    if page is not None:
        from coincide.journeys.page import alert_page

        write_page(alert_page(told, looked[0].days, looked[0].why_not), page)
    if as_json:
        click.echo(json.dumps(account.document(told), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in account.lines(told)))


@alerts.command()
@click.argument("alert_id", metavar="ID", type=Number())
@click.argument("disposition", type=click.Choice(["benign", "inconclusive", "suspicious"]))
@because_option
@by_option
@click.option("--again", is_flag=True, help="Replace an earlier decision, which stays on record.")
@dry_run_option
@workspace_option
@json_option
def decide(
    alert_id: int,
    disposition: Disposition,
    because: str,
    by: str,
    again: bool,
    dry_run: bool,
    workspace: Path,
    as_json: bool,
) -> None:
    """Decide an alert. From then on it no longer moves: later hits open a new one linked to it."""
    from coincide.alerts import listing, service
    from coincide.engines.workspace import open_workspace

    with acting(open_workspace(workspace)) as book:
        alert = service.decide(
            book, alert_id, disposition, because=because, by=by, at_us=_now_us(), again=again, keep=not dry_run
        )
    said = f"{alert.name} {'would be' if dry_run else 'is'} decided: {disposition}"
    # Of the alert itself nothing: to see it is `show`, which is entered as what it is.
    decided = ("id", "rule", "status", "disposition", "decided_by", "decided_at", "decided_because")
    document = listing.document(alert)
    _say(said, {name: document[name] for name in decided}, as_json)


@alerts.command()
@click.argument("rule")
@click.argument("actor")
@click.option(
    "--until",
    type=Moment(),
    required=True,
    metavar="TIME",
    help="Until the beginning of this date, or this time (UTC).",
)
@because_option
@by_option
@dry_run_option
@workspace_option
@json_option
def suppress(
    rule: str, actor: str, until: int, because: str, by: str, dry_run: bool, workspace: Path, as_json: bool
) -> None:
    """Open no alerts of RULE for ACTOR (a pseudonym) from episodes that end before a date. Open ones stay."""
    from coincide.alerts import service
    from coincide.alerts.alert import iso
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with acting(opened) as book:
        about = _about(opened, book, actor)
        made = service.suppress(
            book, rule, actor, until_us=until, because=because, by=by, at_us=_now_us(), about=about, keep=not dry_run
        )
    said = f"{rule} {'would open' if dry_run else 'opens'} no alerts for {actor} until {iso(made.until)}"
    _say(said, _suppression(made), as_json)


@alerts.command()
@click.argument("rule")
@click.argument("actor")
@dry_run_option
@workspace_option
@json_option
def lift(rule: str, actor: str, dry_run: bool, workspace: Path, as_json: bool) -> None:
    """End the suppression of RULE for ACTOR; the next scan opens what it finds."""
    from coincide.alerts import service
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with acting(opened) as book:
        service.lift(book, rule, actor, about=_about(opened, book, actor), keep=not dry_run)
    said = f"the suppression of {rule} for {actor} {'would be' if dry_run else 'is'} lifted"
    _say(said, {"rule": rule, "actor": actor, "lifted": not dry_run}, as_json)


@alerts.command()
@click.option("--rule", metavar="ID", help="Only of this rule.")
@workspace_option
@json_option
def suppressions(rule: str | None, workspace: Path, as_json: bool) -> None:
    """List suppressions, those that are over included."""
    from coincide.alerts import service

    with closing(_opened(workspace)) as database, database.reading() as connection:
        found = [_suppression(one) for one in service.suppressions(connection, rule)]
    if as_json:
        click.echo(json.dumps({"suppressions": found}, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo(clean("{rule} {actor} until {until}: {because} ({by}, {at})".format(**one)))
    if not found:
        click.echo("no suppressions", err=True)


def timeline(workspace: Path, alert: Alert) -> list[Step]:
    """What ``alerts show`` lists: all of the actor's observations around the alert, the files read again; the
    evidence alone where that cannot be, with the reason on stderr."""
    from coincide.alerts.observed import observed
    from coincide.alerts.timeline import of_evidence

    return _read_again(workspace, alert, observed, lambda _: of_evidence(alert))


def _seen(workspace: Path, alert: Alert) -> Seen:
    """The same for a page, with the days of an alert over taps."""
    from coincide.journeys.seen import evidence_alone, seen

    return _read_again(workspace, alert, seen, lambda why_not: evidence_alone(alert, why_not))


def _read_again(
    workspace: Path,
    alert: Alert,
    made: Callable[[Workspace, Connection, Alert, Callable[[int], None]], Told],
    otherwise: Callable[[str], Told],
) -> Told:
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace
    from coincide.errors import CoincideError

    try:
        with (
            closing(_opened(workspace)) as database,
            database.reading() as connection,
            Progress("Reading", None) as bar,
        ):
            return made(open_workspace(workspace), connection, alert, bar.advance)
    except CoincideError as error:
        code = f" ({error.code})" if error.code else ""
        sentence = f"Only the evidence is shown: {error.message}{code}"
        click.echo(clean(sentence), err=True)
        return otherwise(sentence)


def _about(workspace: Workspace, book: Book, actor: str) -> list[Subject]:
    from coincide.alerts import subject
    from coincide.alerts.rotation import ring_for
    from coincide.store import pseudonym

    with book.database.reading() as connection:
        # Of somebody unknown there is nothing to enter: the service says so, after what else is wrong.
        if pseudonym.missing(connection, [actor]):
            return []
        return subject.stored(connection, ring_for(workspace.key_file, connection), [actor])


def _opened(workspace: Path) -> Database:
    from coincide.settings import STATE_FOLDER, WORKSPACE_FILE
    from coincide.settings.errors import NoWorkspace
    from coincide.store.database import open_database

    if not (workspace / WORKSPACE_FILE).is_file():
        raise NoWorkspace(str(workspace))
    return open_database(workspace / STATE_FOLDER)


def _write(content: str | bytes, output: Path | None) -> None:
    """To stdout or, durably and whole, to a file."""
    if output is None:
        click.echo(content, nl=False)
        return
    from coincide.store import durable
    from coincide.store.database import translated

    with translated(str(output)):
        durable.write(output, content.encode() if isinstance(content, str) else content)


def _table(found: tuple[Alert, ...]) -> str:
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from coincide.alerts.alert import iso

    if not found:
        return "no alerts\n"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("alert", "severity", "status", "rule", "actor", "first hit", "last hit"):
        table.add_column(name, overflow="fold")
    table.add_column("hits", justify="right")
    for alert in found:
        finding = alert.finding
        status = f"{alert.status} (shadow)" if alert.facts.shadow else alert.status
        first, last = iso(finding.started_by.occurred_at), iso(finding.ended_by.occurred_at)
        cells = (alert.name, alert.facts.severity, status, alert.facts.rule, finding.actor, first, last)
        # Text, not markup: what comes from files must not paint.
        table.add_row(*(Text(clean(cell)) for cell in cells), Text(str(finding.hits)))
    buffer = StringIO()
    # Into a file or a pipe every cell goes on one line.
    width = None if sys.stdout.isatty() else 400
    Console(file=buffer, width=width, highlight=False, color_system=None).print(table)
    lines = (line.rstrip() for line in buffer.getvalue().split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


def _suppression(suppression: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from coincide.alerts.alert import iso

    return {**asdict(suppression), "until": iso(suppression.until), "at": iso(suppression.at)}


def _say(sentence: str, content: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        click.echo(clean(sentence))


def _now_us() -> int:
    return time.time_ns() // 1000

"""``coincide request``: who asks who was present, and a second person's answer. Thin: ``requests`` does the work."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.alerts import because_option, by_option, dry_run_option
from coincide.cli.book import acting, purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from coincide.requests.request import Act, Request, Span

_ID = re.compile(r"(?:[Qq]-)?(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RequestNumber(click.ParamType[int]):
    """The number of a request, as ``Q-3`` or ``3``."""

    name = "request"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> int:
        """The number. Raises ``NoSuchRequest`` for what cannot be one."""
        if isinstance(value, int):
            return value
        found = _ID.fullmatch(value)
        if found is None:
            from coincide.requests.errors import NoSuchRequest

            raise NoSuchRequest(value)
        return int(found[1])


class SpanOfTime(click.ParamType["Span"]):
    """``FROM/TO``: two times in ISO 8601, each with its zone."""

    name = "span"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Span:
        """The span. Raises ``SpanUnclear``."""
        from coincide.requests.errors import SpanUnclear
        from coincide.requests.request import Span

        if not isinstance(value, str):
            return Span(*value)
        parts = value.split("/")
        if len(parts) != 2:
            raise SpanUnclear(value, "is not two times with a `/` between them")
        begins, ends = (self._time(value, part.strip()) for part in parts)
        if begins >= ends:
            raise SpanUnclear(value, "does not end after it begins")
        return Span(begins, ends)

    @staticmethod
    def _time(span: str, text: str) -> int:
        from coincide.events.event import EARLIEST_US, LATEST_US
        from coincide.requests.errors import SpanUnclear

        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise SpanUnclear(span, f"has `{text}`, which is no time") from None
        if found.tzinfo is None:
            raise SpanUnclear(span, f"has `{text}`, which names no zone")
        at = (found - _EPOCH) // timedelta(microseconds=1)
        if not EARLIEST_US <= at <= LATEST_US:
            raise SpanUnclear(span, f"has `{text}`, which is not between 1970 and 2200")
        return at


def seen_option(command: Any) -> Any:
    """``--seen CODE``, passed as ``seen``: the code below the request, which shows that it was read."""
    return click.option("--seen", metavar="CODE", help="The code with which `request show` ends.")(command)


@click.group()
def request() -> None:
    """Record who asks who was present at reported incidents, and let a second person confirm it.

    Which cards were present is shown only under a request that is confirmed, and only for its places and times. Counts
    and odds, and `coincide places`, need none.
    """


@request.command()
@click.option("--asker", type=click.Choice(["authority", "own-security"]), required=True, help="Who asks.")
@click.option("--reference", required=True, metavar="TEXT", help="The asker's own: a file number, an order.")
@click.option("--offence", required=True, metavar="TEXT", help="What is said to have happened.")
@click.option("--law", required=True, metavar="TEXT", help="The legal basis: act and article.")
@click.option("--place", "places", multiple=True, metavar="STOP", help="A stop, as the events name it; repeatable.")
@click.option("--line", "lines", multiple=True, metavar="LINE", help="A line, as the events name it; repeatable.")
@click.option(
    "--span", "spans", multiple=True, type=SpanOfTime(), metavar="FROM/TO", help="ISO 8601 with zone; repeatable."
)
@click.option("--days", type=click.IntRange(1, 180), help="Days until it expires.  [default: as set, 30]")
@click.option("--note", default="", metavar="TEXT", help="Whatever else whoever confirms it should know.")
@by_option
@dry_run_option
@workspace_option
@json_option
def new(
    asker: Any,
    reference: str,
    offence: str,
    law: str,
    places: tuple[str, ...],
    lines: tuple[str, ...],
    spans: tuple[Span, ...],
    days: int | None,
    note: str,
    by: str,
    dry_run: bool,
    workspace: Path,
    as_json: bool,
) -> None:
    """Record a request. It is ground for nothing until a second person has confirmed it.

    An incident is asked about if its stop or its line is named here and one of the spans holds all of its time. There
    is no request for everywhere. Name no person in it.
    """
    from coincide.engines.workspace import open_workspace
    from coincide.requests import service

    opened = open_workspace(workspace)
    limits = opened.settings.requests
    now = _now_us()
    network = None if opened.network is None else opened.network.network
    stops, routes = ((), ()) if network is None else (network.stops, network.lines)
    what = service.asked(
        asker=asker,
        reference=reference,
        offence=offence,
        law=law,
        places=places,
        lines=lines,
        spans=spans,
        note=note,
        limits=limits,
        at_us=now,
        stops=stops,
        routes=routes,
    )
    if network is not None:
        for name in sorted({*what.places}.difference(stops) | {*what.lines}.difference(routes)):
            click.echo(clean(f"the network has no `{name}`: is it as the events name it?"), err=True)
    with acting(opened) as book:
        made = service.propose(book, what, by=by, days=days or limits.days, at_us=now, keep=not dry_run)
    _say(made, f"{made.name} {'would be' if dry_run else 'is'} proposed; a second person confirms it", now, as_json)


@request.command()
@click.argument("request_id", metavar="REQUEST", type=RequestNumber())
@seen_option
@because_option
@by_option
@dry_run_option
@workspace_option
@json_option
def confirm(workspace: Path, as_json: bool, dry_run: bool, **said: Any) -> None:
    """Confirm REQUEST, which somebody else made. Read it first: `coincide request show` ends with its code.

    Say why it is necessary, and no wider than it must be.
    """
    from coincide.requests import service
    from coincide.requests.request import iso

    made, now = _answered(service.confirm, workspace, dry_run, **said)
    done = f"{made.name} {'would be' if dry_run else 'is'} confirmed, and holds until {iso(made.expires_at)}"
    _say(made, done, now, as_json)


@request.command()
@click.argument("request_id", metavar="REQUEST", type=RequestNumber())
@seen_option
@because_option
@by_option
@dry_run_option
@workspace_option
@json_option
def refuse(workspace: Path, as_json: bool, dry_run: bool, **said: Any) -> None:
    """Refuse REQUEST, which somebody else made, for good."""
    from coincide.requests import service

    made, now = _answered(service.refuse, workspace, dry_run, **said)
    _say(made, f"{made.name} {'would be' if dry_run else 'is'} refused", now, as_json)


def _answered(
    answer: Callable[..., Request], workspace: Path, dry_run: bool, *, request_id: int, **said: str | None
) -> tuple[Request, int]:
    """The request as a second person answered it, and when: ``service.confirm`` or ``service.refuse``."""
    from coincide.engines.workspace import open_workspace

    opened, now = open_workspace(workspace), _now_us()
    with acting(opened) as book:
        limits = opened.settings.requests
        return answer(book, request_id, **said, at_us=now, limits=limits, keep=not dry_run), now


@request.command()
@click.argument("request_id", metavar="REQUEST", type=RequestNumber())
@because_option
@by_option
@dry_run_option
@workspace_option
@json_option
def end(request_id: int, because: str, by: str, dry_run: bool, workspace: Path, as_json: bool) -> None:
    """End REQUEST before its time. One person alone may, whoever it is.

    Open alerts that were found while it was in force are not shown from then on. The next scan withdraws those that no
    other request covers.
    """
    from coincide.alerts.lapsed import resting_on
    from coincide.engines.workspace import open_workspace
    from coincide.requests import service

    opened, now = open_workspace(workspace), _now_us()
    with acting(opened) as book:
        made = service.end(book, request_id, because=because, by=by, at_us=now, keep=not dry_run)
        with book.database.reading() as connection:
            hidden = resting_on(connection, made.name)
    said = f"{made.name} {'would be' if dry_run else 'is'} ended"
    if hidden:
        are = f"{'alert' if hidden == 1 else 'alerts'} found under it {'is' if hidden == 1 else 'are'}"
        said += f"; {hidden:,} open {are} not shown any more: `coincide scan` withdraws what no other request covers"
    _say(made, said, now, as_json, alerts_hidden=hidden)


@request.command("list")
@click.option("--in-force", is_flag=True, help="Those alone that are confirmed and hold now.")
@workspace_option
@json_option
def list_(in_force: bool, workspace: Path, as_json: bool) -> None:
    """List requests: number, state, asker, how wide, by whom, until when. Nothing of the case."""
    from coincide.engines.workspace import open_workspace
    from coincide.requests import register
    from coincide.store.database import open_database

    now = _now_us()
    with closing(open_database(open_workspace(workspace).state)) as database, database.reading() as connection:
        read = register.in_force(connection, now) if in_force else register.listed(connection)
        found = [_listed(one, now) for one in read]
    if as_json:
        click.echo(json.dumps({"requests": found}, ensure_ascii=False, indent=2))
        return
    for one in found:
        line = (
            "{request}  {state:<9}  {asker:<12}  places {places}, lines {lines}, spans {spans}  by {by}  until {until}"
        )
        click.echo(clean(line.format(**one)))
    if not found:
        click.echo("no requests", err=True)


@request.command()
@click.argument("request_id", metavar="REQUEST", type=RequestNumber())
@purpose_option
@workspace_option
@json_option
def show(request_id: int, purpose: str | None, workspace: Path, as_json: bool) -> None:
    """Show all of REQUEST, and below it the code for whoever answers it. It goes into the ledger first."""
    from coincide.engines.workspace import open_workspace
    from coincide.requests import service

    with reading(open_workspace(workspace), purpose) as book:
        found = service.show(book, request_id)
    now = _now_us()
    if as_json:
        click.echo(json.dumps({**_document(found, now), "code": found.code}, ensure_ascii=False, indent=2))
        return
    click.echo("\n".join(clean(line) for line in _lines(found, now)))


def _listed(one: Request, now: int) -> dict[str, Any]:
    from coincide.requests.request import iso

    return {
        "request": one.name,
        "state": one.state(now),
        "asker": one.asked.asker,
        "places": len(one.asked.places),
        "lines": len(one.asked.lines),
        "spans": len(one.asked.spans),
        "by": one.proposed.by,
        "until": iso(one.expires_at),
    }


def _document(one: Request, now: int) -> dict[str, Any]:
    from coincide.requests.request import iso

    asked = one.asked
    return {
        "request": one.name,
        "state": one.state(now),
        "asker": asked.asker,
        "reference": asked.reference,
        "offence": asked.offence,
        "law": asked.law,
        "places": list(asked.places),
        "lines": list(asked.lines),
        "spans": [{"from": iso(begins), "to": iso(ends)} for begins, ends in asked.spans],
        "note": asked.note,
        "until": iso(one.expires_at),
        "proposed": _act(one.proposed),
        "answer": one.answer,
        "answered": _act(one.answered),
        "ended": _act(one.ended),
    }


def _act(act: Act | None) -> dict[str, Any] | None:
    from coincide.requests.request import iso

    if act is None:
        return None
    because = {"because": act.because} if act.because else {}
    return {"by": act.by, "login": act.login, "at": iso(act.at), **because}


def _lines(one: Request, now: int) -> list[str]:
    from coincide.requests.request import iso

    asked = one.asked
    lines = [
        f"{one.name}: {one.state(now)}",
        f"asks:      {asked.asker}, {asked.reference}",
        f"offence:   {asked.offence}",
        f"law:       {asked.law}",
        *(f"place:     {place}" for place in asked.places),
        *(f"line:      {line}" for line in asked.lines),
        *(f"span:      {iso(begins)} to {iso(ends)}" for begins, ends in asked.spans),
        *([f"note:      {asked.note}"] if asked.note else []),
        f"until:     {iso(one.expires_at)}",
        _told("proposed", one.proposed),
    ]
    if one.answered is not None:
        lines.append(_told(str(one.answer), one.answered))
        if one.answered.login == one.proposed.login:
            lines.append(f"           both under the login {one.proposed.login}")
    if one.ended is not None:
        lines.append(_told("ended", one.ended))
    return [*lines, f"code:      {one.code}"]


def _told(what: str, act: Act) -> str:
    from coincide.requests.request import iso

    because = f": {act.because}" if act.because else ""
    return f"{what + ':':<11}{iso(act.at)} by {act.by} (login {act.login}){because}"


def _say(made: Request, said: str, now: int, as_json: bool, **more: int) -> None:
    if as_json:
        click.echo(json.dumps({**_document(made, now), **more}, ensure_ascii=False, indent=2))
    else:
        click.echo(clean(said))


def _now_us() -> int:
    return time.time_ns() // 1000

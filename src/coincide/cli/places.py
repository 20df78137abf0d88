"""``coincide places``: where to send stewards. ``odds.places`` does the work.

Nothing of it is stored, and no ledger entry is made: it shows counts of stops, lines and hours at which at least ten
different riders boarded, and nothing of a person (DESIGN, promise 7, is about reads of personal data).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincide.cli.option import json_option, workspace_option
from coincide.cli.page import page_option, write
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.engines.workspace import Workspace
    from coincide.odds.places import Places

MOST = 20
_FIRST = date(1970, 1, 1)


@click.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="From this Monday on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Before this Monday.")
@click.option(
    "--most",
    type=click.IntRange(1, 1_000_000),
    default=MOST,
    show_default=True,
    help="Stops, and lines, to list.",
)
@page_option
@workspace_option
@json_option
def places(
    since: datetime | None, until: datetime | None, most: int, page: Path | None, workspace: Path, as_json: bool
) -> None:
    """Say at which stops, on which lines and at which hours reported incidents gather, beside how many board there.

    Where a rule of the kind `unusual-day` is live or in shadow, so too for riding on days that it finds unusual. Reads
    all taps, and counts boardings and different riders in memory. A stop or line at an hour that fewer than ten
    different riders boarded is not shown, nor what would tell it; no card is. Keeps nothing. It needs no recorded
    request: who was there is another question, and this is the better first one.
    """
    from coincide.engines.workspace import open_workspace
    from coincide.odds.steward import document, lines

    # Of two runs that differ by a day the difference tells of one day: whole weeks tell of no less than a week.
    for option, day in (("--since", since), ("--until", until)):
        if day is not None and day.weekday() != 0:
            raise click.UsageError(f"{option} takes a Monday, so that two runs tell no single day; {day:%F} is none")
    if since is not None and until is not None and until <= since:
        raise click.UsageError("--until comes after --since")
    opened = open_workspace(workspace)
    _check(opened)
    found = _found(opened, since, until)
    network = opened.network
    called = {} if network is None else dict(zip(network.network.stops, network.network.names, strict=True))
    if page is not None:
        from coincide.journeys.ground import city_of
        from coincide.journeys.page import places_page
        from coincide.journeys.places_part import MOST as ON_A_PAGE

        city = None if network is None else city_of(network.network)
        write(places_page(found, city, _span(since, until), max(most, ON_A_PAGE)), page)
    if as_json:
        click.echo(json.dumps(document(found, most, called), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in lines(found, most, called)))


def _span(since: datetime | None, until: datetime | None) -> str:
    """Which days are told, in words."""
    ends = [f"from {since:%F}" if since else "", f"before {until:%F}" if until else ""]
    return " and ".join(end for end in ends if end) or "all days that were read"


def _check(opened: Workspace) -> None:
    """Raises ``NothingToPlace``, before anything is read."""
    from coincide.events.event import INCIDENT, TAP
    from coincide.events.mapping import mapped
    from coincide.odds.errors import NothingToPlace

    sources = opened.settings.sources.values()
    for kind in (TAP, INCIDENT):
        if not any(source.may_hold(kind) and {"place", "line"} & mapped(source).keys() for source in sources):
            raise NothingToPlace(kind)


def _found(opened: Workspace, since: datetime | None, until: datetime | None) -> Places:
    from coincide.cli.progress import Progress
    from coincide.detect.journey.clock import ServiceClock
    from coincide.engines.embedded.ridership import reported, ridership
    from coincide.events.event import EARLIEST_US, LATEST_US
    from coincide.odds.places import places as made
    from coincide.odds.riding import riding
    from coincide.rules.workspace import rule_files

    journeys = opened.settings.journeys
    clock = ServiceClock(journeys.zone, journeys.service_day_us)
    first = EARLIEST_US if since is None else clock.begins((since.date() - _FIRST).days)
    last = LATEST_US if until is None else clock.begins((until.date() - _FIRST).days) - 1
    rules = opened.chosen() if rule_files(opened.folder, opened.settings) or opened.settings.packs else []
    with Progress("Reading", sum(reader.expected() for reader in opened.readers.values()) or None) as bar:
        incidents = reported(opened, (first, last), bar.advance)
        boarded = ridership(opened, clock, (first, last), bar.advance)
    with Progress("Days of riding", None) as bar:
        unusual = riding(opened, rules, clock, (first, last), bar.advance)
    return made(boarded, incidents, clock, unusual)

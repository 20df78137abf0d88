"""``coincide journeys``: the city in counts. ``journeys.city_overview`` does the work."""

from __future__ import annotations

import json
from pathlib import Path

import click

from coincide.cli.option import json_option, workspace_option
from coincide.cli.page import page_option, write


@click.command()
@page_option
@workspace_option
@json_option
def journeys(page: Path | None, workspace: Path, as_json: bool) -> None:
    """Count the journeys that the taps make: by hour, by day of riding, by product, and what a count would flag.

    Of counts that are shown each is of ten or more, and no card is. The thresholds of live and shadow rules stand among
    them. Nothing is kept.
    """
    from coincide.cli.backtest import printed
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace
    from coincide.journeys.city_overview import city_overview
    from coincide.journeys.overview_part import overview_parts
    from coincide.rules.workspace import rule_files

    opened = open_workspace(workspace)
    total = sum(reader.expected() for reader in opened.readers.values())
    rules = opened.chosen() if rule_files(opened.folder, opened.settings) or opened.settings.packs else []
    with Progress("Reading", total or None) as bar:
        city = city_overview(opened, rules, progress=bar.advance)
    if page is not None:
        from coincide.journeys.page import overview_page

        write(overview_page(city), page)
    if as_json:
        click.echo(json.dumps(city.document, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        printed(overview_parts(city))

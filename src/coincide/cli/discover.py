"""``coincide discover``: everyday things that hardly ever meet, for whoever writes rules.

Nothing of it is stored, and no ledger entry is made: it shows types of things that at least fifty bought, and nothing
of a person (DESIGN, promise 7, is about reads of personal data).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.option import json_option, workspace_option
from coincide.cli.page import page_option, write
from coincide.cli.render import clean
from coincide.cli.span import Span

if TYPE_CHECKING:
    from coincide.engines.workspace import Workspace
    from coincide.odds.discovery import Discovery
    from coincide.settings import LinkFile, Source

MOST = 20


@click.command()
@click.option(
    "--window",
    type=Span(),
    default="30 days",
    show_default=True,
    help="Whole days or weeks, side by side from day one.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 1_000_000),
    default=MOST,
    show_default=True,
    help="Pairs to list; and sets of four, up to 100.",
)
@page_option
@workspace_option
@json_option
def discover(window: int, most: int, page: Path | None, workspace: Path, as_json: bool) -> None:
    """List everyday things that hardly ever meet, for whoever writes rules.

    Reads all purchases, and counts in memory which types of items were bought in the same window by the same actor.
    Types are those of [assortment]; without it the categories of the events, or their items. It is about types that
    at least 50 bought, never about anybody: a count of meetings below 5 is shown as <5, and no window, date or actor.
    Raises no alert and keeps nothing.
    """
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with Progress("Reading", 2 * sum(reader.expected() for reader in opened.readers.values()) or None) as bar:
        found = _discovered(opened, window, most, bar.advance)
    if page is not None:
        from coincide.odds.matrix import page as made

        write(made(found), page)
    if as_json:
        from coincide.odds.discovery import document

        click.echo(json.dumps(document(found), ensure_ascii=False, indent=2))
    else:
        _print(found)


def _discovered(opened: Workspace, window: int, most: int, progress: Any) -> Discovery:
    from coincide.catalog.assortment import load
    from coincide.engines.embedded.incidence import incidence
    from coincide.odds.discover import discover as found

    assortment = load(opened.folder, opened.settings.assortment)
    return found(incidence(opened, assortment, window, _linking(opened), progress), window, most)


def _linking(opened: Workspace) -> Any:
    """How accounts become actors; ``None`` where nothing ties accounts together."""
    settings = opened.settings
    parts: list[Source | LinkFile] = [*settings.sources.values(), *settings.links.values()]
    if not any(map(settings.entities.tied_by, parts)):
        return None
    from coincide.entities.link import link

    return lambda edges: link(edges, settings.entities)


def _print(found: Discovery) -> None:
    from coincide.odds.discovery import lines

    click.echo("\n".join(clean(line) for line in lines(found)))

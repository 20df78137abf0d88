"""``coincide reveal``: the identifier behind a pseudonym. Thin: ``alerts.reveal`` does the work."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from coincide.cli.book import purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean


@click.command()
@click.argument("pseudonym")
@purpose_option
@click.option("--reason", required=True, metavar="TEXT", help="Why this identity is needed, for the ledger.")
@workspace_option
@json_option
def reveal(pseudonym: str, purpose: str | None, reason: str, workspace: Path, as_json: bool) -> None:
    """Show the identifier behind PSEUDONYM: the only way back, and it goes into the ledger first."""
    from coincide.alerts import reveal as way_back
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with reading(opened, purpose) as book:
        found = way_back.reveal(opened, book, pseudonym, reason=reason)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    else:
        click.echo(clean(f"{found.namespace}:{found.identifier}"))

"""``coincide keys``: the pseudonym key, by its id alone, and its rotation. Thin: ``alerts.rotation`` does the work."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from coincide.cli.book import acting
from coincide.cli.option import json_option, workspace_option


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def keys() -> None:
    """Show and change the key that pseudonyms are made with."""


@keys.command()
@workspace_option
@json_option
def show(workspace: Path, as_json: bool) -> None:
    """Show the ids of the keys; never a key. Several: a rotation was broken off, or goes on."""
    from coincide.engines.workspace import open_workspace
    from coincide.entities import key

    ring = key.load(open_workspace(workspace).key_file)
    found = [{"id": one.id, "in_use": one == ring.current} for one in ring.keys]
    if as_json:
        click.echo(json.dumps({"keys": found}, indent=2))
        return
    for one in found:
        click.echo(f"{one['id']}  {'in use' if one['in_use'] else 'old: run coincide keys rotate'}")


@keys.command()
@workspace_option
@json_option
def rotate(workspace: Path, as_json: bool) -> None:
    """Make a new key and all pseudonyms anew; alerts keep their ids. If it is interrupted, run it again."""
    from coincide.alerts import rotation
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with acting(opened) as book:
        done = rotation.rotate(opened, book, now_us=time.time_ns() // 1_000)
    if as_json:
        click.echo(json.dumps({"old": list(done.old), "new": done.new, "renamed": done.renamed}, indent=2))
        return
    click.echo(f"the key in use is {done.new}; {done.renamed:,} pseudonyms were made anew")
    click.echo("The first scan that finds a changed file reads everything again, if accounts are linked.", err=True)

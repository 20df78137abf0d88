"""``coincide backup`` and ``restore``: the state in one file and back. Thin: ``ledger.backup`` does the work."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from coincide.cli.book import acting
from coincide.cli.option import found_workspace, json_option, workspace_option
from coincide.cli.render import clean

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--with-keys", is_flag=True, help="Put the keys in too: who has the file then can read everything.")
@workspace_option
@json_option
def backup(file: Path, with_keys: bool, workspace: Path, as_json: bool) -> None:
    """Write all that is stored into FILE, as of one moment; scans go on meanwhile.

    Database, data files and ledger. Without the keys nobody can reveal whom pseudonyms name: keep them elsewhere.
    Settings, rules and sources are yours, and not in it.
    """
    from coincide.engines.workspace import open_workspace
    from coincide.ledger import backup as moment

    opened = open_workspace(workspace)
    with acting(opened) as book:
        at_us = time.time_ns() // 1_000
        done = moment.backup(book, opened.state, opened.key_file, file, at_us=at_us, with_keys=with_keys)
    if as_json:
        click.echo(json.dumps(asdict(done), indent=2))
    else:
        click.echo(clean(f"{file} has {done.files:,} files, {done.bytes:,} bytes before compression"))
    if done.keys:
        click.echo(
            "IT HOLDS THE KEYS: who has this file can reveal everybody in it and sign as your ledger. Lock it away.",
            err=True,
        )
    else:
        click.echo("The keys are not in it. Without them it cannot be used: keep copies of them elsewhere.", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Another workspace.")
@click.option(
    "-w",
    "--workspace",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder with coincide.toml.  [default: here or the nearest above]",
)
@json_option
def restore(file: Path, into: Path | None, workspace: Path | None, as_json: bool) -> None:
    """Check FILE, made by `coincide backup`, and put it where nothing is yet: nothing is ever replaced.

    A ledger that is there already and continues the one in the backup is kept.
    """
    from coincide.alerts.alert import iso
    from coincide.engines.workspace import Workspace, open_workspace
    from coincide.ledger import backup as moment
    from coincide.settings import WORKSPACE_FILE, Settings

    folder = into if into is not None else found_workspace(workspace)
    # A folder of its own need not have settings yet: then everything goes to where it is by default.
    opened = open_workspace(folder) if (folder / WORKSPACE_FILE).exists() else Workspace(folder, Settings())
    since = iso(time.time_ns() // 1_000)
    done = moment.restore(file, opened.state, opened.key_file, opened.ledger, since=since)
    with acting(opened) as book, book.acting("state:restore", "state", reason=f"backup of {done.backup.made_at}"):
        pass
    if as_json:
        click.echo(json.dumps({**asdict(done.backup), "kept_ledger": done.kept_ledger}, indent=2))
    else:
        click.echo(clean(f"{opened.state} is as it was at {done.backup.made_at}"))
    if done.kept_ledger:
        click.echo("The ledger that was there goes on from the one in the backup, and is kept.", err=True)
    for name, place in (("pseudonyms", opened.key_file), ("ledger", opened.ledger.key_file)):
        if not place.exists():
            click.echo(clean(f"The key of the {name} is missing: put it back at {place}, mode 600."), err=True)

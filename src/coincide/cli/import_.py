"""``coincide import``: a source written anew with pseudonyms. Thin: ``alerts.imported`` does the work."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.book import acting
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.alerts.imported import Imported

MOST = 512
"""``engines.embedded.partition.MOST``, spelt here so that the help imports nothing; a test holds the two together."""


@click.command()
@click.argument("source")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="The folder to write, a new one.")
@click.option("--parts", type=click.IntRange(1, MOST), help="Number of files.  [default: one per ten million rows]")
@click.option(
    "--list", "lists", multiple=True, metavar="NAME", help="A list of accounts to write beside it; may repeat."
)
@workspace_option
@json_option
def import_(
    source: str, folder: Path, parts: int | None, lists: tuple[str, ...], workspace: Path, as_json: bool
) -> None:
    """Write SOURCE anew: Parquet with pseudonyms instead of accounts, the accounts parted among the files.

    Made for large logs of taps: the same card has the same pseudonym in every import with this workspace's key, and no
    card is in two files, so that journeys are counted file by file. Rows that cannot be read are listed in apart.csv.
    Says what to put into coincide.toml in the place of the source.
    """
    from coincide.alerts.imported import imported
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    for name in lists:
        if name not in opened.lists:
            raise click.BadParameter(f"there is no list `{name}`", param_hint="--list")
    total = opened.readers[source].expected() if source in opened.readers else 0
    with acting(opened) as book, Progress("Reading", total or None) as bar:
        done = imported(
            opened,
            book,
            source,
            folder,
            now_us=time.time_ns() // 1_000,
            parts=parts,
            lists=[opened.lists[name] for name in lists],
            progress=bar.advance,
        )
    if as_json:
        click.echo(json.dumps(_document(source, done), ensure_ascii=False, indent=2))
        return
    click.echo(done.section, nl=False)
    for line in _lines(done):
        click.echo(clean(line), err=True)


def _document(source: str, done: Imported) -> dict[str, Any]:
    return {"source": source, "folder": str(done.folder), **asdict(done.copied), "settings": done.section}


def _lines(done: Imported) -> list[str]:
    from coincide.alerts.imported import APART
    from coincide.events.reason import says

    told = done.copied
    lines = [
        f"{told.read:,} rows were read, {told.written:,} of {told.accounts:,} accounts written "
        f"into {_files(len(told.files))} in {done.folder}"
    ]
    if told.passed_over:
        lines.append(f"{told.passed_over:,} are of accounts that the settings name as nobody's, and were passed over")
    if told.apart:
        lines.append(f"{sum(told.apart.values()):,} were not written; {done.folder / APART} says where they stand:")
        lines += [f"{count:>12,}  {reason}: {says(reason)}" for reason, count in told.apart.items()]
    lines.append("The section above reads it. Lists of accounts that rules ask must hold pseudonyms too (--list).")
    return lines


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"

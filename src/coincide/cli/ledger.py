"""``coincide ledger``: what was done, verified, proven, published and listed. Thin: ``ledger`` does the work.

``verify`` needs neither a workspace nor a database, and imports none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.moment import Moment
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.engines.workspace import Workspace
    from coincide.ledger.book import Book
    from coincide.ledger.checkpoint import Checkpoint
    from coincide.ledger.entry import Entry
    from coincide.ledger.note import Verifier
    from coincide.ledger.policy import Policy
    from coincide.ledger.receipt import Receipt
    from coincide.ledger.tiles import Fetch

ROWS = 50
"""Entries on one screen, unless told; JSON takes all of them."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def ledger() -> None:
    """Verify, prove, publish and list what was done: who looked at what, for which purpose."""


# --- for those who do not trust us --------------------------------------------------------------------------------


@ledger.command()
@click.argument("place", metavar="PATH|URL")
@click.option("--key", metavar="VKEY", help="The ledger's key, as `coincide ledger key` prints it.")
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Logs and witnesses that are trusted (c2sp.org/tlog-policy).",
)
@click.option(
    "--since",
    "earlier",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="CHECKPOINT",
    help="A checkpoint of before, which the ledger must continue; may be repeated.",
)
@json_option
def verify(place: str, key: str | None, policy: Path | None, earlier: tuple[Path, ...], as_json: bool) -> None:
    """Verify a ledger (a folder or its URL) or a receipt, and say what is proven and what is not.

    Without --key or --policy it is checked whether the ledger agrees with itself, not whose it is.
    """
    from coincide.cli.verdict import Verdict, of_ledger, of_receipt
    from coincide.ledger import receipt

    if key and policy:
        raise click.UsageError("give either --key or --policy: a policy names the ledger's key itself")
    file = Path(place)
    if file.is_file():
        if earlier:
            raise click.UsageError("--since is for a whole ledger; a receipt holds one checkpoint")
        told: Verdict = of_receipt(receipt.parsed(file.read_bytes()), _trusted(key, policy))
    else:
        told = _verified(place, key, policy, [_note(path) for path in earlier], of_ledger)
    click.echo(told.json if as_json else "\n".join(clean(line) for line in told.lines))


def _verified(place: str, key: str | None, policy: Path | None, earlier: Sequence[Any], of_ledger: Any) -> Any:
    from coincide.cli.progress import Progress
    from coincide.ledger import source
    from coincide.ledger.checkpoint import Checkpoint
    from coincide.ledger.tiles import CHECKPOINT

    fetch = source.of(place)
    trusted = _trusted(key, policy)
    content = fetch(CHECKPOINT)
    # For the bar alone: what is believed is checked below.
    total = Checkpoint.parsed(_parsed(content).text).size if content else None
    with Progress("Verifying", total or None) as bar:
        return of_ledger(fetch, trusted, earlier, bar.advance)

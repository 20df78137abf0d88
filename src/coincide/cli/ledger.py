"""``coincide ledger``: what was done, verified, proven, published and listed. Thin: ``ledger`` does the work.

``verify`` needs neither a workspace nor a database, and imports none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincide.cli.moment import Moment
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.engines.workspace import Workspace
    from coincide.ledger.note import Note, Signer
    from coincide.ledger.policy import Policy
    from coincide.ledger.tiles import Fetch

ROWS = 50
"""Entries on one screen, unless told; JSON takes all of them."""

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def ledger() -> None:
    """Verify, prove, publish and list what was done: who looked at what, for which purpose."""


@ledger.command()
@click.argument("place", metavar="PATH|URL")
@click.option("--key", metavar="VKEY", help="The ledger's key, as `coincide ledger key` prints it.")
@click.option("--policy", type=_FILE, help="Logs and witnesses that are trusted (c2sp.org/tlog-policy).")
@click.option(
    "--since",
    "earlier",
    multiple=True,
    type=_FILE,
    metavar="CHECKPOINT",
    help="A checkpoint of before, which the ledger must continue; may be repeated.",
)
@json_option
def verify(place: str, key: str | None, policy: Path | None, earlier: tuple[Path, ...], as_json: bool) -> None:
    """Verify a ledger (a folder or its URL) or a receipt, and say what is proven and what is not.

    Without --key or --policy it is checked whether the ledger agrees with itself, not whose it is.
    """
    from coincide.cli import verdict
    from coincide.cli.progress import Progress
    from coincide.ledger import receipt, source
    from coincide.ledger.errors import KeyNotSaid

    if key and policy:
        raise click.UsageError("give --key or --policy: a policy names the ledger's key itself")
    trusted = _trusted(key, policy)
    if Path(place).is_file():
        if earlier:
            raise click.UsageError("--since is for a whole ledger; a receipt holds a checkpoint of its own")
        if trusted is None:
            raise KeyNotSaid
        told = verdict.of_receipt(receipt.parsed(Path(place).read_bytes()), trusted)
    else:
        fetch = source.of(place)
        with Progress("Verifying", _expected(fetch), "entries") as bar:
            told = verdict.of_ledger(fetch, trusted, [_note(path) for path in earlier], bar.advance)
    click.echo(told.json if as_json else "\n".join(clean(line) for line in told.lines))


@ledger.command()
@workspace_option
def key(workspace: Path) -> None:
    """Print the verifier key of this ledger, for those who verify. Give it to them by another way than the ledger."""
    from coincide.engines.workspace import open_workspace

    click.echo(_signer(open_workspace(workspace)).verifier.text)


@ledger.command()
@click.argument("number", metavar="ENTRY", type=click.IntRange(min=0))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@workspace_option
def prove(number: int, output: Path | None, workspace: Path) -> None:
    """Make a receipt of ENTRY (its number): a file that proves it to whoever has the key (c2sp.org/tlog-proof)."""
    from coincide.cli.book import acting
    from coincide.engines.workspace import open_workspace
    from coincide.ledger import anchor, receipt

    with acting(open_workspace(workspace)) as book:
        fetch, content, now = anchor.newest(book)
    made = receipt.of_entry(fetch, content, now.size, number).encoded
    if output is None:
        click.echo(made.decode(), nl=False)
        return
    _write(output, made)
    click.echo(f"{output} proves entry {number:,} of {now.size:,}", err=True)


@ledger.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--all", "all_", is_flag=True, help="Write the files again that should be there already.")
@workspace_option
def publish(folder: Path, all_: bool, workspace: Path) -> None:
    """Write the ledger to FOLDER, for any web server or bucket; what is there must be an earlier state of it."""
    from coincide.cli.book import acting
    from coincide.engines.workspace import open_workspace
    from coincide.ledger import publish as publication

    opened = open_workspace(workspace)
    with acting(opened) as book:
        book.sequence()
    done = publication.publish(opened.ledger.folder, _own(opened), folder, again=all_)
    click.echo(f"{folder} has {done.now:,} entries now, {done.now - done.before:,} more than before")


@ledger.command()
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Write the checkpoint to this file.")
@click.option("--policy", type=_FILE, help="Ask the witnesses of this policy that have a URL to cosign it.")
@workspace_option
@json_option
def anchor(file: Path | None, policy: Path | None, workspace: Path, as_json: bool) -> int:
    """Send the newest checkpoint to where it cannot be taken back: a file elsewhere, witnesses, a letter.

    Whoever rewrites the ledger then has to steal from two places. Without --file it is printed. A file whose
    checkpoint the ledger does not continue is left as it is. Exit status 1 if a witness refused.
    """
    from coincide.cli.book import acting
    from coincide.engines.workspace import open_workspace
    from coincide.ledger import anchor as anchors
    from coincide.ledger.policy import parsed

    opened = open_workspace(workspace)
    witnesses = {}
    if policy is not None:
        wanted = parsed(_text(policy), str(policy))
        witnesses = {name: (key, wanted.urls[name]) for name, key in wanted.witnesses.items() if name in wanted.urls}
        if not witnesses:
            raise click.UsageError(f"no witness in {policy} has a URL")
    with acting(opened) as book:
        fetch, content, now = anchors.newest(book)
        asked = anchors.ask(fetch, content, now, witnesses)
        kept = bool(asked.cosigned) and anchors.keep(book, asked)
    if file is not None:
        anchors.to_file(fetch, asked.checkpoint, now, _own(opened), file)
    checkpoint = asked.checkpoint.encoded.decode()
    if as_json:
        refused = {name: error.message for name, error in asked.refused.items()}
        said = {"size": now.size, "checkpoint": checkpoint, "cosigned": list(asked.cosigned), "refused": refused}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return 1 if refused else 0
    if file is None:
        click.echo(checkpoint, nl=False)
    else:
        click.echo(f"{file} holds the checkpoint of {now.size:,} entries", err=True)
    for name in asked.cosigned:
        click.echo(clean(f"{name} cosigned"), err=True)
    for name, error in asked.refused.items():
        click.echo(clean(f"{name}: {error.message} ({error.code})"), err=True)
    if asked.cosigned and not kept:
        click.echo("The ledger has grown meanwhile: this checkpoint is cosigned, its newest one is not.", err=True)
    return 1 if asked.refused else 0


@ledger.command("list")
@click.option("--who", default="", metavar="STAFF", help="Only of this staff identifier.")
@click.option("--act", default="", metavar="ACT", help="Only this act or its beginning, such as alert or alert:show.")
@click.option("--object", "object_", default="", metavar="NAME", help="Only on this object, such as A-12.")
@click.option("--purpose", default="", metavar="TEXT", help="Only for this purpose.")
@click.option("--about", metavar="PSEUDONYM", help="Only about whom this pseudonym names.")
@click.option("--since", type=Moment(), metavar="TIME", help="Only from this time on (UTC).")
@click.option("--until", type=Moment(), metavar="TIME", help="Only before this time (UTC).")
@click.option("--limit", type=click.IntRange(1), help=f"The newest so many.  [default: {ROWS}, in JSON all]")
@workspace_option
@json_option
def list_(
    who: str,
    act: str,
    object_: str,
    purpose: str,
    about: str | None,
    since: int | None,
    until: int | None,
    limit: int | None,
    workspace: Path,
    as_json: bool,
) -> None:
    """List entries of this workspace's ledger in their order. It says what is there; `verify` proves it."""
    from collections import deque

    from coincide.cli.book import acting
    from coincide.cli.verdict import document
    from coincide.engines.workspace import open_workspace
    from coincide.ledger import anchor, listing
    from coincide.store import outbox

    with acting(open_workspace(workspace)) as book:
        fetch, _, now = anchor.newest(book)
        commitments = None
        if about is not None:
            with book.database.reading() as connection:
                # What is no Unicode names nobody.
                name = about.encode("utf-8", "replace").decode()
                commitments = frozenset(row.commitment for row in outbox.salts_of(connection, name))
    wanted = listing.Wanted(who, act, object_, purpose, since, until, commitments)
    size = limit if limit is not None or as_json else ROWS
    # Where nothing is looked for, the newest are at the end.
    low = max(0, now.size - size) if size is not None and wanted == listing.Wanted() else 0
    found = deque(listing.found(fetch, now.size, wanted, low), maxlen=size)
    if as_json:
        click.echo(json.dumps({"size": now.size, "entries": [document(*one) for one in found]}, indent=2))
        return
    for one in (document(*one) for one in found):
        parts = [one["at"], one["who"], one["act"], one["object"], one["outcome"]]
        more = [f"{name}: {one[name]}" for name in ("purpose", "reason") if name in one]
        click.echo(clean(f"{one['number']:>6}  {'  '.join([*parts, *more])}"))
    if not found:
        click.echo("no such entries" if now.size else "the ledger is empty", err=True)


@ledger.command("rotate-key")
@workspace_option
@json_option
def rotate_key(workspace: Path, as_json: bool) -> None:
    """Give the ledger a new key, signed by the old one, which is destroyed. Print the new verifier key."""
    from coincide.cli.book import acting
    from coincide.engines.workspace import open_workspace

    with acting(open_workspace(workspace)) as book:
        new = book.rotate().verifier.text
    click.echo(json.dumps({"key": new}) if as_json else new)


def _trusted(key: str | None, policy: Path | None) -> Policy | None:
    from coincide.ledger import policy as policies
    from coincide.ledger.note import Verifier

    if policy is not None:
        return policies.parsed(_text(policy), str(policy))
    return None if key is None else policies.of_key(Verifier.parsed(key))


def _expected(fetch: Fetch) -> int | None:
    """Entries for the bar; that there are so many is checked by whoever verifies."""
    from coincide.errors import CoincideError
    from coincide.ledger import note
    from coincide.ledger.checkpoint import Checkpoint
    from coincide.ledger.tiles import CHECKPOINT

    content = fetch(CHECKPOINT)
    try:
        return Checkpoint.parsed(note.parsed(content or b"").text).size or None
    except CoincideError:
        return None


def _note(path: Path) -> Note:
    from coincide.ledger import note

    return note.parsed(path.read_bytes())


def _text(path: Path) -> str:
    from coincide.ledger.errors import MalformedPolicy

    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise MalformedPolicy(str(path), None, "it is not UTF-8") from None


def _signer(workspace: Workspace) -> Signer:
    """The key in use: of two it is the older one, until the change is brought to its end."""
    from coincide.ledger import key as keys
    from coincide.ledger.errors import NoLedger
    from coincide.ledger.tiles import CHECKPOINT

    place = workspace.ledger
    if not (place.folder / CHECKPOINT).exists():
        raise NoLedger(str(place.folder))
    return keys.held(place.key_file)[0]


def _own(workspace: Workspace) -> Policy:
    """What we trust of our own ledger: its key, and all that it had before."""
    from coincide.ledger import succession
    from coincide.ledger.policy import Policy
    from coincide.ledger.source import of_folder

    fetch = of_folder(workspace.ledger.folder)
    first = succession.first_key(fetch)
    ever = () if first is None else succession.follow(fetch, [first]).trusted
    return Policy((*ever, *({_signer(workspace).verifier} - {*ever})))


def _write(file: Path, content: bytes) -> None:
    from coincide.store import durable
    from coincide.store.database import translated

    with translated(str(file)):
        durable.write(file, content)

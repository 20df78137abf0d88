"""``coincide entities``: who is taken for one party and why, and "not the same". Thin: ``alerts`` does the work."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.alerts import because_option, by_option, dry_run_option
from coincide.cli.book import acting, purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from coincide.engines.workspace import Workspace


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def entities() -> None:
    """Explain which accounts are one actor, and cut those that are not."""


@entities.command()
@click.argument("actor", required=False)
@click.option("--account", metavar="NAMESPACE:ACCOUNT", help="An account as the source gives it, in place of ACTOR.")
@purpose_option
@workspace_option
@json_option
def explain(actor: str | None, account: str | None, purpose: str | None, workspace: Path, as_json: bool) -> None:
    """Print what joined the accounts of ACTOR (a pseudonym of it or of one of its accounts).

    Reads the accounts and links of all files again.
    """
    from coincide.alerts import kinship
    from coincide.engines.workspace import open_workspace

    asked = _asked(actor, account)
    opened = open_workspace(workspace)
    with reading(opened, purpose) as book:
        told = kinship.explain(opened, book, asked)
    _print(asdict(told) | {"reason": told.reason}, kinship.lines(told), as_json)


@entities.command()
@workspace_option
@json_option
def generic(workspace: Path, as_json: bool) -> None:
    """List the identifiers that join nobody, because more accounts share them than the cap allows."""
    from coincide.store import entity

    with _reading(workspace) as (opened, connection):
        found = [
            {"kind": kind, "identifier": name, "accounts": count, "cap": opened.settings.entities.kind(kind).cap}
            for kind, name, count in entity.generic(connection)
        ]
    shown = [f"{one['kind']}  {one['identifier']}  {one['accounts']:,} accounts, cap {one['cap']}" for one in found]
    _print({"generic": found}, shown or ["no identifier is over its cap"], as_json)


@entities.command()
@workspace_option
@json_option
def left(workspace: Path, as_json: bool) -> None:
    """List the linked groups that were left as single accounts, by their first account, and why."""
    from coincide.store import entity

    with _reading(workspace) as (opened, connection):
        limit = opened.settings.entities.group_limit
        found = [
            {"first": name, "accounts": count, "reason": "limit" if count > limit else "separated"}
            for name, count in entity.left_single(connection)
        ]
    why = {"limit": f"more than {limit} accounts", "separated": "a person separated some of them"}
    shown = [f"{one['first']}  {one['accounts']:,} accounts: {why[str(one['reason'])]}" for one in found]
    _print({"left": found}, shown or ["no group was left as single accounts"], as_json)


@entities.command()
@click.argument("first")
@click.argument("second")
@because_option
@by_option
@dry_run_option
@workspace_option
@json_option
def separate(first: str, second: str, because: str, by: str, dry_run: bool, workspace: Path, as_json: bool) -> None:
    """Say that two accounts (pseudonyms) are not the same party: cut for good.

    Reads the accounts and links of all files again if no alert is about one of them.
    """
    from coincide.alerts import kinship, service
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with acting(opened) as book:
        with book.database.reading() as connection:
            about = kinship.subjects(opened, connection, [first, second])
        new = service.separate(
            book, [first, second], because=because, by=by, at_us=time.time_ns() // 1_000, about=about, keep=not dry_run
        )
    if not new:
        said = "these accounts are separated already"
    elif dry_run:
        said = f"{first} and {second} would be separated"
    else:
        said = f"{first} and {second} are separated; the next scan obeys"
    _print({"separated": [list(pair) for pair in new], "kept": bool(new) and not dry_run}, [said], as_json)


@entities.command()
@workspace_option
@json_option
def separations(workspace: Path, as_json: bool) -> None:
    """List the accounts that a person separated, with who, when and why."""
    from coincide.alerts import service
    from coincide.alerts.alert import iso

    with _reading(workspace) as (_, connection):
        found = [{**row, "at": iso(row["at"])} for row in service.separated(connection)]
    shown = ["{account_a} {account_b}: {because} ({by}, {at})".format(**one) for one in found]
    _print({"separations": found}, shown or ["no accounts are separated"], as_json)


def _asked(actor: str | None, account: str | None) -> str | tuple[str, str]:
    if (actor is None) == (account is None):
        raise click.UsageError("name either ACTOR or --account NAMESPACE:ACCOUNT")
    if actor is not None:
        return actor
    namespace, colon, name = str(account).partition(":")
    if not (namespace and colon and name):
        raise click.UsageError("--account takes NAMESPACE:ACCOUNT; NAMESPACE is a source or its `accounts`")
    return namespace, name


@contextmanager
def _reading(workspace: Path) -> Iterator[tuple[Workspace, Connection]]:
    from coincide.engines.workspace import open_workspace
    from coincide.store.database import open_database

    opened = open_workspace(workspace)
    with closing(open_database(opened.state)) as base, base.reading() as connection:
        yield opened, connection


def _print(content: dict[str, Any], shown: list[str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in shown))

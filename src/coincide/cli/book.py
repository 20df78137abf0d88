"""The ledger as commands use it: opened with the database, in the name of whoever is logged in."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from coincide.engines.workspace import Workspace
    from coincide.ledger.book import Book

Command = TypeVar("Command", bound=Callable[..., Any])

VARIABLE = "COINCIDE_PURPOSE"


def purpose_option(command: Command) -> Command:
    """``--purpose TEXT``, passed as ``purpose: str | None``: for commands that show personal data."""
    return click.option(
        "--purpose",
        metavar="TEXT",
        help=f"For which purpose, for the ledger.  [default: {VARIABLE}, or asked once a session]",
    )(command)


def login() -> str:
    """The login name of the user that the process runs as, whatever the environment says; a container may run as a
    number without a name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


@contextmanager
def acting(workspace: Workspace, *, purpose: str | None = None, otherwise: str = "") -> Iterator[Book]:
    """The book for what a person does. At its end is said what could not be logged yet.

    ``otherwise``: the purpose where nobody said one.
    """
    from coincide.ledger.book import Book
    from coincide.ledger.staff import Staff
    from coincide.store.database import open_database

    with closing(open_database(workspace.state)) as database:
        said = _said(purpose) or otherwise
        book = Book(database, workspace.ledger, Staff(login(), purpose=said))
        yield book
        if book.late is not None:
            from coincide.cli.render import clean

            code = f" ({book.late.code})" if book.late.code else ""
            click.echo(
                clean(f"Done, but the ledger's files wait for the next command: {book.late.message}{code}"), err=True
            )


@contextmanager
def reading(workspace: Workspace, purpose: str | None) -> Iterator[Book]:
    """The book for a look at personal data: the purpose is as given, else that of the session."""
    from coincide.cli import session
    from coincide.ledger.errors import PurposeMissing

    said = _said(purpose) or session.purpose(workspace.state)
    if not said:
        raise PurposeMissing
    with acting(workspace, purpose=said) as book:
        yield book


def _said(purpose: str | None) -> str:
    return (purpose or os.environ.get(VARIABLE) or "").strip()

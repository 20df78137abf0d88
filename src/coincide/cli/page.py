"""``--html FILE``: a page beside what a command prints, in a new file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from coincide.cli.render import clean

Command = TypeVar("Command", bound=Callable[..., Any])


def page_option(command: Command) -> Command:
    """``--html FILE``, passed as ``page: Path | None``, once it is sure that a page can be there.

    Before anything is read; raises ``PageIsThere``.
    """
    return click.option(
        "--html",
        "page",
        type=click.Path(path_type=Path, dir_okay=False),
        callback=_new,
        metavar="FILE",
        help="Also write a page that opens offline to this new file.",
    )(command)


def write(text: str, page: Path) -> None:
    """Durably and whole, for its owner alone; a file that came to be meanwhile stays. Raises ``PageIsThere``."""
    from coincide.odds.errors import PageIsThere
    from coincide.store import private

    try:
        private.create(page, text.encode())
    except FileExistsError:
        raise PageIsThere(str(page)) from None
    click.echo(f"the page is in {clean(str(page))}", err=True)


def _new(_context: click.Context, _parameter: click.Parameter, page: Path | None) -> Path | None:
    if page is None:
        return None
    if page.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError("--html takes a file that ends in .html")
    if not page.parent.is_dir():
        raise click.UsageError(f"--html names a file in `{clean(str(page.parent))}`, which is no folder")
    if page.exists():
        from coincide.odds.errors import PageIsThere

        raise PageIsThere(str(page))
    return page

"""Options that many commands share, spelt once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def workspace_option(command: Command) -> Command:
    """``-w/--workspace FOLDER``, passed as ``workspace: Path``.

    Default: the current folder or the nearest above it that holds a ``coincide.toml``; if there is none, the
    command ends with COI-S001 before it starts.
    """
    return click.option(
        "-w",
        "--workspace",
        type=click.Path(path_type=Path),
        callback=_workspace,
        metavar="FOLDER",
        help="Folder with coincide.toml.  [default: here or the nearest above]",
    )(command)


def optional_workspace(command: Command) -> Command:
    """``-w/--workspace FOLDER``, passed as ``workspace: Path | None``: for commands that also take files alone.

    ``found_workspace`` gives the folder when one is needed.
    """
    return click.option(
        "-w",
        "--workspace",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Folder with coincide.toml.  [default: here or the nearest above]",
    )(command)


def json_option(command: Command) -> Command:
    """``--json``, passed as ``as_json: bool``: one JSON document on stdout, errors as one on stderr."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def _workspace(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    return found_workspace(value)


def found_workspace(value: Path | None) -> Path:
    """The folder that was named, else the nearest that is a workspace. Raises ``NoWorkspace``."""
    # Imported here: only commands that work in a workspace pay for it.
    from coincide.settings import folder_of
    from coincide.settings.errors import NoWorkspace

    start = Path.cwd() if value is None else value
    if value is not None:
        return value
    found = folder_of(start)
    if found is None:
        raise NoWorkspace(str(start))
    return found

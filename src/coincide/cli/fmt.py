"""``coincide rules fmt``: rule files in canonical layout, written in place. The layout is ``coincide.rules.format``."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincide.cli.option import found_workspace, json_option, optional_workspace

if TYPE_CHECKING:
    from coincide.errors import CoincideError

_STDIN = Path("-")
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class _Laid:
    """A file's text, and the text it is to have."""

    path: Path
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; print the files that would change, and end with 1.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change, and end with 1 if anything.")
@optional_workspace
@json_option
def fmt(paths: tuple[Path, ...], check: bool, diff: bool, workspace: Path | None, as_json: bool) -> int:
    """Lay out rule files in one way.

    Writes the files of PATHS (files, folders with *.yaml and *.yml, or - for stdin to stdout), or all rule files of the
    workspace, in place. Keys come in the order of the reference; comments stay with what they are about; no
    meaning changes. A file that cannot be read as rules stays as it is.
    """
    from coincide.errors import Problems, UsageError

    if _STDIN in paths and (len(paths) > 1 or as_json):
        raise UsageError("`-` is stdin, alone and without --json", hint="name files, or pass `-` alone")
    found, problems = _laid_out(paths, workspace)
    changed = [laid for laid in found if laid.changed]
    writes = not (check or diff)
    if paths == (_STDIN,):
        if not problems and (writes or diff):
            _out(_difference(found[0]) if diff else found[0].after)
    else:
        if writes:
            _write(changed)
        _report(found, check=check, diff=diff, as_json=as_json)
    if problems:
        raise Problems(problems)
    return 1 if changed and not writes else 0


def _laid_out(paths: tuple[Path, ...], workspace: Path | None) -> tuple[list[_Laid], list[CoincideError]]:
    """The files that can be laid out, and what is wrong with the others."""
    from coincide.errors import CoincideError, Problems, Where
    from coincide.rules.document import decode
    from coincide.rules.errors import FileUnreadable
    from coincide.rules.format import formatted

    found: list[_Laid] = []
    problems: list[CoincideError] = []
    for path in _files(paths, workspace):
        name = "stdin" if path == _STDIN else str(path)
        try:
            data = sys.stdin.buffer.read() if path == _STDIN else path.read_bytes()
            after = formatted(decode(name, data))
            found.append(_Laid(path, data.decode("utf-8"), after))
        except OSError as error:
            problems.append(FileUnreadable((error.strerror or "the system refused").lower(), where=Where(name)))
        except Problems as error:
            problems += error.problems
        except CoincideError as error:
            problems.append(error)
    return found, problems


def _files(paths: tuple[Path, ...], workspace: Path | None) -> list[Path]:
    """The files of the paths, each once; of the workspace if there are none."""
    if not paths:
        here = Path.cwd()
        files = _of_workspace(found_workspace(workspace))
        return [path.relative_to(here) if path.is_relative_to(here) else path for path in files]
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(_inside(path) if path.is_dir() else [path])
    return list(found)


def _of_workspace(folder: Path) -> list[Path]:
    """The rule files of a workspace, those of packs left out. Raises ``NoRules``."""
    from coincide import settings
    from coincide.engines.errors import NoRules
    from coincide.rules.workspace import rule_files

    loaded = settings.load(folder)
    paths = rule_files(folder, loaded)
    if not paths:
        raise NoRules(loaded.rules, str(folder))
    return paths


def _inside(folder: Path) -> list[Path]:
    """The YAML files below a folder, without what is hidden (.git, .venv)."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in _ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _write(changed: list[_Laid]) -> None:
    from coincide.rules.rewrite import rewrite

    for laid in changed:
        rewrite(laid.path, laid.after)


def _report(found: list[_Laid], *, check: bool, diff: bool, as_json: bool) -> None:
    """What changed, or would: as data on stdout where it was asked for, as talk on stderr."""
    changed = [laid for laid in found if laid.changed]
    if as_json:
        files = [{"file": str(laid.path), "changed": laid.changed} for laid in found]
        click.echo(json.dumps({"files": files, "written": not (check or diff)}, ensure_ascii=False))
        return
    for laid in changed:
        if diff:
            _out(_difference(laid))
        else:
            from coincide.cli.render import clean

            click.echo(clean(str(laid.path)) if check else f"laid out {clean(str(laid.path))}", err=not check)
    same = len(found) - len(changed)
    would = "would be " if check or diff else ""
    parts = [f"{_counted(len(changed))} {would}laid out"] if changed else []
    parts += [f"{_counted(same)} as {'it' if same == 1 else 'they'} should be"] if same else []
    if parts:
        click.echo("; ".join(parts), err=True)


def _difference(laid: _Laid) -> str:
    import difflib

    name = "stdin" if laid.path == _STDIN else str(laid.path)
    before, after = (StringIO(text, newline="\n").readlines() for text in (laid.before, laid.after))
    lines = difflib.unified_diff(before, after, f"{name} (there)", f"{name} (laid out)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _out(text: str) -> None:
    """As it is: what goes through a pipe into a file is not made safe for a terminal."""
    click.echo(text.encode("utf-8"), nl=False)


def _counted(number: int) -> str:
    return f"{number:,} file" if number == 1 else f"{number:,} files"

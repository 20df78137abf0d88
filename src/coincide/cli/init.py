"""``coincide init``: a commented workspace, with the columns of the purchase files that are there."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from coincide.cli.errors import UnreadableFile, WorkspaceExists
from coincide.cli.guess import Guess, guess
from coincide.cli.option import json_option
from coincide.cli.preview import Preview, format_of, preview
from coincide.settings.toml import quoted

WORKSPACE_FILE = "coincide.toml"
_DEPTH = 3
_FILES = 500
"""Data files that are looked at when none is named: a folder of many thousands is named with ``--from``."""

RULE = """\
# yaml-language-server: $schema=rule.schema.json
# An example; `coincide rules test` runs the tests in it, `coincide rules explain` says it in plain English.
rule: purchase-combination
title: Pressure vessel, timer, energetic material and steel balls bought together
status: shadow            # draft | shadow | live | retired
severity: high
why: Each is an everyday purchase; most of them by one person within a month is worth a look.
basis: {purpose: public-safety, law: "Regulation (EU) 2016/679, Article 6(1)(f)"}
innocent: [cookware gift and a hobby, farm or workshop supplies]
events: purchase
by: actor                 # account | actor | organisation | link.card
within: 30 days
combination: {at_least: 3, of: [pressure-vessel, timer, energetic, steel-balls]}
tests:
  - name: three of four in a month
    given:
      - {at: 2025-03-01, component: pressure-vessel}
      - {at: 2025-03-10, component: timer}
      - {at: 2025-03-29, component: steel-balls}
    expect: 1 alert
  - name: two of four are none
    given:
      - {at: 2025-03-01, component: pressure-vessel}
      - {at: 2025-03-10, component: timer}
    expect: no alerts
"""
CATALOG = """\
match,value,component
sku,EXAMPLE-1,pressure-vessel
sku,EXAMPLE-2,timer
sku,EXAMPLE-3,energetic
category,EXAMPLE-CATEGORY,steel-balls
"""
LISTS = """\
# Managed lists

A file `lists/licences.csv` is the list `list('licences')` of expressions, such as
`unless: account in list('licences')`. Columns: `value`, and if wanted `from` and `until`
(dates or times with a zone): outside of them the value is not on the list.
"""
IGNORE = """\
# The key of the pseudonyms and the database: never into version control.
.coincide/
"""


@dataclass(frozen=True)
class FoundSource:
    """Files of one folder with the same columns, and what is believed of them."""

    name: str
    files: list[str]
    sample: Preview
    guess: Guess


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option(
    "--from",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A file of purchases to map; may be given several times.  [default: what is found in FOLDER]",
)
@click.option("--dry-run", is_flag=True, help="Print coincide.toml and write nothing.")
@json_option
def init(folder: Path, files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Make a workspace in FOLDER (default: here).

    Writes a commented coincide.toml, an example rule, a catalog and a folder of lists. Columns of the purchase
    files are mapped by their names: read the mapping before the first scan. Nothing is overwritten.
    """
    if (folder / WORKSPACE_FILE).exists():
        raise WorkspaceExists(str(folder / WORKSPACE_FILE))
    sources, passed_over = _sources(folder, files)
    document = toml(sources)
    if dry_run:
        click.echo(document, nl=False)
        return
    written, kept = _write(folder, document)
    if as_json:
        click.echo(json.dumps(_summary(folder, sources, passed_over, written, kept), ensure_ascii=False, indent=2))
    else:
        _tell(folder, sources, passed_over, written, kept)


def toml(sources: list[FoundSource]) -> str:
    """The text of ``coincide.toml`` for these sources."""
    parts = [_HEAD, *(_section(source) for source in sources)] if sources else [_HEAD, _EXAMPLE_SOURCE]
    return "\n".join([*parts, _TAIL])


def _sources(folder: Path, files: tuple[Path, ...]) -> tuple[list[FoundSource], list[tuple[Path, str]]]:
    """The sources found, and the files that are none with the reason."""
    looked = []
    passed_over: list[tuple[Path, str]] = []
    for file in files or _data_files(folder):
        try:
            looked.append(preview(file))
        except UnreadableFile as error:
            # A file that the user named must be right; one that merely lies there is told of.
            if files:
                raise
            passed_over.append((file, error.message))
    groups: dict[tuple[Path, str, tuple[str, ...]], list[Preview]] = {}
    for one in looked:
        groups.setdefault((one.file.parent, one.format, tuple(one.columns)), []).append(one)
    sources: list[FoundSource] = []
    for group in groups.values():
        believed = guess(group[0].columns)
        if files or believed.is_log:
            paths = _globs(folder, group, looked)
            name = _free(_name(group[0].file, paths), {source.name for source in sources})
            sources.append(FoundSource(name, paths, group[0], believed))
        else:
            passed_over += [
                (
                    one.file,
                    "no columns of a time and an account that are known by name; `--from` takes the file all the same",
                )
                for one in group
            ]
    return sources, passed_over


def _data_files(folder: Path) -> list[Path]:
    """Data files in and below ``folder``, sorted; what belongs to the workspace itself and hidden ones aside."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        here = Path(place)
        depth = len(here.relative_to(folder).parts)
        own = {"rules", "lists", "node_modules"} if depth == 0 else set()
        folders[:] = sorted(name for name in folders if depth < _DEPTH and name not in own and name[0] != ".")
        files = (here / name for name in sorted(names) if name[0] != "." and name != "catalog.csv")
        found += [file for file in files if format_of(file)]
        if len(found) >= _FILES:
            break
    return found[:_FILES]


def _name(file: Path, paths: list[str]) -> str:
    """A name for the source: its folder's if it takes all files there, else its first file's."""
    raw = file.parent.name if "*" in paths[0] else file.name.split(".")[0]
    plain = re.sub(r"[^a-z0-9_-]+", "-", raw.lower()).strip("-_")
    plain = re.sub(r"^[^a-z]+", "", plain)
    return plain[:60] or "purchases"


def _free(name: str, taken: set[str]) -> str:
    number = 2
    wanted = name
    while wanted in taken:
        wanted = f"{name}-{number}"
        number += 1
    return wanted


def _globs(folder: Path, group: list[Preview], looked: list[Preview]) -> list[str]:
    """A glob if it takes the files of this group and no other; else the files."""
    paths = [Path(os.path.relpath(one.file, folder)) for one in group]
    ends = {"".join(one.file.suffixes) for one in group}
    parent = paths[0].parent
    if len(ends) == 1 and parent != Path():
        beside = [one for one in looked if one.file.parent == group[0].file.parent]
        if all(one in group for one in beside):
            return [(parent / f"*{ends.pop()}").as_posix()]
    return [path.as_posix() for path in paths]


_HEAD = """\
# A workspace of Coincide. `coincide doctor` checks it; the reference of all settings is in the documentation.
# Paths are relative to this folder.
"""
_EXAMPLE_SOURCE = """\
# No purchase files were found, so this is an example: take the marks away and put your own names in.
# [sources.purchases]
# kind = "purchase"              # or return, refund, tap, incident
# files = "purchases/*.csv"      # CSV, NDJSON or Parquet
# timezone = "UTC"               # the zone of times that carry none
# [sources.purchases.columns]    # our field = your column
# event_id = "id"                # or several: ["basket", "sku"]
# occurred_at = "when"
# account = "customer"
# item = "sku"
# quantity = "qty"
# [sources.purchases.links]      # identifiers that tie accounts together
# card = "card_no"
"""
_TAIL = """\
[catalog]
files = "catalog.csv"            # columns: match (sku | category | title ...), value, component

# [entities]
# group_limit = 20               # a linked group of more accounts is left as single accounts
# [entities.kinds]
# card = {strength = "strong", cap = 6}      # a card of more accounts than this joins nobody
# address = {strength = "weak"}              # shown beside an alert, never joins
"""
_MINIMUM = 30


def _section(source: FoundSource) -> str:
    """One ``[sources.NAME]`` with its columns; what was not guessed stays as a commented line."""
    files: str | list[str] = source.files[0] if len(source.files) == 1 else source.files
    lines = [
        f"[sources.{source.name}]",
        _line("kind", "purchase", "or return, refund, tap, incident"),
        _line("files", files),
    ]
    if source.sample.delimiter != ",":
        lines.append(_line("delimiter", source.sample.delimiter))
    lines += _time_lines(source)
    lines += ["", f"[sources.{source.name}.columns]".ljust(_MINIMUM) + "   # our field = your column"]
    lines += [_line(field, column) for field, column in source.guess.columns.items()]
    if isinstance(source.guess.columns.get("event_id"), list):
        lines.append("# No column names the event, so two are joined: `coincide doctor` says whether that is unique.")
    lines += [
        f"# {field} = ...   # not found; your columns: {_names(source.sample.columns)}"
        for field in source.guess.missing
    ]
    if source.guess.left:
        lines.append(f"# Columns that nothing reads: {_names(list(source.guess.left))}")
    header = f"[sources.{source.name}.links]".ljust(_MINIMUM) + "   # what ties accounts together"
    lines += ["", header if source.guess.links else f"# {header}"]
    lines += [_line(kind, column) for kind, column in source.guess.links.items()] or ['# card = "..."']
    return "\n".join([*lines, ""])


def _time_lines(source: FoundSource) -> list[str]:
    """``time_unit`` or ``timezone``, where the first times show that one is needed."""
    column = source.guess.columns.get("occurred_at")
    values = source.sample.values.get(column, []) if isinstance(column, str) else []
    if not values:
        return ['# timezone = "UTC"            # the zone of times that carry none']
    if unit := _unit(values[0]):
        return [_line("time_unit", unit, "whole numbers since 1970")]
    if all(_has_zone(value) for value in values):
        return []
    return [_line("timezone", "UTC", "the times carry no zone: put theirs here, such as Europe/Paris")]


def _unit(value: Any) -> str | None:
    """The unit of a time given as a whole number, by its size: all of them between 1973 and 2286."""
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"\d+", text):
        return None
    number = int(text)
    for unit, second in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        if 10**8 * second <= number < 10**10 * second:
            return unit
    return None


def _has_zone(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is not None
    if isinstance(value, date):
        return False
    return re.search(r"\d(Z|z|[+-]\d\d(:?\d\d)?)$", str(value).strip()) is not None and ":" in str(value)


def _line(key: str, value: str | list[str], says: str = "") -> str:
    text = f"{key} = {quoted(value)}"
    return f"{text.ljust(_MINIMUM)}   # {says}" if says else text


def _names(columns: list[str]) -> str:
    # In a comment a control character would end the line or the file's validity.
    return ", ".join(re.sub(r"[\x00-\x1f\x7f]", "?", column) for column in columns)


def _write(folder: Path, document: str) -> tuple[list[str], list[str]]:
    """Write what is not there yet: the names written, the names kept. ``coincide.toml`` comes last: with it the
    folder is a workspace, without it ``init`` may be called again."""
    contents = {
        "rules/purchase-combination.yaml": RULE,
        "rules/rule.schema.json": _schema(),
        "catalog.csv": CATALOG,
        "lists/README.md": LISTS,
        ".gitignore": IGNORE,
        WORKSPACE_FILE: document,
    }
    written, kept = [], []
    for name, content in contents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(content)
        except FileExistsError:
            kept.append(name)
        else:
            written.append(name)
    return written, kept


def _schema() -> str:
    """The schema of rules, for editors: the first line of a rule points at it."""
    from coincide.rules.schema import schema

    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _summary(
    folder: Path, sources: list[FoundSource], passed_over: list[tuple[Path, str]], written: list[str], kept: list[str]
) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "written": written,
        "kept": kept,
        "sources": [
            {
                "name": source.name,
                "files": source.files,
                "columns": source.guess.columns,
                "links": source.guess.links,
                "missing": list(source.guess.missing),
                "left": list(source.guess.left),
            }
            for source in sources
        ],
        "passed_over": [{"file": str(file), "reason": reason} for file, reason in passed_over],
    }


def _tell(
    folder: Path, sources: list[FoundSource], passed_over: list[tuple[Path, str]], written: list[str], kept: list[str]
) -> None:
    from coincide.cli.render import clean

    def say(text: str) -> None:
        click.echo(clean(text), err=True)

    for source in sources:
        mapped = ", ".join(f"{field} = {quoted(column)}" for field, column in source.guess.columns.items())
        tied = "".join(f"; link {kind} = {quoted(column)}" for kind, column in source.guess.links.items())
        say(f"Mapped {', '.join(source.files)} as `{source.name}`: {mapped}{tied}")
        if source.guess.missing:
            say(f"  not found: {', '.join(source.guess.missing)}; map them by hand if your log has them")
    for file, reason in passed_over:
        say(f"Passed over {file}: {reason}")
    for name in written:
        click.echo(str(folder / name))
    for name in kept:
        say(f"Kept {folder / name}, which was there")
    say("Next: read the mapping in coincide.toml, put your items into catalog.csv, then `coincide doctor`.")

"""Reference pages that are made from the code: `generate.py write` makes them, `generate.py check` compares.

Each page is a pure function to text. `check` prints what differs and the command that mends it, and ends with 1;
a test and `make test` call it, so that a page that is not current fails.
"""

from __future__ import annotations

import difflib
import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import coincide
from coincide.cli.main import COMMANDS, load
from coincide.cli.main import coincide as entry
from coincide.errors import CoincideError
from coincide.events.event import FIELDS, KINDS, STATUSES
from coincide.obligations.reference import page as obligations
from coincide.reports.schema.made import published as report_schema
from coincide.rules import feature
from coincide.rules.reference import page as rules
from coincide.rules.schema import schema
from coincide.rules.skeleton import SCHEMA_FILE
from coincide.settings import Settings

DOCS = Path(__file__).parent
MADE = "<!-- Made by docs/generate.py; do not edit: run `make docs`. -->\n"
PARTS = {
    "U": "Usage of the command line",
    "S": "Settings and workspace",
    "L": "Ledger: notes, checkpoints, tiles, receipts",
    "D": "Database and files that Coincide keeps",
    "E": "Events: sources, mappings, rows",
    "C": "Catalog and lists",
    "K": "Rule packs",
    "N": "Entities: accounts, actors, keys",
    "R": "Rules",
    "A": "Alerts",
    "W": "Watching: sources and rules over time",
    "O": "Obligations",
    "P": "Reports",
    "G": "Odds",
    "T": "Taps and their network",
    "Q": "Recorded requests",
}


def error_classes() -> list[type[CoincideError]]:
    """Every error with a code, in the order of the codes; found by importing all modules called ``errors``."""
    for module in pkgutil.walk_packages(coincide.__path__, "coincide."):
        if module.name.rsplit(".", 1)[-1] == "errors":
            importlib.import_module(module.name)
    return sorted(
        {cls for cls in _below(CoincideError) if cls.code}, key=lambda cls: (list(PARTS).index(cls.code[4]), cls.code)
    )


def errors() -> str:
    """The page of all codes, each with an anchor: `errors.md#coi-s001`."""
    parts = [
        "# Errors\n",
        MADE,
        "Whatever goes wrong is said on stderr in one sentence, with the place, a hint and a code; each code is "
        "explained here. With `--json` the same comes as one JSON document on stderr:\n",
        '```json\n{"errors": [{"code": "COI-S003", "message": "unknown setting `thraeds`",\n'
        '  "where": {"file": "coincide.toml", "line": 1, "column": 1, "length": 7},\n'
        '  "hint": "did you mean `threads`?"}], "exit_status": 3}\n```\n',
        "| exit status | meaning |\n|---|---|\n| 0 | done |\n| 1 | findings or failed checks, where asked for |\n"
        "| 2 | the command was called wrongly |\n| 3 | input, rules or workspace are wrong |\n"
        "| 4 | the database or the machine refused |\n| 70 | a bug in Coincide |\n| 130 | stopped by the user |\n",
    ]
    letter = ""
    for cls in error_classes():
        if cls.code[4] != letter:
            letter = cls.code[4]
            parts.append(f"## {PARTS[letter]}\n")
        parts.append(f"### {cls.code} {{ #{cls.code.lower()} }}\n")
        parts.append(f"{_markdown(cls.__doc__ or '')}\n")
        parts.append(f"Exit status {cls.exit_status}.\n")
    return "\n".join(parts)


def cli() -> str:
    """The page of all commands, with their help as the terminal shows it."""
    parts = [
        "# Command line\n",
        MADE,
        "Data goes to stdout, talk to stderr. `NO_COLOR` and output that is no terminal are respected. Errors and "
        "exit statuses: [Errors](errors.md).\n",
        "## Shell completion\n",
        'Bash: put `eval "$(_COINCIDE_COMPLETE=bash_source coincide)"` into `~/.bashrc`. Zsh: the same with '
        "`zsh_source` in `~/.zshrc`. Fish: put `_COINCIDE_COMPLETE=fish_source coincide | source` into "
        "`~/.config/fish/completions/coincide.fish`.\n",
        f"## coincide {{ #coincide }}\n\n```text\n{_help(entry, 'coincide')}\n```\n",
    ]
    for row in COMMANDS:
        for path, command in _commands(load(row), f"coincide {row.name}"):
            anchor = path.replace(" ", "-")
            parts.append(f"{'##' if path.count(' ') == 1 else '###'} {path} {{ #{anchor} }}\n")
            parts.append(f"```text\n{_help(command, path)}\n```\n")
    return "\n".join(parts)


def settings() -> str:
    """The page of `coincide.toml`, section by section."""
    parts = [
        "# Settings\n",
        MADE,
        "A workspace is a folder with `coincide.toml`. A flag goes over an environment variable, that over the file, "
        "that over the default. Variables start with `COINCIDE_`; nested names are joined by two underscores "
        "(`COINCIDE_ENTITIES__GROUP_LIMIT=30`), lists and tables are JSON. Unknown settings are refused.\n",
    ]
    for title, model in _sections(Settings, ""):
        parts.append(f"## {title or 'Top level'}\n")
        parts.append(f"{_markdown(model.__doc__ or '')}\n")
        parts.append("| setting | type | default | meaning |\n|---|---|---|---|")
        parts += [_setting(name, field, title) for name, field in model.model_fields.items()]
        parts.append("")
    return "\n".join(parts)


def events() -> str:
    """The page of the event contract."""
    rows = [f"| `{field.name}` | {field.type} | {_cell(field.says)} |" for field in FIELDS]
    return "\n".join(
        [
            "# Event fields\n",
            MADE,
            "Sources map their own columns to these fields ([how to](../how-to/map-your-columns.md)); rules read them "
            "by these names. Nothing else is read, but `link.<kind>` and reviewed `attributes.<name>`.\n",
            "| type | values |\n|---|---|\n"
            "| text | UTF-8, compared by code point; an empty CSV field is missing |\n"
            "| number | exact decimal, at most 18 digits and 9 decimals |\n"
            "| whole | whole number of 64 bits |\n"
            "| coordinate | decimal degrees, at most 17 decimals |\n"
            "| time | an instant, UTC, microseconds; finer digits are cut; 1970 to 2200 |\n",
            "| field | type | holds |\n|---|---|---|",
            *rows,
            "",
            f"`kind` is one of {_listed(KINDS)}; `status` one of {_listed(STATUSES)}.\n",
        ]
    )


def journeys() -> str:
    """The page of the features of a card-day."""
    parts = [
        "# Journeys\n",
        MADE,
        f"{_markdown(feature.__doc__ or '')}\n",
        "| feature | unit | what it says |\n|---|---|---|",
    ]
    parts += [f"| `{one.name}` | {one.unit} | {_cell(one.says)} |" for one in feature.FEATURES]
    return "\n".join(parts) + "\n"


def rule_schema() -> str:
    """The schema that editors find beside the rules of the example."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "reference/errors.md": errors,
    "reference/events.md": events,
    "reference/journeys.md": journeys,
    "reference/rules.md": rules,
    "reference/obligations.md": obligations,
    "reference/report-1.json": report_schema,
    "reference/settings.md": settings,
    "reference/cli.md": cli,
    f"../examples/marketplace/rules/{SCHEMA_FILE}": rule_schema,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or check them: the exit status."""
    if arguments not in (["write"], ["check"]):
        print("usage: generate.py write|check", file=sys.stderr)
        return 2
    stale = 0
    for name, make in PAGES.items():
        page, text = DOCS / name, make()
        found = page.read_text(encoding="utf-8") if page.exists() else ""
        if found == text:
            continue
        if arguments == ["write"]:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
            print(page)
            continue
        stale = 1
        diff = difflib.unified_diff(
            found.splitlines(), text.splitlines(), f"{name} (there)", f"{name} (new)", lineterm=""
        )
        print("\n".join(list(diff)[:40]))
    if stale:
        print("Some pages are not current; run: .venv/bin/python docs/generate.py write")
    return stale


def _below(cls: type[CoincideError]) -> Iterator[type[CoincideError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)


def _markdown(docstring: str) -> str:
    """A docstring as Markdown: cleaned, with single backticks."""
    lines = [line.strip() for line in docstring.strip().splitlines()]
    text = re.sub(r":\w+:`[~.]?([^`]+)`", r"`\1`", "\n".join(lines))
    return text.replace("``", "`")


def _help(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100, color=False)
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _commands(child, f"{path} {name}")


def _sections(model: type[BaseModel], title: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """The model and the sections in it, depth first, each with its TOML header."""
    yield title, model
    for name, field in model.model_fields.items():
        for kind, repeated in _models(field.annotation):
            inner = f"{title.strip('[]')}.{name}".strip(".") + (".NAME" if repeated else "")
            yield from _sections(kind, f"[{inner}]")


def _models(annotation: Any, repeated: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, repeated
    arguments = getattr(annotation, "__args__", ())
    table = getattr(annotation, "__origin__", None) is dict
    for argument in arguments:
        yield from _models(argument, repeated or table)


def _setting(name: str, field: FieldInfo, title: str) -> str:
    default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
    if inner := next(iter(_models(field.annotation)), None):
        header = f"{title.strip('[]')}.{name}".strip(".") + (".NAME" if inner[1] else "")
        says = _cell(field.description or _markdown(inner[0].__doc__ or ""))
        return f"| `{name}` | section | | see `[{header}]`: {says} |"
    return f"| `{name}` | {_type(field.annotation)} | {default} | {_cell(field.description or '')} |"


def _default(value: Any) -> str:
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value!r}`".replace("'", '"')


def _type(annotation: Any) -> str:
    """The type as a reader of TOML calls it."""
    origin, arguments = getattr(annotation, "__origin__", None), getattr(annotation, "__args__", ())
    if hasattr(annotation, "__metadata__"):
        return _type(origin)
    if origin is dict:
        return f"table of {_type(arguments[1])}"
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if str(annotation).startswith("typing.Literal"):
        return ", ".join(f"`{value}`" for value in arguments)
    if arguments:
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true, false", "date": "date"}[
        annotation.__name__
    ]


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

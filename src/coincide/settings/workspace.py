"""The settings of one workspace: flag over environment over file over default, and all that is wrong at once.

``pydantic-settings`` reads the environment, and is imported only where a ``COINCIDE_*`` variable is set: it
takes longer to import than all else that the settings need.
"""

from __future__ import annotations

import os
import re
import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from coincide.errors import CoincideError, Problems, Where
from coincide.settings.errors import (
    BadSetting,
    BrokenToml,
    MissingSetting,
    NoWorkspace,
    UnknownSetting,
    UnknownZone,
    UnreadableVariable,
    UnreadableWorkspace,
    WrongType,
)
from coincide.settings.model import Settings
from coincide.settings.position import find

WORKSPACE_FILE = "coincide.toml"
STATE_FOLDER = ".coincide"
PREFIX = "COINCIDE_"


def folder_of(start: Path) -> Path | None:
    """The nearest folder at or above ``start`` that holds a ``coincide.toml``; ``None`` if there is none."""
    for folder in (start, *start.parents):
        if (folder / WORKSPACE_FILE).is_file():
            return folder
    return None


def load(folder: Path, *, environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings of the workspace ``folder``.

    ``overrides`` are what flags say, by the names of the settings; those that are ``None`` were not given.
    ``environment`` is the process's own unless given. Raises one of :mod:`coincide.settings.errors`, or
    ``Problems`` with all of them.
    """
    file = folder / WORKSPACE_FILE
    text = _read(file, folder)
    document = _parse(text, file)
    variables = _variables(os.environ if environment is None else environment)
    flags = {name: value for name, value in overrides.items() if value is not None}
    values = _over(flags, _over(_from_environment(variables), document))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = _problems(error, _Origin(values, flags, variables, text, str(file)))
    if len(problems) == 1:
        raise problems[0]
    raise Problems(problems)


def _read(file: Path, folder: Path) -> str:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise NoWorkspace(str(folder)) from None
    except OSError as error:
        raise UnreadableWorkspace(str(file), (error.strerror or "the system refused").lower()) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BrokenToml("the text is not UTF-8", where=Where(str(file), line)) from None


_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
    lines = text.splitlines() or [""]
    found = _AT.search(message)
    if found is not None and found[1] is not None:
        line, column = int(found[1]), int(found[2])
    else:
        line, column = len(lines), len(lines[-1]) + 1
    reason = _AT.sub("", message)
    source = lines[line - 1] if line <= len(lines) else ""
    raise BrokenToml(reason[:1].lower() + reason[1:], where=Where(str(file), line, column, text=source))


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that set something, by upper-case name. A near miss of a setting's name is refused.

    Other ``COINCIDE_*`` variables (``COINCIDE_DEBUG``, a key) are none of the settings and pass.
    """
    from difflib import get_close_matches

    known = tuple(Settings.model_fields)
    chosen = {}
    for name, value in environment.items():
        if not name.upper().startswith(PREFIX) or not value:
            continue
        setting = name.upper().removeprefix(PREFIX).split("__")[0].lower()
        if setting in known:
            chosen[name.upper()] = value
        elif get_close_matches(setting, known, n=1, cutoff=0.8):
            raise UnknownSetting(name, known=known)
    return chosen


def _from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    if not variables:
        return {}
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
    from pydantic_settings.exceptions import SettingsError

    class Variables(Settings, BaseSettings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True)

    class Given(EnvSettingsSource):
        def _load_env_vars(self) -> Mapping[str, str | None]:
            return {name.lower(): value for name, value in variables.items()}

    try:
        return Given(Variables)()
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        name = f"{PREFIX}{field[1].upper()}" if field else min(variables)
        given = [variable for variable in sorted(variables) if variable.startswith(name)]
        raise UnreadableVariable(given[0] if given else name) from None


def _over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables in one; where both have a key the upper one wins, table by table."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = _over(value, below) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


class _Origin:
    """Where the values of one load came from, to say where a wrong one stands."""

    def __init__(
        self,
        values: dict[str, Any],
        flags: dict[str, Any],
        variables: Mapping[str, str],
        text: str,
        file: str,
    ) -> None:
        self.values, self.flags, self.variables, self.text, self.file = values, flags, variables, text, file

    def path(self, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """``loc`` without the names that pydantic gives to the sides of a union and to keys."""
        value: Any = self.values
        path: list[str | int] = []
        for part in loc:
            inside = (isinstance(value, dict) and part in value) or (isinstance(value, list) and part != "[key]")
            if inside and not (isinstance(value, list) and isinstance(part, str)):
                value = value[part]
                path.append(part)
            elif part not in ("str", "list[str]", "[key]"):
                path.append(part)
                value = None
        return tuple(path)

    def value(self, path: tuple[str | int, ...]) -> Any:
        value: Any = self.values
        for part in path:
            value = value[part]
        return value

    def where(self, path: tuple[str | int, ...]) -> Where:
        if path and path[0] in self.flags:
            return Where(f"--{path[0]}".replace("_", "-"))
        names = [str(part).upper() for part in path]
        for length in range(len(names), 0, -1):
            variable = PREFIX + "__".join(names[:length])
            if variable in self.variables:
                return Where(variable)
        return find(self.text, path, file=self.file)


_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a section",
    "model_type": "a section",
    "list_type": "a list",
    "date_type": "a date such as 2025-03-01",
    "date_parsing": "a date such as 2025-03-01",
    "date_from_datetime_parsing": "a date such as 2025-03-01",
    "date_from_datetime_inexact": "a date such as 2025-03-01",
}


def _problems(error: ValidationError, origin: _Origin) -> list[CoincideError]:
    found: dict[tuple[str | int, ...], CoincideError] = {}
    for detail in error.errors(include_url=False, include_input=False):
        loc = detail["loc"]
        path = origin.path(loc)
        if loc[-1] == "[key]":
            found[(*path, "[key]")] = BadSetting(_dotted(path), reason=_own(detail["msg"]), where=origin.where(path))
            continue
        # A union reports each of its sides; the deepest says most (an item of a list, not the whole).
        if any(len(seen) >= len(path) and seen[: len(path)] == path for seen in found):
            continue
        for shorter in [seen for seen in found if path[: len(seen)] == seen]:
            del found[shorter]
        union = any(part in ("str", "list[str]") for part in loc) and not isinstance(path[-1], int)
        found[path] = _problem(detail["type"], detail["msg"], detail.get("ctx", {}), path, origin, union)
    return list(found.values())


def _problem(
    kind: str,
    message: str,
    context: dict[str, Any],
    path: tuple[str | int, ...],
    origin: _Origin,
    union: bool,
) -> CoincideError:
    name = _dotted(path)
    where = origin.where(path)
    match kind:
        case "extra_forbidden":
            model = _model_at(path[:-1])
            return UnknownSetting(name, known=tuple(model.model_fields) if model else (), where=where)
        case "missing":
            return MissingSetting(name, expected=_description(path), where=where)
        case "zone":
            return UnknownZone(name, zone=str(origin.value(path)), where=where)
        case "value_error":
            return BadSetting(name, reason=_own(message), where=where)
        case "literal_error":
            return BadSetting(name, reason=f"must be {context['expected']}", where=where)
        case "greater_than_equal":
            return BadSetting(name, reason=f"must be at least {context['ge']}", where=where)
        case "string_too_short" | "string_too_long":
            return BadSetting(name, reason="must be exactly one character", where=where)
        case _ if kind in _EXPECTED:
            expected = "a text or a list of texts" if union else _EXPECTED[kind]
            return WrongType(name, expected=expected, found=_called(origin.value(path)), where=where)
        case _:
            return BadSetting(name, reason="has a value that is not taken here", where=where)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def _own(message: str) -> str:
    """The sentence of one of our own validators, without what pydantic puts in front."""
    return message.removeprefix("Value error, ")


def _called(value: Any) -> str:
    """What a person calls the type of a TOML value."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int():
            return "a whole number"
        case float():
            return "a number with decimals"
        case list():
            return "a list"
        case dict():
            return "a section"
        case _:
            return "a date or time"


def _model_at(path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The section that stands at ``path`` in the model of the settings."""
    kind: Any = Settings
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = _section_in(field.annotation) if field else None
        else:
            kind = _section_in(get_args(kind)[1]) if get_origin(kind) is dict else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _section_in(annotation: Any) -> Any:
    """The section or table inside an optional or annotated type."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _section_in(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        return _section_in(inner[0]) if len(inner) == 1 else None
    return annotation


def _description(path: tuple[str | int, ...]) -> str:
    model = _model_at(path[:-1])
    field = model.model_fields.get(str(path[-1])) if model else None
    return (field.description if field else None) or "a value"

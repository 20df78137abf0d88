"""Files of obligations to obligations: those that Coincide brings, and those of the workspace.

Nothing is kept half: either every obligation is right, or ``Problems`` says all that is wrong, with its places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from coincide import document
from coincide.catalog.table import files_of, shown
from coincide.document import MAX_BYTES, MAX_DEPTH, Complaints, Items, Node, Scalar, described
from coincide.document import Mapping as Mapped
from coincide.errors import CoincideError, Problems, Where
from coincide.obligations.errors import (
    DuplicateObligation,
    MissingObligationKey,
    NotAnObligation,
    RulesStayRefused,
    UnknownObligation,
    UnknownObligationKey,
    WrongObligationValue,
)
from coincide.obligations.obligation import Obligation

_FORMS = ("Checked", "literal['unchecked']")
PACKAGE = Path(__file__).parent
ITEMS = PACKAGE.parent
"""The folder to which files of items are relative that our own obligations name."""


@dataclass(frozen=True)
class Loaded:
    """An obligation, the file it stands in (as it is shown) and the folder to which the files in it are relative."""

    obligation: Obligation
    file: str
    folder: Path
    ours: bool


def load(folder: Path | None = None, pattern: str = "") -> dict[str, Loaded]:
    """Our obligations and those of the workspace ``folder`` whose files match ``pattern``, by id.

    One of the workspace replaces ours of the same id. Raises ``Problems``.
    """
    found = dict(_ours())
    problems: list[CoincideError] = []
    first: dict[str, Where] = {}
    for path in files_of(folder, pattern) if folder is not None and pattern else ():
        assert folder is not None
        for one, where in _read(path, shown(path, folder), folder, problems, ours=False):
            id_ = one.obligation.obligation
            if id_ in first:
                problems.append(DuplicateObligation(id_, str(first[id_]), where=where))
                continue
            replaced = found.get(id_)
            if replaced is not None and replaced.obligation.rules.may == "none" != one.obligation.rules.may:
                problems.append(RulesStayRefused(id_, replaced.obligation.rules.because, where=where))
            first[id_] = where
            found[id_] = one
    if problems:
        raise Problems(problems)
    return dict(sorted(found.items()))


def chosen(known: Mapping[str, Loaded], id_: str) -> Loaded:
    """The obligation of an id. Raises ``UnknownObligation``."""
    if id_ not in known:
        raise UnknownObligation(id_, known)
    return known[id_]


@cache
def _ours() -> Mapping[str, Loaded]:
    """Those of the package, read once."""
    problems: list[CoincideError] = []
    found = [
        one
        for path in sorted(PACKAGE.glob("*.yaml"))
        for one, _ in _read(path, f"coincide/obligations/{path.name}", ITEMS, problems, ours=True)
    ]
    if problems:
        raise Problems(problems)
    return {one.obligation.obligation: one for one in found}


def _read(
    path: Path, file: str, folder: Path, problems: list[CoincideError], *, ours: bool
) -> Iterator[tuple[Loaded, Where]]:
    """The obligations of a file that are right, each with the place of its id."""
    try:
        source = document.decode(file, path.read_bytes(), _COMPLAINTS)
    except OSError as error:
        problems.append(NotAnObligation((error.strerror or "the system refused").lower(), where=Where(file)))
        return
    except NotAnObligation as error:
        problems.append(error)
        return
    nodes, wrong = document.documents(source, _COMPLAINTS)
    problems += wrong
    for node in nodes:
        try:
            made = Obligation.model_validate(_value(node))
        except ValidationError as error:
            problems += [_problem(path, detail, node, source) for path, detail in _distinct(error).items()]
            continue
        entry = node.entry("obligation")
        assert entry is not None
        yield Loaded(made, file, folder, ours), source.where(entry.value.start, entry.value.end)


def _value(node: Node) -> Any:
    """A node as the plain value that the models check."""
    match node:
        case Mapped():
            return {entry.key.text: _value(entry.value) for entry in node.entries}
        case Items():
            return [_value(item) for item in node.items]
        case Scalar():
            return node.value
        case _:
            raise TypeError(f"no value for {type(node).__name__}")


def _distinct(error: ValidationError) -> dict[tuple[int | str, ...], ErrorDetails]:
    """What pydantic found, by where it is. Of the two forms of ``checked`` it blames both: the deeper one says more."""
    found: dict[tuple[int | str, ...], ErrorDetails] = {}
    for detail in error.errors(include_url=False, include_input=False):
        found.setdefault(tuple(part for part in detail["loc"] if part not in _FORMS), detail)
    return {path: detail for path, detail in found.items() if not any(path == other[:-1] for other in found if other)}


def _problem(path: tuple[int | str, ...], detail: ErrorDetails, root: Mapped, source: document.Text) -> CoincideError:
    """What pydantic found, as one of ours and where it stands."""
    node, depth = _at(root, path)
    where = source.where(node.start, node.end)
    name = str(path[-1]) if path else "obligation"
    match detail["type"]:
        case "extra_forbidden":
            parent, _ = _at(root, path[:-1])
            assert isinstance(parent, Mapped)
            entry = parent.entry(name)
            assert entry is not None
            return UnknownObligationKey(
                name, _model(path[:-1]).model_fields, where=source.where(entry.key.start, entry.key.end)
            )
        case "missing":
            says = _model(path[:-1]).model_fields[name].description or "a value"
            head = node.entries[0].key if isinstance(node, Mapped) and node.entries else node
            return MissingObligationKey(name, says, where=source.where(head.start, head.end))
        case "value_error":
            return WrongObligationValue(name, detail["msg"].removeprefix("Value error, "), where=where)
        case _:
            assert depth == len(path)
            expected = _model(path[:-1]).model_fields.get(name)
            says = f": {expected.description}" if expected is not None and expected.description else ""
            return WrongObligationValue(name, f"cannot be {described(node)}{says}", where=where)


def _at(root: Mapped, path: tuple[int | str, ...]) -> tuple[Node, int]:
    """The node at a path, or the nearest around it, and how far the path could be followed."""
    node: Node = root
    for depth, part in enumerate(path):
        match node:
            case Mapped() if (entry := node.entry(str(part))) is not None:
                node = entry.value
            case Items() if isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            case _:
                return node, depth
    return node, len(path)


def _model(path: tuple[int | str, ...]) -> Any:
    """The model of what stands at a path."""
    from coincide.obligations import obligation as models

    inner = {
        "checked": models.Checked,
        "grounds": models.Ground,
        "items": models.Items,
        "fields": models.Blank,
        "deadline": models.Deadline,
        "notice": models.Notice,
        "rules": models.Rules,
    }
    return inner[str(path[0])] if path else Obligation


def _unreadable(reason: str) -> Any:
    def made(*_: object, where: Where, hint: str | None = None) -> NotAnObligation:
        return NotAnObligation(reason, where=where, hint=hint)

    return made


def _syntax(reason: str, *, where: Where, hint: str | None = None) -> NotAnObligation:
    return NotAnObligation(f"this is not YAML: {reason[:120]}", where=where, hint=hint)


def _refused(part: str, *, where: Where) -> NotAnObligation:
    return NotAnObligation(f"{part} are not read", where=where, hint="write the value out")


def _twice(key: str, first_line: int, *, where: Where) -> NotAnObligation:
    return NotAnObligation(f"`{key[:60]}` stands twice in one mapping, first in line {first_line}", where=where)


def _no_mapping(found: str, *, where: Where) -> NotAnObligation:
    return NotAnObligation(f"found {found}", where=where, hint="an obligation starts with `obligation: its-id`")


_COMPLAINTS = Complaints(
    too_large=_unreadable(f"it has more than {MAX_BYTES:,} bytes"),
    not_utf8=_unreadable("it is not UTF-8 text"),
    syntax=_syntax,
    refused=_refused,
    too_deep=_unreadable(f"lists and mappings are nested more than {MAX_DEPTH} deep"),
    twice=_twice,
    no_mapping=_no_mapping,
    too_many=_unreadable("it has too many problems; from here on it was not checked"),
)

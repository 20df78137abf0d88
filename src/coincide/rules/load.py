"""Rule files to rules and plans: the way in for everybody.

Nothing is kept half: either every rule of every file is right, or :class:`~coincide.errors.Problems` says all
that is wrong, in the order of file, line and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coincide.errors import CoincideError, Problems, Where
from coincide.rules.check import check
from coincide.rules.context import Context
from coincide.rules.document import decode, documents
from coincide.rules.errors import DuplicateRule, FileUnreadable, ModelRefused, RuleError
from coincide.rules.model_file import holds_model
from coincide.rules.plan import Plan
from coincide.rules.rule import Rule

__all__ = ["Context", "LoadedRule", "load", "load_text", "load_texts"]


@dataclass(frozen=True)
class LoadedRule:
    """A rule without a mistake, its plan, the file it stands in (as it was named) and that file's text."""

    rule: Rule
    plan: Plan
    file: str
    text: str


def load(
    paths: Sequence[Path], *, context: Context, folder: Path | None = None, packs: Mapping[Path, str] | None = None
) -> list[LoadedRule]:
    """The rules of the files, in order of file and document.

    Messages name files as given, or relative to ``folder`` where they lie inside. ``packs``: files of rule packs, read
    last, and how messages call them. They may look by links that no source of this workspace has.

    Raises ``Problems`` with everything that is wrong in all files: unreadable files, YAML, keys, values,
    expressions, and ids that stand twice.
    """
    problems: list[CoincideError] = []
    texts: list[tuple[str, bytes, Context]] = []
    foreign = replace(context, link_kinds=None)
    shown = {path: path.relative_to(folder) if folder and path.is_relative_to(folder) else path for path in paths}
    for path, file in {**shown, **(packs or {})}.items():
        try:
            texts.append((str(file), path.read_bytes(), foreign if packs and path in packs else context))
        except OSError as error:
            problems.append(FileUnreadable((error.strerror or "the system refused").lower(), where=Where(str(file))))
    return _load(texts, problems)


def load_text(text: str, *, file: str = "rule", context: Context) -> list[LoadedRule]:
    """The rules of one text, which messages call ``file``. Raises ``Problems`` as ``load`` does."""
    return _load([(file, text.encode("utf-8", errors="surrogatepass"), context)], [])


def load_texts(texts: Sequence[tuple[str, bytes]], *, context: Context) -> list[LoadedRule]:
    """The rules of several texts, each with what messages call it. Raises ``Problems`` as ``load`` does."""
    return _load([(file, data, context) for file, data in texts], [])


def _load(files: Sequence[tuple[str, bytes, Context]], problems: list[CoincideError]) -> list[LoadedRule]:
    found: list[LoadedRule] = []
    first: dict[str, Where] = {}
    for file, data, context in files:
        of_file: list[CoincideError] = []
        try:
            if holds_model(data):
                raise ModelRefused(where=Where(file))
            source = decode(file, data)
            mappings, of_file = documents(source)
            for document in mappings:
                checked = check(source, document, context, of_file)
                if checked.id is not None and checked.id in first:
                    of_file.append(DuplicateRule(checked.id, str(first[checked.id]), where=checked.where))
                elif checked.id is not None:
                    first[checked.id] = checked.where
                if checked.rule is not None and checked.plan is not None:
                    found.append(LoadedRule(checked.rule, checked.plan, file, source.text))
        except RuleError as error:
            of_file.append(error)
        problems += of_file
    if problems:
        raise Problems(problems)
    return found

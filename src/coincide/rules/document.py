"""Rule files as YAML that knows where it stands: ``coincide.document``, with what rules say of a file that is wrong."""

from __future__ import annotations

from coincide import document
from coincide.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_PROBLEMS,
    Complaints,
    Entry,
    Items,
    Mapping,
    Node,
    Scalar,
    Text,
    described,
    offsets,
    one_line,
)
from coincide.errors import CoincideError
from coincide.rules import errors

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_PROBLEMS",
    "Entry",
    "Items",
    "Mapping",
    "Node",
    "Scalar",
    "Text",
    "decode",
    "described",
    "documents",
    "offsets",
    "one_line",
]

_COMPLAINTS = Complaints(
    too_large=errors.FileTooLarge,
    not_utf8=errors.NotUtf8,
    syntax=errors.YamlSyntax,
    refused=errors.YamlRefused,
    too_deep=errors.YamlTooDeep,
    twice=errors.DuplicateKey,
    no_mapping=errors.NoRule,
    too_many=errors.TooManyProblems,
)


def decode(file: str, data: bytes) -> Text:
    """The text of a rule file. Raises ``FileTooLarge`` or ``NotUtf8``; a byte order mark is dropped."""
    return document.decode(file, data, _COMPLAINTS)


def documents(source: Text) -> tuple[list[Mapping], list[CoincideError]]:
    """The documents of a rule file that are mappings, in order, and what is wrong with its YAML."""
    return document.documents(source, _COMPLAINTS)

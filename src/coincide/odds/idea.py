"""A rule to begin with, from types that hardly ever meet: a draft that a person completes or throws away.

It is text. Nothing reads it but whoever copies it into a file: the components are not in the catalog yet, the reason
is left blank, and a draft raises no alert.
"""

from __future__ import annotations

import re
import unicodedata

from coincide.odds.meeting import Meeting, sentence

_LONGEST = 40


def idea(meeting: Meeting, width: int, by: str) -> str:
    """The YAML of a draft rule over the types of a meeting. ``by``: what a type is: item type, category or item."""
    names = components([kind.name for kind in meeting.kinds])
    least = min(3, len(names))
    lines = [
        f"# {_inline(sentence(meeting, width))}.",
        "# That they hardly ever meet is no reason to look at anybody: say why, or throw this away.",
        f"rule: {'-and-'.join(name[:15].rstrip('-') for name in names[:2])}",
        f"title: {_quoted(f'{least} of: ' + ', '.join(kind.name for kind in meeting.kinds))}",
        "status: draft             # runs only when it is named; raises no alert",
        "severity: low",
        "why: Say why these together are worth the look of a person.",
        "basis:                    # the legal ground and purpose",
        "  purpose: public-safety",
        "  law: the provision that the processing rests on",
        "innocent:",
        "  - they are everyday things, and somebody needed both",
        "events: purchase",
        "by: actor",
        f"within: {width} days",
        "combination:",
        f"  at_least: {least}",
        "  of:",
        *(f"    - {name}" for name in names),
        "# The catalog has to say what these components are (match,value,component):",
        *(f"#   {_row(kind.name, name, by)}" for kind, name in zip(meeting.kinds, names, strict=True)),
    ]
    return "\n".join(lines) + "\n"


def components(types: list[str]) -> list[str]:
    """A name of a component for each type; no two are the same."""
    names: list[str] = []
    for type_ in types:
        plain = unicodedata.normalize("NFKD", type_).encode("ascii", "ignore").decode().lower()
        words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
        stem = (words if re.match("[a-z]", words) else f"type-{words}".rstrip("-"))[:_LONGEST].rstrip("-")
        name, number = stem, 2
        while name in names:
            name, number = f"{stem}-{number}", number + 1
        names.append(name)
    return names


def _row(type_: str, component: str, by: str) -> str:
    match by:
        case "category":
            return f"category,{_inline(type_)},{component}"
        case "item":
            return f"sku,{_inline(type_)},{component}"
        case _:
            return f"sku,...,{component}          one row for each item of the type {_inline(type_)}"


def _quoted(text: str) -> str:
    """A YAML scalar in double quotes, on one line."""
    return '"' + _inline(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _inline(text: str) -> str:
    """On one line, without characters that would end it or steer a reader."""
    return "".join(" " if unicodedata.category(letter).startswith(("C", "Z")) else letter for letter in text)

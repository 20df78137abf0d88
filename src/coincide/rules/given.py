"""The ``tests`` of a rule: documents to :class:`~coincide.rules.example.Example`. Running them is left to others."""

from __future__ import annotations

import re
from decimal import Decimal

from coincide.events.event import CORE, KINDS, STATUSES
from coincide.rules import errors
from coincide.rules.document import Entry, Items, Mapping, Node, Scalar
from coincide.rules.example import Example, Given, Value
from coincide.rules.read import Reader
from coincide.rules.types import event_type

_EXPECT = re.compile(r"(no|[0-9]{1,9}) alerts?")
_INT64 = 2**63
_KEYS = ("name", "given", "expect")
_EXAMPLES = {
    "name": "name: the situation, in words",
    "given": "given: [{at: 2025-03-01}]",
    "expect": "expect: no alert",
}

# Named otherwise in tests, or given by position.
_NOT_GIVEN = {"occurred_at", "event_id"}


def read_examples(reader: Reader, entry: Entry) -> tuple[Example, ...]:
    """The tests that are right; what is wrong with the others is added to the reader's problems."""
    nodes = reader.items("tests", entry.value) or ()
    found = (_example(reader, node) for node in nodes)
    return tuple(example for example in found if example is not None)


def _example(reader: Reader, node: Node) -> Example | None:
    at = node.entries[0].key if isinstance(node, Mapping) and node.entries else node
    found = reader.mapping("tests", "a test", node, known=_KEYS, required=_EXAMPLES, at=at)
    if found is None:
        return None
    name, given, expect = (found.entry(key) for key in _KEYS)
    text = reader.text("name", name.value) if name else None
    alerts = _expect(reader, expect.value) if expect else None
    events = reader.each("given", given.value, lambda _, item: _given(reader, item)) if given else None
    if text is None or alerts is None or events is None:
        return None
    return Example(text, events, alerts)


def _expect(reader: Reader, node: Node) -> int | None:
    text = reader.text("expect", node)
    if text is None:
        return None
    match = _EXPECT.fullmatch(" ".join(text.split()))
    if match is None:
        reader.add(errors.BadExpect(text, where=reader.where(node)))
        return None
    return 0 if match[1] == "no" else int(match[1])


def _given(reader: Reader, node: Node) -> Given | None:
    if not isinstance(node, Mapping):
        reader.wrong("given", "a list of events such as `{at: 2025-03-01, component: timer}`", node)
        return None
    at = node.entry("at")
    if at is None:
        reader.add(errors.MissingKey("at", "an event", "at: 2025-03-01", where=reader.where(node)))
    at_us = reader.time("at", at.value) if at else None
    fields: dict[str, Value] = {}
    components: tuple[str, ...] = ()
    for entry in node.entries:
        match entry.key.text:
            case "at":
                pass
            case "component":
                components = _components(reader, entry)
            case name:
                fields[name] = _value(reader, name, entry)
    return None if at_us is None else Given(at_us, components, fields)


def _components(reader: Reader, entry: Entry) -> tuple[str, ...]:
    nodes = entry.value.items if isinstance(entry.value, Items) else (entry.value,)
    found = (reader.component("component", node) for node in nodes)
    return tuple(name for name in found if name is not None)


def _value(reader: Reader, name: str, entry: Entry) -> Value:
    """A field's value in its own type; ``None`` where the test says that it is missing, or it is wrong."""
    where = reader.where(entry.key)
    if name in _NOT_GIVEN or not (name in CORE or name.startswith(("link.", "attributes."))):
        known = {"at", "component", *CORE} - _NOT_GIVEN
        reader.add(errors.UnknownKey(name, "an event of a test", known, where=where))
        return None
    type_ = event_type(name, reader.context, where, reader.add)
    node = entry.value
    if type_ is None:
        return None
    if not isinstance(node, Scalar):
        reader.wrong(name, "one value", node)
        return None
    if node.value is None:
        return None
    match type_:
        case "time":
            return reader.time(name, node)
        case "number":
            return reader.number(name, node)
        case "coordinate":
            return reader.number(name, node, decimals=17, digits=38)
        case "whole":
            return _whole(reader, name, node)
        case _:
            return _text(reader, name, node)


def _whole(reader: Reader, name: str, node: Scalar) -> int | None:
    value = node.value
    if isinstance(value, Decimal) and value == value.to_integral_value() and -_INT64 <= value < _INT64:
        return int(value)
    reader.wrong(name, "a whole number", node)
    return None


def _text(reader: Reader, name: str, node: Scalar) -> str | None:
    """As written: a SKU of digits keeps its zeros in front."""
    choices = {"kind": KINDS, "status": STATUSES}.get(name)
    if choices is not None and node.text not in choices:
        reader.add(errors.WrongChoice(name, node.text, choices, where=reader.where(node)))
        return None
    return node.text

"""The reference page of the rule language, made from the schema: ``page()`` is ``docs/reference/rules.md``.

``docs/generate.py write`` writes it; a test says whether it is current.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coincide.events.event import FIELDS
from coincide.rules.document import MAX_BYTES, MAX_DEPTH
from coincide.rules.parse import MAX_DECIMALS, MAX_DIGITS, MAX_LENGTH
from coincide.rules.parse import MAX_DEPTH as MAX_NESTING
from coincide.rules.read import MAX_WINDOW_DAYS
from coincide.rules.schema import schema
from coincide.rules.skeleton import skeleton

FILE = "docs/reference/rules.md"

_HEAD = f"""\
# Rules

<!-- Made by coincide.rules.reference from the schema; do not edit. -->

A rule is a YAML document in a file that `rules` of `coincide.toml` names (`rules/*.yaml` by default); a file may
hold several, separated by `---`. `coincide rules check` says all that is wrong with it, at the letter;
`coincide rules explain` says it in plain English; `coincide rules test` runs the tests in it; `coincide rules fmt`
lays it out; `coincide rules new` begins one. `coincide rules schema` prints the JSON Schema for editors, which find
it by the first line:

```yaml
{{skeleton}}```

Of YAML, anchors, aliases, merge keys, tags and directives are not read; a file has at most {MAX_BYTES:,} bytes,
lists and mappings nest at most {MAX_DEPTH} deep, and no key stands twice. Numbers are exact: at most {MAX_DIGITS}
digits and {MAX_DECIMALS} decimals.

"""

_WINDOWS = f"""\
## Windows

`within: 30 days` is the sliding window of the 30 days before and up to an event: what lies exactly 30 days back is
outside. It takes whole minutes, hours, days (of 24 hours) and weeks, up to {MAX_WINDOW_DAYS:,} days. `per: day` is
the calendar day of `zone` instead, and `per: service-day` its day of service: from `[journeys] service_day` of
`coincide.toml` (04:00 on the local clock, however long the day is where clocks are changed) to the next, so that a trip
over midnight is of the day it began on. Observations of an actor are in the strict order of time, source, event id and
account; "before" always means that order.

"""

_EXPRESSIONS = f"""\
## Conditions

`where` and `unless` are conditions on one line, of at most {MAX_LENGTH:,} characters and {MAX_NESTING} levels. They
look like SQL; what is not listed here does not exist.

| form | meaning |
|---|---|
| `a = b`, `a <> b` (or `!=`), `<`, `<=`, `>`, `>=` | texts compare by code point, numbers exactly, times with times |
| `and`, `or`, `not`, `( )` | a missing field makes a comparison unknown; what is unknown does not select |
| `a in ('x', 'y')`, `not in` | equals one of the values |
| `a between 1 and 5`, `not between` | both ends included |
| `a is null`, `is not null` | the field is missing |
| `a like 'farm%'`, `not like` | `%` stands for any characters, `_` for one; case counts |
| `+ - * /`, `-a` | exact; dividing by zero gives a missing value |
| `abs(a)` | the absolute value of a number |
| `lower(a)`, `length(a)` | small letters of a text; its length in code points |
| `local_hour(occurred_at)`, `weekday(occurred_at)` | 0 to 23, and 1 (Monday) to 7, in the rule's `zone` |
| `a in list('name')`, `not in list('name')` | the value is on the list `lists/name.csv`, valid at the event's time |
| `'text'`, `12.5` | a quote inside a text is doubled: `'O''Brien'`; numbers have no exponent |

In `unless` also, of the observations in the window:

| form | meaning |
|---|---|
| `count()` | how many there are |
| `sum(field)` | the exact sum of a number; missing values count as nothing |
| `distinct(field)` | how many different values there are |

A text that starts with a quote, or holds `: ` or ` #`, needs YAML's double quotes around the whole condition.

"""

_FIELDS = """\
## Fields

The core fields of an event, `link.<kind>` for each kind of identifier that a source maps (text), and
`attributes.<name>` for each attribute that `coincide.toml` declares and a person has reviewed. Attributes of
special categories of personal data (ethnicity, religion, politics, health, sexuality, union membership, biometric
and genetic data) are refused. A name with a hyphen is put in double quotes: `attributes."age-group"`.

| field | type | holds |
|---|---|---|
"""

_SECTIONS = {
    "basis": "Basis",
    "combination": "Combination",
    "velocity": "Velocity",
    "threshold": "Threshold",
    "sequence": "Sequence",
    "ratio": "Ratio",
    "presence": "Presence",
    "unusual-day": "UnusualDay",
}


def page() -> str:
    """The whole page."""
    rule = schema()
    parts = [
        _HEAD.replace("{skeleton}", skeleton("its-id", "combination")),
        "## Keys\n\n" + _table(rule),
        *(_section(key, rule["$defs"][name]) for key, name in _SECTIONS.items()),
        _WINDOWS,
        _EXPRESSIONS,
        _FIELDS + "".join(f"| `{field.name}` | {field.type} | {_cell(field.says)} |\n" for field in FIELDS) + "\n",
        "## Tests\n\n" + _tests(rule["properties"]["tests"]["items"]),
    ]
    return "".join(parts).rstrip() + "\n"


def _section(key: str, model: Mapping[str, Any]) -> str:
    return f"## {key}\n\n{model['description']}\n\n{_table(model)}"


def _tests(test: Mapping[str, Any]) -> str:
    given = test["properties"]["given"]["items"]
    return (
        "Each test gives events and says how many alerts they make. Where an event says nothing else, its kind is the "
        "first of `events`, its status `completed`, its quantity 1, its account the same as that of the others, and "
        "its id its place in the list. `null` makes a field missing. Times are UTC.\n\n"
        f"{_table(test)}An event of `given` has `at`, and any of:\n\n"
        f"{', '.join(f'`{key}`' for key in given['properties'] if key != 'at')}, `link.<kind>`, `attributes.<name>`.\n"
    )


def _table(model: Mapping[str, Any]) -> str:
    rows = "".join(_rows(model))
    return f"| key | | value | meaning |\n|---|---|---|---|\n{rows}\n"


def _rows(model: Mapping[str, Any]) -> Iterator[str]:
    for name, part in model["properties"].items():
        needed = "needed" if name in model.get("required", ()) else ""
        meaning = part.get("description", "")
        if isinstance(part.get("default"), str):
            meaning += f" (default: `{part['default']}`)"
        yield f"| `{name}` | {needed} | {_cell(_value(part))} | {_cell(meaning)} |\n"


def _value(part: Mapping[str, Any]) -> str:
    """A type in words, from its schema."""
    match part:
        case {"enum": choices}:
            return ", ".join(f"`{choice}`" for choice in choices)
        case {"const": choice}:
            return f"`{choice}`"
        case {"$ref": reference}:
            model = reference.rpartition("/")[2]
            key = next((key for key, name in _SECTIONS.items() if name == model), model.lower())
            return f"see [{key}](#{key})"
        case {"anyOf": kinds}:
            return "; or ".join(dict.fromkeys(_value(kind) for kind in kinds))
        case {"type": "array", "items": items}:
            return f"list of {_value(items)}"
        case {"type": "object", "additionalProperties": {"$ref": _}}:
            return "`{component: {quantity: number}}`"
        case {"type": kind}:
            return {"string": "text", "integer": "whole number", "object": "mapping"}.get(str(kind), str(kind))
        case _:
            return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

"""Laying out rule files: one layout, every comment, no change of meaning."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coincide.errors import CoincideError, Problems
from coincide.rules.document import decode, documents
from coincide.rules.errors import NotFormatted
from coincide.rules.format import SCHEMA_LINE, formatted
from coincide.rules.load import Context, LoadedRule, load_text
from coincide.rules.rule import KIND_KEYS, Kind, Rule
from coincide.rules.skeleton import skeleton
from coincide.settings import Attribute
from property.choice import drawn
from scribble import Scribble, scribbled

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests" / "golden" / "format"
CASES = sorted(FOLDER.glob("*.yaml"))
OURS = sorted(path for folder in ("src", "examples") for path in (ROOT / folder).rglob("rules/*.yaml"))
REVIEWED = {"reviewed_by": "data protection officer", "reviewed_on": date(2025, 1, 15)}
CONTEXT = Context(
    components=None,
    link_kinds=None,
    lists=None,
    attributes={
        "colour": Attribute.model_validate({"type": "text", **REVIEWED}),
        "grade": Attribute.model_validate({"type": "number", **REVIEWED}),
    },
)
EXAMPLES = int(os.environ.get("COINCIDE_EXAMPLES", "0")) or 25


def laid(text: str) -> str:
    return formatted(decode("rule.yaml", text.encode("utf-8")))


def loaded(text: str) -> list[LoadedRule]:
    try:
        return load_text(text.removeprefix("\ufeff"), context=CONTEXT)
    except Problems as error:
        raise AssertionError([str(problem) for problem in error.problems]) from None


def content(rules: list[LoadedRule]) -> list[tuple[str, dict[str, object]]]:
    """All that a rule says; of conditions their plan, because white space in them goes."""
    values = [{key: getattr(one.rule, key, None) for key in Rule.model_fields} for one in rules]
    return [
        (one.plan.fingerprint, {key: value for key, value in said.items() if key not in ("where", "unless")})
        for one, said in zip(rules, values, strict=True)
    ]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn(scribbled))
def test_however_a_file_is_written_its_rules_and_comments_stay_and_a_second_time_changes_nothing(
    scribble: Scribble,
) -> None:
    text = laid(scribble.text)
    assert laid(text) == text
    assert content(loaded(text)) == content(loaded(scribble.text))
    assert sorted(re.findall("§[0-9]+§", text)) == sorted(f"§{n}§" for n in range(len(scribble.comments)))
    assert all(comment in text for comment in scribble.comments)
    assert text.startswith(SCHEMA_LINE + "\n")
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert "\r" not in text and "\n\n\n" not in text


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn(scribbled))
def test_a_comment_above_a_key_is_above_it_wherever_the_key_goes(scribble: Scribble) -> None:
    lines = laid(scribble.text).splitlines()
    for comment, key in scribble.keys.items():
        (at,) = [number for number, line in enumerate(lines) if line == comment]
        below = next(line for line in lines[at:] if line and not line.startswith("#"))
        assert below.startswith(f"{key}:")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn(scribbled))
def test_keys_stand_in_the_order_of_the_schema(scribble: Scribble) -> None:
    mappings, _ = documents(decode("rule.yaml", laid(scribble.text).encode()))
    order = list(Rule.model_fields)
    for mapping in mappings:
        keys = [entry.key.text for entry in mapping.entries]
        assert keys == sorted(keys, key=order.index)


_BITS = [
    "#",
    " # c",
    "\n",
    "- ",
    ": ",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    "|",
    ">",
    "  ",
    "\t",
    "---\n",
    "a",
    "\\",
    "é",
    "?",
    "+",
    "\r",
    "\x85",
    "\u2028",
]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn(scribbled), st.data())
def test_a_file_that_was_damaged_is_laid_out_or_refused_and_never_changed_in_what_it_says(
    scribble: Scribble, data: st.DataObject
) -> None:
    text = scribble.text
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(_BITS)) + text[at + data.draw(st.integers(0, 2)) :]
    try:
        found = laid(text)
    except NotFormatted:
        raise
    except CoincideError:
        return
    assert laid(found) == found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_file_is_laid_out_exactly_as_was_recorded(path: Path) -> None:
    """``COINCIDE_RECORD=1`` writes the ``.out`` files again; read the difference before committing it."""
    expected = path.with_suffix(".out")
    found = formatted(decode(path.name, path.read_bytes()))
    if os.environ.get("COINCIDE_RECORD") == "1":
        expected.write_text(found, encoding="utf-8", newline="")
    assert found == expected.read_bytes().decode("utf-8")
    assert laid(found) == found


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_the_rules_we_ship_are_laid_out(path: Path) -> None:
    assert path.read_bytes().decode("utf-8") == formatted(decode(path.name, path.read_bytes()))


@pytest.mark.parametrize("kind", KIND_KEYS)
@pytest.mark.parametrize("components", [(), ("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_a_new_rule_is_laid_out_from_the_start(kind: Kind, components: tuple[str, ...]) -> None:
    text = skeleton("its-id", kind, components)
    assert laid(text) == text

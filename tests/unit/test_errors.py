"""The tree of errors: every code well formed, used once, explained, and provoked by a test."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import coincide
from coincide.errors import CODE, CoincideError, Problems, UsageError, Where

TESTS = Path(__file__).parents[1]


def _below(cls: type[CoincideError]) -> Iterator[type[CoincideError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)


def _classes() -> list[type[CoincideError]]:
    for module in pkgutil.walk_packages(coincide.__path__, "coincide."):
        # Migrations run only inside Alembic, and the entry runs the program.
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    ours = [cls for cls in set(_below(CoincideError)) if cls.__module__.startswith("coincide.") and cls.code]
    return sorted(ours, key=lambda cls: cls.code)


CLASSES = _classes()


def _tests_text() -> str:
    return "\n".join(
        file.read_text(encoding="utf-8") for file in TESTS.rglob("*") if file.suffix in (".py", ".txt", ".out", ".toml")
    )


def test_every_code_is_used_by_one_class_alone() -> None:
    assert {code: count for code, count in Counter(cls.code for cls in CLASSES).items() if count > 1} == {}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_a_code_is_well_formed_and_explained(cls: type[CoincideError]) -> None:
    assert CODE.fullmatch(cls.code)
    text = inspect.cleandoc(cls.__doc__ or "")
    first = text.split("\n\n")[0]
    assert len(text) > 40, "the docstring is the page of the code"
    assert re.search(r"[.:]$", first), "the first paragraph is a sentence"
    assert cls.exit_status in (1, 2, 3, 4, 70, 130)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_a_class_with_a_code_is_defined_where_errors_are(cls: type[CoincideError]) -> None:
    assert cls.__module__.rsplit(".", 1)[-1] == "errors"


def test_every_code_is_provoked_by_some_test() -> None:
    text = _tests_text()
    # A name that several classes have says nothing about which of them a test met.
    shared = {name for name, count in Counter(cls.__name__ for cls in CLASSES).items() if count > 1}
    missing = [
        cls.code
        for cls in CLASSES
        if cls.code not in text and (cls.__name__ in shared or not re.search(rf"\b{cls.__name__}\b", text))
    ]
    assert missing == []


def test_a_malformed_code_is_a_bug_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="expected COI-"):
        type("Bad", (CoincideError,), {"code": "COI-1"})


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Where("a"), "a"),
        (Where("a", 3), "a:3"),
        (Where("a", 3, 7), "a:3:7"),
        (Where("a", None, 7), "a"),
    ],
)
def test_a_place_is_written_as_far_as_it_is_known(where: Where, text: str) -> None:
    assert str(where) == text


def test_an_error_as_text_has_place_code_sentence_and_hint() -> None:
    assert str(UsageError("no", where=Where("a", 1), hint="yes")) == "a:1: COI-U001: no (yes)"


def test_problems_are_sorted_by_place_and_those_without_one_come_first() -> None:
    problems = [UsageError("d", where=Where("b", 1)), UsageError("c", where=Where("a", 10, 2))]
    problems += [UsageError("b", where=Where("a", 9)), UsageError("a")]
    assert [problem.message for problem in Problems(list(problems)).problems] == ["a", "b", "c", "d"]


def test_one_problem_is_counted_in_the_singular() -> None:
    assert Problems([UsageError("a")]).message == "1 problem found"

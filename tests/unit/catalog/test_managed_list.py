from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.catalog import managed_list
from coincide.catalog.errors import BadTime, EmptyValue, EndsBeforeStart, TwoListsOfOneName, WrongHeader
from coincide.catalog.managed_list import ManagedList
from coincide.errors import CoincideError, Problems


def written(folder: Path, text: str, name: str = "lists/licences.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path, text: str) -> ManagedList:
    return managed_list.load(written(folder, text), "lists/*.csv")["licences"]


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def holds(of: ManagedList, asked: list[tuple[str | None, int | None]]) -> list[bool | None]:
    values = pl.Series([value for value, _ in asked], dtype=pl.String)
    at = pl.Series([time for _, time in asked], dtype=pl.Int64)
    return of.holds(values, at).to_list()


def problems(folder: Path, pattern: str = "lists/*.csv") -> list[CoincideError]:
    with pytest.raises(Problems) as raised:
        managed_list.load(folder, pattern)
    return raised.value.problems


def test_a_value_holds_from_its_start_up_to_but_not_including_its_end(tmp_path: Path) -> None:
    licences = loaded(tmp_path, "value,from,until\nfarm-1,2025-01-01,2025-02-01\n")
    start, end = us("2025-01-01"), us("2025-02-01")
    asked: list[tuple[str | None, int | None]] = [
        ("farm-1", start - 1),
        ("farm-1", start),
        ("farm-1", end - 1),
        ("farm-1", end),
        ("farm-2", start),
    ]
    assert holds(licences, asked) == [False, True, True, False, False]


def test_a_bound_may_be_an_instant_with_its_zone(tmp_path: Path) -> None:
    licences = loaded(tmp_path, "value,from,until\na,2025-01-01T02:00:00+02:00,2025-01-01T00:00:01.5Z\n")
    start = us("2025-01-01")
    assert holds(licences, [("a", start - 1), ("a", start), ("a", start + 1_499_999), ("a", start + 1_500_000)]) == [
        False,
        True,
        True,
        False,
    ]


def test_without_bounds_a_value_always_holds(tmp_path: Path) -> None:
    assert holds(loaded(tmp_path, "value\na\n"), [("a", 0), ("a", 2**62), ("b", 0)]) == [True, True, False]
    assert holds(loaded(tmp_path, "value,until\na,1970-01-02\n"), [("a", 0), ("a", 86_400_000_000)]) == [True, False]


def test_rows_of_one_value_add_up_and_answer_once(tmp_path: Path) -> None:
    licences = loaded(tmp_path, "value,from,until\na,1970-01-01,1970-01-03\na,1970-01-02,1970-01-04\na,1971-01-01,\n")
    day = 86_400_000_000
    assert holds(licences, [("a", day), ("a", 3 * day), ("a", 400 * day)]) == [True, False, True]


def test_what_is_missing_is_unknown(tmp_path: Path) -> None:
    licences = loaded(tmp_path, "value\na\n")
    assert holds(licences, [(None, 1), ("a", None), (None, None)]) == [None, None, None]
    assert holds(licences, []) == []


def test_no_file_is_no_list(tmp_path: Path) -> None:
    assert managed_list.load(tmp_path, "lists/*.csv") == {}


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    first = loaded(tmp_path, "value,until\na,2025-01-01\nb,\n")
    second = loaded(tmp_path, "until,value\n,b\n2025-01-01T00:00:00Z,a\n,b\n")
    assert first.version == second.version
    assert first.version != loaded(tmp_path, "value\na\nb\n").version


def test_all_problems_come_at_once_with_their_places(tmp_path: Path) -> None:
    written(
        tmp_path,
        "value,from,until\n,2025-01-01,\na,1.1.2025,2025-13-01\nb,2025-01-01T10:00:00,\nc,2025-02-01,2025-02-01\n",
    )
    written(tmp_path, "name\na\n", "lists/other.csv")
    written(tmp_path, "value\na\n", "lists/more/other.csv")
    found = problems(tmp_path, "lists/**/*.csv")
    assert [(type(problem), str(problem.where)) for problem in found] == [
        (EmptyValue, "lists/licences.csv:2:1"),
        (BadTime, "lists/licences.csv:3:3"),
        (BadTime, "lists/licences.csv:3:12"),
        (BadTime, "lists/licences.csv:4:3"),
        (EndsBeforeStart, "lists/licences.csv:5:14"),
        (TwoListsOfOneName, "lists/other.csv"),
    ]


def test_another_header_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "name\na\n")
    (problem,) = problems(tmp_path)
    assert isinstance(problem, WrongHeader)
    assert "value (and may be from, until)" in str(problem)


BOUND = st.integers(0, 5)


@hypothesis.settings(deadline=None)
@given(
    entries=st.lists(st.tuples(st.sampled_from("ab"), BOUND, BOUND), max_size=6),
    asked=st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | BOUND), max_size=8),
)
def test_holds_is_a_plain_loop(entries: list[tuple[str, int, int]], asked: list[tuple[str | None, int | None]]) -> None:
    expected = [
        None if value is None or at is None else any(value == v and start <= at < end for v, start, end in entries)
        for value, at in asked
    ]
    assert holds(managed_list.of("x", entries), asked) == expected

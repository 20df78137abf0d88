"""How a day stands among others, in words that do not round anybody to a hundred per cent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.journeys.day import Standing
from coincide.journeys.histogram import histogram
from coincide.journeys.standing import chart, words


def standing(value: float, values: list[float]) -> Standing:
    every = np.array(values)
    return Standing("trips", "rides", "rides begun", value, float((every >= value).mean()), histogram(every))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (31, "more than on any other of 20,000 card-days"),
        (5, "more than on 99.98 % of 20,000 card-days"),
        (2, "more than on 50 % of 20,000 card-days"),
        (1, "none of 20,000 card-days has less"),
    ],
)
def test_a_day_is_told_among_all_the_others(value: float, said: str) -> None:
    values = [1.0] * 10_000 + [2.0] * 9_996 + [5.0] * 3 + [31.0]
    assert words(standing(value, values)) == said


@given(st.integers(100, 5_000), st.data())
def test_what_is_said_is_never_more_than_what_was_counted(group: int, data: st.DataObject) -> None:
    lower = data.draw(st.integers(1, group - 2))
    values = [0.0] * lower + [1.0] * (group - lower)
    said = words(standing(1, values))
    per_cent = float(said.removeprefix("more than on ").split(" %")[0])
    assert per_cent / 100 - 1e-12 <= lower / group < per_cent / 100 + 0.0001 + 1e-9


def test_in_a_small_group_nothing_is_compared() -> None:
    assert words(Standing("trips", "rides", "", 3, None, None)).startswith("not compared: fewer than 100")


def test_the_line_of_the_day_stands_over_the_bin_that_counts_it() -> None:
    values = [float(value) for value in np.repeat(np.arange(1, 9), 25)]
    one = standing(5, values)
    assert one.others is not None
    spec = chart("c", one, one.others).spec
    here = spec["layer"][1]["encoding"]["x"]["datum"]
    row = next(row for row in spec["data"]["values"] if row["bin"] < here < row["end"])
    assert (row["name"], row["count"]) == ("5", 25)

"""How long a reading takes, by what earlier scans took: a range, and what it rests on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.alerts.pace import Estimate, estimate, spoken

MEASURED = st.lists(st.tuples(st.integers(1, 10**9), st.floats(0.001, 1e6, allow_nan=False)), min_size=1, max_size=10)


def test_without_a_timed_scan_nothing_is_known() -> None:
    assert estimate(1, 10, []) is None


def test_it_rests_on_scans_of_that_size() -> None:
    measured = [(1_000, 10.0), (50, 10.0), (2_000, 10.0), (99, 1.0)]
    assert estimate(1_000, 1_000, measured) == Estimate(5.0, 10.0, 2, 100.0, 200.0)


def test_where_all_were_small_it_rests_on_the_largest() -> None:
    assert estimate(0, 100_000, [(10, 1.0), (100, 2.0), (50, 0.1)]) == Estimate(0.0, 2_000.0, 1, 50.0, 50.0)


@given(MEASURED, st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_scan_that_is_repeated_lies_within_its_own_estimate(
    measured: list[tuple[int, float]], fewest: int, more: int
) -> None:
    found = estimate(fewest, fewest + more, measured)
    assert found is not None
    assert 0 <= found.shortest <= found.longest * (1 + 1e-9)
    assert found.slowest <= found.fastest
    assert 1 <= found.scans <= len(measured)
    rows, seconds = max(measured)
    again = estimate(rows, rows, measured)
    assert again is not None
    assert again.shortest <= seconds * (1 + 1e-9)
    assert seconds <= again.longest * (1 + 1e-9)


@pytest.mark.parametrize(
    ("shortest", "longest", "said"),
    [
        (0.1, 0.9, "under a second"),
        (0.1, 5.4, "under a second to 5 seconds"),
        (1.2, 5.4, "2 to 5 seconds"),
        (40, 119, "40 to 119 seconds"),
        (40, 180, "40 seconds to 3 minutes"),
        (180, 181, "3 minutes"),
        (125, 7_300, "2 minutes to 2 hours"),
        (7_200, 36_000, "2 to 10 hours"),
    ],
)
def test_a_range_is_said_as_a_person_would_say_it(shortest: float, longest: float, said: str) -> None:
    assert spoken(shortest, longest) == said

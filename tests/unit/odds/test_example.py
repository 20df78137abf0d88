"""Which alerts are shown as typical and as odd, against a loop over all of them."""

from __future__ import annotations

from random import Random
from statistics import median
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coincide.alerts.alert import Finding
from coincide.events.event import EventName
from coincide.odds.example import FEATURES, examples

DAY_US = 86_400_000_000


def finding(
    actor: str, day: int, *, days: int = 0, hits: int = 1, counted: int = 3, alone: bool = True, evidence: int = 2
) -> Finding:
    first, last = (EventName(at * DAY_US, "shop", f"e{at}", actor) for at in (day, day + days))
    proof = (first,) * evidence
    return Finding(actor, first, last, hits, 0, counted, alone, proof, proof, f"of {actor}")


findings = st.lists(
    st.builds(
        finding,
        st.sampled_from("abc"),
        st.integers(0, 300),
        days=st.integers(0, 3),
        hits=st.integers(1, 3),
        counted=st.integers(2, 4),
        alone=st.booleans(),
        evidence=st.integers(1, 3),
    ),
    max_size=40,
    unique_by=lambda one: (one.started_by.occurred_at, one.actor),
)


def oddness(found: list[Finding], one: Finding) -> int:
    """How many are nearer to the median than this one, feature by feature."""
    total = 0
    for feature in FEATURES.values():
        middle = median(feature(other) for other in found)
        total += sum(abs(feature(other) - middle) < abs(feature(one) - middle) for other in found)
    return total


def when(one: Finding) -> tuple[Any, ...]:
    """By the first hit, then by the last, then by the actor."""
    ends = (one.started_by, one.ended_by)
    return (*((end.occurred_at, end.source, end.event_id) for end in ends), one.actor)


@given(findings, st.randoms())
def test_the_nearest_to_the_medians_and_those_that_are_farthest_from_them(found: list[Finding], order: Random) -> None:
    chosen = examples(found)
    most = min(10, (len(found) + 1) // 2)
    nearest = sorted(found, key=lambda one: (oddness(found, one), *when(one)))[:most]
    line = max((oddness(found, one) for one in nearest), default=0)
    odder = [one for one in found if oddness(found, one) > line]
    farthest = sorted(odder, key=lambda one: (-oddness(found, one), *when(one)))[:10]
    assert list(chosen.typical) == sorted(nearest, key=when)
    assert list(chosen.odd) == sorted(farthest, key=when)
    order.shuffle(found)
    assert examples(found) == chosen


@given(findings)
def test_no_alert_is_both(found: list[Finding]) -> None:
    chosen = examples(found)
    assert not set(map(when, chosen.typical)) & set(map(when, chosen.odd))


def test_one_huge_alert_makes_nothing_else_typical() -> None:
    usual = [finding("a", 10 * day, hits=2, days=1) for day in range(30)]
    huge = finding("b", 5, hits=10_000, counted=10_000, days=200, alone=False, evidence=1_000)
    chosen = examples([*usual, huge])
    assert chosen.typical == tuple(usual[:10])
    assert chosen.odd == (huge,)


def test_of_many_odd_ones_the_ten_farthest_are_shown() -> None:
    usual = [finding("a", 10 * day) for day in range(30)]
    odder = [finding("b", 10 * day, hits=2 + day, counted=4 + day) for day in range(15)]
    assert examples([*usual, *odder]).odd == tuple(odder[5:])


def test_of_alerts_that_are_all_alike_none_is_odd() -> None:
    alike = [finding("a", day) for day in range(0, 300, 10)]
    assert examples(alike).odd == ()
    assert examples([]).document == {"typical": [], "odd": []}


def test_an_example_is_shown_with_its_reason_and_without_a_figure_of_the_choice() -> None:
    (shown,) = examples([finding("pseudonym", 2, days=1, hits=2)]).document["typical"]
    assert shown == {
        "actor": "pseudonym",
        "first_at": "1970-01-03T00:00:00Z",
        "last_at": "1970-01-04T00:00:00Z",
        "hits": 2,
        "because": "of pseudonym",
    }

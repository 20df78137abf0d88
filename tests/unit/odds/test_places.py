"""Places: what is shown is what a slow judge counts, and no cell of few riders can be worked out from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import linprog

from coincide.detect.journey.clock import ServiceClock
from coincide.engines.embedded.ridership import CLASSES, SIDES, Counts, Reported, Ridership, cell_of
from coincide.odds.interval import shrunk
from coincide.odds.places import DAYS, K, Table, _above_by_chance, open_cells, places
from coincide.odds.riding import Riding
from coincide.odds.steward import advice, chance, closed, document, lines, ridden, sentence, untold

UTC = ServiceClock("UTC", 4 * 3_600_000_000)
HOUR = 3_600_000_000
Tap = tuple[int, int, int, int]
"""Place, line, cell and rider; -1: no place, no line."""


def ridership(taps: list[Tap]) -> Ridership:
    """What the pass over taps counts, in plain loops."""
    counts = {}
    for at, side in enumerate(SIDES):
        riders: dict[tuple[int, int], list[int]] = defaultdict(list)
        for tap in taps:
            if tap[at] >= 0:
                riders[tap[at], tap[2]].append(tap[3])
        keys = sorted(riders)
        columns = [[key[0] for key in keys], [key[1] for key in keys]]
        columns += [[len(riders[key]) for key in keys], [len(set(riders[key])) for key in keys]]
        counts[side] = Counts(*(np.array(column, dtype=np.int64) for column in columns))
    links = sorted({tap[:3] for tap in taps if tap[0] >= 0 and tap[1] >= 0})
    names = {side: tuple(f"{side} {number:02}" for number in range(40)) for side in SIDES}
    triples = tuple(np.array([link[at] for link in links], dtype=np.int64) for at in range(3))
    return Ridership(names, counts, (triples[0], triples[1], triples[2]))


def reported(*incidents: tuple[str | None, str | None, int, int]) -> Reported:
    columns = list(zip(*incidents, strict=True)) or [(), (), (), ()]
    begins, finish = (np.array(column, dtype=np.int64) for column in columns[2:])
    return Reported(columns[0], columns[1], begins, finish)


def crowd(place: int, line: int, cell: int, riders: int, first: int = 0) -> list[Tap]:
    return [(place, line, cell, first + rider) for rider in range(riders)]


# --- nobody alone -------------------------------------------------------------------------------------------------

groups = st.tuples(
    st.integers(-1, 5),
    st.integers(-1, 3),
    st.integers(0, 2),
    st.sampled_from([1, 2, 3, 9, 10, 11, 12, 30]),
    st.integers(0, 3),
)


Cells = NDArray[np.float64]
"""Of the boardings of each place and line in each cell, which ones are meant."""


def told(taps: list[Tap], *, unnamed: bool) -> tuple[Cells, Cells, list[Cells]]:
    """What can be known of the boardings by place, line and cell: which sums, a row each, and what they are. And the
    closed cells with few riders.

    Known are the shown cells, and so every sum of them; with ``unnamed`` also the boardings of each place without a
    line, and of each line without a place.
    """
    made = ridership(taps)
    shown = open_cells(made)
    true = Counter(tap[:3] for tap in taps if max(tap[:2]) >= 0)
    links = sorted(true)
    known, few = [], []
    for at, side in enumerate(SIDES):
        counts = made.counts[side]
        for row, (name, cell) in enumerate(zip(counts.name.tolist(), counts.cell.tolist(), strict=True)):
            cells = np.array([link[at] == name and link[2] == cell for link in links], dtype=np.float64)
            if shown[side][row]:
                known.append(cells)
            elif counts.riders[row] < K and not (
                unnamed and all(min(link[:2]) < 0 for link in np.array(links)[cells > 0])
            ):
                few.append(cells)
    if unnamed:
        known += [row for row, link in zip(np.eye(len(links)), links, strict=True) if min(link[:2]) < 0]
    matrix = np.array(known, dtype=np.float64).reshape(len(known), len(links))
    return matrix, matrix @ np.array([true[link] for link in links], dtype=np.float64), few


def drawn_taps(drawn: list[tuple[int, int, int, int, int]]) -> list[Tap]:
    return [tap for place, line, cell, riders, first in drawn for tap in crowd(place, line, cell, riders, first)]


@settings(deadline=None, max_examples=120)
@given(st.lists(groups, max_size=14), st.booleans())
@example([(0, 0, 0, 3, 0), (1, 0, 0, 30, 0)], True)
@example([(0, 0, 0, 3, 0), (1, 1, 0, 30, 0)], True)
@example([(0, 0, 0, 3, 0), (0, 1, 0, 30, 0), (1, 1, 0, 30, 0)], True)
@example([(0, 0, 0, 3, 0), (1, 1, 0, 30, 0), (2, 1, 0, 40, 0), (3, 2, 0, 50, 0)], True)
@example([(0, 0, 0, 3, 0), (-1, 0, 0, 30, 0)], True)
@example([(0, -1, 0, 3, 0), (1, -1, 0, 30, 0), (2, -1, 0, 40, 0)], False)
@example([(0, -1, 0, 9, 0), (1, -1, 0, 9, 0), (2, -1, 0, 40, 0)], False)
def test_no_cell_of_few_riders_is_a_sum_of_what_is_told(
    drawn: list[tuple[int, int, int, int, int]], unnamed: bool
) -> None:
    known, _, few = told(drawn_taps(drawn), unnamed=unnamed)
    before = np.linalg.matrix_rank(known) if known.size else 0
    for cells in few:
        # Were it a sum of what is told, it would add nothing to it.
        assert np.linalg.matrix_rank(np.vstack([known, cells])) == before + 1


@settings(deadline=None, max_examples=60)
@given(st.lists(groups, max_size=12))
@example([(0, 0, 0, 3, 0), (1, 0, 0, 12, 0), (2, 0, 0, 40, 0)])
def test_what_is_told_leaves_room_for_enough_boardings_in_every_closed_cell(
    drawn: list[tuple[int, int, int, int, int]],
) -> None:
    taps = [tap for tap in drawn_taps(drawn) if min(tap[:2]) >= 0]
    made = ridership(taps)
    shown = open_cells(made)
    true = Counter(tap[:3] for tap in taps)
    group = {link: {link} for link in true}
    for one, other in [(one, other) for one in true for other in true]:
        if one[2] == other[2] and (one[0] == other[0] or one[1] == other[1]) and group[one] is not group[other]:
            group[one] |= group[other]
            for link in group[one]:
                group[link] = group[one]
    # Whoever knows what is tied together, but not which line was boarded at which stop: any at any.
    for tied in {id(found): found for found in group.values()}.values():
        pairs = sorted({(one[0], other[1], one[2]) for one in tied for other in tied})
        known, few = [], []
        for at, side in enumerate(SIDES):
            counts = made.counts[side]
            for row, (name, cell) in enumerate(zip(counts.name.tolist(), counts.cell.tolist(), strict=True)):
                cells = np.array([pair[at] == name and pair[2] == cell for pair in pairs], dtype=np.float64)
                if cells.any() and shown[side][row]:
                    known.append(cells)
                elif cells.any() and counts.riders[row] < K:
                    few.append(cells)
        values = [sum(true[pair] for pair, meant in zip(pairs, cells, strict=True) if meant) for cells in known]
        for cells in few if known else ():
            most = linprog(-cells, A_eq=np.array(known), b_eq=values, bounds=(0, None), method="highs")
            assert most.status == 3 or -most.fun >= K - 1e-6


@pytest.mark.parametrize(
    ("riders", "taps_each", "shown"),
    [
        # The second, with its ten riders, leaves three boardings of thirteen: whoever knows this rule knows the first.
        ((3, 10, 30), 1, (False, False, False)),
        ((3, 20, 30), 1, (False, False, True)),
        ((3, 18, 30), 1, (False, False, False)),
        ((3, 19, 30), 1, (False, False, True)),
        # Two of nine riders: that both have fewer than ten is known of them, whatever they are.
        ((9, 9, 30), 2, (False, False, False)),
        ((10, 11, 30), 1, (True, True, True)),
    ],
)
def test_which_stops_of_a_line_are_closed_with_those_of_few_riders(
    riders: tuple[int, ...], taps_each: int, shown: tuple[bool, ...]
) -> None:
    taps = [tap for place, number in enumerate(riders) for tap in crowd(place, 0, 0, number)] * taps_each
    found = open_cells(ridership(taps))
    assert (tuple(found["place"].tolist()), found["line"].tolist()) == (shown, [True])


# --- what is counted ----------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    st.lists(groups, max_size=10),
    st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 4), st.integers(0, 1), st.integers(0, 5)), max_size=10),
)
def test_rows_are_what_a_slow_judge_counts(
    drawn: list[tuple[int, int, int, int, int]], incidents: list[tuple[int, int, int, int]]
) -> None:
    taps = drawn_taps(drawn)
    made = ridership(taps)
    # Thursday 1 January 1970, at so many hours after midnight; a line or place beyond those of the taps is unknown.
    given_ = [
        (
            None if place < 0 else f"place {place:02}",
            None if line < 0 else f"line {line:02}",
            hour * HOUR,
            length * HOUR,
        )
        for place, line, hour, length in incidents
    ]
    found = places(made, reported(*[(place, line, at, at + length) for place, line, at, length in given_]), UTC)
    shown = open_cells(made)
    assert found.incidents == len(given_)
    assert found.nowhere == sum(place is None and line is None for place, line, _, _ in given_)
    assert found.long == sum(length > 2 * HOUR for *_, length in given_)
    for at, side in enumerate(SIDES):
        counts = made.counts[side]
        cells = list(zip(counts.name.tolist(), counts.cell.tolist(), strict=True))
        there = {(f"{side} {name:02}", cell) for (name, cell), yes in zip(cells, shown[side], strict=True) if yes}
        observed = Counter(
            # Before four in the morning it is still Wednesday: days of service.
            (one[at], (one[2] + one[3] // 2) // HOUR % 24 * CLASSES)
            for one in given_
            if one[at] is not None
        )
        boardings = Counter((f"{side} {tap[at]:02}", tap[2]) for tap in taps if tap[at] >= 0)
        riders = {cell: len({tap[3] for tap in taps if (f"{side} {tap[at]:02}", tap[2]) == cell}) for cell in there}
        total, seen = sum(boardings[cell] for cell in there), sum(observed[cell] for cell in there)
        of_side = found.sides[side]
        assert (of_side.boardings, of_side.incidents, of_side.named) == (total, seen, observed.total())
        assert (of_side.cells.count, of_side.few + of_side.beside) == (len(there), len(cells) - len(there))
        assert of_side.few == sum(counts.riders < K)
        rows = of_side.cells.rows.to_dicts()
        assert {(row["name"], row["hour"] * CLASSES + DAYS.index(row["days"])) for row in rows} == {
            cell for cell in there if observed[cell]
        }
        for row in rows:
            cell = (row["name"], row["hour"] * CLASSES + DAYS.index(row["days"]))
            assert (row["observed"], row["boardings"]) == (observed[cell], boardings[cell])
            assert row["riders"] == riders[cell] - riders[cell] % 10 >= K
            assert row["expected"] == pytest.approx(seen * boardings[cell] / total)
            low, high = stats.gamma(observed[cell] + 0.5, scale=1 / (row["expected"] + 0.5)).ppf([0.025, 0.975])
            assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
        for table in of_side.tables:
            excess = [row["expected"] - row["observed"] for row in table.rows.to_dicts()]
            assert all(one < other + 1e-9 for one, other in pairwise(excess))
        # What is told of more than one cell is a sum of cells that are shown, and of nothing else.
        for table, part in ((of_side.names, 0), (of_side.hours, 1)):
            sums: dict[str | int, list[int]] = defaultdict(lambda: [0, 0])
            for cell in there:
                sums[cell[part]][0] += boardings[cell]
                sums[cell[part]][1] += observed[cell]
            assert table.count == len(sums)
            told = {
                row["name"] if row["hour"] is None else row["hour"] * CLASSES + DAYS.index(row["days"]): row
                for row in table.rows.to_dicts()
            }
            assert {at: [row["boardings"], row["observed"]] for at, row in told.items()} == {
                at: counted for at, counted in sums.items() if counted[1]
            }
            assert all(row["riders"] is None for row in told.values())
            for which, row in told.items():
                assert row["expected"] == pytest.approx(seen * sums[which][0] / total)


def test_without_taps_or_incidents_nothing_is_shown() -> None:
    for taps in ([], crowd(0, 0, 16, 9), crowd(0, 0, 16, 30)):
        for side in places(ridership(taps), reported(), UTC).sides.values():
            assert [(one.rows.height, one.above, one.by_chance) for one in side.tables] == [(0, 0, 0)] * 3


# --- odds and words -----------------------------------------------------------------------------------------------


def market() -> tuple[Ridership, Reported]:
    """Six stops of one line, each as busy as the others from eight to nine; all but one incident is at one of them."""
    taps = [tap for place in range(6) for tap in crowd(place, 0, 8 * CLASSES, 205)]
    at = 8 * HOUR
    return ridership(taps), reported(*[("place 03", "line 00", at, at)] * 29, ("place 01", None, at, at + HOUR - 1))


def rows(table: Table) -> list[dict[str, Any]]:
    return [{**row, "called": row["name"]} for row in table.rows.to_dicts()]


def test_incidents_are_expected_as_boardings_are_and_the_words_say_so() -> None:
    found = places(*market(), UTC)
    side = found.sides["place"]
    first, second = rows(side.cells)
    assert sentence("place", first) == (
        "place 03, Monday to Friday, 08:00 to 09:00: 29 incidents, 5.0 expected of the boardings; 5.4 times as many "
        "(3.6 to 7.5)"
    )
    assert advice("place", first) == (
        "A steward at place 03 from 08:00 to 09:00, Monday to Friday, would be where more is reported than its riders "
        "explain."
    )
    assert sentence("place", second) == (
        "place 01, Monday to Friday, 08:00 to 09:00: 1 incident, 5.0 expected of the boardings; too few to say "
        "how many times (0.02 to 0.85)"
    )
    assert advice("place", second) is None
    assert first["riders"] == 200
    assert [sentence("place", row).partition(":")[0] for row in rows(side.names)] == ["place 03", "place 01"]
    assert advice("place", rows(side.names)[0]) == (
        "A steward at place 03 would be where more is reported than its riders explain."
    )
    (hour,) = rows(side.hours)
    assert sentence("place", hour).startswith("Monday to Friday, 08:00 to 09:00: 30 incidents, 30.0 expected")
    (line,) = rows(found.sides["line"].cells)
    assert sentence("line", line).startswith("line line 00, Monday to Friday, 08:00 to 09:00: 29 incidents, 29.0")
    assert advice("line", line) is None
    assert chance(side.cells) == [
        "1 of 6 have more incidents than their boardings explain; if boardings explained all, 0.082 would."
    ]
    assert closed(side) == []


def test_a_stop_is_called_as_the_network_calls_it_and_a_line_is_not() -> None:
    found = places(*market(), UTC)
    called = {"place 03": "Market", "line 00": "no stop"}
    told = list(lines(found, 1, called))
    assert [line.split(":")[0] for line in told if "29 incidents" in line] == [
        "  Market (place 03)",
        "  Market (place 03), Monday to Friday, 08",
        "  line line 00",
        "  Monday to Friday, 08",
        "  line line 00, Monday to Friday, 08",
    ]
    assert told.count("  and 1 more: --most 2") == 2
    row = document(found, 1, called)["places"]["cells"]["rows"][0]
    assert (row["place"], row["called"], row["riders_at_least"]) == ("place 03", "Market (place 03)", 200)


def test_what_is_closed_is_counted_in_words() -> None:
    taps = [*crowd(0, 0, 0, 3), *crowd(1, 0, 0, 25), *crowd(2, 0, 0, 60), *crowd(3, 1, 1, 9)]
    found = places(ridership(taps), reported(("place 00", None, 0, 0), ("place 02", None, 0, 0)), UTC)
    assert closed(found.sides["place"]) == [
        "2 stops and hours had fewer than 10 different riders and are not shown; nor is 1 more, from which these "
        "could be worked out.",
        "1 of 2 incidents were at stops and hours that are not shown.",
    ]
    assert closed(found.sides["line"]) == ["1 lines and hours had fewer than 10 different riders and are not shown."]
    assert chance(places(ridership([]), reported(), UTC).sides["line"].cells) == ["Nothing can be shown."]


@pytest.mark.parametrize("expected", [0.01, 0.4, 3.0, 40.0])
def test_how_many_cells_chance_alone_would_raise_is_summed_over_all_counts(expected: float) -> None:
    judged = sum(stats.poisson.pmf(count, expected) for count in range(200) if shrunk(count, expected).low > 1)
    assert _above_by_chance(np.full(7, expected)) == pytest.approx(7 * judged)


def riding(taps: list[Tap]) -> Riding:
    return Riding("By a rule.", "odd", ridership(taps), 40, 900)


def test_unusual_rides_are_told_where_ten_had_them_and_ten_others_rode() -> None:
    taps = [tap for place in range(6) for tap in crowd(place, 0, 8 * CLASSES, 40)]
    # In the fourth cell nine had them, and in the fifth and sixth all but nine and all but ten.
    odd = [tap for place, riders in enumerate((25, 12, 10, 9, 31, 30)) for tap in crowd(place, 0, 8 * CLASSES, riders)]
    found = places(ridership(taps), reported(), UTC, riding(odd))
    side = found.sides["place"]
    told = {row["name"]: row for row in side.unusual[2].to_dicts()}
    # Two closed cells with few riders or few others are no shelter for each other; all that they tie to is closed.
    assert (told, side.untold) == ({}, 6)
    found = places(ridership(taps), reported(), UTC, riding([tap for tap in odd if tap[0] not in (3, 4)]))
    side = found.sides["place"]
    assert {row["name"]: row["unusual"] for row in side.unusual[2].to_dicts()} == {
        "place 00": 25,
        "place 01": 12,
        "place 02": 10,
        "place 05": 30,
    }
    assert side.untold == 0
    names, hours, cells = side.unusual
    assert names.select("name", "boardings", "unusual", "expected").rows() == [
        ("place 05", 40, 30, 19.25),
        ("place 00", 40, 25, 19.25),
        ("place 01", 40, 12, 19.25),
        ("place 02", 40, 10, 19.25),
    ]
    assert cells["name"].to_list() == names["name"].to_list()
    assert hours.select("name", "days", "hour", "boardings", "unusual", "expected").rows() == [
        (None, "Monday to Friday", 8, 160, 77, 77.0)
    ]
    first = {**cells.row(0, named=True), "called": "Market"}
    assert ridden("place", first) == (
        "Market, Monday to Friday, 08:00 to 09:00: 30 of 40 boardings were on unusual days (75.0 %); 19.2 expected of "
        "the boardings"
    )
    said = list(lines(found, 2, {}))
    assert said[said.index("Stops by hour: unusual riding") + 3] == "  and 2 more: --most 4"
    assert "By a rule." in said
    told_too = document(found, 2, {})
    assert told_too["unusual_riding"] == {"says": "By a rule.", "rule": "odd", "card_days": 40, "compared": 900}
    assert [row["rides"] for row in told_too["places"]["unusual_rides"]["cells"]] == [30, 25]


def test_unusual_rides_in_a_cell_that_is_closed_are_not_told() -> None:
    taps = [*crowd(0, 0, 0, 9), *crowd(1, 0, 0, 30), *crowd(2, 0, 0, 40), *crowd(3, 1, 0, 40)]
    side = places(ridership(taps), reported(), UTC, riding([*crowd(0, 0, 0, 9), *crowd(3, 1, 0, 20)])).sides["place"]
    assert [(row["name"], row["unusual"]) for row in side.unusual[2].to_dicts()] == [("place 03", 20)]
    assert untold(side) == [
        "At 1 stops and hours unusual rides are not told: fewer than 10 different riders had them, or rode there "
        "beside them, or these could be worked out."
    ]


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(groups, st.booleans()), max_size=12))
def test_no_unusual_rides_of_few_nor_the_rest_of_few_are_a_sum_of_what_is_told(
    drawn: list[tuple[tuple[int, int, int, int, int], bool]],
) -> None:
    """Whoever knows the told cells of unusual rides, and all sums of stops and lines that taps tie together."""
    every = drawn_taps([group for group, _ in drawn])
    odd = drawn_taps([group for group, unusual in drawn if unusual])
    found = places(ridership(every), reported(), UTC, riding(odd))
    rest = Counter(every) - Counter(odd)
    links = sorted({tap[:3] for tap in odd if max(tap[:2]) >= 0})
    known, few = [], []
    for at, side in enumerate(SIDES):
        told = {
            (int(row["name"][-2:]), row["hour"] * CLASSES + DAYS.index(row["days"])): row["unusual"]
            for row in found.sides[side].unusual[2].to_dicts()
        }
        for key in sorted({(tap[at], tap[2]) for tap in odd if tap[at] >= 0}):
            cells = np.array([(link[at], link[2]) == key for link in links], dtype=np.float64)
            mine = [tap for tap in odd if (tap[at], tap[2]) == key]
            others = {tap[3] for tap in rest if (tap[at], tap[2]) == key}
            if key in told:
                assert told[key] == len(mine)
                assert len({tap[3] for tap in mine}) >= K
                assert len(others) >= K
                known.append(cells)
            elif len({tap[3] for tap in mine}) < K:
                few.append(cells)
    before = np.linalg.matrix_rank(np.array(known)) if known else 0
    for cells in few:
        assert np.linalg.matrix_rank(np.array([*known, cells])) > before


@pytest.mark.parametrize(
    ("at", "hour", "weekend"),
    [
        ("2025-03-29T02:59:59+00:00", 3, 0),  # Saturday before four: the Friday's day of service, in Paris
        ("2025-03-29T03:00:00+00:00", 4, 1),
        ("2025-03-30T00:59:59+00:00", 1, 1),  # the clocks are set forward from two to three
        ("2025-03-30T01:00:00+00:00", 3, 1),
        ("2025-03-31T01:59:59+00:00", 3, 1),
        ("2025-03-31T02:00:00+00:00", 4, 0),
        ("2025-10-26T00:30:00+00:00", 2, 1),  # this hour comes twice
        ("2025-10-26T01:30:00+00:00", 2, 1),
    ],
)
def test_an_hour_is_of_the_local_clock_and_a_night_of_the_day_before(at: str, hour: int, weekend: int) -> None:
    moment = np.array([int(datetime.fromisoformat(at).timestamp()) * 1_000_000])
    assert cell_of(moment, ServiceClock("Europe/Paris", 4 * HOUR)).tolist() == [hour * CLASSES + weekend]

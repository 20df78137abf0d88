"""Where unusual days were ridden: what is counted is what plain loops over the rule's words count."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from coincide.detect.journey.clock import ServiceClock
from coincide.engines.embedded.ridership import CLASSES, SIDES
from coincide.engines.embedded.unusual_rides import UnusualRides, beyond_reach, unusual_rides
from coincide.engines.workspace import Workspace, open_workspace
from coincide.odds.riding import Riding, riding, told
from placecity import MONDAY, Row, city, odd, taps

PARIS = ServiceClock("Europe/Paris", 4 * 3_600_000_000)
ALWAYS = (0, 2**62)


def workspace(folder: Path, **rule: str) -> Workspace:
    odd(city(folder), **rule)
    return open_workspace(folder)


def found(opened: Workspace, between: tuple[int, int] = ALWAYS) -> UnusualRides:
    return unusual_rides(opened, opened.rules[0].plan, PARIS, between)


def service_day(row: Row) -> date:
    return (row[1].replace(tzinfo=None) - timedelta(hours=4)).date()


def judged(rows: list[Row], *, silent: frozenset[str] = frozenset()) -> list[Row]:
    """The boardings of the card-days that have at least as many rides as no more than 30 % of all that day."""
    trips = Counter((service_day(row), row[2]) for row in rows if row[5] != "exit")
    by_day: dict[date, list[int]] = defaultdict(list)
    for (day, _), count in trips.items():
        by_day[day].append(count)
    over = max(by_day)
    far = {
        (day, card)
        for (day, card), count in trips.items()
        if day < over
        and len(by_day[day]) >= 100
        and card not in silent
        and sum(other >= count for other in by_day[day]) <= 0.3 * len(by_day[day])
    }
    return [row for row in rows if row[5] != "exit" and (service_day(row), row[2]) in far]


def counted(made: UnusualRides) -> dict[str, dict[tuple[str, int], tuple[int, int]]]:
    every = {}
    for side, counts in made.ridership.counts.items():
        columns = (counts.name, counts.cell, counts.boardings, counts.riders)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        every[side] = {(made.ridership.names[side][name], at): (rides, cards) for name, at, rides, cards in rows}
    return every


def by_cell(rows: list[Row]) -> dict[str, dict[tuple[str, int], tuple[int, int]]]:
    cards: dict[str, dict[tuple[str, int], list[str]]] = {side: defaultdict(list) for side in SIDES}
    for row in rows:
        at = row[1].hour * CLASSES + (service_day(row).weekday() >= 5)
        for side, name in zip(SIDES, row[3:5], strict=True):
            if name:
                cards[side][name, at].append(row[2])
    return {side: {key: (len(of), len(set(of))) for key, of in cells.items()} for side, cells in cards.items()}


def test_the_rides_of_unusual_days_are_those_that_plain_loops_count(tmp_path: Path) -> None:
    made, wanted = found(workspace(tmp_path / "city")), judged(taps())
    assert counted(made) == by_cell(wanted)
    assert made.days == len({(service_day(row), row[2]) for row in wanted}) > 100
    assert made.cards == len({row[2] for row in wanted})
    # The newest day is not over, and on the first only one rode, in its last hours.
    card_days = Counter(day for day, _ in {(service_day(row), row[2]) for row in taps() if row[5] != "exit"})
    first, *between, _ = (card_days[day] for day in sorted(card_days))
    assert (first, made.compared) == (1, sum(between))


def test_whom_where_leaves_out_is_compared_with_nobody(tmp_path: Path) -> None:
    staff = {f"card-station-{number}" for number in range(30)}
    opened = workspace(tmp_path / "city", where="not account in list('staff')")
    (tmp_path / "city/lists").mkdir()
    (tmp_path / "city/lists/staff.csv").write_text("value\n" + "\n".join(sorted(staff)) + "\n")
    wanted = judged([row for row in taps() if row[2] not in staff])
    assert counted(found(opened)) == by_cell(wanted) != by_cell(judged(taps()))


def test_whom_unless_silences_is_compared_and_not_counted(tmp_path: Path) -> None:
    market = frozenset(f"card-market-{number}" for number in range(60))
    opened = workspace(tmp_path / "city", unless="place = 'market'")
    assert counted(found(opened)) == by_cell(judged(taps(), silent=market)) != by_cell(judged(taps()))


def test_the_rides_of_a_span_are_told_and_days_before_it_are_still_compared(tmp_path: Path) -> None:
    opened = workspace(tmp_path / "city")
    day = (MONDAY + timedelta(days=7)).date()
    first = PARIS.begins((day - date(1970, 1, 1)).days)
    before, after = found(opened, (0, first - 1)), found(opened, (first, 2**62))
    assert counted(after) == by_cell([row for row in judged(taps()) if service_day(row) >= day])
    whole = found(opened)
    assert (before.days + after.days, before.compared + after.compared) == (whole.days, whole.compared)


# --- which rule, and what cannot be told --------------------------------------------------------------------------


def test_without_a_rule_it_says_so(tmp_path: Path) -> None:
    opened = open_workspace(city(tmp_path / "city"))
    assert riding(opened, [], PARIS, ALWAYS) == Riding(
        "Unusual riding is not counted: no rule of the kind `unusual-day` is live or in shadow."
    )


@pytest.mark.parametrize(
    ("rule", "asks"), [({"where": "riders = 1"}, "riders"), ({"unless": "count() > 3 and place = 'zoo'"}, "count()")]
)
def test_a_rule_that_asks_what_is_not_read_here_is_named(tmp_path: Path, rule: dict[str, str], asks: str) -> None:
    opened = workspace(tmp_path / "city", **rule)
    assert beyond_reach(opened.rules[0].plan) == (asks,)
    said = riding(opened, opened.rules, PARIS, ALWAYS)
    assert (said.rule, said.ridership) == ("odd", None)
    assert said.says == f"Unusual riding is not counted: the rule `odd` asks `{asks}`, which is not read here."


def test_a_live_rule_comes_before_one_in_shadow_and_a_span_without_comparisons_is_told(tmp_path: Path) -> None:
    opened = workspace(tmp_path / "city")
    odd(opened.folder, id="later", status="live")
    opened = open_workspace(opened.folder)
    said = riding(opened, opened.chosen(), PARIS, ALWAYS)
    assert said.rule == "later"
    assert said.says.startswith(
        f"Unusual riding, by the rule `later`: {said.days:,} of {said.compared:,} card-days are"
    )
    empty = riding(opened, opened.chosen(), PARIS, (0, 1))
    assert (empty.rule, empty.ridership) == ("later", None)
    assert "on no day that is over do 100 cards of one product have what" in empty.says


def test_how_many_days_a_few_cards_had_is_not_told(tmp_path: Path) -> None:
    some = found(workspace(tmp_path / "city"))
    few = told("odd", UnusualRides(some.ridership, 31, 9, 900))
    assert (few.days, few.compared) == (None, 900)
    assert "those of fewer than ten cards of 900 card-days" in few.says
    assert told("odd", UnusualRides(some.ridership, 31, 10, 900)).days == 31

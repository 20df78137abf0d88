"""From hits to alerts: episodes, silence, days, actors."""

from __future__ import annotations

from reference.small import DAY, HOUR, alerts, ids, row, rule, us
from reference.world import Row

ONE = ("velocity", 1, None)


def test_hits_exactly_a_window_apart_are_two_alerts() -> None:
    found = alerts([row("1", 0), row("2", DAY)], rule(*ONE))
    assert [ids((a.started_by,)) for a in found] == [["1"], ["2"]]


def test_each_hit_prolongs_the_episode() -> None:
    (alert,) = alerts([row("1", 0), row("2", DAY - 1), row("3", 2 * DAY - 2)], rule(*ONE))
    assert (alert.hits, ids((alert.ended_by,))) == (3, ["3"])


def test_a_local_day_is_an_episode_and_its_midnight_cuts_it() -> None:
    # Paris sets its clocks forward in the night: 29 March ends at 23:00 UTC, 30 March at 22:00 UTC.
    times = ["2025-03-29T22:59:59.999999Z", "2025-03-29T23:00:00Z", "2025-03-30T21:59:59Z", "2025-03-30T22:00:00Z"]
    rows = [row(str(n), 0) | {"occurred_at": time} for n, time in enumerate(times)]
    found = alerts([*rows], rule(*ONE, window=("day",), zone="Europe/Paris"))
    assert [a.hits for a in found] == [1, 2, 1]
    assert found[1].started_by[0] == us("2025-03-29T23:00:00+00:00")


def test_a_clock_set_back_over_midnight_does_not_tear_a_day() -> None:
    # In St John's clocks went from 00:01 on 28 October 2001 back to 23:01 of the day before, at 02:31 UTC.
    times = ["2001-10-28T02:29:00Z", "2001-10-28T02:30:30Z", "2001-10-28T02:32:00Z"]
    rows = [row(str(n), 0) | {"occurred_at": time} for n, time in enumerate(times)]
    found = alerts([*rows], rule(*ONE, window=("day",), zone="America/St_Johns"))
    assert [a.hits for a in found] == [2, 1]
    assert ids((found[0].ended_by,)) == ["2"]


def test_silenced_hits_are_counted_and_are_no_hits() -> None:
    quiet = rule(*ONE, unless=("compare", "=", ("field", "place"), ("text", "licensed")))
    rows = [row("0", 0, place="licensed"), row("1", 1), row("2", 2, place="licensed"), row("3", 3)]
    late = row("4", 3 + DAY - 1, place="licensed"), row("5", 3 + DAY, place="licensed")
    (alert,) = alerts([*rows, *late], quiet)
    assert (alert.hits, alert.silenced) == (2, 2)


def test_unknown_does_not_silence() -> None:
    quiet = rule(*ONE, unless=("compare", "=", ("field", "place"), ("text", "licensed")))
    assert len(alerts([row("1", 0)], quiet)) == 1


def test_unless_counts_the_window() -> None:
    quiet = rule(*ONE, unless=("compare", ">=", ("count",), ("number", "2")))
    (alert,) = alerts([row("1", 0), row("2", 1)], quiet)
    assert (alert.hits, alert.silenced) == (1, 1)
    quiet = rule(*ONE, unless=("compare", ">", ("sum", "quantity"), ("number", "1")))
    (alert,) = alerts([row("1", 0, quantity="1"), row("2", 1), row("3", 2, quantity="0.5")], quiet)
    assert (alert.hits, alert.silenced) == (2, 1)
    quiet = rule(*ONE, unless=("compare", "=", ("distinct", "place"), ("number", "1")))
    (alert,) = alerts([row("1", 0), row("2", 1, place="p")], quiet)
    assert (alert.hits, alert.silenced) == (1, 1)


def test_accounts_are_apart_unless_the_rule_is_by_something_else() -> None:
    rows = [row("1", 0, account="x", organisation="o"), row("2", 1, account="y", organisation="o")]
    assert alerts([*rows], rule("velocity", 2, None)) == []
    (alert,) = alerts([*rows, row("3", 2)], rule("velocity", 2, None, by="organisation"))
    assert (alert.actor, alert.one_account) == (("", "o"), False)


def test_a_day_is_an_episode_of_its_own_even_where_hits_are_close() -> None:
    rows = [row("1", DAY - 1), row("2", DAY)]
    assert len(alerts([*rows], rule(*ONE, window=("day",)))) == 2


def test_no_rows_and_one_row_go_the_ordinary_way() -> None:
    none: list[Row] = []
    assert alerts([*none], rule(*ONE)) == []
    assert len(alerts([row("1", HOUR)], rule(*ONE))) == 1


def test_drafts_and_retired_rules_do_not_run() -> None:
    assert alerts([row("1", 0)], rule(*ONE, status="draft"), rule(*ONE, id="q", status="retired")) == []

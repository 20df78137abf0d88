"""``coincide rules watch``: what is said of rules since their backtest, and when it ends with 1."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import oddshop
from coincide.odds import eprocess, level
from coincide.odds.change import p_value
from oddshop import KEY, Shop, backtest

FIRST = date(2025, 1, 1)


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("COINCIDE_KEY", KEY)
    return oddshop.made(tmp_path, capsys, {"one": "live"})


def on(day: int) -> str:
    return f"{FIRST + timedelta(days=day)}T12:00:00Z"


def alerting(days: list[int], newest: int) -> list[tuple[str, str, str, int]]:
    """An alert of `one` on each of the days, of somebody else each time; and a row on the newest day."""
    rows = [(on(day), f"c{number}", "V", 1) for number, day in enumerate(days)]
    # A hit that an alert of its own began long before the watch, so that nothing but a selected row lies there.
    return [*rows, *((on(day), "old", "V", 1) for day in range(-9, newest + 1, 9)), (on(newest), "old", "V", 1)]


def watched(shop: Shop, *arguments: str, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = shop.json("rules", "watch", *arguments, status=status)
    return found


def test_a_rule_that_raises_what_was_expected_gives_no_alarm(shop: Shop) -> None:
    shop.bought(alerting([5, 17, 29, 33], 40))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest())
    (one,) = watched(shop)["rules"]
    assert (one["rule"], one["since"], one["until"], one["days"]) == ("one", "2025-01-01", "2025-02-10", 40)
    assert (one["observed"], one["alarm"], one["calibrated"]) == (4, None, True)
    assert one["low"] < one["observed"] / one["expected"] < one["high"]


def test_the_figures_are_those_of_the_e_process(shop: Shop) -> None:
    days = [5, 17, 29, 33]
    shop.bought(alerting(days, 40))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest(alerts=60, actors=40, mean=30.0))
    (one,) = watched(shop)["rules"]
    prior = level.calibrated(40, 30.0, 400.0, factor=1.0, variation=0.1)
    assert one["expected"] == pytest.approx(40 * prior.per_day * 60 / 40)
    drifting = prior.drifting(0.1)
    assert one["variation"] == pytest.approx(drifting.variation)
    assert (one["low"], one["high"]) == pytest.approx(eprocess.interval(4, one["expected"]))
    assert one["week"]["observed"] == 1
    assert one["week"]["p"] == pytest.approx(p_value(1, one["expected"] / 40 * 7, drifting.variation))


def test_a_rule_that_raises_far_more_gives_an_alarm_since_its_day_and_status_1(shop: Shop) -> None:
    shop.bought(alerting([*range(10, 30)], 30))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest())
    found = watched(shop, status=1)
    (one,) = found["rules"]
    assert found["alarms"] == 1
    assert one["alarm"]["more"] is True
    assert "2025-01-11" < one["alarm"]["since"] < "2025-01-20"
    assert one["week"]["changed"] is True
    status, out, err = shop.call("rules", "watch")
    assert (status, err) == (1, "")
    assert f"one (live): ALARM since {one['alarm']['since']}: more than expected" in out
    assert "20 alerts in 30 days since 2025-01-01, where 3 were expected" in out
    assert "Changed in the last week: one (7 alerts in 7 days, 0.7 expected)" in out


def test_a_rule_that_falls_silent_gives_an_alarm_too(shop: Shop) -> None:
    shop.bought(alerting([], 300))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest())
    (one,) = watched(shop, status=1)["rules"]
    assert (one["observed"], one["alarm"]["more"]) == (0, False)


def test_without_made_up_rules_its_own_history_alone_is_what_is_expected(shop: Shop) -> None:
    shop.bought(alerting([3], 10))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest(mean=None, placebos={"why_not": "the catalogue is too small"}))
    (one,) = watched(shop)["rules"]
    assert one["calibrated"] is False
    assert one["expected"] == pytest.approx(10 * 40.5 / 400)
    assert "from its own history alone" in shop.call("rules", "watch")[1]


def test_days_beyond_the_newest_row_are_not_looked_at_nor_is_its_own_day(shop: Shop) -> None:
    shop.bought(alerting([3, 10], 10))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest())
    (one,) = watched(shop)["rules"]
    assert (one["until"], one["observed"]) == ("2025-01-11", 1)


def test_alerts_before_the_end_of_the_backtest_are_not_counted_again(shop: Shop) -> None:
    shop.bought(alerting([-40, -1, 3], 10))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest(to="2025-01-01T10:00:00Z"))
    (one,) = watched(shop)["rules"]
    assert (one["since"], one["days"], one["observed"]) == ("2025-01-02", 9, 1)


def test_withdrawn_alerts_do_not_count(shop: Shop) -> None:
    shop.bought(alerting([3, 4], 10))
    assert shop.call("scan")[0] == 0
    shop.bought(alerting([3], 10))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest())
    assert watched(shop)["rules"][0]["observed"] == 1


def test_the_newest_backtest_is_the_one_that_counts(shop: Shop) -> None:
    shop.bought(alerting([3], 10))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest(), at=1)
    shop.backtested("one", backtest(to="2025-01-05T00:00:00Z"), at=2)
    assert watched(shop)["rules"][0]["since"] == "2025-01-05"


@pytest.mark.parametrize(
    "how", ["none", "another form", "another meaning", "not scanned since", "no days", "no scan", "too new", "draft"]
)
def test_a_rule_that_cannot_be_watched_is_listed_with_the_reason(shop: Shop, how: str) -> None:
    shop.bought(alerting([3], 10))
    if how != "no scan":
        assert shop.call("scan")[0] == 0
    if how == "another form":
        shop.backtested("one", {**backtest(), "coincide": "backtest/9"})
    elif how == "too new":
        shop.backtested("one", backtest(to="2025-01-11T12:00:00Z"))
    elif how == "no days":
        shop.backtested("one", backtest(days=0))
    elif how == "not scanned since":
        # Back to what it was: its alerts of then are those of the other meaning now.
        other = oddshop.rule("one").replace("10 days", "11 days")
        shop.backtested("one", backtest())
        shop.write("rules/one.yaml", other)
        assert shop.call("scan")[0] == 0
        shop.write("rules/one.yaml", oddshop.rule("one"))
    elif how != "none":
        shop.backtested("one", backtest())
    if how == "another meaning":
        shop.write("rules/one.yaml", oddshop.rule("one").replace("10 days", "11 days"))
    if how == "draft":
        shop.write("rules/one.yaml", oddshop.rule("one", "draft"))
    found = watched(shop, "--rule", "one")
    assert found["rules"] == []
    (one,) = found["unwatched"]
    says = {
        "no scan": "run `coincide scan`",
        "not scanned since": "run `coincide scan`",
        "too new": "no whole day",
        "draft": "it is a draft",
    }
    assert says.get(how, "run `coincide backtest --rule one` first") in one["why_not"]
    status, out, _ = shop.call("rules", "watch", "--rule", "one")
    assert (status, out) == (0, f"one: not watched: {one['why_not']}\n")


def test_a_rule_that_does_not_run_is_not_watched_unless_named(shop: Shop) -> None:
    shop.write("rules/one.yaml", oddshop.rule("one", "draft"))
    assert shop.call("rules", "watch")[:2] == (0, "no rules to watch\n")


def test_it_is_no_read_of_personal_data_and_keeps_nothing(shop: Shop) -> None:
    shop.bought(alerting([3], 10))
    assert shop.call("scan")[0] == 0
    shop.backtested("one", backtest())

    def kept() -> list[str]:
        with closing(sqlite3.connect(shop.folder / ".coincide/coincide.db")) as connection:
            return list(connection.iterdump())

    before = kept()
    told = watched(shop)
    assert kept() == before
    assert "p-" not in str(told)
    assert watched(shop) == told

"""The evaluation is apart from the product, splits as it says, and its page says what its figures say."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincide.simulate.city import City, Parameters, digest, lines
from coincide.simulate.city.feed import write
from coincide.simulate.city.parameters import STYLES
from evaluation.log import EPOCH_DAY, STAFF, Log, log
from evaluation.measure import average_precision
from evaluation.method import CHOICES, UnusualDays, flagged_by_class, most_trips
from evaluation.page import BASE_RATE, KNOWN, METHODS, PAGE, _known_drawn, _methods_drawn, page
from evaluation.presence import FORMS, MARGIN_US, Form, Presence, seen_of
from evaluation.run import RESULTS, evaluated, written
from evaluation.split import TESTED, split

ROOT = Path(__file__).parents[3]
FORBIDDEN = ("evaluation", "pyod", "sklearn")


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("feed") / "feed.zip"
    write(made)
    return made


@pytest.fixture(scope="module")
def made(feed: Path) -> Log:
    parameters = Parameters(thieves=0.01, reported=0.9)
    return log(City(lines.read(feed, parameters.ride_minutes), 2_000, 50, 1, parameters), feed)


def test_nothing_of_the_package_imports_the_evaluation_or_what_it_needs() -> None:
    found = []
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.append(node.module)
            found += [f"{file.name}: {name}" for name in names if name.split(".")[0] in FORBIDDEN]
    assert found == []


def test_the_wheel_does_not_hold_the_evaluation_and_nobody_who_installs_gets_its_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    targets = project["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"] == {"packages": ["src/coincide"]}
    assert "evaluation" not in targets["sdist"]["include"]
    assert not (ROOT / "src" / "coincide" / "evaluation").exists()
    needs = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        needs += extra
    assert not [need for need in needs if need.startswith(("pyod", "scikit"))]
    assert "evaluation" not in project["tool"]["uv"]["default-groups"]


def test_test_and_training_share_no_person_no_style_and_no_day(made: Log) -> None:
    riders = made.city.riders
    for seed in range(5):
        parts = split(made, seed)
        assert not (parts.train & parts.test).any()
        assert not ((parts.train | parts.test) & (made.token_class == STAFF)).any()
        assert (parts.train | parts.test | (made.token_class == STAFF)).all()
        two = riders.phone >= 0
        assert np.array_equal(parts.test[riders.phone[two]], parts.test[riders.token[two]])
        styles = [set(riders.token_style[side & parts.thief].tolist()) for side in (parts.train, parts.test)]
        assert not styles[0] & styles[1]
        assert len(styles[0] | styles[1]) == len(STYLES)
        assert parts.cut == EPOCH_DAY + 25
        innocent = parts.test & ~parts.thief
        assert abs(innocent.sum() / (~parts.thief).sum() - 0.5) < 0.05
    assert {name for styles in TESTED for name in styles} == set(STYLES)


def test_an_innocent_token_is_listed_as_often_as_it_stands_for_others(made: Log) -> None:
    parts = split(made, 0, each=5)
    times = np.bincount(parts.listed, minlength=made.city.size)
    assert np.array_equal(times, np.where(parts.test, np.where(parts.thief, 1, 5), 0))


def test_the_list_by_most_trips_is_the_count_rule_for_every_number(made: Log) -> None:
    days = made.card_days()
    most = most_trips(days, made.city.size)
    for n in (5, 10, 15):
        flagged = np.zeros(made.city.size, dtype=np.bool_)
        flagged[days.token[days["trips"] >= n]] = True
        assert np.array_equal(most >= n, flagged)


def test_a_token_s_value_is_how_far_beyond_may_be_set_for_the_rule_to_hold(made: Log) -> None:
    from decimal import Decimal

    from coincide.detect.unusual import far_out, reaching
    from coincide.rules.plan import UnusualDay

    days = made.card_days()
    unusual = UnusualDays(days, np.ones(len(days), dtype=np.bool_))
    everything = np.ones(len(days), dtype=np.bool_)
    for choice in CHOICES[::3]:
        values = unusual.values(choice, made.city.size, everything, False)
        for beyond in (Decimal(95), Decimal(99)):
            condition = UnusualDay(
                choice.at_least, choice.of, beyond, Decimal(90) if choice.own else None, 10_000_000, 10_800_000_000
            )
            holds = reaching(condition, far_out(days, condition, unusual.tails))
            flagged = np.zeros(made.city.size, dtype=np.bool_)
            flagged[days.token[holds]] = True
            wanted = values >= -np.log10(float(1 - beyond / 100) + 1e-9)
            assert np.array_equal(flagged, wanted), (choice, beyond)


def test_presence_counts_the_reports_at_which_a_token_was_tapped(made: Log) -> None:
    reports = made.reports
    known = np.arange(0, len(reports), 3)
    presence = Presence(made, reports, seen_of(made))
    for at in ("both", "line", "place"):
        counted = presence.counts(Form(at, None), known)
        wanted = np.zeros(made.city.size)
        for one in known:
            near = (made.taps.at >= reports.begins_us[one] - MARGIN_US) & (
                made.taps.at <= reports.ends_us[one] + MARGIN_US
            )
            if reports.stop[one] >= 0 and at != "line":
                near &= made.taps.place == reports.stop[one]
            if reports.stop[one] < 0 or at != "place":
                near &= made.taps.line == reports.line[one]
            wanted[np.unique(made.taps.token[near])] += 1
        assert np.array_equal(counted, wanted)
    fewer = presence.counts(FORMS[1], known)
    assert (fewer <= presence.counts(FORMS[0], known)).all()


def test_thieves_are_more_often_at_reports_than_others(made: Log) -> None:
    presence = Presence(made, made.reports, seen_of(made))
    counts = presence.counts(FORMS[0], np.arange(len(made.reports)))
    thief = split(made, 0).thief
    assert average_precision(counts, thief) > 5 * thief.mean()


def test_shares_flagged_add_up_to_the_list() -> None:
    values = np.array([5.0, 4.0, 4.0, 4.0, 1.0])
    classes = np.array([0, 0, 1, 1, 1], dtype=np.int32)
    shares = flagged_by_class(values, classes, 2, ("a", "b"))
    assert shares == pytest.approx({"a": (1 + 1 / 3) / 2, "b": 2 / 3 / 3})


def test_the_page_is_what_the_figures_say() -> None:
    result = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(result)
    assert METHODS.read_text(encoding="utf-8") == _methods_drawn(result)
    assert KNOWN.read_text(encoding="utf-8") == _known_drawn(result)


def test_the_figures_are_of_the_city_that_is_there() -> None:
    # Who changes the city has to measure again: `make evaluate-transit`.
    assert json.loads(RESULTS.read_text(encoding="utf-8"))["digest"] == digest()


def test_the_page_says_the_base_rate_first_and_the_worst_case_before_others() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.index(BASE_RATE) < text.index("## Goals") < text.index("## The worst case") < text.index("## Then")
    assert json.loads(RESULTS.read_text(encoding="utf-8"))["digest"] in text
    # A goal that is missed has its reason.
    assert "**no**" not in text or len((ROOT / "evaluation" / "reasons.md").read_text(encoding="utf-8")) > 200


@pytest.mark.long
def test_a_small_evaluation_runs(feed: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("pyod")
    told: list[str] = []
    made: dict[str, Any] = evaluated(feed, 150_000, 1, "assumed", 50, told.append)
    assert json.loads(json.dumps(made))["assumption"] == "assumed"
    assert len(made["methods"]) == 9
    assert all(0 < one["ap"] <= 1 for one in made["methods"].values())
    assert {cell["error"] for cell in made["sweep"]} == {"exact", "assumed", "rough"}
    assert told


def test_the_figures_are_written_with_a_line_for_each_run() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    result = json.loads(text)
    assert written(result) == text
    lines = [line for line in text.splitlines() if line.startswith('  {"assumption"')]
    assert [json.loads(line.rstrip(",")) for line in lines] == result["runs"]

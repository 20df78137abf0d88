"""The page of a backtest: every number of the document, no more than its words, and nothing that a text could do.

``COINCIDE_RECORD=1 pytest tests/unit/odds/test_page.py`` writes the ``.html`` files in ``tests/golden/odds`` again;
read the difference before committing it. The documents beside them are made up.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import math
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.html import vendored
from coincide.html.figure import Figure, cell
from coincide.html.frame import visible
from coincide.odds.page.chart import Bins
from coincide.odds.page.page import beside, page
from coincide.odds.page.part import CHANGES
from htmlpage import Cell, Grid, Read

GOLDEN = Path(__file__).parents[2] / "golden" / "odds"
DOCUMENTS: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text("utf-8")) for file in sorted(GOLDEN.glob("*.json"))
}
LARGEST = 2_000_000
"""Bytes of a page."""
SECTIONS = {
    "counts": ("counts",),
    "ordinary": ("quick", "deals", "placebos"),
    "ratio": ("ratio",),
    "calendar": ("calendar",),
    "neighbours": ("neighbours",),
    "base-rates": ("base_rates",),
    "precision": ("precision",),
    "load": ("load",),
    "overlap": ("overlap",),
    "examples": ("examples",),
    "parameters": ("parameters",),
}
"""Where each part of the document is shown."""
ROWS = {
    "counts-components": ("counts.components", ("component", "actors", "share", "events")),
    "calendar-all": ("calendar", ("week", "begins", "days", "alerts")),
    "neighbours-all": ("neighbours", ("name", "change", "actors", "alerts", "alerts_per_day")),
    "base-rates-all": ("base_rates", ("one_in", "prevalence", "recall", "alerts_per_true")),
    "overlap-all": ("overlap", ("rule", "actors", "shared")),
    "examples-typical": ("examples.typical", ("actor", "first_at", "last_at", "hits", "because")),
    "examples-odd": ("examples.odd", ("actor", "first_at", "last_at", "hits", "because")),
}
"""Tables that repeat rows of the document, with the members of their columns."""


@cache
def made(name: str) -> str:
    return page(DOCUMENTS[name])


@cache
def compared(old: str, new: str) -> str:
    return beside(DOCUMENTS[old], DOCUMENTS[new])


PAGES = {**{name: made(name) for name in DOCUMENTS}, "beside": compared("backtest", "changed")}


def short(text: str) -> str:
    """A page without what others wrote and without the documents, which have tests of their own."""
    for file, script in zip(("vega", "vega-lite", "vega-interpreter"), vendored.scripts(), strict=True):
        text = text.replace(script, f"[{file}]")
    text = re.sub(r'(<script type="application/json" class="backtest">).*?(</script>)', r"\1[document]\2", text)
    return re.sub(r"<pre tabindex=\"0\">.*?</pre>", "<pre>[licences]</pre>", text, flags=re.DOTALL)


def numbers(value: Any) -> Iterator[float]:
    """All numbers in a part of a document; what was counted deal by deal is in the histogram."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name != "counts":
                yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def sentences(value: Any) -> Iterator[str]:
    """All reasons why something is not there."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "why_not":
                yield one
            else:
                yield from sentences(one)
    elif isinstance(value, list):
        for one in value:
            yield from sentences(one)


def read_as(shown: str) -> float:
    """A number as a reader has it."""
    plain = shown.replace(",", "").replace("\N{MINUS SIGN}", "-").replace("+", "")
    number = float(re.sub(r" (%|points)$", "", plain))
    return number / 100 if plain.endswith((" %", " points")) else number


def at(document: dict[str, Any], path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = found[name] if isinstance(found, dict) and name in found else []
    return found


# --- the numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_number_of_the_document_stands_in_its_section(name: str) -> None:
    read, document = Read(short(made(name))), DOCUMENTS[name]
    for section, members in SECTIONS.items():
        # `counts` is the name of a part too, so its members are asked one by one.
        wanted = Counter(number for member in members for part in [document.get(member)] for number in numbers(part))
        there = Counter(value for value, _ in read.figures.get(section, []))
        assert wanted - there == Counter(), section
    of_log = Counter(float(document["log"][member]) for member in ("days", "actors", "lines"))
    assert Counter(value for value, _ in read.figures["head"]) == of_log


@pytest.mark.parametrize("name", DOCUMENTS)
def test_tables_repeat_the_rows_of_the_document_cell_by_cell_and_in_order(name: str) -> None:
    read, document = Read(short(made(name))), DOCUMENTS[name]
    for id_, (path, members) in ROWS.items():
        rows = at(document, path)
        if not isinstance(rows, list) or not rows:
            assert id_ not in read.tables
            continue
        shown = read.tables[id_].rows
        if id_ == "neighbours-all":
            itself = shown.pop(0)
            counts = document["counts"]
            assert [one.values for one in itself[2:4]] == [[counts["actors"]], [counts["alerts"]]]
            assert itself[0].text == "the rule itself"
        assert len(shown) == len(rows)
        for cells, row in zip(shown, rows, strict=True):
            assert [_of(one, row[member]) for one, member in zip(cells, members, strict=True)] == [
                row[member] for member in members
            ]


def _of(shown: Cell, wanted: Any) -> Any:
    """What a cell says, in the kind of what is wanted. Of a time, it is read to the second."""
    if isinstance(wanted, str) and re.match(r"\d{4}-\d\d-\d\dT", wanted):
        assert shown.text == f"{wanted[:10]} {wanted[11:19]} UTC"
        return wanted
    return shown.text if isinstance(wanted, str) else shown.values[0]


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_what_is_read_is_the_number_to_three_digits(text: str) -> None:
    read = Read(short(text))
    figures = [one for section in read.figures.values() for one in section]
    assert figures
    for value, shown in figures:
        assert read_as(shown) == pytest.approx(value, rel=0.0051), shown
        if value == int(value) and not shown.endswith(("%", "points")):
            assert read_as(shown) == value, "whole numbers are read in full"


def test_the_histogram_counts_what_the_deals_and_the_made_up_rules_matched() -> None:
    document = DOCUMENTS["backtest"]
    grid = Read(short(made("backtest"))).tables["ordinary-histogram"]
    assert [one.text for one in grid.heads[0]] == ["Actors matched", "deals", "made-up rules", "this rule"]
    for row in grid.rows:
        low, high = _bin(row[0].text)
        for one, part in zip(row[1:3], ("deals", "placebos"), strict=True):
            assert one.values == [sum(low <= count <= high for count in document[part]["counts"])]
        assert row[3].text == ("here" if low <= document["counts"]["actors"] <= high else "")
    assert sum(row[1].values[0] for row in grid.rows) == 200


def _bin(name: str) -> tuple[int, int]:
    low, _, high = name.replace(",", "").partition(" to ")
    return int(low), int(high or low)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_bins_hold_every_value_once_and_are_few(values: list[int]) -> None:
    bins = Bins.of(values)
    assert bins.number <= 40
    assert sum(bins.counted(values)) == len(values)
    for value in values:
        (bin_,) = [place for place, count in enumerate(bins.counted([value])) if count]
        low, high = _bin(bins.name(bin_))
        assert low <= value <= high
        assert bins.edge(bin_) < value < bins.edge(bin_ + 1)


@given(st.integers(-(10**15), 10**15) | st.floats(-1e12, 1e12, allow_subnormal=False))
def test_a_figure_is_read_to_three_digits_without_powers_of_ten(value: float) -> None:
    for shown in (Figure(value).shown, Figure(value, "share").shown, Figure(0).to(Figure(value)).shown):
        assert "e" not in shown
        assert read_as(shown) == pytest.approx(value, rel=0.0051, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (81.0, "81"),
        (2468, "2,468"),
        (1469307, "1,469,307"),
        (16.123, "16.1"),
        (9.996, "10"),
        (-0.1029, "−0.103"),
        (1234.567, "1,235"),
        (0.00001234, "0.0000123"),
        (999.6, "1,000"),
    ],
)
def test_figures_as_they_are_read(value: float, shown: str) -> None:
    assert Figure(value).shown == shown


def test_a_difference_has_its_sign_and_those_of_shares_are_points() -> None:
    assert Figure(0.1, "share").to(Figure(0.3, "share")).shown == "+20 points"
    assert Figure(0.3, "share").to(Figure(0.1, "share")).shown == "−20 points"
    assert Figure(5).to(Figure(5)).shown == "0"
    assert Figure(0.1).to(Figure(0.3)).value == 0.2


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_figure(value: float) -> None:
    with pytest.raises(ValueError, match="no figure"):
        cell(value)
    document = copy.deepcopy(DOCUMENTS["backtest"])
    document["deals"]["mean"] = value
    with pytest.raises(ValueError):
        page(document)


# --- what is not there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_reason_why_a_figure_is_missing_stands_in_its_section(name: str) -> None:
    read, document = Read(short(made(name))), DOCUMENTS[name]
    for section, members in SECTIONS.items():
        for member in members:
            for sentence in sentences(document.get(member)):
                assert sentence[1:] in read.sections[section]


def test_where_nothing_is_to_be_had_no_chart_is_drawn_and_no_table_is_empty() -> None:
    read = Read(short(made("why-not")))
    assert not any(tag == "figure" for tag, _ in read.elements)
    assert all(grid.rows for grid in read.tables.values())
    assert set(read.tables) == {"counts-all", "ordinary-formula", "ratio-all", "load-all"}
    assert "There is no week in the log to count alerts of." in read.sections["calendar"]
    assert "There is no other live rule." in read.sections["overlap"]
    assert "Typical alerts: there are none." in read.sections["examples"]
    assert "accounts matched" in read.sections["counts"]


@pytest.mark.parametrize(
    "member", [member for part in SECTIONS.values() for member in part if member not in ("counts", "quick")]
)
def test_a_part_that_a_document_does_not_have_is_said_to_be_missing(member: str) -> None:
    document = {name: part for name, part in DOCUMENTS["backtest"].items() if name != member}
    (section,) = [id_ for id_, members in SECTIONS.items() if member in members]
    read = Read(short(page(document)))
    lacks = "his backtest does not hold it."
    empty = {"calendar": "There is no week", "overlap": "There is no other", "neighbours": "No rule next to this"}
    assert empty.get(member, lacks) in read.sections[section]


@pytest.mark.parametrize("without", ["deals", "placebos"])
def test_one_of_deals_and_made_up_rules_is_enough_for_a_histogram(without: str) -> None:
    document = DOCUMENTS["backtest"] | {without: {"why_not": "not enough"}}
    read = Read(short(page(document)))
    other = {"deals": "made-up rules", "placebos": "deals"}[without]
    assert [one.text for one in read.tables["ordinary-histogram"].heads[0]] == ["Actors matched", other, "this rule"]
    assert sum(tag == "figure" for tag, _ in read.elements) == 3
    assert "not enough" in read.sections["ordinary"]


def test_a_member_that_the_page_does_not_know_is_shown_under_its_name() -> None:
    document = copy.deepcopy(DOCUMENTS["backtest"])
    document["deals"]["new_figure"] = 1234567
    rows = Read(short(page(document))).tables["ordinary-deals"].rows
    assert [one.text for one in rows[-1]] == ["new figure", "1,234,567"]


def test_a_calendar_without_an_alert_and_a_rule_that_matches_nobody_are_drawn() -> None:
    document = copy.deepcopy(DOCUMENTS["backtest"])
    for week in document["calendar"]:
        week["alerts"] = 0
    for part in ("deals", "placebos"):
        document[part]["counts"] = [0] * 200
    document["counts"]["actors"] = 0
    read = Read(short(page(document)))
    assert "at most 0 (first in 2017-W01), none in 52 of them" in read.sections["calendar"]
    assert [[one.text for one in row] for row in read.tables["ordinary-histogram"].rows] == [
        ["0", "200", "200", "here"]
    ]


def test_who_is_matched_by_several_other_rules_is_counted_once_in_the_last_row() -> None:
    document = DOCUMENTS["backtest"] | {"overlap_any": {"actors": 45, "shared": 3}}
    rows = Read(short(page(document))).tables["overlap-all"].rows
    assert [one.text for one in rows[-1]] == ["any of them, each counted once", "45", "3"]
    # Of one other rule it would be the same once more.
    document["overlap"] = document["overlap"][:1]
    assert len(Read(short(page(document))).tables["overlap-all"].rows) == 1


def test_each_parameter_has_a_sentence_on_what_it_changes() -> None:
    rows = Read(short(made("backtest"))).tables["parameters-all"].rows
    assert {row[0].text: row[1].text for row in rows} == {
        name: CHANGES[name] for name in DOCUMENTS["backtest"]["parameters"]
    }


# --- two beside each other -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [("backtest", "changed"), ("changed", "backtest"), ("backtest", "backtest")])
def test_two_backtests_have_the_cells_of_both_and_their_differences(old: str, new: str) -> None:
    apart, joined = [Read(short(made(name))).tables for name in (old, new)], Read(short(compared(old, new))).tables
    checked = 0
    for id_ in {*apart[0], *apart[1]}:
        if id_.startswith(("examples", "ordinary-histogram")):
            continue
        names = {"calendar-all": 3, "neighbours-all": 2, "base-rates-all": 3, "parameters-all": 2}.get(id_, 1)
        sides = [_by_row(tables[id_], names) if id_ in tables else {} for tables in apart]
        rows = {tuple(one.text for one in row[:names]): row[names:] for row in joined[id_].rows}
        assert rows.keys() == sides[0].keys() | sides[1].keys()
        for key, cells in rows.items():
            for place in range(0, len(cells), 3):
                was, now = (side[key][place // 3] if key in side else None for side in sides)
                assert [one.text for one in cells[place : place + 2]] == [
                    one.text if one else "not there" for one in (was, now)
                ]
                if was and now and was.values and now.values and len(was.values) == 1:
                    assert cells[place + 2].values == [pytest.approx(now.values[0] - was.values[0], abs=1e-11)]
                    checked += 1
    assert checked > 100


def _by_row(grid: Grid, names: int) -> dict[tuple[str, ...], list[Cell]]:
    return {tuple(one.text for one in row[:names]): row[names:] for row in grid.rows}


def test_two_backtests_have_histograms_of_both_on_the_same_axes() -> None:
    read = Read(short(compared("backtest", "changed")))
    charts = [json.loads(one.text) for one in read.scripts if one.attributes == {"type": "application/json"}]
    assert len(charts) == 8
    domains = [one["layer"][0]["encoding"]["x"]["scale"]["domain"] for one in charts if "layer" in one]
    assert len(domains) == 4
    assert all(domain == domains[0] for domain in domains)
    rows = read.tables["ordinary-histogram"].rows
    for place, name, part in ((1, "backtest", "deals"), (2, "changed", "deals"), (4, "backtest", "placebos")):
        assert sum(row[place].values[0] for row in rows) == len(DOCUMENTS[name][part]["counts"])


def test_examples_of_two_backtests_stay_apart() -> None:
    tables = Read(short(compared("backtest", "changed"))).tables
    assert {id_ for id_ in tables if id_.startswith("examples")} == {
        f"examples-{kind}-{who}" for kind in ("typical", "odd") for who in ("old", "new")
    }
    assert tables["examples-odd-old"].caption == "Old: Odd alerts"


def test_reasons_of_two_backtests_say_whose_they_are() -> None:
    read = Read(short(compared("backtest", "why-not")))
    assert "NewNobody has decided an alert of this rule." in read.sections["precision"]
    assert read.tables["precision-all"].rows[0][2].text == "not there"


def test_deals_of_different_estimators_are_not_mixed() -> None:
    other = copy.deepcopy(DOCUMENTS["changed"])
    other["deals"]["estimator"] = "history swap"
    read = Read(short(beside(DOCUMENTS["backtest"], other)))
    assert "different estimators" in read.sections["ordinary"]
    assert {"ordinary-deals-old", "ordinary-deals-new", "ratio-all-old", "ratio-all-new"} <= set(read.tables)
    assert "ordinary-deals" not in read.tables
    assert "different estimators" not in Read(short(compared("backtest", "changed"))).sections["ordinary"]


@pytest.mark.parametrize(("member", "other"), [("from", None), ("to", "2018-01-01T00:00:00Z"), ("lines", 1469306)])
def test_backtests_on_different_logs_say_so(member: str, other: Any) -> None:
    old, new = copy.deepcopy(DOCUMENTS["backtest"]), copy.deepcopy(DOCUMENTS["changed"])
    assert "different logs" not in Read(short(beside(old, new))).sections["head"]
    # Whose events they are is of the rule.
    new["log"] |= {"by": "account", "actors": 2470}
    assert "different logs" not in Read(short(beside(old, new))).sections["head"]
    new["log"][member] = other
    assert "different logs" in Read(short(beside(old, new))).sections["head"]


# --- hostile text --------------------------------------------------------------------------------------------------

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--<script>",
    "&lt;b&gt; ' \" `${1}` {{ 7 * 7 }} {% raw %}",
    "\u2028\u2029\u202e\x00]]>",
)


def hostile(
    value: Any, text: str, keep: tuple[str, ...] = ("coincide", "from", "to", "begins", "first_at", "last_at")
) -> Any:
    """A document with ``text`` behind every text in it, and in its names of parameters."""
    if isinstance(value, dict):
        return {name: one if name in keep or name == "by" else hostile(one, text) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one, text) for one in value]
    return value + text if isinstance(value, str) else value


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(name for name, _ in given)) for tag, given in Read(short(text)).elements]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_text_makes_or_changes_an_element(name: str, text: str) -> None:
    assert shape(page(hostile(DOCUMENTS[name], text))) == shape(made(name))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(HOSTILE))
def test_any_text_is_shown_as_it_is_and_comes_back_from_the_json(text: str) -> None:
    document = hostile(DOCUMENTS["why-not"], text)
    made_of_it = short(page(document)).replace("[document]", "")
    assert shape(made_of_it) == shape(made("why-not"))
    # A parser turns ends of lines into one kind.
    shown = str(visible(document["title"])).replace("\r\n", "\n").replace("\r", "\n")
    assert shown in Read(made_of_it).sections["head"]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_documents_come_back_from_the_page_whole(text: str) -> None:
    old, new = hostile(DOCUMENTS["backtest"], text), hostile(DOCUMENTS["changed"], text)
    read = Read(beside(old, new))
    data = [one.text for one in read.scripts if one.attributes.get("class") == "backtest"]
    assert [json.loads(one) for one in data] == [old, new]
    for one in read.scripts:
        if one.attributes.get("type") == "application/json":
            assert not set(one.text) & set("<>&\u2028\u2029")


def test_characters_that_steer_the_reading_are_made_visible_in_charts_too() -> None:
    document = hostile(DOCUMENTS["backtest"], "\u202e")
    charts = [one.text for one in Read(page(document)).scripts if one.attributes == {"type": "application/json"}]
    assert charts
    assert not any("u202e" in one or "\u202e" in one for one in charts)


# --- the page as a whole -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [made("backtest"), compared("backtest", "changed")], ids=["one", "two"])
def test_the_policy_names_each_script_and_the_style_and_lets_nothing_else_run_or_load(text: str) -> None:
    read = Read(text)
    (policy,) = [
        dict(given)["content"] for tag, given in read.elements if ("http-equiv", "Content-Security-Policy") in given
    ]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    run = [one.text for one in read.scripts if one.attributes == {}]
    assert len(run) == 4
    assert rules == {
        "default-src": "'none'",
        "script-src": " ".join(_digest(one) for one in run),
        "style-src": " ".join(_digest(one) for one in read.styles),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for tag, attributes in read.elements:
        for name, value in attributes:
            assert name not in ("style", "src", "srcset", "action") and not name.startswith("on"), tag
            assert name != "href" or (value or "").startswith("#")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_pages_are_small() -> None:
    for text in PAGES.values():
        assert len(text.encode()) < LARGEST
    year_by_year = copy.deepcopy(DOCUMENTS["backtest"])
    year_by_year["calendar"] *= 10
    assert len(beside(year_by_year, year_by_year).encode()) < LARGEST


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_headings_headers_and_links_are_in_order(text: str) -> None:
    read = Read(short(text))
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert set(levels) == {1, 2}
    ids = [dict(given)["id"] for _, given in read.elements if "id" in dict(given)]
    assert len(ids) == len(set(ids))
    pointed = {
        one.removeprefix("#")
        for _, given in read.elements
        for name, value in given
        if name in ("href", "aria-labelledby", "aria-describedby")
        for one in (value or "").split()
    }
    assert pointed <= set(ids)
    for grid in read.tables.values():
        assert grid.caption
        assert all(one.attributes["scope"] in ("col", "colgroup") for row in grid.heads for one in row)
        assert all(row[0].attributes["scope"] == "row" for row in grid.rows)
        columns = sum(int(one.attributes.get("colspan") or 1) for one in grid.heads[0])
        assert all(len(row) == columns for row in grid.rows)


def test_each_chart_has_words_and_a_table() -> None:
    read = Read(short(made("backtest")))
    plots = [dict(given) for _, given in read.elements if ("class", "plot") in given]
    assert [one["role"] for one in plots] == ["img"] * 4
    assert all(one["aria-label"] and one["aria-describedby"] for one in plots)
    assert {"ordinary-histogram", "calendar-all", "neighbours-all"} <= set(read.tables)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_paragraph_comes_before_any_figure_but_those_of_the_log(name: str) -> None:
    read = Read(short(made(name)))
    said = re.sub(r"\s+", " ", read.sections["head"])
    places = [said.index(sentence) for sentence in DOCUMENTS[name]["paragraph"]]
    assert places == sorted(places)
    assert all(text in said for text in (DOCUMENTS[name]["sentence"], DOCUMENTS[name]["rule"], "UTC"))


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_no_page_speaks_of_a_chance_in_millions_or_grades_a_person(text: str) -> None:
    said = " ".join(Read(short(text)).sections.values())
    assert not re.search(r"\b1 in [\d,]+|in a million|\bscore|\brisk|suspect|likelihood|probab", said, re.IGNORECASE)
    assert not re.search(r"NaN|\binf\b|None|Undefined|[{}]", said)
    assert "a property of a rule and a log. It says nothing about a person" in said


# --- what others wrote ---------------------------------------------------------------------------------------------

VENDOR = vendored.FOLDER
LISTED = tomllib.loads((VENDOR / "vendor.toml").read_text("utf-8"))["file"]


def test_the_files_of_others_are_those_that_are_listed_and_unchanged() -> None:
    assert {file.name for file in VENDOR.iterdir()} == {one["name"] for one in LISTED} | {"vendor.toml", "LICENSES.txt"}
    for one in LISTED:
        assert hashlib.sha256((VENDOR / one["name"]).read_bytes()).hexdigest() == one["sha256"]


def test_the_licence_of_each_is_beside_it_and_in_the_page() -> None:
    licences = (VENDOR / "LICENSES.txt").read_text("utf-8")
    for one in LISTED:
        assert f"{one['package']} {one['version']}" in licences
        assert one["source"].endswith(f"{one['package']}-{one['version']}.tgz")
    # The parser takes the first end of a line in a `pre` away, and there is none.
    assert re.sub(r"\s+", " ", licences.strip()) in re.sub(r"\s+", " ", Read(made("backtest")).sections["head"])


def test_the_reference_names_each_file_of_others_in_its_version() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "third-party.md").read_text("utf-8")
    for one in LISTED:
        assert f"| `{one['name']}` | [`{one['package']}` {one['version']}]" in text
        assert f"| {one['licence']} |" in text


def test_scripts_of_others_can_stand_in_a_page() -> None:
    for script in vendored.scripts():
        assert not re.search(r"</script|<script|<!--|\r|\x00|sourceMappingURL", script, re.IGNORECASE)
    assert not re.search(r"^\s*(import|export)\b", vendored.scripts()[2], re.MULTILINE)


# --- as recorded ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["backtest", "why-not", "beside"])
def test_the_page_is_exactly_what_was_recorded(name: str) -> None:
    file = GOLDEN / f"{name}.html"
    if os.environ.get("COINCIDE_RECORD") == "1":
        file.write_text(short(PAGES[name]), encoding="utf-8")
    assert short(PAGES[name]) == file.read_text("utf-8")

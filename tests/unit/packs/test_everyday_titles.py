"""The title patterns of ``everyday-components``: their form, and how well they do on the labelled titles."""

from __future__ import annotations

import csv
from collections import Counter

import polars as pl
import pytest

from coincide.catalog.quality import pooled
from coincide.catalog.titles import Titles, spellings
from titles import report

PRECISION, RECALL = 0.97, 0.92
"""The bars of the pack, for all titles and all components together."""


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str, str]]:
    with report.CATALOG.open(encoding="utf-8", newline="") as lines:
        return [(row["match"], row["value"], row["component"]) for row in csv.DictReader(lines)]


def test_the_rows_are_sorted_and_none_is_there_twice(rows: list[tuple[str, str, str]]) -> None:
    assert rows == sorted(rows, key=lambda row: (row[2], row[0], row[1]))
    assert [row for row, times in Counter(rows).items() if times > 1] == []


def test_every_pattern_has_letters_left_in_normal_form(rows: list[tuple[str, str, str]]) -> None:
    assert {match for match, _, _ in rows} == {"title", "title-apart", "title-not"}
    forms = [form for _, value, _ in rows for form in spellings(value)]
    assert [form.text for form in forms if not (len(form.needle) > 1 or form.unspaced)] == []


def test_no_pattern_is_both_a_component_and_an_exclusion_of_it(rows: list[tuple[str, str, str]]) -> None:
    names = {(value, component) for match, value, component in rows if match != "title-not"}
    assert names & {(value, component) for match, value, component in rows if match == "title-not"} == set()


def test_on_the_labelled_titles_precision_and_recall_are_above_the_bars() -> None:
    judged = report.judged()
    assert len(judged) >= 2_000
    quality = pooled([(one.labels, one.tags) for one in judged])
    assert quality.precision >= PRECISION
    assert quality.recall >= RECALL


def test_the_held_out_half_is_above_the_bars_too() -> None:
    quality = pooled([(one.labels, one.tags) for one in report.judged() if one.held_out])
    assert quality.precision >= PRECISION
    assert quality.recall >= RECALL


def test_all_titles_at_once_are_what_each_of_them_is() -> None:
    judged = report.judged()
    found = report.tagger().tags(pl.Series([one.title for one in judged]))
    tagged = {(row, component) for row, component, _ in found.iter_rows()}
    assert tagged == {(row, component) for row, one in enumerate(judged) for component in one.tags}


def test_the_page_is_the_one_that_the_patterns_give() -> None:
    assert report.PAGE.read_text(encoding="utf-8") == report.page(), "run: python tests/titles/report.py"


@pytest.mark.parametrize(
    ("title", "components"),
    [
        # Other words between the thing and what it is of.
        ("Olla eléctrica 6 l a presión", {"pressure-vessel"}),
        ("Kugeln 8 mm aus Stahl", {"steel-balls"}),
        # A slip of a finger, and a one for an l.
        ("Schnellkohctopf 6 l", {"pressure-vessel"}),
        ("Zeitscha1tuhr", {"timer"}),
        # Of a kit all is sold, of an oven not the timer.
        ("Canning kit with pressure canner and timer", {"pressure-vessel", "timer"}),
        ("Steam oven with timer", set()),
        # The last word is what it is for.
        ("Countdown timer switch for bathroom fan", {"timer"}),
        ("Fan with countdown timer switch", set()),
        # A gasket with the article, and with "with".
        ("جلدة قدر الضغط", set()),
        ("قدر ضغط والجلدة", set()),
        ("قدر ضغط بغطاء", {"pressure-vessel"}),
        ("مروحة بمؤقت", set()),
    ],
)
def test_a_title_is_read_as_a_shop_employee_would(title: str, components: set[str]) -> None:
    assert set(report.tagger().explain(title).components) == components


def test_the_report_uses_the_catalog_of_the_pack(rows: list[tuple[str, str, str]]) -> None:
    assert report.tagger().components == Titles(rows).components

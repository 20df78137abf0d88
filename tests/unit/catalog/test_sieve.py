"""What the sieve lets go holds no needle: what is left of a title is what is left of its normal form."""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.catalog.normal import normal
from coincide.catalog.pattern import Pattern
from coincide.catalog.sieve import Sieve, remains
from coincide.catalog.titles import LONGEST, Titles

ROOT = Path(__file__).parents[3]
PACK = ROOT / "src" / "coincide" / "packs" / "everyday-components" / "catalog.csv"
EVERYDAY = ROOT / "tests" / "titles" / "everyday.csv"
ODD = "\x01"

HOSTILE = (
    "abcdefgilmoprstuxzABEIKOSTX"  # Latin,
    "асеорхуіјѕһкмтнвгԁԛԝпйёЙАСЕИ"  # and what looks like it
    "αοερκνικτυχγωηςσΣΐᾳΑΟΕ"
    "0123456789٠٣۵६๓６𝟓²½"  # digits of several scripts
    "@$＠﹩+⁺＋№℃㎏㎡ßẞﬁﬃœæøłþıİŉǰⅧ㈱㍿ﷺ𝓣🅣"  # signs and what becomes several letters
    "\u0300\u0301\u0308\u0327\u0345\u034f\u05b0\u064b\u0651\u0653\u0654\u0670\u06e1\u06e5\u0e31\u0e48\u093f\u3099\u309a"
    "\u00ad\u200b\u200d\u2060\ufeff\u202e\u0640\u0600\u0890"  # what does not show
    "قدرضغطةيىیکكاأآإءئهۀ\ufedf\ufefb"
    "גבא高压锅鍋钢珠\U00020000\uf900"
    "タイマガﾀｲﾏｶﾞー゙か\u304b\u309b"
    "한글가ᄒ\u1112\u1161\u11ab\u3131\uffa1"
    "กำนำ\u0e33ກຳໜहिन्दीক\u09c7\u09beகொ\u0bc6\u0bbe"
    " \u00a0\u2028\t\n\r\x00\x01\x7f-_.,/★…\ufffe\ue000\U0010ffff"
)
hostile = st.text(st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_categories=["Cs"])), max_size=24)

PATTERNS = (
    "timer", "steel ball*", "*kugel*", "c4", "1l1", "pack 100", "plus", "oil", "*ß*", "œuf", "no 5",
    "скороварка*", "таймер", "χύτρα", "قدر ضغط", "كرة*", "高压锅", "鍋", "タイマー", "ガ", "한글", "ㄱ", "\u1100",
    "นำ", "\u0e31", "हिन्दी", "kg", "a", "2", "ᾳ", "**",
)  # fmt: skip
EXCLUSIONS = ("tea", "for tea*", "*dichtung*", "密封圈", "чай", "2 l", "é", "timers")
MANY = Titles(
    [(("title", "title-apart")[at % 2], text, f"c{at % 3}") for at, text in enumerate(PATTERNS)]
    + [("title-not", text, f"c{at % 3}") for at, text in enumerate(EXCLUSIONS)]
    + [("title", "oil", "never"), ("title-not", "**", "never")]
)


left_of = cache(remains)


def left(text: str) -> str:
    return "".join(map(left_of, text))


def expected(of: Titles, titles: list[str]) -> set[tuple[int, str]]:
    return {(row, component) for row, title in enumerate(titles) for component in of.explain(title).components}


def tagged(of: Titles, titles: list[str | None]) -> set[tuple[int, str]]:
    return set(of.tags(pl.Series(titles, dtype=pl.String)).select("row", "component").iter_rows())


@cache
def pack() -> Titles:
    with PACK.open(encoding="utf-8", newline="") as file:
        return Titles([(row["match"], row["value"], row["component"]) for row in csv.DictReader(file)])


def everyday() -> list[str]:
    with EVERYDAY.open(encoding="utf-8", newline="") as file:
        return [row["title"] for row in csv.DictReader(file)]


@cache
def letters() -> list[str]:
    """All that are assigned; of Han and Hangul, which are alike, every hundredth."""
    return [
        chr(code)
        for code in range(0x110000)
        if not ((0x3400 <= code <= 0xD7A3 or code >= 0x20000) and code % 100)
        and unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs")
    ]


def test_of_every_letter_the_same_is_left_composed_or_not_and_in_normal_form() -> None:
    wrong = []
    for letter in letters():
        forms = {unicodedata.normalize(form, letter) for form in ("NFC", "NFD", "NFKD")} | {normal(letter).squashed}
        # Parts of Hangul syllables are odd, the syllables are not.
        if left(letter) != ODD and any(left(form) != left(letter) and ODD not in left(form) for form in forms):
            wrong.append(letter)
    assert not wrong


def test_of_every_letter_the_same_is_left_whatever_is_around() -> None:
    changing = [letter for letter in letters() if normal(letter).squashed != letter or left(letter) != letter]
    texts = [
        around.format(letter)
        for letter in changing
        if left(letter) != ODD
        for around in ("a{}", "{}l", "я{}x", "ا{}", "α{}α", "タ{}", "1{}a", "가{}", "ก{}")
    ]
    assert len(texts) > 50_000
    assert [text for text in texts if left(normal(text).squashed) != left(text)] == []


@pytest.mark.parametrize(
    ("letter", "remaining"),
    [
        ("É", "e"), ("ß", "ss"), ("Ⅷ", "vlll"), ("ﬃ", "ffl"), ("+", "plus"), ("-", ""), ("\u0301", ""), ("\u200b", ""),
        ("٦", "g"), ("9", "9"), ("1", "l"), ("I", "l"), ("Ж", "ж"), ("й", "и"), ("О", "o"), ("Ώ", "w"), ("ガ", "カ"),
        ("高", "高"), ("가", "가"), ("آ", "ا"), ("ة", "ه"), ("ۥ", ""), ("ำ", "า"), ("\U0001d4e3", "t"), ("\x01", ""),
        ("\n", ""),
        # What is left of these depends on what is around, or is longer than there is room for.
        ("@", ODD), ("＄", ODD), ("\u1112", ODD), ("ㄱ", ODD), ("\u0345", ODD), ("ᾳ", ODD), ("\u037a", ODD), ("ﷺ", ODD),
    ],
)  # fmt: skip
def test_what_is_left_of_letters(letter: str, remaining: str) -> None:
    assert remains(letter) == remaining


@given(hostile)
@example("a\u0308\u0345")
@example("\u0627\u0653")
@example("ﾊﾟ")
@example("c00ker 11l 6l")
def test_of_a_text_is_left_what_is_left_of_its_normal_form(text: str) -> None:
    found = left(text)
    assert ODD in found or found == left(normal(text).squashed)


def test_every_letter_goes_through_the_array_as_it_goes_alone() -> None:
    titles = [f"ti{letter}mer" for letter in letters()]
    alone = [left("timer") in left(title) or ODD in left(title) for title in titles]
    assert Sieve(["timer"]).may_hold(pl.Series(titles)).to_list() == alone


@settings(deadline=None)
@given(st.lists(hostile, max_size=8), st.lists(hostile, max_size=4))
def test_what_holds_a_needle_passes(titles: list[str], others: list[str]) -> None:
    forms = [normal(title).squashed for title in titles]
    needles = [form[len(form) // 3 : 2 * len(form) // 3 + 1] for form in forms if form]
    needles += [normal(other).squashed for other in others]
    passed = Sieve(filter(None, needles)).may_hold(pl.Series(titles, dtype=pl.String)).to_list()
    for title, form, passes in zip(titles, forms, passed, strict=True):
        assert passes or not any(needle and needle in form for needle in needles), title


disguised = st.builds(
    lambda parts, between: between.join(parts),
    st.lists(
        st.one_of(
            hostile,
            st.sampled_from([text.strip("*") for text in (*PATTERNS, *EXCLUSIONS)]),
            st.sampled_from(["t1mer", "ТIMER", "tımer", "ti\u200bmer", "ｔｉｍｅｒ", "$teel b@ll", "STEELBALLS"]),
            st.sampled_from(["قِدْر ضَغْط", "قدرضغط", "القـدر ضغط", "لقدر ضغط", "ΧΎΤΡΑ", "cкopoвapкa", "ﾀｲﾏｰ", "oi1"]),
            st.sampled_from(["for", "with", "mit", "für", "适用", "+", "6L", "100Stk"]),
        ),
        max_size=6,
    ),
    st.sampled_from([" ", "", "-"]),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(disguised, max_size=12))
def test_hostile_titles_are_what_each_of_them_is(titles: list[str]) -> None:
    assert tagged(MANY, [*titles, None]) == expected(MANY, titles)


def test_everyday_titles_are_what_each_of_them_is_and_rest_on_a_pattern_that_counts() -> None:
    of, titles = pack(), everyday()
    assert tagged(of, [*titles]) == expected(of, titles)
    for row, component, pattern in of.tags(pl.Series(titles)).iter_rows():
        reasons = {(one.component, one.pattern) for one in of.explain(titles[row]).reasons if not one.refused}
        assert (component, pattern) in reasons


def test_titles_that_hold_no_letters_of_a_pattern_do_not_pass() -> None:
    with PACK.open(encoding="utf-8", newline="") as file:
        needles = {Pattern(row["value"]).needle for row in csv.DictReader(file) if row["match"] != "title-not"}
    titles = everyday()
    forms = [normal(title).squashed for title in titles]
    needed = [any(needle in form for needle in needles) for form in forms]
    passed = Sieve(needles).may_hold(pl.Series(titles)).to_list()
    assert sum(needed) <= sum(passed) <= 1.1 * sum(needed)


@pytest.mark.parametrize("needle", ["\u1112", "ㅋ", "\u0e31"])
def test_odd_needles_and_needles_of_marks_are_found_all_the_same(needle: str) -> None:
    of = Titles([("title", f"*{needle}*", "c"), ("title", "timer", "t")])
    titles = [f"ก{needle}", "timer", f"x {needle}", "oven"]
    assert tagged(of, [*titles]) == expected(of, titles) >= {(1, "t"), (2, "c")}


def test_what_ends_lines_ends_no_title() -> None:
    sieve = Sieve(["timer"])
    titles = pl.Series(["\n", "ti\nmer\n", "", "ti", "mer", "\n\n\r\n", "timer"])
    assert sieve.may_hold(titles).to_list() == [False, True, False, False, False, False, True]
    assert sieve.may_hold(pl.Series([], dtype=pl.String)).to_list() == []


def test_rows_are_those_of_all_titles_however_many() -> None:
    titles = [f"no {row}" for row in range(60_000)]
    there = [0, 9_999, 10_000, 24_999, 25_000, 59_999]
    for row in there:
        titles[row] = "timer"
    found = Titles([("title", "timer", "t")]).tags(pl.Series(titles))
    assert found.schema == {"row": pl.UInt32, "component": pl.String, "pattern": pl.String}
    assert found["row"].to_list() == there


def test_of_long_titles_the_beginning_is_looked_at() -> None:
    beginning = "高" * (LONGEST - 6) + " timer"
    of = Titles([("title", "*timer*", "t")])
    titles = [beginning + "s" * 100_000, "x" + beginning + "s", "\u200b" * 100_000 + "timer", ("timer " * 20_000)]
    assert tagged(of, [*titles]) == expected(of, titles) == {(0, "t"), (3, "t")}


@pytest.mark.parametrize("titles", [[], [None], [None, None]])
def test_without_titles_or_without_patterns_nothing_is_found(titles: list[str | None]) -> None:
    of = Titles([("title", "timer", "t")])
    assert of.tags(pl.Series(titles)).is_empty()
    assert of.tags(pl.Series(titles, dtype=pl.String)).is_empty()
    assert Titles([]).tags(pl.Series(["timer"])).is_empty()

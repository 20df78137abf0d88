"""What is written differently and means the same has one form, and what means something else keeps its own."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coincide.catalog.normal import normal

SAME = {
    "case": ("Pressure Cooker", "PRESSURE COOKER", "pressure cooker"),
    "full width": ("Timer 5", "Ｔｉｍｅｒ ５"),
    "half-width kana": ("タイマー", "ﾀｲﾏｰ"),
    "ligature": ("film", "ﬁlm"),
    "no-break space": ("steel ball", "steel\u00a0ball"),
    "soft hyphen": ("Stahlkugel", "Stahl\u00adkugel"),
    "zero width": ("timer", "ti\u200bmer", "t\u2060imer", "\ufefftimer", "ti\u200dmer"),
    "eszett": ("Großpackung", "GROSSPACKUNG", "grosspackung"),
    "final sigma": ("ΧΡΟΝΟΣ", "χρονος", "χρονοσ"),
    "Latin marks": ("minuteur à quartz", "minuteur a quartz", "MINUTEUR À QUARTZ"),
    "Greek marks": ("χύτρα", "χυτρα", "ΧΥΤΡΑ"),
    "Turkish dotted capital": ("İNOX", "inox", "INOX"),
    "stroke": ("łódź", "lodz"),
    "harakat": ("قِدْر ضَغْط", "قدر ضغط"),
    "tatweel": ("قـــدر", "قدر"),
    "alef": ("ألعاب", "العاب", "اَلعاب"),
    "Persian letters": ("کرات", "كرات"),
    "teh marbuta and yeh": ("طنجرة", "طنجره"),
    "digits": ("6 L", "٦ L", "۶ L", "６ L"),
    "look-alikes in Latin": ("pressure cooker", "рressure cооker", "ρressure cοοker"),
    "look-alikes in Cyrillic": ("скороварка", "скopoвapка"),
    "digits for letters": ("pressure cooker", "PRESSURE C00KER", "pr3ssure co0ker"),
    "a nought for o at the end": ("acero 8 mm", "ACER0 8 mm"),
    "signs for letters": ("steel balls", "$teel b@lls"),
    "separators": ("steel balls", "steel-balls", "steel_balls", "steel.balls", "★steel★balls★", "steel\tballs"),
}
APART = {
    "Cyrillic short i": ("й", "и"),
    "voiced kana": ("ガ", "カ"),
    "Thai vowels": ("กิน", "กน"),
    "Cyrillic titles": ("рост", "poct"),
    "sizes": ("6l", "gl"),
    "noughts behind few letters": ("no0", "noo"),
    "no digits for letters in numbers": ("100", "loo"),
}


@pytest.mark.parametrize("kind", SAME)
def test_these_are_one(kind: str) -> None:
    first, *others = (normal(text).words for text in SAME[kind])
    assert all(other == first for other in others), (first, others)


@pytest.mark.parametrize("kind", APART)
def test_these_are_two(kind: str) -> None:
    first, second = APART[kind]
    assert normal(first).words != normal(second).words


def test_a_number_parts_from_its_unit() -> None:
    assert normal("Schnellkochtopf 6L, 22cm").words == ("schnellkochtopf", "6", "l", "22", "cm")
    assert normal("8mmStahlkugeln 100Stk").words == ("8", "mm", "stahlkugeln", "100", "stk")
    assert normal("Ollaapresion6L").words == ("ollaapresion", "6", "l")
    assert normal("billesacier10mmx100").words == ("billesacier", "10", "mm", "x100")
    # A nought, a number before more letters and few letters in front are digits for letters as before.
    assert normal("firew0l c0l spark1er").words == ("firewol", "col", "sparkier")


def test_words_are_joined_and_their_places_kept() -> None:
    form = normal("P-r-e-s-s cooker")
    assert form.squashed == "presscooker"
    assert form.starts == [0, 1, 2, 3, 4, 5, 11]


@given(st.text(max_size=40))
@example("ǰ")
@example("ΐ 1l1")
@example("a@a")
def test_the_form_of_a_form_is_itself(text: str) -> None:
    words = normal(text).words
    assert normal(" ".join(words)).words == words
    assert all(words)


@given(st.text(st.sampled_from("abtimer019 -üßéжйкقدرضغطガ高压锅"), max_size=20), st.data())
def test_what_is_invisible_changes_nothing_wherever_it_stands(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    hidden = data.draw(st.sampled_from(["\u200b", "\u00ad", "\u2060", "\ufeff", "\u200e"]))
    assert normal(text[:place] + hidden + text[place:]) == normal(text)


@given(st.text(max_size=30))
def test_no_text_is_too_odd(text: str) -> None:
    normal(text + "\ud800")

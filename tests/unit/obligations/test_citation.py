"""What a rule's ``law`` names, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.obligations.citation import grounds, named
from coincide.obligations.load import load

KNOWN = {id_: loaded.obligation for id_, loaded in load().items()}
PRECURSORS, SERVICES, VOLUNTARY = KNOWN["eu-2019-1148"], KNOWN["eu-2022-2065-18"], KNOWN["voluntary"]


@pytest.mark.parametrize(
    "law",
    [
        "Regulation (EU) 2022/2065, Article 18",
        "Article 18 of Regulation (EU) 2022/2065",
        "Art. 18(1) DSA",
        "ART 18 (1) of the  digital services  ACT",
        "Articles 16 and 18 of Regulation (EU) 2022/2065",
        "Regulation (EU) 2022/2065, Articles 16-20",
        "Regulation (EU) 2022/2065",
        "Regulation (EU) 2022/2065, recital 56",
        "Regulation (EU) 2016/679, Article 6(1)(f); Regulation (EU) 2022/2065, Article 18 (unchecked)",
        "Regulation (EU) 2016/679, Article 6(1)(f) and Regulation (EU) 2022/2065, Article 18",
        "Article 6 of Regulation (EU) 2016/679 and Article 18 of Regulation (EU) 2022/2065",
        "Regulation (EU) 2022/2065, Article 18, and Regulation (EU) 2016/679, Article 6",
        "Regulation (EU) ２０２２/２０６５, Article １８",
    ],
)
def test_an_article_that_no_rule_may_name_is_found_in_every_way_of_citing_it(law: str) -> None:
    assert named(law, SERVICES)


@pytest.mark.parametrize(
    "law",
    [
        "Regulation (EU) 2022/2065, Article 16",
        "Article 16(6) of the DSA (OJ L 277, 27.10.2022, p. 18)",
        "Regulation (EU) 2022/2065, Articles 180 and 8",
        "Regulation (EU) 2016/679, Article 6(1)(f) (unchecked)",
        "Regulation (EU) 2016/679, Article 18",
        "Article 18 of Regulation (EU) 2016/679 and Article 16 of Regulation (EU) 2022/2065",
        "Regulation (EU) 2016/679, Article 18, and Regulation (EU) 2022/2065, Article 16",
        "Dsaster Act, Article 18",
        "Regulation (EU) 12022/20651, Article 18",
        "",
    ],
)
def test_other_articles_and_other_acts_are_not_taken_for_it(law: str) -> None:
    assert not named(law, SERVICES)


@pytest.mark.parametrize(
    ("law", "letters"),
    [
        ("Regulation (EU) 2019/1148, Article 9(1)(c)", ("c",)),
        ("Regulation (EU) 2019/1148, Article 9 (1) (c) and (e)", ("c", "e")),
        ("Article 9(1)(e) of Regulation (EU) 2019/1148", ("e",)),
        ("Regulation (EU) 2019/1148, Articles 9(1)(e), 9(1)(c)", ("c", "e")),
        ("Regulation (EU) 2019/1148, Article 9(1)", ()),
        ("Regulation (EU) 2019/1148", ()),
        ("Regulation (EU) 2016/679, Article 9(1)(c)", ()),
        ("Regulation (EU) 2016/679, Article 9(1)(c); Regulation (EU) 2019/1148, Article 9(1)(e)", ("e",)),
    ],
)
def test_the_grounds_that_a_law_names_are_those_of_its_own_act(law: str, letters: tuple[str, ...]) -> None:
    assert grounds(law, PRECURSORS) == letters


def test_the_basis_of_legitimate_interest_names_what_is_reported_of_one_s_own_accord() -> None:
    assert named("Regulation (EU) 2016/679, Article 6(1)(f), recital 50", VOLUNTARY)
    assert not named("Regulation (EU) 2016/679, Article 6(1)(c)", VOLUNTARY)


@given(st.text(max_size=200))
def test_any_text_can_be_read(law: str) -> None:
    for one in KNOWN.values():
        assert named(law, one) in (True, False)
        assert set(grounds(law, one)) <= set(one.letters)


@given(
    st.sampled_from(["", "x ", "GDPR Article 6; "]),
    st.sampled_from([", ", " - ", "\n"]),
    st.sampled_from(["art.", "Artikel", "Articles 3,"]),
)
def test_no_wording_around_it_hides_the_article(before: str, between: str, word: str) -> None:
    assert named(f"{before}Regulation (EU) 2022/2065{between}{word} 18", SERVICES)

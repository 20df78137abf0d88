"""The paragraph of odds: what it says of figures, of their absence, and what it never says."""

from __future__ import annotations

import copy
import os
import re
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from coincide.odds.paragraph import paragraph, short

GOLDEN = Path(__file__).parents[2] / "golden" / "odds" / "paragraphs.txt"

BARBECUE: dict[str, Any] = {
    "log": {"days": 360.0, "actors": 2468, "by": "actor", "kind": "purchase"},
    "counts": {"examined": 2468, "actors": 24, "alerts": 30, "per_100000_30_days": 81.04},
    "deals": {"mean": 16.1, "low": 9, "high": 23, "estimator": "history swap and snap"},
    "placebos": {"rules": 200, "median": 17, "half": [13, 22], "range": [7, 32], "rank": 35},
}
CASES: dict[str, dict[str, Any]] = {
    "as in the design": {},
    "none matched, less than one expected": {
        "counts": {"actors": 0, "alerts": 0, "per_100000_30_days": 0.0},
        "deals": {"mean": 0.2, "low": 0, "high": 1},
        "placebos": {"median": 0, "range": [0, 2], "rank": 12},
    },
    "hardly anybody matched": {"counts": {"per_100000_30_days": 0.4}},
    "nothing expected at all": {"deals": {"mean": 0.0, "low": 0, "high": 0}},
    "first and last among the made-up rules": {"placebos": {"rank": 1}},
    "below all made-up rules": {"placebos": {"rank": 201}},
    "second, third, eleventh": {"placebos": {"rank": 2}},
    "eleventh": {"placebos": {"rank": 111}},
    "at scale, without trips": {"deals": {"estimator": "history swap"}},
    "journeys by account": {"log": {"kind": "tap", "by": "account"}},
    "returns by card": {"log": {"kind": "return", "by": "link.card"}},
    "one organisation": {
        "log": {"by": "organisation", "days": 0.4},
        "counts": {"examined": 1, "actors": 1, "per_100000_30_days": {"why_not": "the log is shorter than a day"}},
        "deals": {"why_not": "not enough: 1 was there; 30 needed for a deal"},
        "placebos": {"why_not": "not enough: 1 was there; 30 needed for a deal"},
    },
    "a quick answer": {
        "quick": {"expected": 12.3, "bias": "It is too low."},
        "deals": {"why_not": "left out, for a quick answer"},
        "placebos": {"why_not": "left out, for a quick answer"},
    },
    "no quick answer": {
        "quick": {"why_not": "the formula is for combinations within a sliding window"},
        "deals": {"why_not": "left out, for a quick answer"},
        "placebos": {"why_not": "left out, for a quick answer"},
    },
    "nobody there": {
        "counts": {"examined": 0, "actors": 0, "per_100000_30_days": {"why_not": "the log is shorter than a day"}},
        "deals": {"why_not": "nothing in the log carries a component of the rule"},
        "placebos": {"why_not": "nothing in the log carries a component of the rule"},
    },
}


def document(changes: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(BARBECUE)
    for part, members in changes.items():
        made[part] = members if "why_not" in members else {**made.get(part, {}), **members}
    return made


def test_the_paragraphs_are_those_on_record() -> None:
    told = ""
    for name, changes in CASES.items():
        made = document(changes)
        told += f"# {name}\n" + "\n".join([*paragraph(made), f"({short(made)})"]) + "\n\n"
    if os.environ.get("COINCIDE_RECORD"):
        GOLDEN.write_text(told, encoding="utf-8")
    assert told == GOLDEN.read_text(encoding="utf-8")


def test_the_sentences_of_the_design_come_out_word_for_word() -> None:
    assert " ".join(paragraph(BARBECUE)) == (
        "24 of 2,468 actors matched in 360 days (81 per 100,000 actors and 30 days). "
        "The same purchases dealt out again among equally busy actors match 16 (95 % of deals: 9 to 23). "
        "200 made-up rules with equally common components matched 17 (95 %: 7 to 32); this rule is 35th of 200. "
        "Nothing here says why someone bought."
    )


counts = st.integers(0, 10**9)


@given(examined=counts, share=st.floats(0, 1), days=st.floats(0, 1e5), mean=st.floats(0, 1e9), rank=st.integers(1, 201))
def test_no_figure_makes_a_sentence_of_chances_in_millions_or_of_a_ratio(
    examined: int, share: float, days: float, mean: float, rank: int
) -> None:
    actors = int(examined * share)
    there = examined and days >= 1
    rate = actors / examined * 1e5 / days * 30 if there else {"why_not": "the log is shorter than a day"}
    made = document(
        {
            "log": {"days": days},
            "counts": {"examined": examined, "actors": actors, "per_100000_30_days": rate},
            "deals": {"mean": mean, "low": int(mean // 2), "high": int(mean * 2)},
            "placebos": {"rank": rank},
        }
    )
    told = " ".join([*paragraph(made), short(made)])
    assert not re.search(r"\b(nan|inf)\b|1 in|one in|million|times", told, re.IGNORECASE)
    assert told.endswith("This is about the rule, not about this alert.")


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 112, 200])
def test_places_are_ordinals(rank: int) -> None:
    sentence = paragraph(document({"placebos": {"rank": rank}}))[2]
    slow = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if str(rank).endswith(("11", "12", "13")) else slow.get(int(str(rank)[-1]), "th")
    assert (f"{rank}{end} of 200" in sentence) == (rank > 1)

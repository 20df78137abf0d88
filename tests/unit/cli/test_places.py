"""``coincide places``: what is printed, letter by letter; that no card is in it; and how it ends where nothing is.

``COINCIDE_RECORD=1 pytest tests/unit/cli/test_places.py`` writes the golden files again; read the difference.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from coincide.cli.main import run
from coincide.detect.base_rate import SENTENCE
from coincide.journeys.places_part import NO_FEED
from coincide.odds.steward import WHY
from htmlpage import Read
from placecity import TOML, city, odd

GOLDEN = Path(__file__).parents[2] / "golden" / "places"


def call(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = run(["places", *words, "-w", str(folder)])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("name", ["city.out", "city.json", "odd.out", "odd.json"])
def test_what_is_printed_is_what_was_read_and_found_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """``odd``: with a rule of unusual days."""
    words = ("--json",) if name.endswith("json") else ("--most", "4")
    folder = city(tmp_path / "city")
    status, out, err = call(odd(folder) if name.startswith("odd") else folder, capsys, *words)
    assert (status, err) == (0, "")
    if os.environ.get("COINCIDE_RECORD"):
        (GOLDEN / name).write_text(out, encoding="utf-8")
    assert out == (GOLDEN / name).read_text(encoding="utf-8")
    # Why it comes first, and how rare is rare, stand on it; no card does, nor what stands for one.
    assert WHY in out
    assert SENTENCE in out
    assert re.search(r"card-[^d]|night-|\bp-", out) is None
    assert not (tmp_path / "city" / ".coincide").exists()


def test_nothing_of_the_zoo_at_night_is_told_in_which_three_rode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(call(city(tmp_path / "city"), capsys, "--json")[1])
    told = [(row["place"], row["hour"]) for row in found["places"]["cells"]["rows"]]
    assert ("zoo", 1) not in told
    assert ("market", 17) in told
    assert all(row["hour"] != 1 for side in ("places", "lines") for row in found[side]["hours"]["rows"])
    assert found["places"]["closed"] == 2
    assert found["places"]["incidents_not_shown"] == 1


def test_the_page_has_the_rows_that_are_printed_and_no_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, page = odd(city(tmp_path / "city")), tmp_path / "places.html"
    status, out, err = call(folder, capsys, "--json", "--most", "1000", "--since", "2025-03-24", "--html", str(page))
    assert (status, err) == (0, f"the page is in {page}\n")
    text = page.read_text(encoding="utf-8")
    found, read = json.loads(out), Read(text)
    for side in ("places", "lines"):
        told = [row["called"] for row in found[side]["cells"]["rows"]]
        assert [row[0].text for row in read.tables[f"{side}-cells-all"].rows] == told
        ridden = [[row["rides"]] for row in found[side]["unusual_rides"]["names"]]
        assert [row[2].values for row in read.tables[f"riding-{side}-names-all"].rows] == ridden
    said = " ".join(read.sections.values())
    assert SENTENCE in said
    assert found["unusual_riding"]["says"] in said
    assert "Where incidents gather: from 2025-03-24" in text
    assert NO_FEED in said
    assert re.search(r"card-(harbour|market|station|zoo)|night-\d", text) is None
    status, out, err = call(folder, capsys, "--html", str(page))
    assert (status, out) == (3, "")


def test_a_span_is_of_whole_weeks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = city(tmp_path / "city")
    every, first, second = (
        json.loads(call(folder, capsys, "--json", *words)[1])["places"]
        for words in ((), ("--until", "2025-03-31"), ("--since", "2025-03-31"))
    )
    whole, *parts = (one["incidents"] + one["incidents_not_shown"] for one in (every, first, second))
    assert (sum(parts), min(parts) > 0) == (whole, True)
    # The shorter the span, the fewer riders, and the more that is not shown.
    assert 0 < first["boardings"] + second["boardings"] <= every["boardings"]
    for words in (("--since", "2025-03-30"), ("--until", "2025-04-01"), ("--since", "today")):
        status, out, err = call(folder, capsys, *words)
        assert (status, out, "COI-U001" in err) == (2, "", True)
    status, out, err = call(folder, capsys, "--since", "2025-03-31", "--until", "2025-03-31")
    assert (status, out, "--until comes after" in err) == (2, "", True)


@pytest.mark.parametrize("kind", ["tap", "incident"])
def test_without_places_or_lines_of_both_kinds_it_says_what_to_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    start = TOML.index("[sources.taps]") if kind == "tap" else TOML.index("[sources.thefts]")
    before, section = TOML[:start], TOML[start:].replace('place = "stop"\n', "", 1).replace('line = "route"\n', "", 1)
    status, out, err = call(city(tmp_path / "city", toml=before + section), capsys)
    assert (status, out) == (3, "")
    assert "COI-G041" in err
    assert f"`{kind}`" in err

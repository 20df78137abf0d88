"""``coincide alerts sample``: who is drawn just below the line, what is written, and what is estimated from it."""

from __future__ import annotations

import csv
import io
import stat
import sys
from pathlib import Path

import pytest

import oddshop
from coincide.cli.main import run
from coincide.ledger.errors import ReadRefused
from coincide.odds.errors import (
    NamedTwice,
    NothingBelow,
    SampleExists,
    SampleMixed,
    SheetUnreadable,
    UnknownDisposition,
)
from oddshop import KEY, Shop

RULES = {"three": "live", "one": "live", "often": "live", "much": "live", "steps": "live", "back": "live"}
PURPOSE = ("--purpose", "a test")
Rows = list[tuple[str, str, str, int]]


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("COINCIDE_KEY", KEY)
    return oddshop.made(tmp_path, capsys, RULES)


def day(number: int) -> str:
    return f"2025-03-{number:02d}T10:00:00Z"


def basket(who: str, items: str, first: int = 1, apart: int = 1) -> Rows:
    return [(day(first + apart * at), who, item, 1) for at, item in enumerate(items)]


def drawn(shop: Shop, rule: str, *arguments: str) -> list[str]:
    """Whose pseudonyms are in the sample, in its order."""
    found = shop.json("alerts", "sample", "--below", "--rule", rule, *PURPOSE, *arguments)
    assert found["in_all"] >= len(found["sample"])
    return [one["actor"] for one in found["sample"]]


def names(shop: Shop) -> dict[str, str]:
    """Accounts to pseudonyms."""
    from coincide.engines.workspace import open_workspace
    from coincide.entities.key import load
    from coincide.entities.pseudonym import pseudonyms

    accounts = sorted({row.split(",")[2] for row in (shop.folder / "purchases/1.csv").read_text().splitlines()[1:]})
    key = load(open_workspace(shop.folder).key_file).current
    return dict(zip(accounts, pseudonyms(["shop"] * len(accounts), accounts, key), strict=True))


@pytest.mark.parametrize(
    ("rule", "rows", "below"),
    [
        (
            "three",
            basket("alerts", "VTB") + basket("near", "VT") + basket("far", "VV") + basket("late", "VT", 1, 15),
            "near",
        ),
        (
            "often",
            [(day(1), "alerts", "X", 1)] * 3 + [(day(1), "near", "X", 1)] * 2 + [(day(1), "far", "X", 1)],
            "near",
        ),
        (
            "much",
            [(day(1), "alerts", "X", 11), (day(1), "near", "X", 8), (day(1), "at", "X", 10), (day(1), "far", "X", 7)],
            "at near",
        ),
        (
            "steps",
            basket("alerts", "VTB")
            + basket("last", "VT")
            + basket("first", "TB")
            + basket("middle", "VB", 1, 19)
            + basket("turned", "TV")
            + basket("far", "VVV"),
            "first last middle",
        ),
    ],
)
def test_drawn_are_those_who_are_one_thing_short_and_have_no_alert(
    shop: Shop, rule: str, rows: Rows, below: str
) -> None:
    shop.bought(rows)
    known = names(shop)
    assert sorted(drawn(shop, rule)) == sorted(known[name] for name in below.split())


def test_whoever_has_an_alert_is_not_drawn_for_another_time_below_the_line(shop: Shop) -> None:
    shop.bought([*basket("anna", "VTB"), *basket("anna", "VT", 20), *basket("bert", "VT")])
    assert drawn(shop, "three") == [names(shop)["bert"]]


def test_the_share_of_a_limit_can_be_said(shop: Shop) -> None:
    shop.bought([(day(1), "half", "X", 5), (day(1), "less", "X", 4)])
    assert drawn(shop, "much") == []
    assert drawn(shop, "much", "--share", "50") == [names(shop)["half"]]


def test_the_same_seed_draws_the_same_and_another_one_others(shop: Shop) -> None:
    shop.bought([row for number in range(40) for row in basket(f"c{number}", "VT")])
    first = drawn(shop, "three", "--n", "5", "--seed", "7")
    assert len(first) == 5
    assert drawn(shop, "three", "--n", "5", "--seed", "7") == first
    assert drawn(shop, "three", "--n", "5", "--seed", "8") != first
    assert len(drawn(shop, "three", "--n", "99")) == 40


def test_that_a_sample_is_shown_is_in_the_ledger_and_nothing_is_kept(shop: Shop) -> None:
    shop.bought(basket("near", "VT"))
    drawn(shop, "three")
    assert ("alert:sample", "three") in shop.acts()
    assert shop.json("alerts", "--status", "all", *PURPOSE)["alerts"] == []


def test_the_entry_is_in_the_ledger_before_the_first_word(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.bought(basket("near", "VT"))
    assert shop.call("scan")[0] == 0
    checkpoint = shop.folder / ".coincide/ledger/checkpoint"

    class Watching(io.StringIO):
        """Notes how long the ledger is when the first word comes."""

        size = 0

        def write(self, text: str) -> int:
            self.size = self.size or int(checkpoint.read_text().split("\n")[1])
            return super().write(text)

    before = int(checkpoint.read_text().split("\n")[1])
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", seen := Watching())
        assert run(["alerts", "sample", "--below", "--rule", "three", *PURPOSE, "-w", str(shop.folder)]) == 0
    assert names(shop)["near"] in seen.getvalue()
    assert seen.size == before + 1


def test_where_the_ledger_cannot_be_written_nothing_is_shown_and_no_file_made(shop: Shop) -> None:
    shop.bought(basket("near", "VT"))
    assert shop.call("scan")[0] == 0
    (shop.folder / ".coincide/ledger/checkpoint").unlink()
    file = shop.folder / "sample.csv"
    for wanted in ((), ("-o", str(file))):
        status, out, err = shop.call("alerts", "sample", "--below", "--rule", "three", *PURPOSE, *wanted)
        assert (status != 0, out) == (True, "")
        assert ReadRefused.code in err
    assert not file.exists()


def test_where_nobody_lies_below_nothing_is_shown_and_nothing_entered(shop: Shop) -> None:
    shop.bought(basket("alerts", "VTB"))
    assert shop.call("scan")[0] == 0
    assert drawn(shop, "three") == []
    assert ("alert:sample", "three") not in shop.acts()


def test_no_purpose_no_sample(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COINCIDE_PURPOSE", raising=False)
    shop.bought(basket("near", "VT"))
    status, out, err = shop.call("alerts", "sample", "--below", "--rule", "three")
    assert (status, out) == (2, "")
    assert "purpose" in err


@pytest.mark.parametrize(("rule", "why"), [("back", "two counts decide"), ("one", "as soon as there is one")])
def test_where_there_is_no_below_it_says_why(shop: Shop, rule: str, why: str) -> None:
    shop.bought(basket("near", "VT"))
    status, out, err = shop.call("alerts", "sample", "--below", "--rule", rule, *PURPOSE)
    assert (status, out) == (NothingBelow.exit_status, "")
    assert NothingBelow.code in err
    assert why in err


@pytest.mark.parametrize("arguments", [(), ("--below", "--estimate", "x"), ("--below",)])
def test_a_wrong_call_is_told(shop: Shop, arguments: tuple[str, ...]) -> None:
    assert shop.call("alerts", "sample", *arguments)[0] == 2


# --- the file ---------------------------------------------------------------------------------------------


def written(shop: Shop, *arguments: str) -> Path:
    shop.bought([row for number in range(40) for row in basket(f"c{number}", "VT")])
    file = shop.folder / "sample.csv"
    status, out, err = shop.call(
        "alerts", "sample", "--below", "--rule", "three", "-o", str(file), *PURPOSE, *arguments
    )
    assert status == 0, err
    assert "fill in its last column" in out
    assert all(name not in out for name in names(shop).values())
    return file


def filled(file: Path, *said: str) -> Path:
    with file.open(newline="") as opened:
        rows = list(csv.reader(opened))
    for row, word in zip(rows[1:], said, strict=False):
        row[-1] = word
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return file


def test_the_file_is_for_its_owner_alone_and_has_an_empty_last_column(shop: Shop) -> None:
    file = written(shop, "--n", "10")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 10
    assert {(row["rule"], row["in_all"], row["disposition"]) for row in rows} == {("three", "40", "")}
    assert all(row["because"].startswith("2 of 3 components") for row in rows)


def test_a_file_that_is_there_is_never_written_over(shop: Shop) -> None:
    file = written(shop)
    filled(file, "benign")
    before = file.read_bytes()
    status, _, err = shop.call("alerts", "sample", "--below", "--rule", "three", "-o", str(file), *PURPOSE)
    assert status == SampleExists.exit_status
    assert SampleExists.code in err
    assert file.read_bytes() == before


def test_from_a_sample_that_was_filled_in_misses_are_estimated(shop: Shop) -> None:
    file = filled(written(shop, "--n", "20"), *["suspicious"] * 4, *["Benign"] * 12, "inconclusive")
    (one,) = shop.json("alerts", "sample", "--estimate", str(file))["rules"]
    assert (one["in_all"], one["suspicious"], one["benign"], one["inconclusive"], one["undecided"]) == (40, 4, 12, 1, 3)
    assert one["misses"]["estimate"] == 10
    assert 4 <= one["misses"]["low"] < 10 < one["misses"]["high"] <= 28
    out = shop.call("alerts", "sample", "--estimate", str(file))[1]
    assert f"missed there: about 10 (95 %: {one['misses']['low']} to {one['misses']['high']})" in out


def test_where_all_were_looked_at_nothing_is_left_to_estimate(shop: Shop) -> None:
    file = filled(written(shop), *["suspicious"] * 3, *["benign"] * 37)
    (one,) = shop.json("alerts", "sample", "--estimate", str(file))["rules"]
    assert one["misses"] == {"estimate": 3, "low": 3, "high": 3}


def test_where_nobody_decided_anything_it_says_so(shop: Shop) -> None:
    file = written(shop)
    (one,) = shop.json("alerts", "sample", "--estimate", str(file))["rules"]
    assert one["misses"] == {"why_not": "none of the sample was decided to be benign or suspicious"}
    assert "no estimate: none of the sample" in shop.call("alerts", "sample", "--estimate", str(file))[1]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("disposition", "verdict", SheetUnreadable.code),
        (",40,", ",41,", SampleMixed.code),
        (",40,", ",many,", SampleMixed.code),
        (",\n", ",guilty\n", UnknownDisposition.code),
    ],
)
def test_a_file_that_was_spoilt_is_refused_with_the_place(shop: Shop, old: str, new: str, code: str) -> None:
    file = written(shop)
    file.write_text(file.read_text().replace(old, new, 1))
    status, out, err = shop.call("alerts", "sample", "--estimate", str(file))
    assert (status, out) == (3, "")
    assert code in err
    assert "sample.csv:" in err


def test_a_line_that_stands_twice_is_refused(shop: Shop) -> None:
    file = written(shop)
    head, first, *others = file.read_text().splitlines(keepends=True)
    file.write_text(head + first + first + "".join(others))
    status, _, err = shop.call("alerts", "sample", "--estimate", str(file))
    assert status == 3
    assert NamedTwice.code in err
    assert "sample.csv:3" in err
    assert "line 2" in err


def test_more_lines_than_there_are_in_all_are_refused(shop: Shop) -> None:
    file = written(shop)
    file.write_text(file.read_text().replace(",40,", ",39,"))
    assert SampleMixed.code in shop.call("alerts", "sample", "--estimate", str(file))[2]


def test_an_empty_sample_says_so(shop: Shop) -> None:
    file = written(shop)
    file.write_text(file.read_text().splitlines(keepends=True)[0])
    status, out, err = shop.call("alerts", "sample", "--estimate", str(file))
    assert (status, out) == (0, "")
    assert "no lines" in err

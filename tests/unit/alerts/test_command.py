"""``coincide alerts`` as a person calls it: what is printed, what is kept, how each mistake ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from alertbook import FACTS, Book, finding
from coincide.cli.main import run
from coincide.events.event import EventName

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.made(tmp_path)


@pytest.fixture
def call(book: Book, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls ``coincide alerts`` in the workspace: status, stdout, stderr."""

    def called(*arguments: str) -> tuple[int, str, str]:
        status = run(["alerts", *arguments, "-w", str(book.workspace)])
        out, err = capsys.readouterr()
        return status, out, err

    return called


def test_a_workspace_without_a_scan_has_no_alerts(call: Call) -> None:
    assert call() == (0, "no alerts\n", "")
    assert json.loads(call("--json")[1]) == {"alerts": [], "next": None}


def test_the_bare_command_lists_open_alerts_in_a_table(call: Call, book: Book) -> None:
    book.scan(finding(1, 5), finding(8, 9))
    status, out, err = call()
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].split() == ["alert", "severity", "status", "rule", "actor", "first", "hit", "last", "hit", "hits"]
    assert lines[2].split() == [
        "A-1",
        "high",
        "open",
        "fertiliser",
        "p-one",
        "2025-03-01T01:00:00Z",
        "2025-03-01T05:00:00Z",
        "5",
    ]
    assert len(lines) == 4


def test_a_page_says_where_the_next_one_begins(call: Call, book: Book) -> None:
    book.scan(finding(1, 5), finding(8, 9))
    _, out, err = call("--limit", "1")
    assert "A-1" in out and "A-2" not in out
    place = err.removeprefix("There are more: --after ").strip()
    assert "A-2" in call("--after", place)[1]
    document = json.loads(call("--limit", "1", "--json")[1])
    assert document["next"] == place


def test_filters_are_taken_from_the_command_line(call: Call, book: Book) -> None:
    book.scan(finding(1, 5), finding(8, 9))
    book.scan(finding(8, 9))

    def ids(*arguments: str) -> list[str]:
        return [alert["id"] for alert in json.loads(call(*arguments, "--json")[1])["alerts"]]

    assert ids() == ["A-2"]
    assert ids("--status", "all") == ["A-1", "A-2"]
    assert ids("--status", "withdrawn", "--status", "decided") == ["A-1"]
    assert ids("--since", "2025-03-01T08:00:00") == ["A-2"]
    assert ids("--since", "2025-03-01T10:00:00+01:00") == []
    assert ids("--until", "2025-03-01") == []
    assert ids("--rule", "other") == ids("--severity", "low") == ids("--shadow") == []
    assert ids("--live", "--actor", "p-one") == ["A-2"]


def test_csv_and_parquet_go_to_stdout_or_a_file(call: Call, book: Book, tmp_path: Path) -> None:
    book.scan(finding(1, 5))
    assert call("--format", "csv")[1].startswith("id,rule,")
    path = tmp_path / "alerts.parquet"
    assert call("--format", "parquet", "--output", str(path)) == (0, "", "")
    assert pl.read_parquet(path)["id"].to_list() == ["A-1"]


def test_a_file_that_cannot_be_written_is_said(call: Call, tmp_path: Path) -> None:
    status, out, err = call("--format", "csv", "--output", str(tmp_path / "coincide.toml" / "x.csv"))
    assert (status, out) == (4, "")
    assert "COI-D004" in err


def test_one_alert_is_told_in_full(call: Call, book: Book) -> None:
    book.scan(finding(1, 2), finding(5, 6))
    book.scan(finding(1, 6))
    status, out, err = call("show", "A-1")
    assert status == 0
    assert err == "Only the evidence is shown: no rule file matches `rules/*.yaml` (COI-S020)\n"
    assert out == (
        "A-1  Too much fertiliser\n"
        "high, open\n"
        "\n"
        "p-one bought 6 kg in a day.\n"
        "\n"
        "Actor       p-one (by actor)\n"
        "First hit   2025-03-01T01:00:00Z, on 3 observations\n"
        "Latest hit  2025-03-01T06:00:00Z, 6 hits, 1 silenced by `unless`\n"
        "Accounts    fires on one account alone\n"
        "\n"
        "Timeline (* decides)\n"
        "  * 2025-03-01T01:00:00Z  shop  e1  p-one  <- first hit\n"
        "  * 2025-03-01T06:00:00Z  shop  e6  p-one  <- latest hit\n"
        "    (1 of 3 counted observations are listed as evidence)\n"
        "\n"
        "It may be innocent\n"
        "  - a farm\n"
        "\n"
        "Found with\n"
        "  rule fertiliser, v1-abc\n"
        "    More than 5 kg in a day.\n"
        "  catalog c1\n"
        "  entities 1\n"
        "\n"
        "History\n"
        "  2025-03-02T00:00:00Z  opened in scan 1: found: a file was added\n"
        "  2025-03-03T00:00:00Z  extended in scan 2: ended later, 2025-03-01T06:00:00Z, with 6 hits (were 2), "
        "on other evidence: a file was added\n"
        "\n"
        "Other alerts\n"
        "  took the place of A-2: joined to A-1: a file was added\n"
    )


def test_the_full_account_in_json_has_everything_that_is_told(call: Call, book: Book) -> None:
    book.scan(finding(1, 2), finding(5, 6))
    book.scan(finding(1, 6))
    document = json.loads(call("show", "1", "--json")[1])
    assert document["id"] == "A-1"
    assert [step["marks"] for step in document["timeline"]] == [["first hit"], ["latest hit"]]
    assert document["innocent"] == ["a farm"]
    assert document["sentence"] == "More than 5 kg in a day."
    assert [entry["change"] for entry in document["history"]] == ["opened", "extended"]
    assert document["superseded"] == ["A-2"]


def test_a_decided_alert_that_was_amended_and_followed_says_so(call: Call, book: Book) -> None:
    book.scan(finding(1, 5))
    assert call("decide", "A-1", "benign", "--because", "a farm", "--by", "kim") == (0, "A-1 is decided: benign\n", "")
    book.scan(finding(1, 4), finding(6, 7))
    out = call("show", "A-1")[1]
    assert "Decided     benign, by kim on " in out
    assert "Amended     since the decision the data changed: would be ended earlier" in out
    assert "later hits are in A-2 (open)" in out
    assert "goes on after A-1, which is decided" in call("show", "A-2")[1]


def test_what_comes_from_files_cannot_steer_the_terminal(call: Call, book: Book) -> None:
    hostile = replace(finding(1, 5), evidence=(EventName(1, "shop", "\x1b[2J", "p-one"),))
    book.scan(hostile, facts=replace(FACTS, title="[red]\x1b]0;x\x07"))
    for arguments in (["show", "A-1"], []):
        out = call(*arguments)[1]
        assert "\x1b" not in out and "\x07" not in out


def test_a_decision_that_is_tried_is_told_and_not_kept(call: Call, book: Book) -> None:
    book.scan(finding(1, 5))
    status, out, _ = call("decide", "1", "suspicious", "--because", "x", "--dry-run")
    assert (status, out) == (0, "A-1 would be decided: suspicious\n")
    assert book.alert(1).status == "open"


def test_a_suppression_is_made_listed_and_lifted(call: Call, book: Book) -> None:
    book.scan(finding(1, 5))
    status, out, _ = call(
        "suppress", "fertiliser", "p-one", "--until", "2199-01-01", "--because", "licence", "--by", "kim"
    )
    assert (status, out) == (0, "fertiliser opens no alerts for p-one until 2199-01-01T00:00:00Z\n")
    assert "fertiliser p-one until 2199-01-01T00:00:00Z: licence (kim, " in call("suppressions")[1]
    (listed,) = json.loads(call("suppressions", "--json")[1])["suppressions"]
    assert (listed["rule"], listed["because"]) == ("fertiliser", "licence")
    assert call("lift", "fertiliser", "p-one")[:2] == (0, "the suppression of fertiliser for p-one is lifted\n")
    assert call("suppressions")[2] == "no suppressions\n"


MISTAKES = [
    (["show", "A-9"], 3, "COI-A001"),
    (["show", "last"], 3, "COI-A001"),
    (["show", "9" * 30], 3, "COI-A001"),
    (["decide", "A-2", "benign", "--because", "x"], 3, "COI-A002"),
    (["decide", "A-3", "benign", "--because", "x"], 3, "COI-A003"),
    (["decide", "A-1", "benign", "--because", ""], 2, "COI-A004"),
    (["decide", "A-1", "harmless", "--because", "x"], 2, "COI-U001"),
    (["decide", "A-1", "benign"], 2, "COI-U001"),
    (["suppress", "fertiliser", "p-x", "--until", "2199-01-01", "--because", "x"], 3, "COI-A005"),
    (["suppress", "fertilizer", "p-one", "--until", "2199-01-01", "--because", "x"], 3, "COI-A006"),
    (["suppress", "fertiliser", "p-one", "--until", "2001-01-01", "--because", "x"], 2, "COI-A007"),
    (["suppress", "fertiliser", "p-one", "--until", "soon", "--because", "x"], 2, "COI-U001"),
    (["lift", "fertiliser", "p-one"], 3, "COI-A008"),
    (["--after", "A-1"], 2, "COI-A010"),
    (["--since", "yesterday"], 2, "COI-U001"),
    (["--limit", "0"], 2, "COI-U001"),
    (["--status", "closed"], 2, "COI-U001"),
    (["sho"], 2, "COI-U001"),
]


@pytest.mark.parametrize(("arguments", "status", "code"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_ends_in_one_sentence_with_its_code(
    call: Call, book: Book, arguments: list[str], status: int, code: str
) -> None:
    book.scan(finding(1, 2), finding(4, 5), finding(8, 9))
    book.scan(finding(1, 5), finding(8, 9))
    call("decide", "A-3", "benign", "--because", "x")
    ended, out, err = call(*arguments)
    assert (ended, out) == (status, "")
    assert code in err and "Traceback" not in err
    ended, out, err = call(*arguments, "--json")
    assert (ended, out) == (status, "")
    assert json.loads(err)["errors"][0]["code"] == code


def test_a_folder_that_is_no_workspace_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alerts", "-w", str(tmp_path)]) == 3
    assert "COI-S001" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

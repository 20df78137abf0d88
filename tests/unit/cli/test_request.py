"""``coincide request``: what is printed, how the commands end, and what cannot be given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run
from handfeed import written
from ledgershop import WHO

SPAN = "2025-03-02T07:00+01:00/2025-03-02T09:30+01:00"
TEXTS = ("--asker", "authority", "--reference", "41 Js 7/25", "--offence", "theft", "--law", "a law")


class Desk:
    """The commands in a workspace."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def call(self, *words: str) -> tuple[int, str, str]:
        status = run(["request", *words, "-w", str(self.folder)])
        out, err = self.capsys.readouterr()
        return status, out, err

    def json(self, *words: str) -> Any:
        status, out, err = self.call(*words, "--json")
        assert (status, err) == (0, "")
        return json.loads(out)

    def code(self) -> str:
        return str(self.json("show", "Q-1", "--purpose", "x")["code"])


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    (tmp_path / "coincide.toml").write_text("[requests]\nshared_login = true\ndays = 10\nmost_places = 3\n")
    return Desk(tmp_path, capsys)


def new(*more: str) -> tuple[str, ...]:
    return ("new", *TEXTS, "--place", "central", "--span", SPAN, "--by", "kim", *more)


def test_a_request_goes_its_way_from_one_person_to_another(desk: Desk) -> None:
    assert desk.call("list") == (0, "", "no requests\n")
    assert desk.call(*new()) == (0, "Q-1 is proposed; a second person confirms it\n", "")
    assert desk.call("list", "--in-force") == (0, "", "no requests\n")
    words = ("confirm", "1", "--by", "lee", "--because", "no other way", "--seen", desk.code())
    assert desk.call(*words, "--dry-run")[1].startswith("Q-1 would be confirmed, and holds until ")
    status, out, err = desk.call(*words)
    assert (status, err) == (0, "")
    assert out.startswith("Q-1 is confirmed, and holds until ")
    (one,) = desk.json("list", "--in-force")["requests"]
    assert (one["request"], one["state"], one["by"], one["places"], one["lines"]) == ("Q-1", "confirmed", "kim", 1, 0)
    assert desk.call("end", "q-1", "--by", "max", "--because", "over") == (0, "Q-1 is ended\n", "")
    assert desk.json("list", "--in-force")["requests"] == []
    assert desk.call("list")[1].startswith("Q-1  ended      authority     places 1, lines 0, spans 1  by kim  until ")


def test_the_second_person_sees_all_of_it_and_the_code_comes_last(desk: Desk) -> None:
    desk.call(*new("--line", "4", "--note", "with\x1b[31m care", "--days", "180"))
    status, out, err = desk.call("show", "Q-1", "--purpose", "to weigh it")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[:8] == [
        "Q-1: proposed",
        "asks:      authority, 41 Js 7/25",
        "offence:   theft",
        "law:       a law",
        "place:     central",
        "line:      4",
        "span:      2025-03-02T06:00:00Z to 2025-03-02T08:30:00Z",
        "note:      with\ufffd[31m care",
    ]
    assert lines[-1] == f"code:      {desk.code()}"
    assert f"by kim (login {WHO})" in lines[-2]
    desk.call("refuse", "1", "--by", "lee", "--because", "too much", "--seen", desk.code())
    out = desk.call("show", "Q-1", "--purpose", "x")[1]
    assert f"by lee (login {WHO}): too much\n           both under the login {WHO}\n" in out


def test_a_document_holds_all_and_times_in_utc(desk: Desk) -> None:
    made = desk.json(*new())
    assert made["spans"] == [{"from": "2025-03-02T06:00:00Z", "to": "2025-03-02T08:30:00Z"}]
    assert (made["places"], made["lines"], made["answer"], made["answered"], made["ended"]) == (
        ["central"],
        [],
        None,
        None,
        None,
    )
    # Whoever makes a request is not handed the code of whoever confirms it.
    assert "code" not in made


def test_what_is_only_tried_is_not_there(desk: Desk) -> None:
    assert desk.call(*new("--dry-run")) == (0, "Q-1 would be proposed; a second person confirms it\n", "")
    assert desk.call("list")[1] == ""


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("new", *TEXTS, "--place", "*", "--span", SPAN), 3, "COI-Q002"),
        (("new", *TEXTS, "--span", SPAN), 3, "COI-Q002"),
        (("new", *TEXTS, "--place", "a"), 2, "COI-Q013"),
        (
            ("new", *TEXTS, *("--place", "a", "--place", "b", "--line", "c", "--line", "d"), "--span", SPAN),
            3,
            "COI-Q003",
        ),
        (("new", *TEXTS, "--place", "a", "--span", "2999-01-01T00:00Z/2999-01-02T00:00Z"), 2, "COI-Q004"),
        (("new", *TEXTS, "--place", "a", "--span", "2190-01-01T00:00Z/2190-01-02T00:00Z"), 3, "COI-Q005"),
        (("new", *TEXTS, "--place", "a", "--span", "2025-03-02T07:00/2025-03-02T09:30"), 2, "COI-Q004"),
        (("new", *TEXTS, "--place", "a", "--span", "2025-03-02T07:00Z"), 2, "COI-Q004"),
        (("new", *TEXTS, "--place", "a", "--span", "monday/2025-03-02T07:00Z"), 2, "COI-Q004"),
        (("new", *TEXTS, "--place", "a", "--span", "2025-03-03T07:00Z/2025-03-02T07:00Z"), 2, "COI-Q004"),
        (("new", *TEXTS, "--place", "a", "--span", SPAN, "--days", "181"), 2, "COI-U001"),
        (("new", *TEXTS[:-1], " ", "--place", "a", "--span", SPAN), 2, "COI-Q011"),
        (("show", "Q-1", "--purpose", "x"), 3, "COI-Q001"),
        (("confirm", "R-1", "--because", "x", "--seen", "x"), 3, "COI-Q001"),
        (("end", "Q-1", "--because", "x"), 3, "COI-Q001"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(desk: Desk, words: tuple[str, ...], status: int, code: str) -> None:
    ended, out, err = desk.call(*words)
    assert (ended, out, code in err) == (status, "", True), err
    assert desk.call("list")[1] == ""


def test_one_login_is_one_person_unless_the_settings_say_otherwise(desk: Desk) -> None:
    desk.call(*new())
    (desk.folder / "coincide.toml").write_text("")
    status, out, err = desk.call("confirm", "1", "--by", "lee", "--because", "x", "--seen", desk.code())
    assert (status, out, "COI-Q007" in err) == (3, "", True)
    assert desk.json("list")["requests"][0]["state"] == "proposed"


def test_beside_a_network_most_of_it_is_refused_and_what_it_does_not_have_is_said(desk: Desk) -> None:
    written(desk.folder / "feed")
    toml = desk.folder / "coincide.toml"
    toml.write_text(toml.read_text().replace("most_places = 3", "most_places = 9") + '[network]\ngtfs = "feed"\n')
    words = ("new", *TEXTS, "--span", SPAN, "--line", "R1")
    status, out, err = desk.call(*words, "--place", "a", "--place", "A")
    assert (status, out) == (0, "Q-1 is proposed; a second person confirms it\n")
    assert err == "the network has no `A`: is it as the events name it?\n"
    for more in (("--line", "R2"), [word for stop in ("a", "b1", "b2", "c", "d") for word in ("--place", stop)]):
        status, out, err = desk.call(*words, *more)
        assert (status, out, "COI-Q003" in err) == (3, "", True), err
        assert "of the network" in err

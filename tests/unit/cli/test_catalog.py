"""``coincide catalog`` where no workspace is needed, and what is wrong with labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run

LABELS = (
    "title,components,shop\n"
    '"Pressure cooker, 6 L",pressure-vessel,a\n'
    "Gasket for pressure cooker,,a\n"
    "Kitchen timer and 8 mm steel balls,steel-balls|timer,b\n"
    "Blue lamp,timer,b\n"
)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert run(["catalog", *arguments, "--json"]) == code
    out, err = capsys.readouterr()
    return json.loads(out or err)


def test_labelled_titles_tell_precision_and_recall_of_a_pack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(LABELS)
    told = asked(capsys, "test", str(file), "--pack", "everyday-components")
    assert [one["tags"] for one in told["titles"]] == [["pressure-vessel"], [], ["steel-balls", "timer"], []]
    assert {name: (one["right"], one["wrong"], one["missed"]) for name, one in told["components"].items()} == {
        "pressure-vessel": (1, 0, 0),
        "steel-balls": (1, 0, 0),
        "timer": (1, 0, 1),
    }
    totals = told["totals"]
    assert (totals["precision"], totals["recall"]) == (1.0, 0.75)
    assert totals["recall_interval"][0] < 0.75 < totals["recall_interval"][1]
    assert run(["catalog", "test", str(file), "--pack", "everyday-components"]) == 0
    out = capsys.readouterr().out
    assert "Blue lamp: nothing, and should be timer" in out
    assert out.rstrip().endswith("4 titles, 1 with other components than their label")


@pytest.mark.parametrize(("bars", "code"), [(("0.9", "0.75"), 0), (("1.0", "0.76"), 1), (("1.0", "0.5"), 0)])
def test_what_is_below_a_bar_ends_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bars: tuple[str, str], code: int
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(LABELS)
    options = ("--pack", "everyday-components", "--precision", bars[0], "--recall", bars[1])
    asked(capsys, "test", str(file), *options, code=code)


def test_titles_that_are_all_right_end_with_nothing_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("components,title\n,Blue lamp\n")
    assert asked(capsys, "test", str(file), "--pack", "everyday-components")["totals"]["precision"] == 1.0


@pytest.mark.parametrize(
    "content",
    [
        b"title\nx\n",
        b"title,components\nx\n",
        b"title,components\nx,y,z\n",
        b"title,components\n\xff,\n",
        b'title,components\n"x,\n',
    ],
)
def test_labels_that_are_none_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes(content)
    told = asked(capsys, "test", str(file), "--pack", "everyday-components", code=3)
    assert told["errors"][0]["code"] == "COI-C017"


def test_each_step_of_a_title_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(capsys, "explain", "Gasket for PRESSURE C00KER", "--pack", "everyday-components")
    assert told["words"] == ["gasket", "for", "pressure", "cooker"]
    assert told["tags"] == []
    assert all(not one["counts"] and one["because"] for one in told["reasons"])
    assert told["reasons"]
    assert run(["catalog", "explain", "\x1b[2J", "--pack", "everyday-components"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_without_a_workspace_or_a_pack_there_is_no_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked(capsys, "explain", "x", code=3)["errors"][0]["code"] == "COI-S001"
    assert asked(capsys, "explain", "x", "--pack", "no-such", code=3)["errors"][0]["code"] == "COI-K001"


def test_packs_are_listed_and_each_says_on_which_ground_it_may_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["packs", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["packs"]}
    assert set(found) == {"everyday-components", "eu-2019-1148", "shop-abuse"}
    assert all(one["basis"] and one["rules"] for one in found.values())
    assert run(["packs", "shop-abuse"]) == 0
    assert "list trusted-buyers, empty" in capsys.readouterr().out

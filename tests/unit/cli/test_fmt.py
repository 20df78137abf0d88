"""``coincide rules fmt`` as a user calls it: what it writes, says, and leaves alone."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from coincide.cli.main import run
from coincide.rules import format as layout
from coincide.rules.rewrite import rewrite
from coincide.rules.skeleton import skeleton

LAID = skeleton("right", "combination")
MESSY = LAID.replace("status: draft    ", "status:   'draft'")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "coincide.toml").write_text("", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "messy.yaml").write_text(MESSY, encoding="utf-8")
    (tmp_path / "rules" / "right.yaml").write_text(LAID, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_rules_of_the_workspace_are_laid_out_in_place_and_what_changed_is_said(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "fmt"]) == 0
    assert capsys.readouterr() == ("", "laid out rules/messy.yaml\n1 file laid out; 1 file as it should be\n")
    assert (workspace / "rules" / "messy.yaml").read_text("utf-8") == LAID
    assert run(["rules", "fmt"]) == 0
    assert capsys.readouterr() == ("", "2 files as they should be\n")
    assert sorted(content(workspace)) == ["coincide.toml", "rules/messy.yaml", "rules/right.yaml"]


def test_a_check_writes_nothing_and_names_the_files(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = content(workspace)
    assert run(["rules", "fmt", "--check"]) == 1
    assert capsys.readouterr() == ("rules/messy.yaml\n", "1 file would be laid out; 1 file as it should be\n")
    assert run(["rules", "fmt", "--check", "rules/right.yaml"]) == 0
    assert capsys.readouterr().out == ""
    assert content(workspace) == before


def test_a_difference_is_shown_and_nothing_written(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = content(workspace)
    assert run(["rules", "fmt", "--diff"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("--- rules/messy.yaml (there)\n+++ rules/messy.yaml (laid out)\n@@ ")
    changed = [line for line in out.splitlines()[2:] if line[0] in "+-"]
    assert [line[:17] for line in changed] == ["-status:   'draft", "+status: draft   "]
    assert content(workspace) == before
    assert run(["rules", "fmt", "--diff", "--check", "rules/right.yaml"]) == 0


def test_a_difference_in_the_end_of_a_file_is_seen(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "rules" / "right.yaml").write_bytes(LAID.rstrip("\n").encode())
    assert run(["rules", "fmt", "--diff", "rules/right.yaml"]) == 1
    assert "\\ No newline at end of file\n" in capsys.readouterr().out
    (workspace / "rules" / "right.yaml").write_bytes(LAID.replace("\n", "\r\n").encode())
    assert run(["rules", "fmt", "--check", "rules/right.yaml"]) == 1


def test_json_says_of_each_file_whether_it_changed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [{"file": "rules/messy.yaml", "changed": True}, {"file": "rules/right.yaml", "changed": False}]
    assert run(["rules", "fmt", "--json", "--check"]) == 1
    assert json.loads(capsys.readouterr().out) == {"files": files, "written": False}
    assert run(["rules", "fmt", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": files, "written": True}
    assert (workspace / "rules" / "messy.yaml").read_text("utf-8") == LAID


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), encoding="ascii"))


def test_stdin_goes_to_stdout_without_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    piped(monkeypatch, MESSY.replace("What it finds", "Ünï"))
    assert run(["rules", "fmt", "-"]) == 0
    assert capsysbinary.readouterr() == (LAID.replace("What it finds", "Ünï").encode(), b"")
    piped(monkeypatch, MESSY)
    assert run(["rules", "fmt", "--check", "-"]) == 1
    assert capsysbinary.readouterr() == (b"", b"")
    piped(monkeypatch, MESSY)
    assert run(["rules", "fmt", "--diff", "-"]) == 1
    assert capsysbinary.readouterr().out.startswith(b"--- stdin (there)\n")
    piped(monkeypatch, "rule: [")
    assert run(["rules", "fmt", "-"]) == 3
    out, err = capsysbinary.readouterr()
    assert (out, b"stdin:1:8: COI-R004" in err) == (b"", True)


def test_stdin_comes_alone(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more in (["rules/right.yaml"], ["--json"]):
        assert run(["rules", "fmt", "-", *more]) == 2
        assert "COI-U001" in capsys.readouterr().err
    assert (workspace / "rules" / "messy.yaml").read_text("utf-8") == MESSY


BROKEN = {
    "syntax.yaml": (b"rule: [\n", "COI-R004"),
    "latin.yaml": (b"rule: \xe9\n", "COI-R002"),
    "sigma.yaml": (b"title:   x\nlogsource: {}\ndetection: {}\n", "COI-R081"),
    "workflow.yml": (b"on:   push\njobs: {}\n", "COI-R011"),
    "twice.yaml": (b"rule: a\nrule:   b\n", "COI-R007"),
    "anchor.yaml": (b"rule: &a   b\n", "COI-R005"),
}


def test_files_that_are_no_rules_stay_as_they_are_and_the_others_are_laid_out(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (data, _) in BROKEN.items():
        (workspace / "rules" / name).write_bytes(data)
    assert run(["rules", "fmt", "rules", "rules/none.yaml"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("laid out rules/messy.yaml\n1 file laid out; 1 file as it should be\n")
    for name, (data, code) in BROKEN.items():
        assert f"rules/{name}:" in err and code in err
        assert (workspace / "rules" / name).read_bytes() == data
    assert "rules/none.yaml: COI-R001" in err
    assert (workspace / "rules" / "messy.yaml").read_text("utf-8") == LAID


def test_what_is_hidden_in_a_folder_is_left_alone(workspace: Path) -> None:
    hidden = workspace / ".venv" / "messy.yaml"
    hidden.parent.mkdir()
    hidden.write_text(MESSY, encoding="utf-8")
    assert run(["rules", "fmt", "."]) == 0
    assert hidden.read_text("utf-8") == MESSY
    assert (workspace / "rules" / "messy.yaml").read_text("utf-8") == LAID


def test_without_files_and_without_a_workspace_it_is_said_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["rules", "fmt"]) == 3
    assert "COI-S001" in capsys.readouterr().err
    (tmp_path / "a.yaml").write_text(MESSY, encoding="utf-8")
    assert run(["rules", "fmt", "a.yaml"]) == 0


def test_a_layout_that_would_change_the_file_is_not_written(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The formatter is made to lose a list, as a mistake in it might."""
    monkeypatch.setattr(layout, "_flow", lambda *_: "[]")
    assert run(["rules", "fmt", "rules/messy.yaml"]) == 3
    assert "COI-R082" in capsys.readouterr().err
    assert (workspace / "rules" / "messy.yaml").read_text("utf-8") == MESSY


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(workspace: Path) -> None:
    file, link = workspace / "rules" / "messy.yaml", workspace / "rules" / "link.yaml"
    file.chmod(0o640)
    link.symlink_to("messy.yaml")
    assert run(["rules", "fmt", "rules/link.yaml"]) == 0
    assert link.is_symlink()
    assert file.read_text("utf-8") == LAID
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("old", encoding="utf-8")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        rewrite(file, "new")
    assert content(tmp_path) == {"a.yaml": b"old"}

"""``coincide rules``: check, explain, schema, new, as a user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from coincide.cli.main import run

SETTINGS = """\
[sources.purchases]
kind = "purchase"
files = "purchases.csv"
timezone = "UTC"
[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
[sources.purchases.links]
card = "card"
[catalog]
files = "catalog.csv"
"""
CATALOG = "match,value,component\nsku,1,pressure-vessel\nsku,2,timer\ncategory,3,steel-balls\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "coincide.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "catalog.csv").write_text(CATALOG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begin(name: str = "example", kind: str = "combination") -> None:
    assert run(["rules", "new", name, "--kind", kind]) == 0


def spoil(workspace: Path, old: str, new: str, name: str = "example") -> None:
    file = workspace / "rules" / f"{name}.yaml"
    file.write_text(file.read_text("utf-8").replace(old, new), encoding="utf-8")


def test_a_new_rule_of_each_kind_passes_the_check(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("combination", "velocity", "threshold", "sequence", "ratio"):
        begin(f"a-{kind}", kind)
    capsys.readouterr()
    assert run(["rules", "check"]) == 0
    assert capsys.readouterr().out == "5 rules in 5 files: nothing is wrong\n"
    assert "pressure-vessel" in (workspace / "rules" / "a-combination.yaml").read_text("utf-8")


def test_new_never_overwrites(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    before = (workspace / "rules" / "example.yaml").read_bytes()
    assert run(["rules", "new", "example", "--kind", "sequence"]) == 2
    assert "COI-R009" in capsys.readouterr().err
    assert (workspace / "rules" / "example.yaml").read_bytes() == before


def test_new_refuses_an_id_that_is_none_and_a_dry_run_writes_nothing(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "new", "../evil"]) == 2
    assert "COI-U001" in capsys.readouterr().err
    assert run(["rules", "new", "example", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("# yaml-language-server:")
    assert run(["rules", "new", "example", "--json", "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == "rules/example.yaml"
    assert not (workspace / "rules").exists()


def test_check_shows_each_problem_with_place_underline_code_and_hint(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin()
    spoil(workspace, "- steel-balls", "- steel-bals")
    capsys.readouterr()
    assert run(["rules", "check"]) == 1
    out, err = capsys.readouterr()
    assert out == (
        "rules/example.yaml:22:7: COI-R027 no item of the catalog has the component `steel-bals`\n"
        "      - steel-bals\n"
        "        ^^^^^^^^^^\n"
        "  hint: did you mean `steel-balls`?\n"
        "\n"
        "1 problem found\n"
    )
    assert err == ""


def test_check_gives_its_problems_as_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    capsys.readouterr()
    assert run(["rules", "check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    spoil(workspace, "status: draft", "status: drafd")
    assert run(["rules", "check", "--json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert problem == {
        "code": "COI-R013",
        "file": "rules/example.yaml",
        "line": 5,
        "column": 9,
        "length": 5,
        "message": "`status` cannot be `drafd`",
        "hint": "did you mean `draft`?",
    }


def test_check_takes_files_and_names_those_that_are_not_there(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin()
    (workspace / "rules" / "broken.yaml").write_text("[", encoding="utf-8")
    capsys.readouterr()
    assert run(["rules", "check", "rules/example.yaml"]) == 0
    assert run(["rules", "check", "rules/missing.yaml"]) == 1
    assert "rules/missing.yaml: COI-R001" in capsys.readouterr().out


def test_a_workspace_without_rules_is_told_so(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check"]) == 3
    assert "`rules/*.yaml`" in capsys.readouterr().err


def test_a_broken_catalog_is_told_once_and_blames_no_rule(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    (workspace / "catalog.csv").write_text("match;value\n", encoding="utf-8")
    capsys.readouterr()
    assert run(["rules", "check", "--json"]) == 1
    assert [problem["code"] for problem in json.loads(capsys.readouterr().out)] == ["COI-C004"]


def test_explain_says_rules_in_plain_english(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    begin("other", "velocity")
    capsys.readouterr()
    assert run(["rules", "explain", "example"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("example (draft, medium): What it finds, in one line\n  Looks at purchase events")
    assert "Fingerprint: v1-" in out
    assert "other" not in out
    assert run(["rules", "explain"]) == 0
    assert "\n\nother (draft" in capsys.readouterr().out


def test_explain_gives_the_plan_and_the_sql_too(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    capsys.readouterr()
    assert run(["rules", "explain", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["plan"]["condition"]["is"] == "Combination"
    assert found["sentence"].startswith("Looks at purchase events where quantity is above 0")
    assert run(["rules", "explain"]) == 0
    out = capsys.readouterr().out
    assert '"is": "Combination"' in out
    assert "\nSQL\n" in out


def test_explain_of_an_unknown_rule_names_the_nearest(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    capsys.readouterr()
    assert run(["rules", "explain", "exampel"]) == 2
    assert "did you mean `example`?" in capsys.readouterr().err


def test_schema_is_json_wherever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["rules", "schema"]) == 0
    pretty = capsys.readouterr().out
    assert run(["rules", "schema", "--json", "-w", "anywhere"]) == 0
    line = capsys.readouterr().out
    assert json.loads(pretty) == json.loads(line)
    assert line.count("\n") == 1


def test_check_imports_no_engine(workspace: Path) -> None:
    begin()
    program = (
        "import sys; from coincide.cli.main import run; status = run(['rules', 'check']);"
        "heavy = {'polars', 'duckdb', 'sqlalchemy', 'numpy', 'scipy', 'pyarrow', 'rich'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy or status else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=workspace, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

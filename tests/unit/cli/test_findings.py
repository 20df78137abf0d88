"""What `rules check` and `rules test` found, as CI servers read it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator

from coincide.cli.findings import github, junit, sarif
from coincide.cli.findings.place import Places
from coincide.cli.main import run
from coincide.errors import UsageError, Where
from coincide.rules.listing import Listed, listed

TESTS = Path(__file__).parents[2]
FOLDER = TESTS / "golden" / "findings"
SCHEMAS = TESTS / "schemas"
SCHEMA = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout, with a workspace that is not at its root."""
    (tmp_path / ".git").mkdir()
    shutil.copytree(FOLDER, tmp_path / "shop & co", ignore=shutil.ignore_patterns("*.out"))
    # Made here, because not every system that checks this repository out has such names.
    (tmp_path / "shop & co" / "rules" / "50% off, a: b.yaml").write_text("rule: [\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    assert run(["rules", "check", "-w", "shop & co", *more]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("name", ["text", "json", "sarif", "junit", "github"])
def test_what_is_found_is_said_exactly_as_was_recorded(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``COINCIDE_RECORD=1`` writes the ``.out`` files again; read the difference before committing it."""
    found = checked(capsys, "--format", name)
    expected = FOLDER / f"{name}.out"
    if os.environ.get("COINCIDE_RECORD") == "1":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text("utf-8")


@pytest.mark.usefixtures("repository")
def test_sarif_is_what_the_schema_of_the_standard_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    log = json.loads(checked(capsys, "--format", "sarif"))
    Draft4Validator(SCHEMA).validate(log)
    (found,) = log["runs"]
    rules = found["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in found["results"]] == [
        result["ruleId"] for result in found["results"]
    ]
    assert all("helpUri" not in rule for rule in rules)


def test_the_schemas_of_others_are_as_they_were_taken() -> None:
    table = (SCHEMAS / "README.md").read_text("utf-8")
    hashes = dict(re.findall(r"^\| `([^`]+)` .* `([0-9a-f]{64})` \|$", table, re.MULTILINE))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SCHEMAS.glob("*.json")}
    assert files == hashes


def test_a_place_in_sarif_counts_in_utf_16_and_ends_behind_its_last_character() -> None:
    problem = UsageError("no", where=Where("a.yaml", 2, 3, 2, "😀😀😀é x"))
    assert region(problem) == {"startLine": 2, "startColumn": 5, "endColumn": 8}
    # At the end of a line there is still something to underline.
    assert region(UsageError("no", where=Where("a.yaml", 2, 3, 1, "ab"))) == {
        "startLine": 2,
        "startColumn": 3,
        "endColumn": 4,
    }
    assert region(UsageError("no", where=Where("a.yaml", 2, 3))) == {"startLine": 2}
    assert region(UsageError("no", where=Where("a.yaml"))) is None


def region(problem: UsageError) -> Any:
    log = json.loads(sarif.text([problem], Places(Path.cwd(), {})))
    return log["runs"][0]["results"][0]["locations"][0]["physicalLocation"].get("region")


def test_the_page_of_a_code_is_linked_where_the_documentation_is_known() -> None:
    log = json.loads(sarif.text([UsageError("no")], Places(Path.cwd(), {}), docs="https://docs.example.org/"))
    Draft4Validator(SCHEMA).validate(log)
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"] == "https://docs.example.org/reference/errors/#coi-u001"
    assert rule["shortDescription"]["text"].startswith("The command was called in a way")
    assert "locations" not in log["runs"][0]["results"][0]


def test_files_are_named_from_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "checkout" / "shop").mkdir(parents=True)
    # In a worktree it is a file.
    (tmp_path / "checkout" / ".git").write_text("gitdir: elsewhere")
    outside = tmp_path / "a b.yaml"
    places = Places(tmp_path / "checkout" / "shop", {"x.yaml": tmp_path / "checkout" / "x.yaml", "o": outside})
    assert places.path("rules/a.yaml") == "shop/rules/a.yaml"
    assert places.uri("rules/a b#1.yaml") == "shop/rules/a%20b%231.yaml"
    assert places.path("x.yaml") == "x.yaml"
    assert places.uri("o") == outside.as_uri()
    # A colon in the first part of a relative address would make it a scheme (RFC 3986, section 4.2).
    assert places.uri("../a:b.yaml") == "a%3Ab.yaml"


def test_a_file_outside_of_the_repository_stands_on_no_base(tmp_path: Path) -> None:
    places = Places(tmp_path, {"o": Path("/elsewhere/o.yaml")})
    log = json.loads(sarif.text([UsageError("no", where=Where("o"))], places))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "file:///elsewhere/o.yaml"}}


def test_a_workflow_command_cannot_be_broken_out_of(tmp_path: Path) -> None:
    problem = UsageError("100%\n::error::no", where=Where("a,b:c%\r\n.yaml", 3, 5, 2, "abcdefg"), hint="x")
    assert github.text([problem], Places(tmp_path, {})) == (
        "::error file=a%2Cb%3Ac%25%0D%0A.yaml,line=3,col=5,endColumn=6,title=COI-U001::100%25%0A::error::no. Hint: x"
    )
    assert github.text([UsageError("no", where=Where("a"))], Places(tmp_path, {})) == (
        "::error file=a,title=COI-U001::no"
    )


def test_junit_holds_what_xml_cannot_as_replacements() -> None:
    case = junit.Case("a\x00", "b\ud800<&>", (("COI-U001", 'say "\x1b[31m"', "\uffff]]>"),))
    (found,) = ElementTree.fromstring(junit.text("s", [case])).iter("testcase")
    assert found.attrib == {"classname": "a\ufffd", "name": "b\ufffd<&>"}
    (failure,) = found
    assert (failure.text, failure.attrib["message"]) == ("\ufffd]]>", 'say "\ufffd[31m"')


def test_in_junit_each_rule_is_a_case_and_what_is_in_no_rule_is_one_more() -> None:
    rules = [Listed("one", "a.yaml", 1, 4), Listed("two", "a.yaml", 6, 9), Listed("one", "b.yaml", 1, 9)]
    places = [
        Where("a.yaml", 4, 1),
        Where("a.yaml", 5, 1),
        Where("a.yaml", 6, 1),
        Where("a.yaml", 9),
        Where("c.csv"),
        None,
    ]
    problems = [UsageError(str(number), where=where) for number, where in enumerate(places)]
    found = [(case.group, case.name, [said for _, said, _ in case.failures]) for case in junit.cases(rules, problems)]
    assert found == [
        ("a.yaml", "one", ["0"]),
        ("a.yaml", "two", ["2", "3"]),
        ("b.yaml", "one", []),
        ("a.yaml", "the file", ["1"]),
        ("c.csv", "the file", ["4"]),
        ("workspace", "the file", ["5"]),
    ]


def test_rules_are_listed_whether_they_are_right_or_not(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("# head\nrule: one\ntitle: x\n---\ntitle: without an id\n---\nrule: [\n", encoding="utf-8")
    assert listed(file, "a") == [Listed("one", "a", 2, 3), Listed("rule 2", "a", 5, 5)]
    assert listed(tmp_path / "none.yaml", "a") == []
    file.write_bytes(b"\xff")
    assert listed(file, "a") == []


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(("name", "out"), [("github", ""), ("json", "[]\n")])
def test_where_nothing_is_wrong_there_is_nothing_to_annotate(
    name: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    right = Path("shop & co/rules/two.yaml")
    right.write_text(right.read_text("utf-8").partition("---\n")[0], encoding="utf-8")
    assert run(["rules", "check", "-w", "shop & co", "--format", name, str(right)]) == 0
    assert capsys.readouterr() == (out, "")


@pytest.mark.usefixtures("repository")
def test_json_is_json_by_either_name_and_two_formats_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        checked(capsys, "--json")
        == checked(capsys, "--format", "json")
        == checked(capsys, "--format", "json", "--json")
    )
    for command in ("check", "test"):
        assert run(["rules", command, "-w", "shop & co", "--json", "--format", "junit"]) == 2
        assert "COI-U001" in capsys.readouterr().err


def test_tests_of_rules_are_junit_cases(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = repository / "shop & co" / "rules"
    (rules / "50% off, a: b.yaml").unlink()
    right = (rules / "two.yaml").read_text("utf-8").partition("---\n")[0]
    tests = "tests:\n- {name: one is none, given: [{at: 2025-03-01, component: timer}], expect: no alert}\n"
    wrong = "- {name: said to be one, given: [{at: 2025-03-01, component: timer}], expect: 1 alert}\n"
    (rules / "two.yaml").write_text(right + tests + wrong, encoding="utf-8")
    assert run(["rules", "test", "-w", "shop & co", "--format", "junit"]) == 1
    root = ElementTree.fromstring(capsys.readouterr().out)
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    (failure,) = root.iter("failure")
    assert failure.attrib == {"type": "test", "message": "expected 1 alert, found 0 alerts"}
    assert failure.text == "right: said to be one\n  expected: 1 alert\n  found:    0 alerts"

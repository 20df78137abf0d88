"""Files of obligations: ours are whole and honest, and everything wrong with another is said where it stands."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from coincide.document import MAX_BYTES
from coincide.errors import CoincideError, Problems
from coincide.obligations.errors import NoItems, UnknownObligation
from coincide.obligations.load import ITEMS, PACKAGE, chosen, load
from coincide.obligations.obligation import BLANKS, Checked
from coincide.obligations.substance import COLUMNS, substances

OURS = sorted(PACKAGE.glob("*.yaml"))
OWN = """\
obligation: own
title: Something
law: A law
article: "1"
source: https://law.example/1
checked: unchecked
who: we
to: them
what: it
fields:
  - {field: identity-as-checked, asks: Who?}
  - {field: why-suspicious, asks: Why?}
  - {field: who-reports, asks: Who reports?}
deadline: {words: soon}
notice: {rule: allowed, words: why not}
rules: {may: any, because: nothing against it}
"""


def plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def wrong(folder: Path, text: str, name: str = "own.yaml") -> list[CoincideError]:
    """What is said of a file of the workspace."""
    (folder / "obligations").mkdir(exist_ok=True)
    (folder / "obligations" / name).write_text(text, encoding="utf-8")
    with pytest.raises(Problems) as caught:
        load(folder, "obligations/*.yaml")
    return caught.value.problems


def said(folder: Path, text: str) -> list[tuple[str, str]]:
    return [(problem.code, str(problem.where)) for problem in wrong(folder, text)]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_each_of_our_files_is_one_obligation_that_is_named_like_it_and_says_that_nobody_has_checked_it(
    path: Path,
) -> None:
    found = load()[path.stem]
    one = found.obligation
    assert (found.ours, found.file) == (True, f"coincide/obligations/{path.name}")
    assert plain(path.read_text("utf-8"))["obligation"] == path.stem
    assert one.checked == "unchecked", "a law from memory is unchecked until a person has compared it"
    assert not one.is_checked
    assert one.source.startswith("https://eur-lex.europa.eu/eli/reg/")
    assert {blank.field for blank in one.fields} >= set(BLANKS)


def test_we_bring_three_obligations_and_a_log_shows_two_grounds_of_article_9() -> None:
    found = {id_: loaded.obligation for id_, loaded in load().items()}
    assert list(found) == ["eu-2019-1148", "eu-2022-2065-18", "voluntary"]
    precursors = found["eu-2019-1148"]
    assert precursors.letters == ("a", "b", "c", "d", "e")
    assert [ground.letter for ground in precursors.grounds if ground.shown_by] == ["c", "e"]
    assert (precursors.deadline.hours, precursors.rules.may) == (24, "named")
    assert (found["eu-2022-2065-18"].deadline.hours, found["eu-2022-2065-18"].rules.may) == (None, "none")
    assert (found["voluntary"].deadline.hours, found["voluntary"].rules.may) == (None, "any")


def test_the_substances_are_the_names_of_the_two_annexes_and_nothing_else() -> None:
    found = substances(load()["eu-2019-1148"])
    assert found is not None
    assert sorted(one.name for one in found.values() if one.annex == "Annex I") == [
        "ammonium nitrate", "hydrogen peroxide", "nitric acid", "nitromethane", "potassium chlorate",
        "potassium perchlorate", "sodium chlorate", "sodium perchlorate", "sulphuric acid",
    ]  # fmt: skip
    assert sorted(one.name for one in found.values() if one.annex == "Annex II") == [
        "acetone", "aluminium powders", "calcium ammonium nitrate", "calcium nitrate", "hexamine",
        "magnesium nitrate hexahydrate", "magnesium powders", "potassium nitrate", "sodium nitrate",
    ]  # fmt: skip
    for component, one in found.items():
        assert component == one.component == one.name.replace(" ", "-")
        assert one.checked == "to be checked against the Official Journal"
        assert one.source == f"Regulation (EU) 2019/1148, {one.annex} (OJ L 186, 11.7.2019, p. 1)"
    lines = list(csv.reader((ITEMS / "packs/eu-2019-1148/substances.csv").read_text("utf-8").splitlines()))
    assert tuple(lines[0]) == COLUMNS
    assert len(lines) == 1 + len(found)


def test_what_is_sold_matters_only_where_the_obligation_names_goods() -> None:
    assert substances(load()["voluntary"]) is None


def test_a_workspace_adds_obligations_of_its_own_several_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "obligations").mkdir()
    other = OWN.replace("obligation: own", "obligation: another").replace(
        "checked: unchecked", "checked: {on: 2026-01-31, by: Kim}"
    )
    (tmp_path / "obligations/all.yaml").write_text(f"{OWN}---\n{other}", encoding="utf-8")
    found = load(tmp_path, "obligations/*.yaml")
    assert list(found) == ["another", "eu-2019-1148", "eu-2022-2065-18", "own", "voluntary"]
    assert (found["own"].file, found["own"].ours, found["own"].folder) == ("obligations/all.yaml", False, tmp_path)
    checked = found["another"].obligation.checked
    assert isinstance(checked, Checked)
    assert (str(checked.on), checked.by) == ("2026-01-31", "Kim")
    assert chosen(found, "own") is found["own"]
    assert list(load(tmp_path)) == list(load()), "without a glob nothing of the workspace is looked for"


def test_a_workspace_writes_down_that_it_has_checked_one_of_ours(tmp_path: Path) -> None:
    (tmp_path / "obligations").mkdir()
    text = (PACKAGE / "voluntary.yaml").read_text("utf-8")
    text = text.replace("checked: unchecked", "checked: {on: 2026-01-31, by: Kim}")
    (tmp_path / "obligations/voluntary.yaml").write_text(text, encoding="utf-8")
    found = load(tmp_path, "obligations/*.yaml")["voluntary"]
    assert (found.ours, found.obligation.is_checked) == (False, True)


def test_no_replacement_lets_rules_name_what_no_rule_may_name(tmp_path: Path) -> None:
    text = OWN.replace("obligation: own", "obligation: eu-2022-2065-18")
    (problem,) = wrong(tmp_path, text)
    assert (problem.code, str(problem.where)) == ("COI-O006", "obligations/own.yaml:1:13")
    assert "Recital 56" in problem.message
    (tmp_path / "obligations/own.yaml").write_text(text.replace("may: any", "may: none"), encoding="utf-8")
    assert not load(tmp_path, "obligations/*.yaml")["eu-2022-2065-18"].ours


KEYS = ("title", "law", "article", "source", "checked", "who", "to", "what", "fields", "deadline", "notice", "rules")


@pytest.mark.parametrize("key", KEYS)
def test_an_obligation_without_what_it_must_have_is_refused_at_its_beginning(tmp_path: Path, key: str) -> None:
    lines, skipping = [], False
    for line in OWN.splitlines():
        skipping = line.startswith(f"{key}:") or (skipping and line.startswith(" "))
        if not skipping:
            lines.append(line)
    (problem,) = wrong(tmp_path, "\n".join(lines) + "\n")
    assert (problem.code, str(problem.where)) == ("COI-O003", "obligations/own.yaml:1:1")
    assert f"needs `{key}`: " in problem.message


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("source: https", "sourec: https", "COI-O002", "5:1"),
        ("{words: soon}", "{words: soon, hour: 24}", "COI-O002", "14:25"),
        ("{words: soon}", "{hours: 24}", "COI-O003", "14:12"),
        ("{words: soon}", "{words: soon, hours: 0}", "COI-O004", "14:32"),
        ("{words: soon}", "{words: soon, hours: much}", "COI-O004", "14:32"),
        ("{words: soon}", "soon", "COI-O004", "14:11"),
        ("title: Something", "title: ''", "COI-O004", "2:8"),
        ("title: Something", "title: [a]", "COI-O004", "2:8"),
        ("checked: unchecked", "checked: yesterday", "COI-O004", "6:10"),
        ("checked: unchecked", "checked: {on: 2026-13-31, by: Kim}", "COI-O004", "6:15"),
        ("checked: unchecked", "checked: {on: 2026-01-31}", "COI-O003", "6:11"),
        ("rule: allowed", "rule: maybe", "COI-O004", "15:16"),
        ("may: any", "may: all", "COI-O004", "16:14"),
        ("obligation: own", "obligation: Own", "COI-O004", "1:13"),
        ("  - {field: who-reports, asks: Who reports?}\n", "", "COI-O004", "1:1"),
        ("field: who-reports", "field: why-suspicious", "COI-O004", "1:1"),
        (
            "fields:\n",
            "grounds: [{letter: a, article: '1', says: x}, {letter: a, article: '2', says: y}]\nfields:\n",
            "COI-O004",
            "1:1",
        ),
        ("fields:\n", "grounds: [{letter: ab, article: '1', says: x}]\nfields:\n", "COI-O004", "10:20"),
    ],
)
def test_what_is_wrong_is_said_with_a_code_where_it_stands(
    tmp_path: Path, old: str, new: str, code: str, place: str
) -> None:
    assert old in OWN
    found = said(tmp_path, OWN.replace(old, new, 1))
    assert (code, f"obligations/own.yaml:{place}") in found
    assert {other for _, other in found if other != f"obligations/own.yaml:{place}"} <= {"obligations/own.yaml:1:1"}


def test_a_misspelt_key_says_which_was_meant(tmp_path: Path) -> None:
    assert [problem.hint for problem in wrong(tmp_path, OWN.replace("source:", "sourec:"))][-1:] == [
        "did you mean `source`?"
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an empty file"),
        ("- a\n", "found a list"),
        ("a: [\n", "this is not YAML"),
        ("a: &x 1\n", "anchors are not read"),
        ("obligation: a\nobligation: b\n", "stands twice in one mapping, first in line 1"),
        ("a: " + "[" * 40 + "\n", "nested more than 30 deep"),
        ("#" * (MAX_BYTES + 1), "it has more than 1,000,000 bytes"),
        ("\n".join(["{[]: 1}"] * 2 + ["---\n- x"] * 200), "cannot be read"),
    ],
    ids=["empty", "list", "broken", "anchor", "twice", "deep", "large", "many"],
)
def test_a_file_that_is_no_yaml_of_ours_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    problems = wrong(tmp_path, text)
    assert "COI-O001" in {problem.code for problem in problems}
    assert any(reason in problem.message for problem in problems)


def test_bytes_that_are_no_text_and_a_folder_in_the_place_of_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "obligations").mkdir()
    (tmp_path / "obligations/own.yaml").write_bytes(b"title: \xff\n")
    with pytest.raises(Problems) as caught:
        load(tmp_path, "obligations/*.yaml")
    assert [(one.code, str(one.where)) for one in caught.value.problems] == [("COI-O001", "obligations/own.yaml:1:8")]


def test_two_obligations_of_one_id_are_refused_with_the_place_of_the_other(tmp_path: Path) -> None:
    (problem,) = wrong(tmp_path, f"{OWN}---\n{OWN}")
    assert (problem.code, str(problem.where)) == ("COI-O005", "obligations/own.yaml:18:13")
    assert "obligations/own.yaml:1:13" in problem.message


def test_an_unknown_obligation_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownObligation, match="did you mean `eu-2019-1148`"):
        chosen(load(), "eu-2019-1149")


ITEMS_KEY = "items: {file: goods.csv, because: it says so}\nfields:\n"


def own_items(folder: Path, text: str | None) -> Any:
    (folder / "obligations").mkdir()
    (folder / "obligations/own.yaml").write_text(OWN.replace("fields:\n", ITEMS_KEY), encoding="utf-8")
    if text is not None:
        (folder / "goods.csv").write_text(text, encoding="utf-8")
    return substances(load(folder, "obligations/*.yaml")["own"])


def test_the_goods_of_a_workspace_s_obligation_are_a_file_of_the_workspace(tmp_path: Path) -> None:
    found = own_items(tmp_path, "component,name,annex,source,checked\nthing,A thing,Annex,S,unchecked\n")
    assert [(one.component, one.name, one.annex) for one in found.values()] == [("thing", "A thing", "Annex")]


def test_goods_without_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoItems, match=r"goods\.csv"):
        own_items(tmp_path, None)


def test_a_wrong_line_of_goods_is_refused_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        own_items(tmp_path, "component,name,annex,source,checked\nA thing,x,y,z,u\nthing,,y,z,u\nthing,x\n")
    assert [(one.code, str(one.where)) for one in caught.value.problems] == [
        ("COI-C008", "goods.csv:2:1"),
        ("COI-C007", "goods.csv:3:7"),
        ("COI-C005", "goods.csv:4:1"),
    ]

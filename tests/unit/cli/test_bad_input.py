"""Every wrong thing that a user can hand a command ends in one sentence with its code, and keeps nothing.

Each case spoils a small workspace in one way and calls a command in it twice: in a new workspace, and in one that
was scanned before. What the machine refuses in mid-scan (a full disk, folders without permission for other users, a
database held by another program, Ctrl-C, a second scan) needs a process of its own: ``tests/crash/test_refusal.py``.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.cli.main import run
from coincide.errors import CODE

SETTINGS = """\
[sources.purchases]
kind = "purchase"
files = "purchases/*.csv"
timezone = "UTC"
[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
[catalog]
files = "catalog.csv"
"""
RULE = """\
rule: two-of-three
title: Two of three
status: live
severity: high
why: To try it.
basis: {purpose: test, law: none}
innocent: [shopping]
events: purchase
by: account
within: 10 days
combination: {at_least: 2, of: [vessel, timer, balls]}
"""
KIND = "combination: {at_least: 2, of: [vessel, timer, balls]}"
CATALOG = "match,value,component\nsku,V,vessel\nsku,T,timer\nsku,B,balls\n"
HEADER = "id,when,customer,sku,qty\n"
FIRST = HEADER + "1,2025-03-01T10:00:00,anna,V,1\n2,2025-03-02T10:00:00,anna,T,1\n"
MORE = HEADER + "3,2025-03-01T10:00:00,bert,V,1\n4,2025-03-02T10:00:00,bert,B,1\n"
RULE_FILE = "rules/two-of-three.yaml"
RETIRED = RULE.replace("two-of-three", "old").replace("status: live", "status: retired")

Spoil = Callable[[Path], object]


def writes(name: str, content: str | bytes) -> Spoil:
    """A file of the workspace, made or written over."""

    def spoil(folder: Path) -> None:
        data = content.encode() if isinstance(content, str) else content
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)

    return spoil


def sets(old: str, new: str, name: str = "coincide.toml") -> Spoil:
    """Another text in a file of the workspace."""

    def spoil(folder: Path) -> None:
        path = folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def rule(old: str, new: str) -> Spoil:
    """Another text in the rule."""
    return sets(old, new, RULE_FILE)


def where(expression: str) -> Spoil:
    """A condition in the rule."""
    return rule("events: purchase", f"events: purchase\nwhere: {json.dumps(expression)}")


def all_of(*spoils: Spoil) -> Spoil:
    """One after the other."""

    def spoil(folder: Path) -> None:
        for one in spoils:
            one(folder)

    return spoil


def removes(name: str) -> Spoil:
    """A file of the workspace, gone."""
    return lambda folder: (folder / name).unlink()


def truncated_parquet(folder: Path) -> None:
    whole = folder / "whole.parquet"
    pl.DataFrame({"id": ["3"], "when": ["2025-03-01"], "customer": ["bert"], "sku": ["V"], "qty": [1]}).write_parquet(
        whole
    )
    (folder / "purchases" / "cut.parquet").write_bytes(whole.read_bytes()[:-20])
    whole.unlink()
    sets('"purchases/*.csv"', '["purchases/*.csv", "purchases/*.parquet"]')(folder)


def links(name: str, target: str) -> Spoil:
    """A symbolic link in the place of a file."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return spoil


def setting(line: str) -> Spoil:
    """A line more in the source."""
    return sets('timezone = "UTC"', f'timezone = "UTC"\n{line}')


def postgres(folder: Path) -> None:
    sets('files = "purchases/*.csv"\n', "")(folder)
    sets("[catalog]", '[sources.purchases.postgres]\nuri_env = "NOT_SET_ANYWHERE"\ntable = "t"\n[catalog]')(folder)


def key(content: str, mode: int = 0o600) -> Spoil:
    """Another file of the key."""

    def spoil(folder: Path) -> None:
        writes("other-key", content)(folder)
        (folder / "other-key").chmod(mode)
        sets("[sources.purchases]", 'key_file = "other-key"\n[sources.purchases]')(folder)

    return spoil


def key_below_a_file(folder: Path) -> None:
    sets("[sources.purchases]", 'key_file = "catalog.csv/key"\n[sources.purchases]')(folder)


def merge_keys(levels: int = 12) -> str:
    """A bomb of merge keys: a few hundred bytes that double with each line."""
    lines = ["a0: &a0 {x0: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], x{n}: 1}}" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def aliases(levels: int = 9) -> str:
    """The billion laughs: lists of lists of lists."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


SCAN = ("scan",)
CHECK = ("rules", "check")


@dataclass(frozen=True)
class Case:
    """One wrong thing: what is spoilt, the code and status it ends with, and the commands that meet it."""

    name: str
    spoil: Spoil
    code: str
    status: int = 3
    commands: tuple[tuple[str, ...], ...] = (SCAN,)
    says: str = ""


BOTH = (SCAN, CHECK)

CASES = [
    # The workspace.
    Case("a folder that is no workspace", removes("coincide.toml"), "COI-S001"),
    Case("a broken TOML", writes("coincide.toml", '[sources\nkind = "'), "COI-S002", commands=BOTH),
    Case("a TOML in UTF-16", writes("coincide.toml", SETTINGS.encode("utf-16")), "COI-S002", commands=BOTH),
    Case(
        "a misspelt setting",
        sets("[sources.purchases]", "thraeds = 2\n[sources.purchases]"),
        "COI-S003",
        says="thraeds",
    ),
    Case("no source", writes("coincide.toml", '[catalog]\nfiles = "catalog.csv"\n'), "COI-S021"),
    Case("no rule", removes(RULE_FILE), "COI-S020", commands=BOTH),
    # Files.
    Case("a missing file", sets("purchases/*.csv", "purchases/march.csv"), "COI-E001", says="march.csv"),
    Case("a glob that matches nothing", sets("purchases/*.csv", "purchaces/**/*.csv"), "COI-E001", says="purchaces"),
    Case("a missing catalog", removes("catalog.csv"), "COI-C001", commands=BOTH, says="catalog.csv"),
    Case("an empty file", writes("purchases/b.csv", ""), "COI-E003", says="purchases/b.csv"),
    Case("a wrong column name", sets('"sku"', '"skku"'), "COI-E006", says="skku"),
    Case("a binary file for a CSV", writes("purchases/b.csv", b"\x7fELF\x02\x01\x01\x00" * 99), "COI-E005"),
    Case("an archive for a CSV", writes("purchases/b.csv", b"PK\x03\x04\x14\x00\x00\x00" * 99), "COI-E005"),
    Case("a truncated Parquet", truncated_parquet, "COI-E011", says="cut.parquet"),
    Case(
        "text for a Parquet",
        all_of(writes("purchases/b.parquet", MORE), sets("purchases/*.csv", "purchases/*.parquet")),
        "COI-E011",
    ),
    Case(
        "a damaged gzip",
        all_of(writes("purchases/b.csv.gz", b"\x1f\x8b\x08\x00cut"), sets("purchases/*.csv", "purchases/*.csv.gz")),
        "COI-E016",
    ),
    Case(
        "a file of an unknown format",
        all_of(writes("purchases/b.xlsx", b"PK"), sets("purchases/*.csv", "purchases/*.xlsx")),
        "COI-E012",
    ),
    Case("times without a zone", sets('timezone = "UTC"\n', ""), "COI-E008"),
    Case("a field that does not exist", sets('quantity = "qty"', 'quantitty = "qty"'), "COI-E007"),
    Case("no column for the account", sets('account = "customer"\n', ""), "COI-E015"),
    Case("no place for the key", key_below_a_file, "COI-N003", 4),
    # Rules.
    Case("a rule naming an unknown component", rule("balls]", "bals]"), "COI-R027", commands=BOTH, says="balls"),
    Case("two rules of one id", writes("rules/copy.yaml", RULE), "COI-R015", commands=BOTH),
    Case("a window of zero", rule("10 days", "0 days"), "COI-R021", commands=BOTH),
    Case("a window below zero", rule("10 days", "-3 days"), "COI-R021", commands=BOTH),
    Case("more of the components than are named", rule("at_least: 2", "at_least: 4"), "COI-R029", commands=BOTH),
    Case("two kinds in one rule", rule(KIND, f"{KIND}\nvelocity: {{at_least: 3}}"), "COI-R017", commands=BOTH),
    Case("a subquery", where("quantity > (select 1)"), "COI-R051", commands=BOTH),
    Case("a second statement", where("quantity > 1; drop table alert"), "COI-R051", commands=BOTH),
    Case("a function that is not listed", where("read_csv('/etc/passwd') = 'x'"), "COI-R052", commands=BOTH),
    Case("a bomb of merge keys", writes("rules/bomb.yaml", merge_keys()), "COI-R005", commands=BOTH),
    Case("a bomb of aliases", writes("rules/bomb.yaml", aliases()), "COI-R005", commands=BOTH),
    Case("a bomb of depth", writes("rules/bomb.yaml", "a: " + "[" * 50_000), "COI-R006", commands=BOTH),
    Case("a rule of over a megabyte", writes("rules/bomb.yaml", "#" + "x" * 1_000_001), "COI-R003", commands=BOTH),
    Case("a rule that is no text", writes("rules/bomb.yaml", b"\xff\xfe\x00\x01"), "COI-R002", commands=BOTH),
    # Catalog and lists.
    Case("a catalog that is no text", writes("catalog.csv", CATALOG.encode("utf-16")), "COI-C003", commands=BOTH),
    Case("a catalog of other columns", writes("catalog.csv", "sku,role\nV,vessel\n"), "COI-C004", commands=BOTH),
    Case("a line of the catalog that is cut", writes("catalog.csv", CATALOG + "sku,X\n"), "COI-C005", commands=BOTH),
    Case("a match that is none", writes("catalog.csv", CATALOG + "titel,X,timer\n"), "COI-C006"),
    Case("an item without a name", writes("catalog.csv", CATALOG + "sku,,timer\n"), "COI-C007"),
    Case("a component of a bad name", writes("catalog.csv", CATALOG + "sku,X,Timer!\n"), "COI-C008"),
    Case("a list with a time that is none", writes("lists/x.csv", "value,until\nanna,soon\n"), "COI-C009"),
    Case(
        "a list that ends before it starts",
        writes("lists/x.csv", "value,from,until\nanna,2025-02-01,2025-01-01\n"),
        "COI-C010",
    ),
    Case("a catalog that cannot be read", links("catalog.csv", "/proc/self/mem"), "COI-C002", commands=BOTH),
    # Mappings.
    Case("a file that is a link to itself", links("purchases/b.csv", "b.csv"), "COI-E002", says="purchases/b.csv"),
    Case("two columns of one name", writes("purchases/b.csv", HEADER.replace("qty", "SKU")), "COI-E004"),
    Case("a delimiter that separates nothing", setting('delimiter = "\\n"'), "COI-E014"),
    Case("an amount without a currency", sets('quantity = "qty"', 'amount = "qty"'), "COI-E013"),
    Case("a database without its address", postgres, "COI-E020"),
    # The key.
    Case("a key file that holds none", key("no key"), "COI-N002"),
    Case("a key file that others can read", key("no key", mode=0o644), "COI-N001"),
    # What is asked for.
    Case("a rule that is not there", writes("rules/old.yaml", RETIRED), "COI-S022", 2, (("scan", "--rule", "ol"),)),
    Case("a retired rule", writes("rules/old.yaml", RETIRED), "COI-S023", 2, (("scan", "--rule", "old"),), "old"),
    Case("a time that is none", writes("purchases/b.csv", MORE), "COI-U001", 2, (("scan", "--since", "yesterday"),)),
    Case("an option that is none", writes("purchases/b.csv", MORE), "COI-U001", 2, (("scan", "--fast"),)),
    Case("an alert that is not there", lambda _: None, "COI-A001", 3, (("alerts", "show", "A-99"),)),
]
CALLS = [
    pytest.param(case, command, id=f"{case.name}, {' '.join(command)}") for case in CASES for command in case.commands
]


def made(folder: Path) -> Path:
    """The workspace, nothing wrong with it yet."""
    for name, content in {
        "coincide.toml": SETTINGS,
        "catalog.csv": CATALOG,
        RULE_FILE: RULE,
        "purchases/a.csv": FIRST,
    }.items():
        writes(name, content)(folder)
    return folder


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made(tmp_path_factory.mktemp("scanned"))
    assert run(["scan", "-w", str(folder)]) == 0
    return folder


def refused(folder: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    status = run([*command, "-w", str(folder)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def state(folder: Path) -> dict[str, Any]:
    """Everything in the state folder: the tables row by row, all other files by their content."""
    kept = folder / ".coincide"
    files = {
        str(path.relative_to(kept)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(kept.rglob("*"))
        if path.is_file() and path.name not in ("coincide.db", "lock")
    }
    return {"files": files, "tables": tables(kept / "coincide.db")}


def tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
    if not file.exists():
        return {}
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as base:
        names = [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {name: list(base.execute(f'SELECT * FROM "{name}"')) for name in names}


def assert_nothing_kept(folder: Path) -> None:
    after = tables(folder / ".coincide" / "coincide.db")
    assert [name for name, rows in after.items() if rows and name != "alembic_version"] == []
    assert not list((folder / ".coincide").glob("segments/*"))


def assert_one_error(case: Case, command: tuple[str, ...], status: int, out: str, err: str) -> None:
    # What `rules check` finds in rules and catalog is its result: on stdout, with 1 for a failed check.
    checked = command == CHECK and case.code[4] in "RC"
    said, silent = (out, err) if checked else (err, out)
    assert "Traceback" not in out + err
    assert CODE.findall(said) == [case.code], said
    assert (status, said.count("hint:")) == (1 if checked else case.status, 1), said
    assert case.says in said
    assert silent == ""


@pytest.mark.parametrize(("case", "command"), CALLS)
def test_in_a_new_workspace_it_is_said_in_one_sentence_and_nothing_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: Case, command: tuple[str, ...]
) -> None:
    case.spoil(made(tmp_path))
    assert_one_error(case, command, *refused(tmp_path, command, capsys))
    assert_nothing_kept(tmp_path)


@pytest.mark.parametrize(("case", "command"), CALLS)
def test_in_a_scanned_workspace_it_is_said_in_one_sentence_and_nothing_changes(
    tmp_path: Path, scanned: Path, capsys: pytest.CaptureFixture[str], case: Case, command: tuple[str, ...]
) -> None:
    folder = shutil.copytree(scanned, tmp_path / "shop")
    before = state(folder)
    assert before["tables"]["alert"]
    case.spoil(folder)
    assert_one_error(case, command, *refused(folder, command, capsys))
    assert state(folder) == before


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writes(".coincide", "a file where the folder should be")(made(tmp_path))
    status, out, err = refused(tmp_path, SCAN, capsys)
    assert (status, out, CODE.findall(err), err.count("hint:")) == (4, "", ["COI-D004"], 1)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be taken for one " * 9, b"SQLite format 3\0" * 99]
)
def test_a_database_that_is_none_is_said_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    writes(".coincide/coincide.db", content)(made(tmp_path))
    status, out, err = refused(tmp_path, SCAN, capsys)
    assert (status, out, CODE.findall(err), err.count("hint:")) == (4, "", ["COI-D001"], 1)
    assert (tmp_path / ".coincide" / "coincide.db").read_bytes() == content


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "COI-D005"),
        ("DROP TABLE alembic_version", "COI-D006"),
    ],
)
def test_a_database_of_another_program_or_a_newer_version_is_left_as_it_is(
    tmp_path: Path, scanned: Path, capsys: pytest.CaptureFixture[str], statement: str, code: str
) -> None:
    folder = shutil.copytree(scanned, tmp_path / "shop")
    with closing(sqlite3.connect(folder / ".coincide" / "coincide.db")) as base, base:
        base.execute(statement)
    before = state(folder)
    writes("purchases/b.csv", MORE)(folder)
    status, out, err = refused(folder, SCAN, capsys)
    assert (status, out, CODE.findall(err), err.count("hint:")) == (4, "", [code], 1)
    assert state(folder) == before

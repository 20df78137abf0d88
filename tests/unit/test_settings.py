"""Settings: who wins over whom, and one clear sentence for each thing that is wrong, all at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from coincide.errors import CoincideError, Problems
from coincide.settings import Settings, folder_of, load
from coincide.settings import errors as wrong
from coincide.settings.model import Attribute, Entities, LinkFile, LinkKind, Postgres, Source


def workspace(folder: Path, text: str) -> Path:
    (folder / "coincide.toml").write_text(text, encoding="utf-8")
    return folder


def problem(folder: Path, text: str, environment: dict[str, str] | None = None) -> CoincideError:
    with pytest.raises(CoincideError) as caught:
        load(workspace(folder, text), environment=environment or {})
    return caught.value


def place(error: CoincideError) -> tuple[int | None, int | None, int]:
    assert error.where is not None
    return error.where.line, error.where.column, error.where.length


SOURCE = """\
[sources.purchases]
kind = "purchase"
files = "purchases/*.csv"
[sources.purchases.columns]
event_id = "id"
"""


def test_the_default_holds_where_nothing_is_said(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, ""), environment={}).memory == "2GB"


def test_the_file_wins_over_the_default(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, 'memory = "1GB"'), environment={}).memory == "1GB"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(workspace(tmp_path, 'memory = "1GB"'), environment={"COINCIDE_MEMORY": "3GB"})
    assert settings.memory == "3GB"


def test_the_environment_wins_over_the_default(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, ""), environment={"COINCIDE_THREADS": "3"}).threads == 3


def test_a_flag_wins_over_the_environment(tmp_path: Path) -> None:
    folder = workspace(tmp_path, "")
    assert load(folder, environment={"COINCIDE_MEMORY": "3GB"}, memory="4GB").memory == "4GB"


def test_a_flag_wins_over_the_file(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, 'memory = "1GB"'), environment={}, memory="4GB").memory == "4GB"


def test_a_flag_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, 'memory = "1GB"'), environment={}, memory=None).memory == "1GB"


def test_a_nested_variable_changes_one_setting_of_a_section_and_leaves_the_others(tmp_path: Path) -> None:
    folder = workspace(tmp_path, "[entities]\ngroup_limit = 5\nkinds = {card = {cap = 3}}")
    settings = load(folder, environment={"COINCIDE_ENTITIES__GROUP_LIMIT": "30"})
    assert (settings.entities.group_limit, settings.entities.kind("card").cap) == (30, 3)


def test_a_list_in_the_environment_is_json(tmp_path: Path) -> None:
    folder = workspace(tmp_path, 'rules = ["a"]')
    assert load(folder, environment={"COINCIDE_RULES": '["b", "c"]'}).rules == ["b", "c"]


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, 'memory = "1GB"'), environment={"COINCIDE_MEMORY": ""}).memory == "1GB"


def test_the_process_environment_is_read_unless_another_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINCIDE_MEMORY", "7GB")
    assert load(workspace(tmp_path, "")).memory == "7GB"


def test_other_variables_of_coincide_are_none_of_the_settings(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, ""), environment={"COINCIDE_DEBUG": "1", "COINCIDE_KEY": "x"}).threads is None


def test_two_workspaces_in_one_process_do_not_mix(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    workspace(one, 'memory = "1GB"')
    workspace(two, "threads = 2")
    assert (load(one, environment={}).threads, load(two, environment={}).memory) == (None, "2GB")


def test_the_nearest_folder_with_a_workspace_is_found_from_below(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert folder_of(workspace(tmp_path, "")) == tmp_path == folder_of(below)


def test_a_missing_workspace_names_the_command_that_makes_one(tmp_path: Path) -> None:  # COI-S001
    with pytest.raises(wrong.NoWorkspace) as caught:
        load(tmp_path, environment={})
    assert "coincide init" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('memory = "1GB', (1, 14)),
        ("a = 1\nb\n", (2, 2)),
        ("[x\n", (1, 3)),
        ("a = 1\na = 2\n", (2, 6)),
        ('x = """\n', (1, 8)),
    ],
)
def test_broken_toml_is_told_with_its_place(tmp_path: Path, text: str, at: tuple[int, int]) -> None:  # COI-S002
    error = problem(tmp_path, text)
    assert isinstance(error, wrong.BrokenToml)
    assert place(error)[:2] == at
    assert "(at" not in error.message


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "coincide.toml").write_bytes(b'threads = 1\nmemory = "\xff"\n')
    with pytest.raises(wrong.BrokenToml) as caught:
        load(tmp_path, environment={})
    assert place(caught.value)[0] == 2


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "coincide.toml").write_bytes(b"\xef\xbb\xbfthreads = 3\n")
    assert load(tmp_path, environment={}).threads == 3


def test_a_misspelt_setting_is_refused_with_the_right_one(tmp_path: Path) -> None:  # COI-S003
    error = problem(tmp_path, "# first\nthraeds = 3\n")
    assert isinstance(error, wrong.UnknownSetting)
    assert (place(error), error.hint) == ((2, 1, 7), "did you mean `threads`?")


def test_a_misspelt_setting_of_a_section_is_found_there(tmp_path: Path) -> None:
    error = problem(tmp_path, f"{SOURCE}[entities]\ngroup_limt = 3\n")
    assert isinstance(error, wrong.UnknownSetting)
    assert (place(error), error.hint) == ((7, 1, 10), "did you mean `group_limit`?")


def test_a_misspelt_setting_of_an_inline_table_is_found_inside_the_line(tmp_path: Path) -> None:
    error = problem(tmp_path, 'entities.kinds = {card = {strenght = "weak"}}')
    assert place(error) == (1, 27, 8)


def test_a_setting_that_resembles_none_is_told_what_there_is(tmp_path: Path) -> None:
    error = problem(tmp_path, "[entities]\nxyz = 3\n")
    assert error.hint == "known here: group_limit, kinds"


def test_a_misspelt_variable_is_refused(tmp_path: Path) -> None:
    error = problem(tmp_path, "", {"COINCIDE_THREAD": "3"})
    assert isinstance(error, wrong.UnknownSetting)
    assert error.hint == "did you mean `threads`?"


def test_a_section_without_what_it_needs_is_told_so(tmp_path: Path) -> None:  # COI-S004
    error = problem(tmp_path, '[sources.purchases]\nkind = "purchase"\nfiles = "x.csv"\n')
    assert isinstance(error, wrong.MissingSetting)
    assert error.message == "section `[sources.purchases]` needs `columns`"
    assert place(error)[0] == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('threads = "many"', "`threads` must be a whole number, but is a text"),
        ("threads = 1.5", "`threads` must be a whole number, but is a number with decimals"),
        ("memory = 3", "`memory` must be a text, but is a whole number"),
        ('rules = "a"', "`rules` must be a list, but is a text"),
        ('sources = "a"', "`sources` must be a section, but is a text"),
        ("entities = []", "`entities` must be a section, but is a list"),
        ("catalog = {files = 3}", "`catalog.files` must be a text or a list of texts, but is a whole number"),
        ('catalog = {files = ["a", 3]}', "`catalog.files.1` must be a text, but is a whole number"),
        (
            "attributes.x.reviewed_on = true",
            "`attributes.x.reviewed_on` must be a date such as 2025-03-01, but is true or false",
        ),
        ("lists = 2025-03-01", "`lists` must be a text, but is a date or time"),
    ],
)
def test_a_value_of_another_type_is_told_what_is_expected(tmp_path: Path, text: str, sentence: str) -> None:  # COI-S005
    error = problem(tmp_path, text)
    assert isinstance(error, wrong.WrongType)
    assert error.message == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("threads = 0", "`threads`: must be at least 1"),
        ('memory = "2 GiB"', "`memory`: must be a whole number and MB or GB, such as `2GB`"),
        ('[attributes.x]\ntype = "bool"', "`attributes.x.type`: must be 'text' or 'number'"),
        (
            SOURCE.replace("kind =", 'delimiter = ",,"\nkind ='),
            "`sources.purchases.delimiter`: must be exactly one character",
        ),
        (
            SOURCE.replace('kind = "purchase"\n', ""),
            "`sources.purchases`: give exactly one of `kind` and `columns.kind`",
        ),
        (
            SOURCE.replace("sources.purchases", "sources.Purchases"),
            "`sources.Purchases`: a name starts with a small letter and has small letters, digits, `_` and `-` only",
        ),
    ],
)
def test_a_value_that_is_not_taken_is_told_why(tmp_path: Path, text: str, sentence: str) -> None:  # COI-S006
    error = problem(tmp_path, text)
    assert isinstance(error, wrong.BadSetting)
    assert error.message == sentence


def test_packs_are_names_and_their_rules_have_the_status_that_people_gave_them(tmp_path: Path) -> None:
    assert load(workspace(tmp_path, ""), environment={}).packs == []
    found = load(workspace(tmp_path, 'packs = ["a"]\n[statuses]\nx = "live"\n'), environment={})
    assert (found.packs, found.statuses) == (["a"], {"x": "live"})
    assert isinstance(problem(tmp_path, '[statuses]\nx = "alive"\n'), wrong.BadSetting)


@pytest.mark.parametrize("zone", ["Europe/Pariss", "PDT", "+02:00", "../etc/passwd", "/etc/passwd", ""])
def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path, zone: str) -> None:  # COI-S008
    error = problem(tmp_path, SOURCE.replace("kind =", f'timezone = "{zone}"\nkind ='))
    assert isinstance(error, wrong.UnknownZone)
    assert place(error)[:2] == (2, 1)


def test_a_zone_with_a_typo_is_told_the_right_one(tmp_path: Path) -> None:
    error = problem(tmp_path, SOURCE.replace("kind =", 'timezone = "Europe/Pariss"\nkind ='))
    assert error.hint == "did you mean `Europe/Paris`?"


def test_a_variable_that_is_not_json_is_named(tmp_path: Path) -> None:  # COI-S009
    error = problem(tmp_path, "", {"COINCIDE_RULES": "rules/*.yaml"})
    assert isinstance(error, wrong.UnreadableVariable)
    assert "COINCIDE_RULES" in error.message


def test_a_workspace_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:  # COI-S010
    (tmp_path / "coincide.toml").mkdir()
    with pytest.raises(wrong.UnreadableWorkspace):
        load(tmp_path, environment={})


def test_a_wrong_value_is_blamed_on_the_variable_it_comes_from(tmp_path: Path) -> None:
    error = problem(tmp_path, "threads = 3", {"COINCIDE_THREADS": "many"})
    assert error.where is not None
    assert str(error.where) == "COINCIDE_THREADS"


def test_a_wrong_value_is_blamed_on_the_flag_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(wrong.BadSetting) as caught:
        load(workspace(tmp_path, "threads = 3"), environment={}, threads=0)
    assert str(caught.value.where) == "--threads"


def test_the_value_itself_is_never_repeated_because_it_may_be_secret(tmp_path: Path) -> None:
    error = problem(
        tmp_path, SOURCE + '[sources.x]\nfiles = "a"\ncolumns = {kind = "k"}\npostgres = "postgres://u:hunter2@h"\n'
    )
    assert "hunter2" not in str(error)


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    error = problem(tmp_path, 'thraeds = 3\nthreads = 0\nmemory = "lots"\n[entities]\ngroup_limit = "a"\n')
    assert isinstance(error, Problems)
    assert [one.code for one in error.problems] == ["COI-S003", "COI-S006", "COI-S006", "COI-S005"]
    assert [place(one)[0] for one in error.problems] == [1, 2, 3, 5]


def test_no_text_of_the_validation_library_reaches_the_user(tmp_path: Path) -> None:
    error = problem(tmp_path, "threads = []\nrules = {}\nlists = []\ncatalog = 3\n[sources.a]\nmultiline = 7\n")
    assert isinstance(error, Problems)
    for one in error.problems:
        assert "input" not in one.message.lower()
        assert "pydantic" not in str(one).lower()


def test_every_setting_is_documented() -> None:
    models: list[type[BaseModel]] = [Settings, Source, Postgres, LinkFile, LinkKind, Entities, Attribute]
    bare = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert bare == []


def test_reading_a_workspace_without_variables_imports_no_settings_library(tmp_path: Path) -> None:
    workspace(tmp_path, SOURCE)
    code = "import sys; from pathlib import Path; from coincide.settings import load; load(Path(sys.argv[1]))"
    code += "; print(*sys.modules)"
    environment = {"PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, check=True, capture_output=True, text=True
    )
    heavy = {"pydantic_settings", "polars", "duckdb", "sqlglot", "numpy", "sqlalchemy", "asyncio"}
    assert heavy.isdisjoint(done.stdout.split())

"""Names of rules to compare: files, folders, git revisions, files at a revision."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide import settings as settings_module
from coincide.errors import Problems
from coincide.rules.errors import FileUnreadable, NoRulesThere, NothingCalledSo
from coincide.rules.named import HERE, Named, _matches, named
from coincide.settings import Settings
from gitshop import committed

RULE = """rule: {id}
title: A rule
status: draft
severity: low
why: To try.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: purchase
by: account
within: {days} days
velocity: {{at_least: 2}}
"""


def write(folder: Path, name: str, days: int = 7) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(RULE.format(id=file.stem, days=days))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workspace below the top of a repository: `a` and `old` at first, then `a` edited and `b` instead of old."""
    folder = tmp_path / "repo" / "shop"
    write(folder, "rules/a.yaml")
    write(folder, "rules/old.yaml")
    write(folder, "other/far.yaml")
    (folder / "coincide.toml").write_text("")
    committed(tmp_path / "repo")
    write(folder, "rules/a.yaml", days=8)
    write(folder, "rules/b.yaml")
    (folder / "rules" / "old.yaml").unlink()
    committed(tmp_path / "repo")
    write(folder, "rules/a.yaml", days=9)
    return folder


def names(found: Named) -> list[str]:
    return [name for name, _ in found.texts]


def read(name: str | None, folder: Path) -> Named:
    return named(name, folder, settings_module.load(folder, environment={}))


def test_a_revision_is_all_rules_of_the_workspace_then(shop: Path) -> None:
    before, now = read("HEAD~1", shop), read("HEAD", shop)
    assert names(before) == ["HEAD~1:rules/a.yaml", "HEAD~1:rules/old.yaml"]
    assert names(now) == ["HEAD:rules/a.yaml", "HEAD:rules/b.yaml"]
    assert [b"8 days" in text for _, text in now.texts] == [True, False]
    assert now.commit != before.commit
    assert [one.plan.rule for one in before.rules(Settings())] == ["a", "old"]


def test_without_a_name_it_is_the_workspace_as_it_is(shop: Path) -> None:
    found = read(None, shop)
    assert (found.name, found.commit) == (HERE, None)
    assert names(found) == ["rules/a.yaml", "rules/b.yaml"]
    assert b"9 days" in found.texts[0][1]


def test_a_revision_finds_rules_where_its_own_settings_said_they_are(shop: Path) -> None:
    (shop / "coincide.toml").write_text('rules = ["other/**/*.yaml"]\n')
    committed(shop.parent)
    assert names(read("HEAD", shop)) == ["HEAD:other/far.yaml"]
    assert names(read("HEAD~1", shop)) == ["HEAD~1:rules/a.yaml", "HEAD~1:rules/b.yaml"]
    (shop / "coincide.toml").write_text("rules = [this is no TOML")
    committed(shop.parent)
    (shop / "coincide.toml").write_text("")
    # What cannot be read says nothing, and the settings of today stand.
    assert names(read("HEAD", shop)) == ["HEAD:rules/a.yaml", "HEAD:rules/b.yaml"]


@pytest.mark.parametrize("name", ["HEAD~1:rules/old.yaml", "HEAD~1:./rules/old.yaml"])
def test_a_file_at_a_revision_is_named_from_the_workspace_on(shop: Path, name: str) -> None:
    assert names(read(name, shop)) == ["HEAD~1:rules/old.yaml"]


def test_paths_are_as_in_the_shell_and_come_before_revisions(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    assert names(read("rules/a.yaml", shop)) == ["rules/a.yaml"]
    assert names(read("other", shop)) == ["other/far.yaml"]
    assert names(read(".", shop)) == ["rules/a.yaml", "rules/b.yaml"]
    (shop / "HEAD").mkdir()
    write(shop, "HEAD/here.yaml")
    assert names(read("HEAD", shop)) == ["HEAD/here.yaml"]


def test_what_nothing_is_called_is_refused(shop: Path) -> None:
    for name in ("HEAD~7", "nowhere", "", ":rules/a.yaml", "--help", "a" * 5000, "a\0b", "HEAD~7:rules/a.yaml"):
        with pytest.raises(NothingCalledSo, match="COI-R090"):
            read(name, shop)


def test_a_place_without_rules_is_told_so(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in (str(tmp_path / "empty"), "HEAD:rules/nothing.yaml", "HEAD:rules"):
        with pytest.raises(NoRulesThere, match="COI-R091"):
            read(name, shop)


def test_a_pack_is_read_in_the_version_that_is_installed(shop: Path) -> None:
    found = named("shop-abuse", shop, Settings())
    assert found.name == "shop-abuse@1"
    assert found == named("shop-abuse@1", shop, Settings())
    assert {one.plan.rule for one in found.rules(Settings())} >= {"gift-card-run"}
    with pytest.raises(NothingCalledSo):
        named("shop-abuse@2", shop, Settings())


def test_a_broken_rule_of_then_is_shown_with_its_place_there(shop: Path) -> None:
    (shop / "rules" / "b.yaml").write_text("rule: b\n")
    committed(shop.parent)
    with pytest.raises(Problems) as caught:
        read("HEAD", shop).rules(Settings())
    assert {problem.where.file for problem in caught.value.problems if problem.where} == {"HEAD:rules/b.yaml"}


def test_a_rule_of_then_may_name_what_the_catalog_no_longer_has(shop: Path) -> None:
    text = RULE.format(id="b", days=3).replace("velocity: {at_least: 2}", "sequence: {steps: [gone, lost]}")
    (shop / "rules" / "b.yaml").write_text(f"{text}unless: account in list('away')\n")
    (found,) = read(str(shop / "rules" / "b.yaml"), shop).rules(Settings())
    assert found.plan.tagged == ("gone", "lost")
    assert found.plan.lists == {"away"}


def test_a_file_that_cannot_be_read_is_named(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Between the look and the reading it may go.
    def refused(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(FileUnreadable, match="permission denied"):
        named(str(shop / "rules" / "b.yaml"), shop, Settings())


PARTS = st.text("ab*?.", min_size=1, max_size=3).filter(lambda part: part not in (".", "..") and "**" not in part)
FOLDERS = st.lists(st.text("ab.", min_size=1, max_size=3).filter(lambda part: part.strip(".")), min_size=1, max_size=3)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(FOLDERS, min_size=1, max_size=6),
    st.lists(st.one_of(PARTS, st.just("**")), min_size=0, max_size=2),
    PARTS,
)
def test_a_glob_finds_at_a_revision_what_it_would_find_in_the_folder(
    files: list[list[str]], above: list[str], last: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for parts in files:
            path = folder.joinpath(*parts)
            if not any(one.is_file() for one in (path, *path.parents)) and not path.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("")
        there = [path.relative_to(folder).parts for path in folder.rglob("*") if path.is_file()]
        glob = [*above, last]
        found = {path.relative_to(folder).parts for path in folder.glob("/".join(glob)) if path.is_file()}
    assert {parts for parts in there if _matches(parts, glob)} == found

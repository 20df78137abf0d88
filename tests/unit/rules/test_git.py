"""Git is asked for what it has, and cannot be made to run anything."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from coincide.rules import git as module
from coincide.rules.git import Origin, Repository, repository
from gitshop import ADDRESS, AUTHOR, committed, git


def found(folder: Path) -> Repository:
    place = repository(folder)
    assert place is not None
    return place


def origin_of(place: Repository, name: str) -> Origin | None:
    return place.origins([name]).get(name)


def state(folder: Path) -> dict[str, str]:
    """Every file with a hash of what it holds, those of git included."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository whose workspace is a folder of it, with two commits."""
    folder = tmp_path / "repo" / "shop one"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "a.yaml").write_text("first\n")
    (folder / "rules" / "größe.yaml").write_text("named with letters\n")
    (folder.parent / "elsewhere.yaml").write_text("not of the workspace\n")
    committed(folder.parent, author="Bob Before")
    (folder / "rules" / "a.yaml").write_text("second\n")
    (folder / "rules" / "link.yaml").symlink_to("a.yaml")
    committed(folder.parent)
    return folder


def test_the_files_of_a_revision_are_those_of_the_folder_and_links_are_none(shop: Path) -> None:
    place = found(shop)
    head, before = place.commit("HEAD"), place.commit("HEAD~1")
    assert head == git(shop, "rev-parse", "HEAD")
    assert head is not None
    assert before is not None
    assert sorted(place.files(head)) == ["rules/a.yaml", "rules/größe.yaml"]
    assert place.content(place.files(head)["rules/a.yaml"]) == b"second\n"
    assert place.content(place.files(before)["rules/a.yaml"]) == b"first\n"


def test_reading_a_revision_touches_neither_the_working_tree_nor_the_index(shop: Path) -> None:
    (shop / "rules" / "a.yaml").write_text("edited\n")
    before = state(shop.parent)
    place = found(shop)
    commit = place.commit("HEAD~1")
    assert commit is not None
    for object_ in place.files(commit).values():
        place.content(object_)
    origin_of(place, "rules/a.yaml")
    assert state(shop.parent) == before


@pytest.mark.parametrize(
    "revision", ["--help", "-h", "--output=out", "--all", "", "nothing", "HEAD~9", "HEAD\0", "HEAD:rules/a.yaml", "@{x"]
)
def test_what_names_no_commit_is_no_revision_and_no_option(shop: Path, revision: str) -> None:
    assert found(shop).commit(revision) is None
    assert not (shop / "out").exists()


def test_a_file_knows_its_last_commit_and_its_author_by_name_alone(shop: Path) -> None:
    place = found(shop)
    assert origin_of(place, "rules/a.yaml") == Origin(git(shop, "rev-parse", "HEAD"), AUTHOR, dirty=False)
    assert origin_of(place, "rules/größe.yaml") == Origin(git(shop, "rev-parse", "HEAD~1"), "Bob Before", dirty=False)
    assert ADDRESS not in str(origin_of(place, "rules/a.yaml"))


def test_the_last_changes_of_many_files_are_found_in_one_walk_merges_included(shop: Path) -> None:
    first = git(shop, "rev-parse", "HEAD~1")
    git(shop, "checkout", "--quiet", "-b", "side", "HEAD~1")
    (shop / "rules" / "side.yaml").write_text("side\n")
    side = committed(shop.parent, author="Sid Side")
    git(shop, "checkout", "--quiet", "main")
    git(shop, "merge", "--quiet", "--no-ff", "--no-commit", "side")
    (shop / "rules" / "merged.yaml").write_text("made in the merge alone\n")
    merge = committed(shop.parent, author="Mel Merge")
    names = ["rules/side.yaml", "rules/größe.yaml", "rules/merged.yaml", "rules/never.yaml"]
    assert found(shop).origins(names) == {
        "rules/side.yaml": Origin(side, "Sid Side", dirty=False),
        "rules/größe.yaml": Origin(first, "Bob Before", dirty=False),
        "rules/merged.yaml": Origin(merge, "Mel Merge", dirty=False),
    }
    assert found(shop).origins([]) == {}


def test_an_author_who_has_an_address_for_a_name_is_known_without_it(shop: Path) -> None:
    (shop / "rules" / "a.yaml").write_text("third\n")
    committed(shop.parent, author="ann.author@example.org")
    origin = origin_of(found(shop), "rules/a.yaml")
    assert origin is not None
    assert origin.author == "ann.author"


def test_an_author_in_no_encoding_can_be_kept_all_the_same(shop: Path) -> None:
    made = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=shop, capture_output=True, check=True).stdout
    # Git itself would mend it; another program may have made the commit.
    odd = made.replace(f"author {AUTHOR}".encode(), b"author J\xfcrgen")
    write = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
    commit = subprocess.run(write, input=odd, cwd=shop, capture_output=True, check=True).stdout.decode().strip()
    git(shop, "update-ref", "HEAD", commit)
    assert origin_of(found(shop), "rules/a.yaml") == Origin(commit, "J\ufffdrgen", dirty=False)


def test_an_edited_file_is_dirty_and_other_ends_of_line_are_no_edit(shop: Path) -> None:
    file = shop / "rules" / "a.yaml"
    file.write_bytes(b"second\r\n")
    assert not origin_of(found(shop), "rules/a.yaml").dirty  # type: ignore[union-attr]
    file.write_bytes(b"second \n")
    assert origin_of(found(shop), "rules/a.yaml").dirty  # type: ignore[union-attr]
    file.unlink()
    assert origin_of(found(shop), "rules/a.yaml").dirty  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["rules/new.yaml", "*.yaml", ":(glob)**", "--all", "-1", "rules"])
def test_a_file_that_was_never_committed_has_no_origin_and_names_are_no_patterns(shop: Path, name: str) -> None:
    if name == "rules/new.yaml":
        (shop / name).write_text("new\n")
    origin = origin_of(found(shop), name)
    assert origin is None


def test_a_folder_without_repository_has_none(tmp_path: Path) -> None:
    assert repository(tmp_path) is None
    assert repository(tmp_path / "missing") is None


def test_without_git_there_is_no_repository(shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repository(shop) is None


def test_a_git_that_lies_in_the_workspace_is_not_run(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap(shop / "git", shop / "ran")
    monkeypatch.chdir(shop)
    monkeypatch.setenv("PATH", "")
    assert repository(shop) is None
    monkeypatch.setenv("PATH", ".")
    assert repository(shop) is None
    assert not (shop / "ran").exists()


def test_a_git_that_does_not_answer_is_not_waited_for(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "git").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "SECONDS", 0.2)
    assert repository(shop) is None


def test_variables_of_another_repository_lead_nowhere(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a hook, where git says which repository and which index it works on.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    origin = origin_of(found(shop), "rules/a.yaml")
    assert origin is not None
    assert origin.author == AUTHOR


# --- a repository that is out to run something ---------------------------------------------------------------------


def trap(file: Path, mark: Path) -> Path:
    """A program that leaves a mark if it is run."""
    file.write_text(f"#!/bin/sh\n/bin/touch '{mark}'\n/bin/cat\n")
    file.chmod(0o700)
    return file


@pytest.fixture
def hostile(shop: Path) -> tuple[Path, Path]:
    """The repository with every setting that names a program naming one, and the mark that it leaves."""
    top = shop.parent
    mark = top / "ran"
    program = trap(top / "program", mark)
    hooks = top / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        trap(hooks / hook, mark)
    for name, value in {
        "core.fsmonitor": str(program),
        "core.hooksPath": str(hooks),
        "core.pager": str(program),
        "core.editor": str(program),
        "core.sshCommand": str(program),
        "core.alternateRefsCommand": str(program),
        "diff.external": str(program),
        "diff.odd.command": str(program),
        "diff.odd.textconv": str(program),
        "filter.odd.clean": str(program),
        "filter.odd.smudge": str(program),
        "filter.odd.process": str(program),
        "log.showSignature": "true",
        "gpg.program": str(program),
        "gpg.ssh.program": str(program),
        "pager.log": str(program),
        "alias.log": f"!{program}",
        "alias.cat-file": f"!{program}",
        "remote.origin.url": str(top),
        "remote.origin.uploadpack": str(program),
        "remote.origin.promisor": "true",
        "remote.origin.vcs": "odd",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "extensions.partialClone": "origin",
    }.items():
        git(top, "config", name, value)
    (top / ".gitattributes").write_text("*.yaml filter=odd diff=odd\n")
    (shop / "rules" / "a.yaml").write_text("edited, so that git would look\n")
    return shop, mark


def test_a_hostile_configuration_runs_nothing(hostile: tuple[Path, Path]) -> None:
    shop, mark = hostile
    place = found(shop)
    head = place.commit("HEAD")
    assert head is not None
    assert place.content(place.files(head)["rules/a.yaml"]) == b"second\n"
    assert origin_of(place, "rules/a.yaml") == Origin(head, AUTHOR, dirty=True)
    # An object that is not there would be fetched from where the configuration says.
    missing = "1" * 40
    assert place.content(missing) is None
    object_ = shop.parent / ".git" / "objects" / place.files(head)["rules/a.yaml"][:2]
    for file in object_.iterdir():
        file.unlink()
    assert place.content(place.files(head)["rules/a.yaml"]) is None
    assert origin_of(place, "rules/a.yaml") is not None
    assert not mark.exists()


def test_the_traps_are_real(hostile: tuple[Path, Path]) -> None:
    shop, mark = hostile
    subprocess.run(["git", "status"], cwd=shop, capture_output=True, check=False)
    assert mark.exists()


def test_a_folder_that_only_looks_like_a_repository_is_none(tmp_path: Path) -> None:
    # A bare repository can lie among the files of an archive, with its configuration.
    git(tmp_path, "init", "--quiet", "--bare", "inside")
    assert repository(tmp_path / "inside") is None

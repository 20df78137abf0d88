"""An import that dies leaves no folder under its name or a whole one, and given again it is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincide.store.failpoint import FAILPOINTS, KILLED
from crash import process
from tapshop import made

IMPORT = {name for name in FAILPOINTS if name.startswith("import-")}


def command(city: Path, to: Path) -> list[str]:
    return ["import", "taps", "--to", str(to), "--parts", "2", "-w", str(city)]


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    folder.mkdir()
    made(folder)
    assert process.run(command(folder, tmp_path / "right")).status == 0
    return folder


@pytest.mark.parametrize("place", sorted(IMPORT | {"entry-made", "entry-committed", "entries-logged"}))
def test_an_import_that_dies_leaves_none_or_a_whole_one_and_the_next_is_made(
    tmp_path: Path, city: Path, place: str
) -> None:
    to = tmp_path / "in"
    assert process.run(command(city, to), place=place).status == KILLED
    assert to.exists() == (place in ("import-named", "import-durable"))
    if not to.exists():
        assert process.run(command(city, to)).status == 0
    assert content(to) == content(tmp_path / "right")
    # What the dead one left is gone.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["city", "in", "right"]


def test_every_place_of_an_import_is_passed(tmp_path: Path, city: Path) -> None:
    passed = process.passes(command(city, tmp_path / "in"))
    assert {name for name in passed if name in IMPORT} == IMPORT


def test_an_import_that_fails_leaves_nothing_beside_its_place(tmp_path: Path, city: Path) -> None:
    (city / "taps" / "two.csv").write_text("id,at\n")
    done = process.run(command(city, tmp_path / "in"))
    assert (done.status, done.said) == (3, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["city", "right"]

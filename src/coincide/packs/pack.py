"""A rule pack: a folder of data that comes with Coincide.

``pack.toml`` says what it is; ``catalog.csv``, ``rules/*.yaml`` and ``lists/*.csv`` are as in a workspace. Its rules
ship in shadow and its lists empty: what is live, and who is on a list, people of the workspace decide.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from coincide.packs.errors import UnknownPack

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Pack:
    """One pack by its name."""

    name: str
    folder: Path

    @cached_property
    def about(self) -> dict[str, str]:
        """``title``, ``version``, and ``basis``: on which legal ground its rules may be run, in a sentence."""
        return tomllib.loads((self.folder / "pack.toml").read_text("utf-8"))

    @property
    def version(self) -> str:
        """Grows with every change of meaning."""
        return self.about["version"]

    @property
    def catalogs(self) -> tuple[Path, ...]:
        """Files that tie items to components."""
        return self._files("catalog*.csv")

    @property
    def rules(self) -> tuple[Path, ...]:
        """Rule files."""
        return self._files("rules/*.yaml")

    @property
    def lists(self) -> tuple[Path, ...]:
        """Managed lists, empty; a list of that name in the workspace takes its place."""
        return self._files("lists/*.csv")

    def shown(self, path: Path) -> str:
        """How messages call one of its files."""
        return f"pack {self.name}: {path.relative_to(self.folder).as_posix()}"

    def _files(self, glob: str) -> tuple[Path, ...]:
        return tuple(sorted(self.folder.glob(glob)))


def every() -> dict[str, Pack]:
    """All packs there are, by name."""
    return {file.parent.name: Pack(file.parent.name, file.parent) for file in sorted(_HERE.glob("*/pack.toml"))}


def chosen(names: Iterable[str]) -> list[Pack]:
    """The packs of these names, each once, by name. Raises ``UnknownPack``."""
    known = every()
    for name in names:
        if name not in known:
            raise UnknownPack(name, known)
    return [known[name] for name in sorted(set(names))]

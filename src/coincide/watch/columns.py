"""Columns that came and went between files: those of the newest days against those just before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Changed:
    """Columns that only the newest files have, columns that they lack, and the first of these files."""

    came: tuple[str, ...]
    went: tuple[str, ...]
    file: str


def changed(files: Sequence[tuple[int, str, Sequence[str]]], recent: int, near: int) -> Changed | None:
    """What changed; ``files`` are newest time, path and columns. ``None`` if there is nothing to compare, or nothing
    changed.

    Newest are the files with a time from ``recent`` on. A column came if no file before has it; it went if a file whose
    newest time is not before ``near`` had it and none of the newest has. Where no file is as near as that, the last one
    before counts.
    """
    new = [file for file in files if file[0] >= recent]
    old = [file for file in files if file[0] < recent]
    if not new or not old:
        return None
    last = max(time for time, _, _ in old)
    close = [file for file in old if file[0] >= min(near, last)]
    now = {name: None for _, _, columns in new for name in columns}
    ever = {name for _, _, columns in old for name in columns}
    just = {name: None for _, _, columns in close for name in columns}
    came = tuple(name for name in now if name not in ever)
    went = tuple(name for name in just if name not in now)
    first = min((time, path) for time, path, columns in new if set(came) & set(columns) or not came)
    return Changed(came, went, first[1]) if came or went else None

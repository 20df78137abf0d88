"""The units of systemd in ``deploy/systemd``, read as far as we use their language, and put where a test wants them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "deploy" / "systemd"
SCAN, TIMER, WAKE = (FOLDER / f"coincide-{name}" for name in ("scan@.service", "scan@.timer", "wake@.service"))
DROP_INS = sorted((FOLDER / "drop-ins").glob("*.conf"))
PROGRAM = "/opt/coincide/bin/coincide"


def read(file: Path) -> dict[str, dict[str, list[str]]]:
    """section -> key -> its values in order (systemd.syntax(7)); a line that is none of that language fails."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in file.read_text("utf-8").splitlines():
        if not line.strip() or line[0] in "#;":
            continue
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = sections.setdefault(head[1], {})
            continue
        key, equals, value = line.partition("=")
        assert equals and re.fullmatch(r"\w+", key) and not value.endswith("\\"), f"{file.name}: {line}"
        section.setdefault(key, []).append(value)
    return sections


def words(line: str, folder: Path) -> list[str]:
    """The words of a command line for the instance of ``folder``: split first, specifiers after, as systemd does."""
    known = {"%f": str(folder), "%i": escaped(folder), "%%": "%"}
    return [re.sub(r"%.", lambda found: known[found[0]], word) for word in shlex.split(line)]


def escaped(folder: Path) -> str:
    """The folder as an instance, for names of letters, digits, ``-``, ``_`` and ``.`` (systemd-escape(1))."""
    return "-".join(part.replace("-", r"\x2d") for part in folder.parts[1:])

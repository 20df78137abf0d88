"""What git knows of a workspace: files at a revision, and the last change of a file. It is asked, never obeyed.

A workspace may have come from anywhere, and the configuration of its repository can name programs: of hooks, filters,
diffs, signatures, a file system monitor, a transport. So only commands are used that read objects; what those could
start is turned off; the working tree is compared here and not by ``git status``, which would run filters; and git gets
an environment of its own. Whether a repository may be read at all (``safe.directory``) is left to git and its user.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

SECONDS = 20.0
"""A history that takes longer to be looked through is not waited for."""
MOST = 16 << 20
"""Bytes of a file at a revision: a rule has a few thousand."""

_OFF = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "log.showSignature=false",
    "protocol.allow=never",
    # A folder inside of the workspace that looks like a repository is none.
    "safe.bareRepository=explicit",
)
_KEPT = ("HOME", "PATH", "XDG_CONFIG_HOME")
_SET = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FILES = ("100644", "100755")
"""Modes of plain files: no links, no modules."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file comes from: its last commit and the name of who wrote that. ``dirty``: it was edited since.

    An address is personal data that nobody needs here, so it is not asked for.
    """

    commit: str
    author: str
    dirty: bool


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that ``folder`` lies in; ``prefix`` leads from its top to the folder, ``""`` or ``shop/``."""

    folder: Path
    prefix: str

    def commit(self, revision: str) -> str | None:
        """The commit that a revision names; ``None`` if it names none."""
        found = self._asked("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        text = "" if found is None else found.decode("ascii", "replace").strip()
        return text if _COMMIT.fullmatch(text) else None

    def files(self, commit: str) -> dict[str, str]:
        """The plain files below the folder at a commit: name, from the folder on, and the object that it is."""
        below = (self.prefix,) if self.prefix else ()
        found = self._asked("ls-tree", "-r", "-z", "--full-tree", commit, "--", *below)
        names: dict[str, str] = {}
        for line in (found or b"").split(b"\0"):
            about, _, raw = line.partition(b"\t")
            mode, _, rest = about.decode("ascii", "replace").partition(" ")
            name = _text(raw)
            inside = name.startswith(self.prefix) and ".." not in PurePosixPath(name).parts
            if mode in _FILES and inside:
                names[name.removeprefix(self.prefix)] = rest.rpartition(" ")[2]
        return names

    def content(self, object_: str) -> bytes | None:
        """What a file holds, as it was committed; ``None`` if it cannot be had or is no file of a sane size."""
        size = self._asked("cat-file", "-s", object_)
        if size is None or not size.strip().isdigit() or int(size) > MOST:
            return None
        return self._asked("cat-file", "blob", object_)

    def origins(self, names: Sequence[str]) -> dict[str, Origin]:
        """The last change of files, named from the folder on; those that were never committed are left out.

        The history is walked once for all of them: in a large one that is what takes time.
        """
        wanted = {f"{self.prefix}{name}": name for name in names}
        # Of a merge, the files that differ from all that was merged. Nothing of a change is shown but the names.
        shown = ("--no-show-signature", "--no-renames", "--name-only", "-c", "-z", "--format=%H", "HEAD")
        last: dict[str, str] = {}
        commit = ""
        for token in _tokens(self._asked("log", *shown, "--", *names) if names else None):
            if token in wanted:
                last.setdefault(wanted[token], commit)
            elif _COMMIT.fullmatch(token):
                commit = token
        authors = self._authors(sorted(set(last.values())))
        return {
            name: Origin(commit, authors[commit], self._edited(name))
            for name, commit in last.items()
            if commit in authors
        }

    def _authors(self, commits: Sequence[str]) -> dict[str, str]:
        """The name of who wrote each commit."""
        shown = (
            "--no-walk=unsorted",
            "--no-show-signature",
            "--no-mailmap",
            "--encoding=UTF-8",
            "-z",
            "--format=%H%x00%an",
        )
        tokens = _tokens(self._asked("log", *shown, "--end-of-options", *commits) if commits else None)
        # Some have an address for a name.
        return {
            commit: _readable(author).partition("@")[0].strip()[:200]
            for commit, author in zip(tokens[::2], tokens[1::2], strict=False)
        }

    def _edited(self, name: str) -> bool:
        """Whether the file differs from what was committed; ends of line may, since git may have changed them."""
        committed = self._asked("cat-file", "blob", f"HEAD:{self.prefix}{name}")
        try:
            there = (self.folder / name).read_bytes()
        except OSError:
            return True
        return committed is None or committed.replace(b"\r\n", b"\n") != there.replace(b"\r\n", b"\n")

    def _asked(self, *arguments: str) -> bytes | None:
        return _run(self.folder, *arguments)


def repository(folder: Path) -> Repository | None:
    """The repository of a folder; ``None`` without git, without a repository, or where git refuses to read it."""
    found = _run(folder, "rev-parse", "--show-prefix")
    # One end of line is git's; more would be of the folder's own name.
    return None if found is None else Repository(folder, _text(found).removesuffix("\n"))


def _tokens(found: bytes | None) -> list[str]:
    """What stands between NULs; git begins some with an end of line."""
    return [] if found is None else [part.removeprefix("\n") for part in _text(found).split("\0")]


def _text(found: bytes) -> str:
    # As the system names files.
    return found.decode("utf-8", "surrogateescape")


def _readable(text: str) -> str:
    """Text that can be kept: what is no Unicode is shown as a question mark."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _run(folder: Path, *arguments: str) -> bytes | None:
    """The output of git; ``None`` if there is none to be had, for whatever reason."""
    program = shutil.which("git")
    if program is None or not Path(program).is_absolute():
        # Found through a relative part of PATH it may be the workspace's own.
        return None
    settings = [part for setting in _OFF for part in ("-c", setting)]
    environment = {name: value for name in _KEPT if (value := os.environ.get(name)) is not None} | _SET
    try:
        # No shell; the program is absolute, and what a user gives stands behind what ends the options.
        done = subprocess.run(  # noqa: S603
            [program, "--no-pager", "-C", str(folder), *settings, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        # ValueError: a name with a NUL cannot be an argument, and so is no name of anything.
        return None
    return done.stdout if done.returncode == 0 else None

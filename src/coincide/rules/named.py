"""Rules under a name: a file, a folder, a git revision, a file at a revision, a pack. What ``rules diff`` compares.

A name becomes texts, and texts become rules by the one way that all rules take (``load``). Nothing is checked out:
what is read of a revision is read from git's objects.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from coincide.errors import Where
from coincide.packs.pack import every
from coincide.rules.context import Context
from coincide.rules.errors import FileUnreadable, NoRulesThere, NothingCalledSo
from coincide.rules.git import Repository, repository
from coincide.rules.load import LoadedRule, load_texts
from coincide.rules.workspace import rule_files
from coincide.settings import WORKSPACE_FILE, Settings

HERE = "the workspace"
"""What the rules of the workspace as it is are called."""
_ENDS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Named:
    """The texts that a name stands for, each under the name that messages call it by; ``commit`` of a revision.

    ``one_file``: it names a file, and so no more of a workspace than that.
    """

    name: str
    texts: tuple[tuple[str, bytes], ...]
    commit: str | None = None
    one_file: bool = False

    def rules(self, settings: Settings) -> list[LoadedRule]:
        """The rules, by id. Raises ``Problems``.

        They are not asked whether catalog and lists know what they name: those are of another day, perhaps.
        """
        loaded = load_texts(self.texts, context=Context(attributes=settings.attributes))
        return sorted(loaded, key=lambda one: one.plan.rule)


Reading = Callable[[str], Named | None]
"""One way to read a name; ``None`` if the name is nothing to it."""


def named(name: str | None, folder: Path, settings: Settings) -> Named:
    """The rules of this name; of the workspace as it is if ``None``.

    ``folder``: of the workspace; paths are as in the shell, those behind a revision from the workspace on. Raises
    ``NothingCalledSo``, ``NoRulesThere``, ``FileUnreadable``.
    """
    if name is None:
        return _filled(HERE, _read(rule_files(folder, settings), folder), None)
    ways: tuple[Reading, ...] = (
        lambda asked: _path(asked, folder, settings),
        lambda asked: _revision(asked, folder, settings),
        _pack,
    )
    for way in ways:
        found = way(name)
        if found is not None:
            return found
    raise NothingCalledSo(name)


def _path(name: str, folder: Path, settings: Settings) -> Named | None:
    path = Path(name)
    try:
        if not name:
            return None
        if path.is_file():
            return Named(name, _read([path], folder), one_file=True)
        if not path.is_dir():
            return None
    except (OSError, ValueError):
        # Longer than a path can be, or with a NUL in it.
        return None
    if (path / WORKSPACE_FILE).is_file():
        text = (path / WORKSPACE_FILE).read_text("utf-8", errors="replace")
        return _filled(name, _read(rule_files(path, _with_rules(settings, text)), path), None)
    return _filled(name, _read(sorted(one for end in _ENDS for one in path.glob(f"*{end}")), folder), None)


def _revision(name: str, folder: Path, settings: Settings) -> Named | None:
    found = repository(folder)
    revision, colon, path = name.partition(":")
    commit = found.commit(revision) if found is not None and revision else None
    if found is None or commit is None:
        return None
    files = found.files(commit)
    if colon:
        wanted = path.removeprefix("./")
        texts = _contents(found, commit, files, [wanted] if wanted in files else [], revision)
        return replace(_filled(name, texts, commit), one_file=True)
    settings = _with_rules(settings, _text(found, files.get(WORKSPACE_FILE)))
    globs = [pattern.split("/") for pattern in settings.rules]
    chosen = [file for file in sorted(files) if any(_matches(file.split("/"), glob) for glob in globs)]
    return _filled(name, _contents(found, commit, files, chosen, revision), commit)


def _pack(name: str) -> Named | None:
    """The rules of a pack, ``eu-2019-1148`` or ``eu-2019-1148@1``; only the version that is installed is there."""
    bare, at, version = name.partition("@")
    found = every().get(bare)
    if found is None or (at and version != found.version):
        return None
    texts = tuple((found.shown(path), path.read_bytes()) for path in found.rules)
    return _filled(f"{found.name}@{found.version}", texts, None)


def _contents(
    found: Repository, commit: str, files: dict[str, str], chosen: Sequence[str], revision: str
) -> tuple[tuple[str, bytes], ...]:
    texts = []
    for file in chosen:
        content = found.content(files[file])
        if content is None:
            raise FileUnreadable(f"git does not give it at {commit[:12]}", where=Where(f"{revision}:{file}"))
        texts.append((f"{revision}:{file}", content))
    return tuple(texts)


def _text(found: Repository, object_: str | None) -> str | None:
    content = None if object_ is None else found.content(object_)
    return None if content is None else content.decode("utf-8", "replace")


def _with_rules(settings: Settings, text: str | None) -> Settings:
    """Settings that find rules where another ``coincide.toml`` says they are; all else stays as it is now."""
    if text is None:
        return settings
    try:
        globs = tomllib.loads(text.removeprefix("\ufeff")).get("rules", Settings().rules)
    except tomllib.TOMLDecodeError:
        return settings
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        return settings
    return settings.model_copy(update={"rules": globs})


def _matches(parts: Sequence[str], glob: Sequence[str]) -> bool:
    """Whether a path matches a glob, both cut at ``/``, as ``Path.glob`` would find it; ``**`` is any folders."""
    if not parts or not glob:
        return not parts and not glob
    if glob[0] == "**":
        return _matches(parts, glob[1:]) or _matches(parts[1:], glob)
    return fnmatchcase(parts[0], glob[0]) and _matches(parts[1:], glob[1:])


def _read(paths: Sequence[Path], folder: Path) -> tuple[tuple[str, bytes], ...]:
    texts = []
    for path in paths:
        file = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
        try:
            texts.append((file, path.read_bytes()))
        except OSError as error:
            raise FileUnreadable((error.strerror or "the system refused").lower(), where=Where(file)) from None
    return tuple(texts)


def _filled(name: str, texts: tuple[tuple[str, bytes], ...], commit: str | None) -> Named:
    if not texts:
        raise NoRulesThere(name)
    return Named(name, texts, commit)

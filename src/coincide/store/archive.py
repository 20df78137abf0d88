"""A backup as one file: a compressed tar whose first member lists all others with their size and SHA-256.

Written whole under another name and then given its own. Read by hand, member by member: only what the list names comes
out, at the place that the list gives it, and a name that leads anywhere else is no name. What is backed up, and whether
it fits together, is the matter of ``ledger.backup``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from coincide.store.database import translated
from coincide.store.durable import PART, sync_folder
from coincide.store.errors import BackupDamaged, BackupThere, ForeignBackup
from coincide.store.failpoint import failpoint

FORMAT = "coincide-backup"
VERSION = 1
MANIFEST = "manifest.json"
_MOST = 1 << 28
"""Bytes of the longest list that is read."""
_PIECE = 1 << 20
_PART = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: ``about`` as whoever made it wrote it; ``files``: size and SHA-256 by name."""

    about: Mapping[str, Any]
    files: Mapping[str, tuple[int, str]]


def write(target: Path, folder: Path, about: Mapping[str, Any]) -> Manifest:
    """Writes all files below ``folder`` into a new backup, durably when this returns.

    Raises ``BackupThere``, ``DiskFull``, ``NotWritable``.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): (path.stat().st_size, _hash(path)) for path in paths}
    manifest = Manifest(about, files)
    part = target.with_name(target.name + PART)
    with translated(str(target)):
        try:
            part.unlink(missing_ok=True)
            with private(part) as file:
                with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=6) as tar:
                    _add(tar, MANIFEST, _encoded(manifest))
                    for name in files:
                        _add(tar, name, folder / name)
                file.flush()
                os.fsync(file.fileno())
            # A death here leaves a whole `.part` file, which the next backup of this name replaces.
            failpoint("backup-written")
            if target.exists():
                raise BackupThere(str(target))
            part.replace(target)
        except (OSError, BackupThere):
            part.unlink(missing_ok=True)
            raise
        # A death here leaves the backup or, after a power cut, none under its name.
        failpoint("backup-named")
        sync_folder(target.parent)
    failpoint("backup-durable")
    return manifest


def unpack(source: Path, folder: Path) -> Manifest:
    """Puts the files of a backup below ``folder``, each compared with its hash and durable but for its name.

    Raises ``ForeignBackup``, ``BackupDamaged``, ``DiskFull``, ``NotWritable``.
    """
    with _understood(source), _opened(source) as tar:
        manifest = _manifest(source, tar)
        left = dict(manifest.files)
        while (member := tar.next()) is not None:
            # Only files, and only those listed, each once: no links, devices, or second files of a name.
            if not member.isreg() or member.name not in left:
                raise BackupDamaged(str(source), f"`{member.name[:80]}` is not in its list")
            size, digest = left.pop(member.name)
            content = tar.extractfile(member)
            assert content is not None
            if _put(folder / member.name, content, size) != (size, digest):
                raise BackupDamaged(str(source), f"`{member.name}` is not what was written")
        if left:
            raise BackupDamaged(str(source), f"`{min(left)}` is missing, of {len(left)} files")
        # To the very end, where the checksum over everything is, the list included.
        while tar.fileobj is not None and tar.fileobj.read(_PIECE):
            pass
    return manifest


def _manifest(source: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > _MOST:
        raise ForeignBackup(str(source), f"it does not begin with `{MANIFEST}`")
    content = tar.extractfile(first)
    assert content is not None
    try:
        plain = json.loads(content.read())
        if plain["format"] != FORMAT or plain["version"] != VERSION:
            raise ForeignBackup(str(source), f"it is of the form {plain['format']} {plain['version']}")
        files = {str(one["name"]): (int(one["size"]), str(one["sha256"])) for one in plain["files"]}
        about = dict(plain["about"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ForeignBackup(str(source), "its list cannot be read") from error
    wrong = next((name for name in files if not _NAME.fullmatch(name) or name == MANIFEST), None)
    if wrong is not None or len(files) != len(plain["files"]):
        raise ForeignBackup(str(source), f"its list has the name `{str(wrong)[:80]}`")
    return Manifest(about, files)


def _encoded(manifest: Manifest) -> bytes:
    files = [{"name": name, "size": size, "sha256": digest} for name, (size, digest) in manifest.files.items()]
    plain = {"format": FORMAT, "version": VERSION, "about": dict(manifest.about), "files": files}
    return json.dumps(plain, indent=1).encode()


def _add(tar: tarfile.TarFile, name: str, content: bytes | Path) -> None:
    # No owner, no time: nothing about the machine, and the same state gives the same members.
    info = tarfile.TarInfo(name)
    info.mode = 0o600
    if isinstance(content, bytes):
        import io

        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
        return
    with content.open("rb") as file:
        info.size = os.fstat(file.fileno()).st_size
        tar.addfile(info, file)


def _put(path: Path, content: IO[bytes], size: int) -> tuple[int, str]:
    """Writes a file for its owner alone, at most a little more than it should have: what it had, and its hash."""
    hashed, length = hashlib.sha256(), 0
    with translated(str(path)):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private(path) as file:
            while length <= size and (piece := content.read(_PIECE)):
                hashed.update(piece)
                length += len(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    return length, hashed.hexdigest()


def _opened(source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(source, "r:gz")
    except tarfile.TarError as error:
        raise ForeignBackup(str(source), "it is no compressed tar") from error


@contextmanager
def _understood(source: Path) -> Iterator[None]:
    """What goes wrong in the midst of an archive, in our words."""
    try:
        yield
    except (EOFError, zlib.error, tarfile.TarError) as error:
        raise BackupDamaged(str(source), "it ends too early, or was changed") from error
    except OSError as error:
        # A checksum that is wrong comes as an OSError without a number.
        if error.errno is None:
            raise BackupDamaged(str(source), "it ends too early, or was changed") from error
        raise


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def private(path: Path) -> BinaryIO:
    """A new file, for its owner alone from its first byte."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")

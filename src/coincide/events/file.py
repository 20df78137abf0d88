"""Files of a source: which there are, and how to see that one has changed. DESIGN: "How it runs".

A stamp is what a scan remembers of a file. Two equal stamps mean "read already": size, time of change and a
hash of the first and the last 64 KB, where Parquet keeps its footer and where a log grows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from coincide.events.errors import NoFiles, UnreadableFile

EDGE = 64 * 1024
"""Bytes hashed at either end of a file."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file as it was when it was looked at.

    ``path`` is POSIX, relative to the workspace, absolute if the file lies outside; ``size`` in bytes;
    ``digest`` is the BLAKE2b hash (32 hexadecimal digits) of the first and last 64 KB.
    """

    path: str
    size: int
    mtime_ns: int
    digest: str


def stamps(folder: Path, globs: str | list[str]) -> list[FileStamp]:
    """The files that the globs match, sorted by path, each once; folders are passed over.

    Raises ``NoFiles`` for a glob that matches nothing and ``UnreadableFile`` for a file that cannot be read.
    """
    paths: set[str] = set()
    for pattern in [globs] if isinstance(globs, str) else globs:
        # `Path.glob` takes no absolute pattern.
        found = [path for path in glob(pattern, root_dir=folder, recursive=True) if path]  # noqa: PTH207
        files = [path for path in found if not (folder / path).is_dir()]
        if not files:
            raise NoFiles(pattern, str(folder))
        paths.update(_shown(folder, path) for path in files)
    return [stamp(folder, path) for path in sorted(paths)]


def stamp(folder: Path, path: str) -> FileStamp:
    """The stamp of one file; ``path`` as in :class:`FileStamp`. Raises ``UnreadableFile``."""
    file = folder / path
    try:
        with file.open("rb") as stream:
            about = file.stat()
            edges = hashlib.blake2b(stream.read(EDGE), digest_size=16)
            if about.st_size > EDGE:
                stream.seek(max(EDGE, about.st_size - EDGE))
                edges.update(stream.read(EDGE))
    except OSError as error:
        raise UnreadableFile(path, reason(error)) from None
    return FileStamp(path, about.st_size, about.st_mtime_ns, edges.hexdigest())


def reason(error: OSError) -> str:
    """What the system said, as the end of a sentence."""
    return (error.strerror or "the system refused").lower()


def _shown(folder: Path, path: str) -> str:
    """A path relative to the workspace if it lies inside, with ``/`` between its parts."""
    file = Path(path)
    if not file.is_absolute():
        return file.as_posix()
    try:
        return file.relative_to(folder.absolute()).as_posix()
    except ValueError:
        return file.as_posix()

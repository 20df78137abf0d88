"""Files as machines outside name them: from the root of the repository, with slashes."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


class Places:
    """The files of one check. ``named``: those that messages call otherwise than from the workspace."""

    def __init__(self, workspace: Path, named: dict[str, Path]) -> None:
        self.workspace = workspace.resolve()
        self.named = named
        self.root = _root(self.workspace)

    def path(self, file: str) -> str:
        """The file from the root of the repository; one that lies outside keeps its whole path."""
        # The links in it are not followed: a file is annotated under the name it has in the repository.
        path = Path(os.path.normpath(self.named.get(file, self.workspace / file).absolute()))
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()

    def uri(self, file: str) -> str:
        """The same as an address: relative (RFC 3986, section 4.2), or ``file:`` outside of the repository."""
        path = self.path(file)
        return Path(path).as_uri() if path.startswith("/") else quote(path, safe="/")


def _root(folder: Path) -> Path:
    """The nearest folder above that is a git checkout (or a worktree of one); else the workspace itself."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)

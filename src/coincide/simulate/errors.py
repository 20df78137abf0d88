"""What can go wrong when a workspace is made for the user."""

from __future__ import annotations

from pathlib import Path

from coincide.errors import CoincideError


class FolderNotEmpty(CoincideError):
    """The folder that a simulated or demo workspace should be written to already holds something.

    Coincide writes such a workspace only into a new or empty folder, so that nothing of yours is overwritten
    or mixed with made-up data. Name another folder, or empty this one.
    """

    code = "COI-U021"
    exit_status = 2

    def __init__(self, folder: Path) -> None:
        super().__init__(f"the folder {folder} is not empty", hint="name a new or empty folder")
        self.folder = folder


class FolderIsFile(CoincideError):
    """The path that a simulated or demo workspace should be written to is a file, or lies below one.

    Name a folder that is new or empty.
    """

    code = "COI-U022"
    exit_status = 2

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is not a folder", hint="name a new or empty folder")
        self.folder = folder


class FilesTooLarge(CoincideError):
    """So few files were asked for that one of them would not fit into memory while it is made.

    A file is made in memory before it is written, so a simulated file holds at most five million rows.
    Ask for more files, or leave ``--files`` out.
    """

    code = "COI-U023"
    exit_status = 2

    def __init__(self, size: int, files: int, least: int) -> None:
        super().__init__(
            f"{size} rows do not fit into {files} file{'' if files == 1 else 's'}", hint=f"--files {least} or more"
        )
        self.size, self.files, self.least = size, files, least

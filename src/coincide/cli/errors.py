"""What can go wrong in commands that no part below answers for."""

from __future__ import annotations

from coincide.errors import CoincideError, Where


class WorkspaceExists(CoincideError):
    """`coincide init` was called for a folder that is a workspace already. Nothing was changed.

    `init` never overwrites. Edit `coincide.toml` by hand, or name another folder.
    """

    code = "COI-U004"
    exit_status = 2

    def __init__(self, file: str) -> None:
        super().__init__(
            "this folder is a workspace already",
            where=Where(file),
            hint="edit the file, or name another folder: `coincide init FOLDER`",
        )


class UnreadableFile(CoincideError):
    """`coincide init` cannot find columns in a file that it was given with `--from`.

    The sentence says why: the file is missing, empty, no text, damaged, or of a format that Coincide does not
    read (it reads CSV, NDJSON and Parquet, and the text formats also with `.gz`).
    """

    code = "COI-U005"
    exit_status = 2

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            f"cannot find columns: {reason}",
            where=Where(file),
            hint="name a file of CSV, NDJSON or Parquet with `--from`",
        )

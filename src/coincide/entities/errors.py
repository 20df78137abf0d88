"""What can be wrong with the pseudonym key and with links between accounts, one class per cause."""

from __future__ import annotations

import shlex
from pathlib import Path

from coincide.errors import CoincideError, Where


class KeyFileOpenToOthers(CoincideError):
    """The file of the pseudonym key can be read or written by other users of the machine.

    Whoever has the key can find the person behind a pseudonym by trying identifiers. Take the others' rights
    away with the command in the hint; if somebody may have read the key, change it: `coincide keys rotate`.
    """

    code = "COI-N001"

    def __init__(self, path: Path, mode: int) -> None:
        self.mode = mode
        super().__init__(
            f"the key file {path} has mode {mode:04o}, so others can get at it",
            where=Where(str(path)),
            hint=f"run: chmod 600 {shlex.quote(str(path))}",
        )


class KeyFileBroken(CoincideError):
    """A line of the key file is not a key.

    Each line is the key's id, a colon and 32 bytes in base64; the last line is the key in use. Put the file
    back from a backup: pseudonyms made with a lost key cannot be traced to anybody again.
    """

    code = "COI-N002"

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(
            f"line {line} of the key file is no key: {reason}",
            where=Where(str(path), line),
            hint="put the file back from a backup",
        )


class KeyFileUnusable(CoincideError):
    """The key file, or the folder it belongs in, cannot be read or written.

    The sentence gives the reason of the operating system. Mend the permissions or the path (`key_file` in
    `coincide.toml`), or give the key in the environment variable `COINCIDE_KEY`.
    """

    code = "COI-N003"
    exit_status = 4

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the key file {path} cannot be used: {reason}",
            where=Where(str(path)),
            hint="mend its permissions, or set COINCIDE_KEY",
        )


class KeyVariableBroken(CoincideError):
    """The environment variable `COINCIDE_KEY` does not hold a key.

    It holds 32 bytes as 64 hexadecimal digits or in base64; several, separated by commas, oldest first, while
    a key is being changed. `openssl rand -hex 32` makes one.
    """

    code = "COI-N004"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"COINCIDE_KEY does not hold a key: {reason}",
            hint="give 32 bytes as 64 hexadecimal digits or base64",
        )


class KeyMissing(CoincideError):
    """The workspace holds pseudonyms, and the key that made them is not there.

    A new key would give everybody a new name, and no alert would fit its actor any more; so none is made. Put
    the key file back from a backup or set `COINCIDE_KEY`.
    """

    code = "COI-N005"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the key file {path} is not there, and the workspace holds pseudonyms made with its key",
            where=Where(str(path)),
            hint="put the file back from a backup, or set COINCIDE_KEY",
        )


class UnknownKey(CoincideError):
    """Something was sealed or named with a key that is not among the keys at hand.

    The sentence gives the key's id. Put the key file that has it back from a backup.
    """

    code = "COI-N006"

    def __init__(self, key_id: str, known: list[str]) -> None:
        self.key_id = key_id
        super().__init__(
            f"the key {key_id} is not at hand; at hand: {', '.join(known)}",
            hint="put back the key file that has it, or set COINCIDE_KEY",
        )


class SealBroken(CoincideError):
    """A sealed identifier does not open: it was altered, or sealed with another key.

    Nothing of it can be shown. Put the key file or the database back from a backup of one time.
    """

    code = "COI-N007"

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(
            f"a sealed identifier does not open with the key {key_id}: altered, or sealed with another key",
            hint="put the database and the key file back from backups of one time",
        )


class KeyInEnvironment(CoincideError):
    """The key cannot be changed here, because it comes from the environment variable `COINCIDE_KEY`.

    Put the new key behind the old one, separated by a comma, and run `coincide keys rotate` again; it moves
    everything to the last one. Then take the old one out.
    """

    code = "COI-N008"
    exit_status = 2

    def __init__(self) -> None:
        super().__init__(
            "the key comes from COINCIDE_KEY, which Coincide cannot change",
            hint="set COINCIDE_KEY to the old key, a comma and a new one, and run this again",
        )


class RotationUnfinished(CoincideError):
    """A change of the key was broken off: the workspace's pseudonyms are still of the old key.

    A scan with the new key would take everybody for somebody else, so it does not run. Run `coincide keys rotate`
    again: it goes on where it stopped, and nothing is lost.
    """

    code = "COI-N009"

    def __init__(self, held: str, current: str) -> None:
        super().__init__(
            f"the pseudonyms kept are of the key {held}, and the key in use is {current}",
            hint="run: coincide keys rotate",
        )

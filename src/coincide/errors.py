"""What can go wrong, said once: a code, one sentence, where, and how to mend it.

Every error that a user can meet is a subclass of :class:`CoincideError`, one class per cause, defined in the
``errors.py`` of the part that finds it. The class docstring is the text of the code's page in the
documentation: what it means, and how to mend it. A caller's mistake inside the code stays a built-in error
(``TypeError``, ``ValueError``); it is a bug, not a message.

Codes are ``COI-`` + the letter of the part + three digits:

====== ==========================================
letter part
====== ==========================================
U      usage of the command line
S      settings and workspace
L      ledger: notes, checkpoints, tiles, receipts
D      database and files that Coincide keeps
E      events: sources, mappings, rows
C      catalog
K      rule packs
N      entities (accounts, actors, keys)
R      rules
A      alerts
W      watching: sources and rules over time
O      obligations: duties to report, as data
P      reports
G      odds: what ordinary behaviour alone gives
T      taps and their network
Q      recorded requests for who was present
====== ==========================================

Rendering (colours, underlines) is the matter of the screens; nothing here prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

CODE = re.compile(r"COI-[USLDECKNRAWOPGTQ]\d{3}")


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a user's file.

    ``line`` and ``column`` count from 1, columns in code points; ``length`` is the number of code points to
    underline; ``text`` is the offending line without its end of line.
    """

    file: str
    line: int | None = None
    column: int | None = None
    length: int = 1
    text: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


class CoincideError(Exception):
    """The root: something that the user can understand and mend.

    Subclasses set ``code`` and build one sentence in ``__init__`` or pass it; ``exit_status`` is what the
    command line ends with (2 usage, 3 input or workspace, 4 the store or the machine).
    """

    code: ClassVar[str] = ""
    exit_status: ClassVar[int] = 3

    def __init__(self, message: str, *, where: Where | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.code and not CODE.fullmatch(cls.code):
            raise TypeError(f"{cls.__name__}.code is {cls.code!r}; expected COI-<letter><three digits>")

    def __str__(self) -> str:
        text = f"{self.code}: {self.message}" if self.code else self.message
        if self.where is not None:
            text = f"{self.where}: {text}"
        return f"{text} ({self.hint})" if self.hint else text


class Problems(CoincideError):
    """Several errors found in one pass, in order of file, line and column: all are reported at once."""

    def __init__(self, problems: list[CoincideError]) -> None:
        self.problems = sorted(problems, key=_position)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} found")


def _position(problem: CoincideError) -> tuple[str, int, int, str]:
    where = problem.where
    if where is None:
        return ("", 0, 0, problem.code)
    return (where.file, where.line or 0, where.column or 0, problem.code)


class UsageError(CoincideError):
    """The command was called in a way it does not take: the sentence names the option and what it expects."""

    code = "COI-U001"
    exit_status = 2


class Interrupted(CoincideError):
    """The run was stopped by the user (Ctrl-C). Nothing of it is half-written; run the same command again.

    A scan keeps its result in one step: stopped before it, nothing of the run is there; stopped after it, while the
    result is printed, all of it is.
    """

    code = "COI-U002"
    exit_status = 130


class InternalError(CoincideError):
    """Coincide itself went wrong: a bug. Nothing of the run was kept.

    The sentence names the place in the code. Set ``COINCIDE_DEBUG=1`` and run the command again to see the
    whole trace, and report it.
    """

    code = "COI-U003"
    exit_status = 70


class NotPermitted(CoincideError):
    """The system does not permit to read or write a file or folder. Nothing of the run was kept.

    Look at the owner and the mode of the file and of the folder it is in, and whether the disk is mounted
    read-only.
    """

    code = "COI-D901"
    exit_status = 4

    def __init__(self, file: str | None) -> None:
        place = f"`{file}`" if file else "a file"
        super().__init__(f"no permission to use {place}", hint="look at the owner and mode of the file and its folder")


class FileTrouble(CoincideError):
    """The system refused to read or write a file for another reason, which the sentence names.

    Mostly a file that went away while it was read, a folder where a file is expected, or too many open files.
    """

    code = "COI-D902"
    exit_status = 4

    def __init__(self, file: str | None, reason: str) -> None:
        place = f" `{file}`" if file else ""
        super().__init__(f"cannot use the file{place}: {reason}")


class OutOfMemory(CoincideError):
    """The machine has not enough memory for the run. Nothing of the run was kept.

    Give the workspace less (`memory = "1GB"`, `threads = 1`), or the machine more.
    """

    code = "COI-D903"
    exit_status = 4

    def __init__(self) -> None:
        super().__init__("not enough memory", hint="set `memory` and `threads` in coincide.toml to less")

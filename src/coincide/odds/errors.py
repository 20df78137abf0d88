"""What can go wrong with odds: codes ``COI-G0nn``."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.errors import CoincideError


class SeveralRules(CoincideError):
    """A file was given to `coincide backtest` that holds more than one rule, or none.

    A backtest is of one rule. Name the rule by its id, if it is one of the workspace's or of a pack's, or put it into a
    file of its own.
    """

    code = "COI-G020"
    exit_status = 2

    def __init__(self, file: str, rules: Sequence[str]) -> None:
        holds = f"{len(rules)} rules ({', '.join(rules)})" if rules else "no rule"
        super().__init__(f"{file} holds {holds}; a backtest is of one", hint="give the id of one rule of the workspace")


class PageIsThere(CoincideError):
    """The file that a page (`--html`) is to be written to is there already.

    Nothing is written over. Name another file, or take the old one away.
    """

    code = "COI-G040"

    def __init__(self, file: str) -> None:
        super().__init__(f"the file {file} is there already, and is not written over", hint="name another file")

"""What can go wrong with odds: codes ``COI-G0nn``."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.errors import CoincideError, Where


class SheetUnreadable(CoincideError):
    """A table of dispositions is not the CSV that is expected: it has no header, other columns, or no text in UTF-8.

    A table of decided alerts has the columns `alert` and `disposition`; a sample below the line is the file that
    `coincide alerts sample --below` wrote, with its column `disposition` filled in. Further columns do no harm, and
    commas or semicolons may be between. The sentence says what is missing.
    """

    code = "COI-G001"
    exit_status = 3

    def __init__(self, what: str, where: Where, columns: Sequence[str]) -> None:
        needed = ", ".join(f"`{name}`" for name in columns)
        super().__init__(what, where=where, hint=f"the first line names the columns, among them {needed}")


class UnknownDisposition(CoincideError):
    """A table of dispositions has a word in its column `disposition` that is none.

    Dispositions are `benign`, `inconclusive` and `suspicious`; an empty cell is one that nobody has decided. Nothing of
    the table is counted until the line that is named is mended.
    """

    code = "COI-G002"
    exit_status = 3

    def __init__(self, word: str, where: Where) -> None:
        super().__init__(
            f"`{word}` is no disposition",
            where=where,
            hint="write benign, inconclusive or suspicious, or leave it empty",
        )


class UnknownAlert(CoincideError):
    """A table of dispositions names an alert that is not in the store, or one that is not open or decided any more.

    Alerts are named as `coincide alerts` lists them, `A-12`. A table of another workspace would say something about
    other rules. Superseded and withdrawn alerts are found no more, so that nobody can have been right about them.
    """

    code = "COI-G003"
    exit_status = 3

    def __init__(self, name: str, where: Where) -> None:
        super().__init__(
            f"there is no alert `{name}` to be decided",
            where=where,
            hint="`coincide alerts --status all` lists them all",
        )


class NamedTwice(CoincideError):
    """A table of dispositions names the same alert, or the same actor of a sample, in two lines.

    Which of the two lines holds cannot be told, and to count both would count one decision twice. Take one out.
    """

    code = "COI-G004"
    exit_status = 3

    def __init__(self, name: str, first: int, where: Where) -> None:
        super().__init__(f"`{name}` stands in line {first} already", where=where, hint="take one of the two lines out")


class NothingBelow(CoincideError):
    """Nothing can be said to lie just below the line of this rule, so there is nothing to draw a sample from.

    That is so for ratios, where two counts decide and no single event is missing; and for rules that hold at one
    component, one observation or a limit of 0, below which there is nothing at all. The sentence says which.
    """

    code = "COI-G005"
    exit_status = 3

    def __init__(self, rule: str, why: str) -> None:
        self.why = why
        super().__init__(f"nothing lies just below `{rule}`: {why}", hint="draw a sample for another rule")


class SampleExists(CoincideError):
    """There is a file where the sample is to be written, and somebody may have filled it in.

    A sample is never written over another file. Name a new one, or move the old one away.
    """

    code = "COI-G006"
    exit_status = 2

    def __init__(self, file: str) -> None:
        super().__init__(f"`{file}` is there already", hint="name another file with `--out`")


class SampleMixed(CoincideError):
    """The lines of one rule in a sample say different things about how many lie below the line in all.

    Each line repeats that number, because an estimate needs it. Lines of two samples were put together, or a number was
    changed. Estimate from each sample by itself, as it was written.
    """

    code = "COI-G007"
    exit_status = 3

    def __init__(self, what: str, where: Where) -> None:
        super().__init__(what, where=where, hint="estimate from one sample at a time, with its numbers as written")


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


class NothingToPlace(CoincideError):
    """`coincide places` needs a source of taps that name their stop or line, and a source of incidents that do.

    Map `place` or `line` of a source of kind `tap`, and of one of kind `incident`; see the guide on sending stewards.
    """

    code = "COI-G041"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"no source has events of kind `{kind}` with a `place` or a `line`",
            hint=f'map the columns of a source with `kind = "{kind}"`',
        )

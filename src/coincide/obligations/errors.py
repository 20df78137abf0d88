"""What can be wrong with obligations: codes ``COI-O0nn``."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from coincide.errors import CoincideError, Where


class ObligationError(CoincideError):
    """The root of everything that can be wrong in a file of an obligation."""


class NotAnObligation(ObligationError):
    """A file of an obligation cannot be read: it is missing, too large, no UTF-8, or no YAML as it is read here.

    The sentence says which. Each document of such a file is one mapping that starts with `obligation:`. Anchors,
    aliases, tags, directives and keys that stand twice are not read; a text that holds `: ` or ` #` needs quotes.
    """

    code = "COI-O001"

    def __init__(self, reason: str, *, where: Where, hint: str | None = None) -> None:
        super().__init__(f"this file of an obligation cannot be read: {reason}", where=where, hint=hint)


class UnknownObligationKey(ObligationError):
    """An obligation has a key that obligations do not have there, mostly a misspelt one.

    It is refused, because a misspelt key would silently leave out what it says. The reference of obligations lists
    all keys.
    """

    code = "COI-O002"

    def __init__(self, key: str, known: Iterable[str], *, where: Where) -> None:
        names = sorted(known)
        near = get_close_matches(key.lower(), names, n=1, cutoff=0.7)
        hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(names)}"
        super().__init__(f"an obligation has no key `{key[:60]}` here", where=where, hint=hint)


class MissingObligationKey(ObligationError):
    """An obligation lacks something that it must have, for instance the source in which the law can be read.

    A duty without article, source and the note who checked it (or `unchecked`) is nobody's word: whoever reports
    under it could not say why. Add the key that the sentence names; the reference of obligations says what it holds.
    """

    code = "COI-O003"

    def __init__(self, key: str, says: str, *, where: Where) -> None:
        super().__init__(f"an obligation needs `{key}`: {says}", where=where)


class WrongObligationValue(ObligationError):
    """A value of an obligation is not one that can stand there: of another type, empty, or not one of a few words.

    The sentence says what is expected. Dates are written `2026-01-31`.
    """

    code = "COI-O004"

    def __init__(self, key: str, reason: str, *, where: Where) -> None:
        super().__init__(f"`{key}` {reason}", where=where)


class DuplicateObligation(ObligationError):
    """Two obligations of the workspace have one id.

    Reports and rules name an obligation by its id. Rename one of the two. An obligation that Coincide brings may be
    replaced by one of the same id, once: that is how a workspace writes down that somebody has checked it.
    """

    code = "COI-O005"

    def __init__(self, obligation: str, first: str, *, where: Where) -> None:
        super().__init__(
            f"two obligations have the id `{obligation}`, the other is at {first}",
            where=where,
            hint="rename one of them",
        )


class RulesStayRefused(ObligationError):
    """A workspace replaces an obligation that no rule may name as its basis by one that rules may name.

    A law that gives no basis for looking for people in the data gives none in another wording of its summary either.
    Write `rules: {may: none, because: ...}` as in the obligation that is replaced, or give yours an id of its own.
    """

    code = "COI-O006"

    def __init__(self, obligation: str, because: str, *, where: Where) -> None:
        super().__init__(
            f"no rule may name `{obligation}` as its basis, in no replacement of it either: {because}", where=where
        )


class UnknownObligation(ObligationError):
    """There is no obligation of this id.

    `coincide obligations` lists those that Coincide brings and those of the workspace.
    """

    code = "COI-O007"
    exit_status = 2

    def __init__(self, obligation: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(obligation, names, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(names)}"
        super().__init__(f"there is no obligation `{obligation[:60]}`", hint=hint)


class UnknownGround(ObligationError):
    """The obligation has no ground of this letter.

    `coincide obligations ID` lists the grounds that the law names. What is none of them is no ground under this
    obligation.
    """

    code = "COI-O008"
    exit_status = 2

    def __init__(self, ground: str, obligation: str, letters: Iterable[str]) -> None:
        known = ", ".join(letters)
        hint = f"its grounds are: {known}" if known else "it names no grounds"
        super().__init__(f"`{obligation}` has no ground `{ground[:60]}`", hint=hint)


class NoItems(ObligationError):
    """The file that lists which goods an obligation is about is missing.

    Without it nobody can tell whether anything in the data is such a good, so no report is drafted under the
    obligation. `items.file` is relative to the workspace.
    """

    code = "COI-O009"

    def __init__(self, file: str, obligation: str, folder: str) -> None:
        super().__init__(f"`{obligation}` is about the goods of `{file}`, and there is no such file in {folder}")

"""What can go wrong between a workspace's parts: codes of the workspace (S) that only appear when it is run."""

from __future__ import annotations

from coincide.errors import CoincideError, Where


class NoRules(CoincideError):
    """No rule file was found, so there is nothing to look for.

    Rules are the YAML files that ``rules`` of ``coincide.toml`` names (``rules/*.yaml`` by default). Begin one with
    ``coincide rules new NAME``.
    """

    code = "COI-S020"

    def __init__(self, globs: list[str], folder: str) -> None:
        super().__init__(
            f"no rule file matches {', '.join(f'`{glob}`' for glob in globs)}",
            where=Where(folder),
            hint="begin a rule with `coincide rules new NAME`",
        )


class NoSources(CoincideError):
    """The workspace maps no source, so there is nothing to read.

    Add a ``[sources.NAME]`` section to ``coincide.toml``; ``coincide init`` writes one from the files it finds.
    """

    code = "COI-S021"

    def __init__(self, file: str) -> None:
        super().__init__(
            "no source is mapped", where=Where(file), hint="add a `[sources.NAME]` section, or run `coincide init`"
        )


class UnknownRule(CoincideError):
    """A rule was named that the workspace does not have.

    ``--rule`` takes the id behind ``rule:`` in a rule file.
    """

    code = "COI-S022"
    exit_status = 2

    def __init__(self, name: str, known: list[str], near: str | None) -> None:
        hint = f"did you mean `{near}`?" if near else f"rules here: {', '.join(known) or 'none'}"
        super().__init__(f"there is no rule `{name}` in this workspace", hint=hint)


class RetiredRule(CoincideError):
    """A retired rule was named; retired rules never run.

    Set its ``status`` to ``draft`` to try it.
    """

    code = "COI-S023"
    exit_status = 2

    def __init__(self, name: str) -> None:
        super().__init__(f"rule `{name}` is retired and does not run", hint="set `status: draft` to try it")


class UnknownSource(CoincideError):
    """A source was named that the workspace does not have.

    Sources are the ``[sources.NAME]`` sections of ``coincide.toml``.
    """

    code = "COI-S024"
    exit_status = 2

    def __init__(self, name: str, known: list[str], near: str | None) -> None:
        hint = f"did you mean `{near}`?" if near else f"sources here: {', '.join(known)}"
        super().__init__(f"there is no source `{name}` in this workspace", hint=hint)


class ImportThere(CoincideError):
    """The folder that an import should write is there already, and not empty; an import replaces nothing.

    Name a new folder. If the files in it are of an earlier import that is no longer wanted, remove them first.
    """

    code = "COI-S025"
    exit_status = 2

    def __init__(self, folder: str) -> None:
        super().__init__("the folder is there and not empty", where=Where(folder), hint="name a folder that is new")


class NobodysSource(CoincideError):
    """The source maps no account, so there is nothing to make pseudonyms of and nothing to part its rows by.

    Incidents are nobody's and are read as they are. Of taps, map the token: ``columns.account``.
    """

    code = "COI-S026"
    exit_status = 3

    def __init__(self, name: str, file: str) -> None:
        super().__init__(
            f"source `{name}` maps no account, so there is nothing to make pseudonyms of",
            where=Where(file),
            hint="map `account`, or read the source as it is",
        )


class IdentifierLeft(CoincideError):
    """A field that would be written as it is, is made of a column that also names the account or a link.

    Beside the pseudonym would stand what it is a pseudonym of, and the files would be worth no more than the ones they
    are made from. Make the field of other columns, for instance the event's id of device and sequence.
    """

    code = "COI-S027"
    exit_status = 3

    def __init__(self, source: str, field: str, column: str, file: str) -> None:
        super().__init__(
            f"`{field}` of source `{source}` is made of column `{column}`, which names the account: an import would "
            "write it beside the pseudonym",
            where=Where(file),
            hint=f"map `{field}` from other columns",
        )


class ForeignToken(CoincideError):
    """A file that an import wrote has an account that belongs into another part.

    Files of an import say which part of the accounts they hold, and are read one after another for that. This one was
    changed since, or its mark was copied to another file. Import the source again.
    """

    code = "COI-S028"
    exit_status = 3

    def __init__(self, source: str, part: int, of: int) -> None:
        super().__init__(
            f"a file of source `{source}` says that it is part {part} of {of} of an import, and holds accounts of "
            "other parts",
            hint="import the source again",
        )

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


class IdsNotUnique(CoincideError):
    """An event id stands for different events: `coincide doctor` saw it with another account or another time.

    Events are named by source, id, account and time, so nothing is lost or merged. But if the id was meant to be
    unique, copies of one event with a changed time are not recognised as copies. Map the columns that name one line
    together, such as `event_id = ["basket_id", "product_id"]`; if the ids start anew in each file, add a column that
    tells the files apart.
    """

    code = "COI-U006"
    exit_status = 1

    def __init__(self, source: str, *, ids: int, rows: int, examples: list[str], where: Where | None) -> None:
        shown = ", ".join(f"`{example}`" for example in examples)
        count = "1 event id stands" if ids == 1 else f"{ids:,} event ids stand"
        super().__init__(
            f"{count} for different events of `{source}` ({rows:,} rows looked at), such as {shown}",
            where=where,
            hint='map all columns that name one line: `event_id = ["basket", "sku"]`',
        )


class UnmappedField(CoincideError):
    """A rule reads a field that no source of its kinds of events maps, so the rule sees it as missing everywhere.

    Map the field in the source's `columns` (or `links`, `attributes`). A rule over components needs `item`,
    `category` or `title`, whichever the rows of the catalog compare for its components.
    """

    code = "COI-U007"
    exit_status = 1

    def __init__(self, rule: str, field: str, *, sources: list[str], where: Where | None) -> None:
        hint = f"map it in {' or '.join(f'`[sources.{name}]`' for name in sources)}"
        super().__init__(f"rule `{rule}` reads {field}, which no source maps", where=where, hint=hint)


class NoSourceOfKind(CoincideError):
    """A rule looks at a kind of events that no source has, so it can never raise an alert.

    Give a source that `kind`, or change `events:` of the rule.
    """

    code = "COI-U008"
    exit_status = 1

    def __init__(self, rule: str, kinds: tuple[str, ...], *, where: Where | None) -> None:
        super().__init__(
            f"rule `{rule}` looks at {' and '.join(f'`{kind}`' for kind in kinds)}, and no source has such events",
            where=where,
            hint="give a source that `kind`, or change `events:` of the rule",
        )


class UnusableRows(CoincideError):
    """Rows of a source cannot be used as they are; a scan puts those that a rule selects into quarantine.

    The sentence names the reason and the place of the first such row. A few are usual in a log of years; if it is most
    of them, a column is mapped wrongly, or `timezone`, `time_unit` or `delimiter` is. `coincide quarantine` shows each
    one after a scan.
    """

    code = "COI-U009"
    exit_status = 1

    def __init__(self, source: str, *, reason: str, rows: int, looked_at: int, where: Where | None) -> None:
        super().__init__(
            f"{rows:,} of {looked_at:,} rows looked at in `{source}` cannot be used: {reason}",
            where=where,
            hint="look at the row; if it is most of them, the column is mapped wrongly",
        )


class UnknownNamespace(CoincideError):
    """`accounts` of a `[links.NAME]` section names no source, so its identifiers tie nobody together.

    It is the name of a source, or what that source says as its own `accounts`.
    """

    code = "COI-U010"
    exit_status = 1

    def __init__(self, links: str, accounts: str, *, known: list[str], where: Where | None) -> None:
        super().__init__(
            f"`links.{links}` ties accounts of `{accounts}`, which no source has",
            where=where,
            hint=f"known here: {', '.join(known)}" if known else "there is no source yet",
        )

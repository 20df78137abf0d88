"""What can be wrong with a workspace's settings."""

from __future__ import annotations

from coincide.errors import CoincideError, Where


class NoWorkspace(CoincideError):
    """There is no `coincide.toml`, neither in the folder nor in one above it.

    A workspace is a folder with a `coincide.toml`. Make one with `coincide init`, go to the folder that has
    one, or name it with `-w FOLDER`.
    """

    code = "COI-S001"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"no coincide.toml in `{folder}` or a folder above it",
            hint="make a workspace with `coincide init`, or name one with `-w FOLDER`",
        )


class BrokenToml(CoincideError):
    """`coincide.toml` is not valid TOML, so nothing in it could be read.

    The position is where reading stopped; the mistake stands there or a little before: a missing quote,
    bracket or `=`, a key given twice, text that is not UTF-8.
    """

    code = "COI-S002"

    def __init__(self, reason: str, *, where: Where) -> None:
        super().__init__(f"not valid TOML: {reason}", where=where, hint="see https://toml.io for the form")


class UnknownSetting(CoincideError):
    """A setting that does not exist, mostly a misspelt one.

    Unknown settings are refused, because a misspelt one would silently leave the default in force. The
    reference page of the settings lists all that exist.
    """

    code = "COI-S003"

    def __init__(self, name: str, *, known: tuple[str, ...], where: Where | None = None) -> None:
        from difflib import get_close_matches

        last = name.rsplit(".", 1)[-1].removeprefix("COINCIDE_").split("__")[0].lower()
        near = get_close_matches(last, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
        super().__init__(f"unknown setting `{name}`", where=where, hint=hint)


class MissingSetting(CoincideError):
    """A section lacks a setting that it cannot do without.

    Add the named setting to the section; the reference page of the settings says what it holds.
    """

    code = "COI-S004"

    def __init__(self, name: str, *, expected: str, where: Where | None = None) -> None:
        section, _, key = name.rpartition(".")
        place = f"section `[{section}]`" if section else "the workspace"
        super().__init__(f"{place} needs `{key}`", where=where, hint=f"give {expected}")


class WrongType(CoincideError):
    """A setting has a value of another type than it takes: a number for a text, a text for a table.

    The sentence says what is expected. The value itself is not repeated, because it may be secret.
    """

    code = "COI-S005"

    def __init__(self, name: str, *, expected: str, found: str, where: Where | None = None) -> None:
        super().__init__(f"`{name}` must be {expected}, but is {found}", where=where)


class BadSetting(CoincideError):
    """A setting has the right type but a value it does not take, or contradicts another one.

    The sentence says which values are taken.
    """

    code = "COI-S006"

    def __init__(self, name: str, *, reason: str, where: Where | None = None) -> None:
        super().__init__(f"`{name}`: {reason}", where=where)


class UnknownZone(CoincideError):
    """A time zone that the IANA time zone database does not have.

    Zones are named by region and place, such as `Europe/Paris`; `UTC` is one too. Abbreviations such as `PST`
    and offsets such as `+02:00` are not zones.
    """

    code = "COI-S008"

    def __init__(self, name: str, *, zone: str, where: Where | None = None) -> None:
        from difflib import get_close_matches
        from zoneinfo import available_timezones

        near = get_close_matches(zone, sorted(available_timezones()), n=1)
        hint = f"did you mean `{near[0]}`?" if near else "give a name such as `UTC` or `Europe/Paris`"
        super().__init__(f"`{name}`: unknown time zone `{zone}`", where=where, hint=hint)


class UnreadableVariable(CoincideError):
    """An environment variable `COINCIDE_...` holds a list or table that is not valid JSON.

    Lists and tables are given as JSON: `COINCIDE_RULES='["rules/*.yaml"]'`. A single nested setting joins the
    names by two underscores: `COINCIDE_ENTITIES__GROUP_LIMIT=30`.
    """

    code = "COI-S009"

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"the environment variable {variable} is not valid JSON",
            hint=f"lists and tables are given as JSON: {variable}='[\"...\"]'",
        )


class UnreadableWorkspace(CoincideError):
    """`coincide.toml` is there but cannot be read: no permission, or it is a folder.

    Make it a file that you may read.
    """

    code = "COI-S010"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"cannot read `{file}`: {reason}", hint="make it a file that you may read")

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

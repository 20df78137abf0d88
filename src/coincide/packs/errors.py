"""What can be wrong with the choice of rule packs."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from coincide.errors import CoincideError


class UnknownPack(CoincideError):
    """`packs = [...]` names a rule pack that Coincide does not come with.

    `coincide packs` lists those there are. Rules of your own are files of the workspace and need no pack.
    """

    code = "COI-K001"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        known = sorted(known)
        near = get_close_matches(name, known, n=1)
        super().__init__(
            f"there is no rule pack `{name}`",
            hint=f"did you mean `{near[0]}`?" if near else f"there are {', '.join(f'`{one}`' for one in known)}",
        )


class NoSuchPackRule(CoincideError):
    """`[statuses]` names a rule that none of the workspace's packs has.

    The section says what a person made of rules of packs. The status of a rule of your own stands in its file.
    """

    code = "COI-K002"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        known = sorted(known)
        near = get_close_matches(name, known, n=1)
        listed = ", ".join(f"`{one}`" for one in known) or "none: `packs` names no pack with rules"
        super().__init__(
            f"[statuses] names `{name}`, which is no rule of the workspace's packs",
            hint=f"did you mean `{near[0]}`?" if near else f"their rules are {listed}",
        )

"""Who acts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff identifier, in which role, and for which purpose, if that was said.

    On a machine of one user the identifier is the login name, and there is one role.
    """

    id: str
    role: str = "operator"
    purpose: str = ""

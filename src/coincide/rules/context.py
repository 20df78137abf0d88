"""What a rule is checked against: the workspace as far as rules need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coincide.obligations.obligation import Obligation
    from coincide.settings import Attribute, Boundaries, Journeys


def _journeys() -> Journeys:
    from coincide.settings import Journeys

    return Journeys()


@dataclass(frozen=True)
class Context:
    """What exists in the workspace; ``None`` where it is not known, and then not checked.

    ``components``: those of the catalog. ``link_kinds``: those that any source maps. ``lists``: the names of
    the managed lists. ``attributes``: those declared; a rule may read no other. ``obligations``: by id; a rule's
    basis is held against them. ``journeys``: how taps are paired, and when days of service begin; ``boundaries``: on
    which ground unusual days are looked for where no incident was reported.
    """

    components: frozenset[str] | None = None
    link_kinds: frozenset[str] | None = None
    lists: frozenset[str] | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    obligations: Mapping[str, Obligation] | None = None
    journeys: Journeys = field(default_factory=_journeys)
    boundaries: Boundaries | None = None

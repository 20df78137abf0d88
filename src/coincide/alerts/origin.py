"""Where the rules of a scan come from, as far as git knows: asked once for each meaning, when it first runs."""

from __future__ import annotations

from pathlib import Path

from coincide.alerts.asked import Asked
from coincide.rules.git import Origin, Repository, repository
from coincide.store import rule as rules


def origins_of(asked: Asked) -> dict[str, Origin]:
    """The origins of the rules whose commit the store does not know yet, by rule; of those that git knows."""
    with asked.book.database.reading() as connection:
        known = {
            loaded.plan.rule: rules.load(connection, loaded.plan.rule, loaded.plan.fingerprint)
            for loaded in asked.chosen
        }
    origins: dict[str, Origin] = {}
    places: dict[Path, Repository | None] = {}
    for loaded in asked.chosen:
        version = known[loaded.plan.rule]
        if version is not None and version.settled:
            continue
        file = Path(loaded.file)
        if file.parent not in places:
            places[file.parent] = repository(file.parent)
        place = places[file.parent]
        origin = None if place is None else place.origin(file.name)
        if origin is not None:
            origins[loaded.plan.rule] = origin
    return origins

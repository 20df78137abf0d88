"""Where the rules of a scan come from, as far as git knows: asked once for each meaning, when it first runs."""

from __future__ import annotations

from pathlib import Path

from coincide.alerts.asked import Asked
from coincide.rules.git import Origin, repository
from coincide.store import rule as rules


def origins_of(asked: Asked) -> dict[str, Origin]:
    """The origins of the rules whose commit the store does not know yet, by rule; of those that git knows."""
    with asked.book.database.reading() as connection:
        known = {
            loaded.plan.rule: rules.load(connection, loaded.plan.rule, loaded.plan.fingerprint)
            for loaded in asked.chosen
        }
    by_folder: dict[Path, dict[str, list[str]]] = {}
    for loaded in asked.chosen:
        version = known[loaded.plan.rule]
        if version is None or not version.settled:
            file = asked.workspace.folder / loaded.file
            # Those of packs come with Coincide. A file can hold several rules.
            if file.is_file():
                by_folder.setdefault(file.parent, {}).setdefault(file.name, []).append(loaded.plan.rule)
    origins: dict[str, Origin] = {}
    for folder, names in by_folder.items():
        place = repository(folder)
        found = {} if place is None else place.origins(list(names))
        origins |= {rule: origin for name, origin in found.items() for rule in names[name]}
    return origins

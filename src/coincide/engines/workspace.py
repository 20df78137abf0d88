"""A workspace with everything that a run needs, loaded and checked: settings, catalog, lists, rules, sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coincide import settings as settings_module
from coincide.engines.errors import NoRules, NoSources, RetiredRule, UnknownRule
from coincide.rules.context import Context
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Plan, UnusualDay
from coincide.rules.workspace import load_rules, rule_files
from coincide.settings import STATE_FOLDER, WORKSPACE_FILE, Settings, Source

if TYPE_CHECKING:
    from coincide.catalog.catalog import Catalog
    from coincide.catalog.managed_list import ManagedList
    from coincide.events.source import SourceReader
    from coincide.ledger.place import Place
    from coincide.network.load import Loaded
    from coincide.network.network import Network
    from coincide.obligations.load import Loaded as Obligation

RUNNING = ("live", "shadow")


@dataclass(frozen=True)
class Workspace:
    """A folder with its settings; the rest is loaded when it is first asked for and then kept."""

    folder: Path
    settings: Settings

    @property
    def state(self) -> Path:
        """Where Coincide keeps what it keeps."""
        return self.folder / STATE_FOLDER

    @property
    def key_file(self) -> Path:
        """The file of the pseudonym key."""
        return self.folder / self.settings.key_file

    @property
    def ledger(self) -> Place:
        """Where the ledger is."""
        from coincide.ledger.place import Place

        wanted = self.settings.ledger
        return Place(self.folder / wanted.folder, self.folder / wanted.key_file, wanted.origin)

    @cached_property
    def catalog(self) -> Catalog:
        """Items to components."""
        from coincide.catalog.catalog import load as load_catalog

        return load_catalog(self.folder, self.settings.catalog, self.settings.packs)

    @cached_property
    def lists(self) -> dict[str, ManagedList]:
        """Managed lists by name."""
        from coincide.catalog.managed_list import load as load_lists

        return load_lists(self.folder, self.settings.lists, self.settings.packs)

    @cached_property
    def obligations(self) -> dict[str, Obligation]:
        """Obligations to report by id: ours, and the workspace's own. Raises ``Problems``."""
        from coincide.obligations.load import load as load_obligations

        return load_obligations(self.folder, self.settings.obligations)

    @cached_property
    def network(self) -> Loaded | None:
        """Stops and lines of the feed, and what is odd about it; ``None`` where settings name none.

        Raises what is in :mod:`coincide.network.errors`.
        """
        from coincide.network.load import load as load_network

        section = self.settings.network
        return None if section is None else load_network(self.folder / section.gtfs, section.line, shown=section.gtfs)

    @property
    def network_version(self) -> str | None:
        """What tells one network from another, without reading it; ``None`` where settings name none.

        Raises ``NoFeed``, ``UnreadableFeed``.
        """
        from coincide.network.load import version

        section = self.settings.network
        return None if section is None else version(self.folder / section.gtfs, section.line, shown=section.gtfs)

    def network_for(self, plans: Iterable[Plan]) -> Network | None:
        """Stops and lines, where one of the rules is about days of riding and the settings name a feed."""
        asked = any(isinstance(plan.condition, UnusualDay) for plan in plans)
        return self.network.network if asked and self.network is not None else None

    @cached_property
    def readers(self) -> dict[str, SourceReader]:
        """A reader for each source, by name, in order of name. Raises ``NoSources``."""
        from coincide.events.source import SourceReader

        if not self.settings.sources:
            raise NoSources(str(self.folder / WORKSPACE_FILE))
        return {
            name: SourceReader(name, source, self.folder, self.settings.attributes)
            for name, source in sorted(self.settings.sources.items())
        }

    def readers_of(self, kind: str) -> list[tuple[SourceReader, Source]]:
        """The sources that may hold events of a kind, in order of name, each with its reader."""
        sources = self.settings.sources
        return [(reader, sources[name]) for name, reader in self.readers.items() if sources[name].may_hold(kind)]

    @cached_property
    def master_data(self) -> dict[str, SourceReader]:
        """A reader for each ``[links.NAME]`` section, by name, in order of name."""
        from coincide.events.source import SourceReader

        return {name: SourceReader(name, part, self.folder) for name, part in sorted(self.settings.links.items())}

    @cached_property
    def rules(self) -> list[LoadedRule]:
        """All rules, by file, those of packs last. Raises ``NoRules``, and what ``load_rules`` does."""
        found = load_rules(self.folder, self.settings, self.context)
        if not found and not rule_files(self.folder, self.settings):
            raise NoRules(self.settings.rules, str(self.folder))
        return found

    @property
    def context(self) -> Context:
        """What rules are checked against."""
        kinds = {kind for source in self.settings.sources.values() for kind in source.links}
        kinds |= {kind for part in self.settings.links.values() for kind in part.links}
        return Context(
            components=self.catalog.components,
            link_kinds=frozenset(kinds),
            lists=frozenset(self.lists),
            attributes=self.settings.attributes,
            obligations={id_: loaded.obligation for id_, loaded in self.obligations.items()},
            journeys=self.settings.journeys,
            boundaries=self.settings.boundaries,
        )

    def chosen(self, names: tuple[str, ...] = ()) -> list[LoadedRule]:
        """The rules that a run takes: those named, else all that are live or in shadow; by id.

        Raises ``UnknownRule``, ``RetiredRule``.
        """
        by_id = {loaded.plan.rule: loaded for loaded in self.rules}
        if not names:
            return [by_id[name] for name in sorted(by_id) if by_id[name].rule.status in RUNNING]
        for name in names:
            if name not in by_id:
                near = get_close_matches(name, by_id, n=1)
                raise UnknownRule(name, sorted(by_id), near[0] if near else None)
            if by_id[name].rule.status == "retired":
                raise RetiredRule(name)
        return [by_id[name] for name in sorted(set(names))]

    @property
    def mapping_version(self) -> str:
        """A hash of everything in the settings that changes what rows mean."""
        meaning = self.settings.model_dump_json(include={"sources", "links", "entities", "attributes"})
        return hashlib.sha256(meaning.encode()).hexdigest()[:16]

    @property
    def lists_version(self) -> str:
        """A hash of all managed lists."""
        text = "\n".join(f"{name} {known.version}" for name, known in sorted(self.lists.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def open_workspace(folder: Path) -> Workspace:
    """The workspace in ``folder``, its presets fitted to its files. Raises what is wrong with its settings."""
    settings = settings_module.load(folder)
    if any(source.preset for source in settings.sources.values()):
        from coincide.events.preset import fitted

        settings = fitted(settings, folder)
    return Workspace(folder, settings)

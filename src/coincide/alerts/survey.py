"""What changed since the last scan of the same meaning, and what that makes necessary to read.

A *scope* is one way of looking: which rules in which meaning, mapped how, with which catalog and lists. Inside a
scope only files can change; whatever else changes makes another scope, in which everything is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from coincide.alerts import service
from coincide.alerts.reconcile import Cause
from coincide.alerts.region import reading, region
from coincide.detect.detect import Region
from coincide.engines.embedded.run import Changed, Wider
from coincide.engines.workspace import Workspace
from coincide.events.file import FileStamp
from coincide.requests.register import in_force
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Plan, Presence, UnusualDay
from coincide.store import scan as scans
from coincide.store.file import FileState

_DAY_US = 86_400_000_000
LINKS = "links."
"""Master data stands beside the sources under this prefix, which no source's name can have."""

Known = Mapping[tuple[str, str], FileState]
Spans = Callable[[Plan, frozenset[tuple[str, str]] | None], Iterable[tuple[int, int]]]
"""First and last hits of the stored alerts of a rule, of these actors or of all."""


@dataclass(frozen=True)
class Scope:
    """``selection``: the rules named, or ``all``; ``versions``: of everything that gives rows their meaning."""

    selection: str
    versions: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the store keeps files under."""
        return f"{self.selection}@{digest(self.versions)}"


@dataclass(frozen=True)
class Survey:
    """The files there are now, and those of them that the last scan of the scope does not know as they are."""

    stamps: Mapping[str, tuple[FileStamp, ...]]
    fresh: Mapping[str, tuple[FileStamp, ...]]
    gone: tuple[FileState, ...]
    replaced: tuple[FileState, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to read or to take out."""
        return bool(self.gone) or any(self.fresh.values())

    @property
    def causes(self) -> list[Cause]:
        """What changed about files, in words."""
        new = sum(map(len, self.fresh.values())) > len(self.replaced)
        parts = ((new, Cause.NEW_FILE), (self.replaced, Cause.FILE_CHANGED), (self.gone, Cause.FILE_REMOVED))
        return [cause for there, cause in parts if there]

    @property
    def known(self) -> dict[str, tuple[FileStamp, ...]]:
        """The files of sources (not master data) that are as they were, by source."""
        return {
            name: tuple(stamp for stamp in stamps if stamp not in self.fresh[name])
            for name, stamps in self.stamps.items()
            if not name.startswith(LINKS)
        }


def digest(value: object) -> str:
    """A short hash of a plain value."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def scope_of(
    workspace: Workspace, names: tuple[str, ...], chosen: list[LoadedRule], connection: Connection, now_us: int
) -> Scope:
    """The scope of a scan of these rules as the workspace is now."""
    suppressions = service.suppressions(connection)
    # Rows of the catalog that bear on no component of these rules change nothing.
    components = sorted({name for loaded in chosen for name in loaded.plan.tagged or ()})
    versions = {
        "catalog": {name: workspace.catalog.versions.get(name) for name in components},
        "lists": workspace.lists_version,
        "mapping": workspace.mapping_version,
        "rules": {loaded.plan.rule: loaded.plan.fingerprint for loaded in chosen},
        "separations": digest(service.separations(connection)),
        "suppressions": digest([(one.rule, one.actor, one.until) for one in suppressions]),
    }
    # Only where a rule asks for them, so that of all others nothing changes with them.
    conditions = [loaded.plan.condition for loaded in chosen]
    if any(isinstance(condition, Presence) for condition in conditions):
        versions["requests"] = [request.name for request in in_force(connection, now_us)]
    if any(isinstance(condition, UnusualDay) for condition in conditions):
        network = workspace.network_version
        versions |= {} if network is None else {"network": network}
    return Scope("rules:" + ",".join(sorted(set(names))) if names else "all", versions)


def causes_between(scope: Scope, before: scans.Scan | None) -> list[Cause]:
    """Why a scan of this scope may find something else than the last one of the same selection."""
    if before is None:
        return [Cause.FIRST_SCAN]
    parts = (
        ("mapping", Cause.MAPPING_CHANGED),
        ("catalog", Cause.CATALOG_CHANGED),
        ("lists", Cause.LISTS_CHANGED),
        ("separations", Cause.ENTITIES_CHANGED),
        ("requests", Cause.REQUESTS_CHANGED),
        ("network", Cause.NETWORK_CHANGED),
        ("rules", Cause.RULE_CHANGED),
    )
    changed = {part for part, _ in parts if before.versions.get(part) != scope.versions.get(part)}
    if not _differ(before.versions.get("catalog"), scope.versions["catalog"]):
        changed.discard("catalog")
    return [cause for part, cause in parts if part in changed]


def _differ(before: object, now: Mapping[str, str | None]) -> bool:
    """Whether a component that rules named before is another one now; that they name others is the rules' matter."""
    return not isinstance(before, dict) or any(before[name] != now[name] for name in before.keys() & now.keys())


def survey(workspace: Workspace, known: Known) -> Survey:
    """Look at all files of all sources and of master data. Raises the errors of ``events`` that name a file."""
    stamps = {name: tuple(reader.files()) for name, reader in workspace.readers.items()}
    for name, reader in workspace.master_data.items():
        stamps[f"{LINKS}{name}"] = tuple(reader.files())
    fresh = {
        name: tuple(s for s in found if not _same(workspace.folder, s, known.get((name, s.path))))
        for name, found in stamps.items()
    }
    there = {(name, stamp.path) for name, found in stamps.items() for stamp in found}
    gone = tuple(state for key, state in known.items() if key not in there)
    replaced = tuple(
        known[(name, stamp.path)] for name, found in fresh.items() for stamp in found if (name, stamp.path) in known
    )
    return Survey(stamps, fresh, gone, replaced)


def whole(folder: Path, stamp: FileStamp) -> str:
    """A hash of all of a file: for one so new that size and time prove nothing."""
    with (folder / stamp.path).open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").hexdigest()


def _same(folder: Path, stamp: FileStamp, state: FileState | None) -> bool:
    if state is None or (stamp.size, stamp.mtime_ns) != (state.size, state.mtime_ns):
        return False
    return whole(folder, stamp) == state.digest if state.racy else stamp.digest == state.digest


def everything(found: Survey, plans: Iterable[Plan]) -> Wider:
    """All other files, all times, all actors."""
    return Wider(found.known, {plan.rule: Region() for plan in plans}, touched_only=False, whole=True)


def widened(found: Survey, known: Known, plans: Iterable[Plan], changed: Changed, spans: Spans) -> Wider:
    """What the changed files touch, and which of the others must be read again to decide it.

    Of files that are gone or were replaced only the times are known, not whose rows they held: then all actors
    are decided again in those times; otherwise only those that have rows in the new files.
    """
    plans = list(plans)
    lost = [(s.first_at, s.last_at) for s in (*found.gone, *found.replaced) if s.first_at is not None]
    times = [time for pair in (*lost, (changed.first_at, changed.last_at)) for time in pair if time is not None]
    if not times:
        return Wider({}, {plan.rule: Region(1, 0) for plan in plans}, touched_only=True)
    first, last = min(times), max(times)
    # The days whose copies and observations are counted anew are read whole.
    low, high = first // _DAY_US * _DAY_US, last // _DAY_US * _DAY_US + _DAY_US - 1
    regions = {}
    for plan in plans:
        touched = None if lost else changed.actors[plan.rule]
        regions[plan.rule] = region(plan, first, last, spans(plan, touched))
        begin, end = reading(plan, regions[plan.rule])
        low, high = min(low, begin), max(high, end)
    needed = {
        name: tuple(stamp for stamp in stamps if _overlaps(known[(name, stamp.path)], low, high))
        for name, stamps in found.known.items()
    }
    return Wider(needed, regions, touched_only=not lost)


def others(found: Survey, known: Known, wider: Wider) -> dict[str, tuple[FileStamp, ...]]:
    """The files that are as they were and are not read again, where any rule of the scope has rows in them."""
    return {
        name: tuple(
            stamp
            for stamp in stamps
            if stamp not in wider.files.get(name, ()) and known[(name, stamp.path)].first_at is not None
        )
        for name, stamps in found.known.items()
    }


def _overlaps(state: FileState, low: int, high: int) -> bool:
    return state.first_at is not None and state.last_at is not None and state.first_at <= high and state.last_at >= low

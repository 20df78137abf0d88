"""A scan: what changed since the last one, what that touches, and the one transaction that keeps the result.

The steps, in order: look at the files; if nothing changed, stop; decide what must be read; run the engine; turn
identifiers into pseudonyms; reconcile what was found with the stored alerts; commit. ``store.commit`` says what a
death at each moment leaves. In the end the open alerts are those of one scan over all files, whatever came in
which order. DESIGN: sections 5 to 7.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from sqlalchemy import Connection

from coincide.alerts import register, service
from coincide.alerts.alert import Alert, Facts, Finding, finding_of, iso
from coincide.alerts.pseudonyms import Pseudonyms
from coincide.alerts.reconcile import Cause, reconcile
from coincide.alerts.region import reading, region, width
from coincide.detect.episode import Episode
from coincide.engines.embedded.links import Links
from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.run import Changed, Run, Task, Wider, run
from coincide.engines.workspace import Workspace
from coincide.entities import key as keys
from coincide.entities.actors import Actors, Separation
from coincide.entities.link import link
from coincide.entities.version import EntityVersion, following
from coincide.events.file import FileStamp
from coincide.events.source import SourceReader
from coincide.rules.explain import explain
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Sliding
from coincide.store import commit, database, entity, quarantine, tally
from coincide.store import file as files
from coincide.store import rule as rule_store
from coincide.store import scan as scans
from coincide.store.file import FileState

_DAY_US = 86_400_000_000
Counts = dict[str, int]
NOTHING: Counts = {"read": 0, "unmatched": 0, "accepted": 0, "duplicates": 0, "quarantined": 0}


@dataclass(frozen=True)
class Outcome:
    """What a scan did. ``drafts``: what the drafts that were named found, which is shown and not kept."""

    scan: int | None
    run: Counts
    totals: Counts
    observations: Mapping[str, int]
    drafts: Mapping[str, Sequence[Finding]]
    rules: Sequence[LoadedRule]
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class _Found:
    """The files there are now, and those of them that the last scan of the same scope does not know as they are."""

    stamps: dict[str, tuple[FileStamp, ...]]
    fresh: dict[str, tuple[FileStamp, ...]]
    gone: tuple[FileState, ...]

    @property
    def changed(self) -> bool:
        return bool(self.gone) or any(self.fresh.values())


@dataclass
class _Scan:
    """One scan under way."""

    workspace: Workspace
    names: tuple[str, ...]
    now_us: int
    progress: Callable[[int], None]
    pseudonyms: Pseudonyms
    chosen: list[LoadedRule] = field(default_factory=list)
    versions: dict[str, Any] = field(default_factory=dict)
    scope: str = ""
    causes: list[Cause] = field(default_factory=list)


def scan(
    workspace: Workspace,
    *,
    names: tuple[str, ...] = (),
    now_us: int,
    progress: Callable[[int], None] = lambda _: None,
    started: float | None = None,
) -> Outcome:
    """Run the rules (those named, else all live and shadow) over what the workspace's sources hold now.

    ``now_us``: the time of the scan, microseconds since 1970 in UTC. ``started``: ``time.perf_counter()`` at the
    start of the process, for ``seconds``.
    """
    clock = _Clock(started)
    chosen = workspace.chosen(names)
    readers = workspace.readers
    base = database.open_database(workspace.state)
    try:
        with commit.scanning(base, workspace.state, iso(now_us)):
            ring = keys.load_or_make(workspace.key_file)
            under_way = _Scan(workspace, names, now_us, progress, Pseudonyms(ring.current), chosen)
            with base.reading() as connection:
                before = _prepare(under_way, connection)
                known = files.load(connection, under_way.scope)
                found = _look(readers, known)
                clock.lap("start")
                drafts = [loaded for loaded in chosen if loaded.rule.status == "draft"]
                if before is not None and not found.changed and not drafts and not under_way.causes:
                    return _unchanged(under_way, connection, before, clock)
                task, stored = _task(under_way, connection, readers, found, known)
            result = run(task, progress)
            clock.lap("read")
            with commit.committing(base, workspace.state) as connection:
                outcome = _keep(under_way, connection, found, known, result, stored)
            clock.lap("commit")
            return replace(outcome, seconds=clock.laps)
    finally:
        base.close()


def _prepare(scan: _Scan, connection: Connection) -> scans.Scan | None:
    """Scope, versions and causes; the last scan of the same scope, if files are all that may have changed."""
    workspace = scan.workspace
    separations, suppressions = service.separations(connection), service.suppressions(connection)
    scan.versions = {
        "rules": {loaded.plan.rule: loaded.plan.fingerprint for loaded in scan.chosen},
        "mapping": workspace.mapping_version,
        "catalog": workspace.catalog.version,
        "lists": workspace.lists_version,
        "separations": _hash(separations),
        "suppressions": _hash([(one.rule, one.actor, one.until) for one in suppressions]),
    }
    selection = "rules:" + ",".join(sorted(set(scan.names))) if scan.names else "all"
    scan.scope = f"{selection}@{_hash(scan.versions)}"
    before = scans.latest_of_selection(connection, selection)
    if before is not None and before.scope == scan.scope:
        return before
    scan.causes = _causes(scan.versions, before)
    return None


def _hash(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


_CAUSES = (
    ("mapping", Cause.MAPPING_CHANGED),
    ("catalog", Cause.CATALOG_CHANGED),
    ("lists", Cause.LISTS_CHANGED),
    ("separations", Cause.ENTITIES_CHANGED),
    ("rules", Cause.RULE_CHANGED),
)


def _causes(versions: Mapping[str, Any], before: scans.Scan | None) -> list[Cause]:
    if before is None:
        return [Cause.FIRST_SCAN]
    return [cause for part, cause in _CAUSES if before.versions.get(part) != versions[part]]


def _look(scan: _Scan, readers: Mapping[str, SourceReader], known: Mapping[tuple[str, str], FileState]) -> _Found:
    """The files there are, against those that are known. Master data of links is looked at, too."""
    stamps = {name: tuple(reader.files()) for name, reader in readers.items()}
    for name, section in scan.workspace.settings.links.items():
        stamps[f"{_LINKS}{name}"] = tuple(SourceReader(name, section, scan.workspace.folder).files())
    folder = scan.workspace.folder
    fresh = {
        name: tuple(stamp for stamp in found if not _same(folder, stamp, known.get((name, stamp.path))))
        for name, found in stamps.items()
    }
    there = {(name, stamp.path) for name, found in stamps.items() for stamp in found}
    return _Found(stamps, fresh, tuple(state for key, state in known.items() if key not in there))


_LINKS = "links."
"""Sources of master data stand beside the others under this prefix, which no source's name can have."""


def _same(folder: Path, stamp: FileStamp, state: FileState | None) -> bool:
    if state is None or (stamp.size, stamp.mtime_ns) != (state.size, state.mtime_ns):
        return False
    # Read within the tick of its own time, a file may have changed since without showing it: all of it is hashed.
    return _whole(folder, stamp) == state.digest if state.racy else stamp.digest == state.digest


def _whole(folder: Path, stamp: FileStamp) -> str:
    with (folder / stamp.path).open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").hexdigest()


def _unchanged(scan: _Scan, before: scans.Scan, clock: _Clock) -> Outcome:
    """Nothing to do: no row is read, nothing is written."""
    clock.lap("read")
    clock.lap("commit")
    observations = before.versions["observations"]
    return Outcome(None, dict(NOTHING), dict(before.totals), observations, {}, scan.chosen, clock.laps)


class _Clock:
    """Seconds of each step."""

    def __init__(self, started: float | None) -> None:
        self._last = time.perf_counter() if started is None else started
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now


# --- What to read -----------------------------------------------------------------------------------------------


def _task(
    scan: _Scan,
    base: Database,
    connection: Connection,
    readers: Mapping[str, SourceReader],
    found: _Found,
    known: Mapping[tuple[str, str], FileState],
    before: scans.Scan | None,
) -> Task:
    settings = scan.workspace.settings
    plans = [loaded.plan for loaded in scan.chosen]
    linking = any(plan.by == "actor" for plan in plans) and _strong(settings)
    whole = before is None
    feeds = [
        Feed(
            name,
            reader.source,
            reader,
            decided=found.stamps[name] if whole else found.fresh[name],
            linked=found.stamps[name] if linking and _ties(settings, reader.source) else (),
        )
        for name, reader in readers.items()
    ]
    separations = _separations(scan, connection)
    return Task(
        plans=plans,
        feeds=feeds,
        catalog=scan.workspace.catalog,
        lists=scan.workspace.lists,
        settings=settings,
        link=(lambda edges: link(edges, settings.entities, separations)) if linking else None,
        master_data=partial(_master_data, scan, found),
        widen=None if before is None else partial(_widen, scan, base, found, known, before),
        cuts={plan.rule: Cuts(_decided(connection, plan.rule), scan.pseudonyms.of) for plan in plans},
    )


def _strong(settings: Settings) -> bool:
    return any(_ties(settings, part) for part in (*settings.sources.values(), *settings.links.values()))


def _ties(settings: Settings, part: Source | LinkFile) -> bool:
    return any(settings.entities.kind(kind).strength == "strong" for kind in part.links)


def _separations(scan: _Scan, connection: Connection) -> list[Separation]:
    """The accounts that a person separated, as given: their seals are opened for the machine alone."""
    pairs = service.separations(connection)
    accounts = pseudonym_store.accounts(connection, {name for pair in pairs for name in pair}, scan.ring)
    return [Separation(accounts[first], accounts[second]) for first, second in pairs]


def _decided(connection: Connection, rule: str) -> frozenset[EventName]:
    return frozenset(
        alert.finding.ended_by for alert in register.load(connection, rule) if alert.status == "decided"
    )


def _master_data(scan: _Scan, found: _Found, links: Links, connection: duckdb.DuckDBPyConnection) -> None:
    """The link files: accounts and identifiers that no purchase needs to show."""
    for name, section in sorted(scan.workspace.settings.links.items()):
        reader = SourceReader(name, section, scan.workspace.folder)
        columns = raw_columns(section)
        for batch in reader.batches(connection, found.stamps[f"{_LINKS}{name}"], columns):
            links.take(section, section.accounts, batch)


def _widen(
    scan: _Scan,
    base: Database,
    found: _Found,
    known: Mapping[tuple[str, str], FileState],
    before: scans.Scan,
    changed: Changed,
) -> Wider:
    """What the changed files touch, and which of the others must be read again for it."""
    plans = [loaded.plan for loaded in scan.chosen]
    rest = {
        name: tuple(stamp for stamp in stamps if stamp not in found.fresh[name])
        for name, stamps in found.stamps.items()
        if not name.startswith(_LINKS)
    }
    if _partition(scan, changed.linked) != before.versions.get("partition"):
        # Whoever the accounts belong to has changed: every time of theirs may be concerned.
        scan.causes.append(Cause.ENTITIES_CHANGED)
        return Wider(rest, {plan.rule: Region() for plan in plans}, touched_only=False)
    replaced = [known[key] for key in _keys(found.fresh) if key in known]
    lost = [state for state in (*found.gone, *replaced) if state.first_at is not None]
    firsts = [state.first_at for state in lost] + [changed.first_at]
    lasts = [state.last_at for state in lost] + [changed.last_at]
    first, last = min(filter(_known, firsts), default=None), max(filter(_known, lasts), default=None)
    if first is None or last is None:
        return Wider({}, {plan.rule: Region(1, 0) for plan in plans}, touched_only=True)
    # The days whose copies and observations are counted anew.
    low, high = first // _DAY_US * _DAY_US, last // _DAY_US * _DAY_US + _DAY_US - 1
    regions = {}
    with base.reading() as connection:
        for plan in plans:
            touched = None if lost else set(scan.names_of(plan, changed.actors[plan.rule]))
            regions[plan.rule] = region(plan, first, last, register.spans(connection, plan.rule, touched))
            begin, end = reading(plan, regions[plan.rule])
            low, high = min(low, begin), max(high, end)
    needed = {
        name: tuple(stamp for stamp in stamps if _overlaps(known[(name, stamp.path)], low, high))
        for name, stamps in rest.items()
    }
    return Wider(needed, regions, touched_only=not lost)

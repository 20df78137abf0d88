"""A scan: what changed since the last one, what that touches, and the one transaction that keeps the result.

The steps, in order: look at the files; if nothing changed, stop; run the engine, which reads what changed and
then what that touches; turn identifiers into pseudonyms; reconcile what was found with the stored alerts; commit.
``store.commit`` says what a death at each moment leaves. In the end the open alerts are those of one scan over
all files, whatever came in which order. DESIGN: sections 5 to 7.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import polars as pl
from sqlalchemy import Connection

from coincide.alerts import kinship, register, service
from coincide.alerts.alert import Alert, Facts, Finding, iso
from coincide.alerts.pseudonyms import Pseudonyms
from coincide.alerts.reconcile import Cause, reconcile
from coincide.alerts.region import width
from coincide.alerts.rotation import ring_for
from coincide.alerts.survey import (
    LINKS,
    Scope,
    Survey,
    causes_between,
    everything,
    scope_of,
    survey,
    whole,
    widened,
)
from coincide.detect.detect import Cuts, Region
from coincide.engines.embedded.load import Feed, MasterData, Progress
from coincide.engines.embedded.run import Changed, Run, Task, Wider, run
from coincide.engines.workspace import Workspace
from coincide.entities import key as keys
from coincide.entities.actors import Actors
from coincide.entities.link import link
from coincide.entities.version import EntityVersion, following
from coincide.events.file import FileStamp
from coincide.events.quarantine import digests
from coincide.rules.explain import explain
from coincide.rules.load import LoadedRule
from coincide.settings import LinkFile, Settings, Source
from coincide.store import commit, entity, segment, tally
from coincide.store import file as files
from coincide.store import pseudonym as pseudonym_store
from coincide.store import rule as rule_store
from coincide.store import scan as scans
from coincide.store.database import Database, open_database
from coincide.store.file import FileState
from coincide.store.rule import RuleVersion
from coincide.store.segment import Segment

_DAY_US = 86_400_000_000
Counts = dict[str, int]
ENDS = ("read", "unmatched", "accepted", "duplicates", "quarantined")


@dataclass(frozen=True)
class Outcome:
    """What a scan did.

    ``run`` and ``totals``: rows by how they ended, of this run and of the workspace. ``observations``: of each
    rule. ``drafts``: what the drafts that were named found, which is shown and not kept. ``seconds``: of the
    steps start, read, commit.
    """

    run: Counts
    totals: Counts
    observations: Mapping[str, int]
    drafts: Mapping[str, Sequence[Finding]]
    rules: Sequence[LoadedRule]
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass
class _Scan:
    """One scan under way: what was asked, and what it works with."""

    workspace: Workspace
    base: Database
    chosen: Sequence[LoadedRule]
    scope: Scope
    now_us: int
    ring: keys.KeyRing
    pseudonyms: Pseudonyms
    found: Survey
    known: Mapping[tuple[str, str], FileState]
    before: scans.Scan | None
    causes: list[Cause]

    @property
    def drafts(self) -> list[LoadedRule]:
        return [loaded for loaded in self.chosen if loaded.rule.status == "draft"]

    @property
    def namespaces(self) -> dict[str, str]:
        """The namespace of each source's accounts."""
        return {name: source.namespace(name) for name, source in self.workspace.settings.sources.items()}

    @property
    def words(self) -> dict[str, list[str]]:
        """What a rule's alerts are called and how urgent they are: no part of its meaning."""
        rules = [loaded.rule for loaded in self.chosen]
        return {rule.rule: [rule.status, rule.severity, rule.title] for rule in rules}

    def partition(self, actors: Actors | None) -> str | None:
        """A keyed hash of who belongs together, over all accounts read."""
        if actors is None:
            return None
        names = sorted(actors.members.columns)
        # Lengths tell the parts apart, whatever letters are in them.
        lengths = (pl.col(name).str.len_bytes().cast(pl.String) for name in names)
        lines = actors.members.select(pl.concat_str(*names, *lengths, separator="\0")).to_series().sort()
        hashed = hashlib.blake2b(lines.str.join("\n").item().encode(), key=self.ring.current.secret, digest_size=16)
        # With the key's id: hashes of two keys say nothing of each other.
        return f"{self.ring.current.id}:{hashed.hexdigest()}"

    def same_key(self) -> bool:
        """Whether the last scan's partition was hashed with the key in use now."""
        before = self.before.versions.get("partition") if self.before is not None else None
        return before is None or str(before).startswith(f"{self.ring.current.id}:")


def scan(
    workspace: Workspace,
    *,
    names: tuple[str, ...] = (),
    now_us: int,
    progress: Progress = lambda _: None,
    started: float | None = None,
) -> Outcome:
    """Run the rules (those named, else all live and shadow) over what the workspace's sources hold now.

    ``now_us``: the time of the scan, microseconds since 1970 in UTC. ``started``: ``time.perf_counter()`` at the
    start of the process, for ``seconds``.
    """
    clock = _Clock(started)
    chosen = workspace.chosen(names)
    base = open_database(workspace.state)
    try:
        with commit.scanning(base, workspace.state, iso(now_us)):
            under_way, task = _begun(workspace, base, names, chosen, now_us)
            clock.lap("start")
            if task is None:
                outcome = _unchanged(under_way)
                clock.lap("read")
            else:
                result = run(task, progress)
                clock.lap("read")
                outcome = _kept(under_way, result)
            clock.lap("commit")
            return replace(outcome, seconds=clock.laps)
    finally:
        base.close()


class _Clock:
    """Seconds of each step."""

    def __init__(self, started: float | None) -> None:
        self._last = time.perf_counter() if started is None else started
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now


# --- What is asked ----------------------------------------------------------------------------------------------


def _begun(
    workspace: Workspace, base: Database, names: tuple[str, ...], chosen: Sequence[LoadedRule], now_us: int
) -> tuple[_Scan, Task | None]:
    """The scan and the engine's task; no task if nothing changed since the last scan of the same scope."""
    with base.reading() as connection:
        ring = ring_for(workspace.key_file, connection)
        scope = scope_of(workspace, names, list(chosen), connection)
        latest = scans.latest_of(connection, scope.selection)
        same = latest is not None and latest.scope == scope.name
        known = files.load(connection, scope.name) if same else {}
        found = survey(workspace, known)
        causes = found.causes if same else causes_between(scope, latest)
        under_way = _Scan(
            workspace=workspace,
            base=base,
            chosen=chosen,
            scope=scope,
            now_us=now_us,
            ring=ring,
            pseudonyms=Pseudonyms(ring.current),
            found=found,
            known=known,
            before=latest if same else None,
            causes=causes,
        )
        if under_way.before is not None and not found.changed and not under_way.drafts:
            return under_way, None
        return under_way, _task(under_way, connection)


def _unchanged(scan: _Scan) -> Outcome:
    """No row is read; nothing is written, unless a rule has other words now (title, severity, status)."""
    with scan.base.reading() as connection:
        totals, observations = _totals(connection, scan.scope.name, scan.chosen)
    if scan.before is not None and scan.before.versions.get("words") != scan.words:
        with commit.committing(scan.base, scan.workspace.state) as connection:
            number = scans.next_id(connection)
            versions = {**scan.before.versions, "words": scan.words}
            _record(scan, connection, number, dict.fromkeys(ENDS, 0), totals, versions)
            for loaded in scan.chosen:
                register.relabel(connection, _facts(scan, connection, loaded, number, versions), scan.now_us)
    return Outcome(dict.fromkeys(ENDS, 0), totals, observations, {}, scan.chosen)


def _task(scan: _Scan, connection: Connection) -> Task:
    settings, found = scan.workspace.settings, scan.found
    plans = [loaded.plan for loaded in scan.chosen]
    parts: list[Source | LinkFile] = [*settings.sources.values(), *settings.links.values()]
    linking = any(plan.by == "actor" for plan in plans) and any(_ties(settings, part) for part in parts)
    # A draft is decided on everything: nothing of it was kept.
    whole_log = scan.before is None or bool(scan.drafts)
    feeds = [
        Feed(
            name=name,
            source=settings.sources[name],
            reader=reader,
            decided=found.stamps[name] if whole_log else found.fresh[name],
            linked=found.stamps[name] if linking and _ties(settings, settings.sources[name]) else (),
        )
        for name, reader in scan.workspace.readers.items()
    ]
    separations = kinship.separations(connection, scan.ring)
    return Task(
        plans=plans,
        feeds=feeds,
        catalog=scan.workspace.catalog,
        lists=scan.workspace.lists,
        settings=settings,
        link=(lambda edges: link(edges, settings.entities, separations)) if linking else None,
        master_data=[
            MasterData(settings.links[name], reader, found.stamps[f"{LINKS}{name}"])
            for name, reader in scan.workspace.master_data.items()
        ],
        widen=None if whole_log else partial(_wider, scan),
        cuts={plan.rule: _cuts(scan, connection, plan.rule) for plan in plans},
    )


def _ties(settings: Settings, part: Source | LinkFile) -> bool:
    return any(settings.entities.kind(kind).strength == "strong" for kind in part.links)


def _cuts(scan: _Scan, connection: Connection, rule: str) -> Cuts:
    alerts = register.load(connection, rule)
    last = frozenset(alert.finding.ended_by for alert in alerts if alert.status == "decided")
    return Cuts(last, scan.pseudonyms.names)


def _wider(scan: _Scan, changed: Changed) -> Wider:
    plans = [loaded.plan for loaded in scan.chosen]
    if scan.before is not None and scan.partition(changed.linked) != scan.before.versions.get("partition"):
        # Whoever accounts belong to has changed: all of their observations may be concerned.
        # After a new key nobody can tell, so everything is read, and nothing is said to have changed.
        if scan.same_key():
            scan.causes.append(Cause.ENTITIES_CHANGED)
        return everything(scan.found, plans)
    with scan.base.reading() as connection:

        def spans(plan: Any, touched: frozenset[tuple[str, str]] | None) -> list[tuple[int, int]]:
            names = None if touched is None else scan.pseudonyms.by_values(touched, plan.by)
            return register.spans(connection, plan.rule, names)

        return widened(scan.found, scan.known, plans, changed, spans)


# --- What is kept -----------------------------------------------------------------------------------------------


def _kept(scan: _Scan, result: Run) -> Outcome:
    """Segments first, then the one transaction; drafts and what goes with them are not kept."""
    findings = {
        loaded.plan.rule: scan.pseudonyms.findings(result.episodes[loaded.plan.rule], loaded.plan.by, scan.namespaces)
        for loaded in scan.chosen
    }
    drafts = {loaded.plan.rule: findings[loaded.plan.rule] for loaded in scan.drafts}
    run_counts = _counts(result.files.values(), sum(result.duplicates.values()))
    observed = {rule: sum(days.values()) for rule, days in result.observations.items()}
    if drafts:
        return Outcome(run_counts, run_counts, observed, drafts, scan.chosen)
    states, segments = _states(scan, result)
    with commit.committing(scan.base, scan.workspace.state) as connection:
        number = scans.next_id(connection)
        memberships = _memberships(scan, result)
        version = _entities(scan, connection, memberships, result)
        segment.add(connection, segments)
        _save_files(scan, connection, states, result)
        totals, observed = _totals(connection, scan.scope.name, scan.chosen)
        versions = {
            **scan.scope.versions,
            "partition": scan.partition(result.actors),
            "entities": version,
            "words": scan.words,
        }
        _record(scan, connection, number, run_counts, totals, versions)
        written = _save_alerts(scan, connection, number, findings, result, memberships, versions)
        names = {name for alert in written for name in _named(alert)}
        names |= set(memberships.get_column("account")) | set(memberships.get_column("actor"))
        # What stands in the lists is sealed too: a new key renames all names that are kept.
        names |= {name for name, _ in entity.left_single(connection)} | {row[1] for row in entity.generic(connection)}
        pseudonym_store.save(connection, scan.pseudonyms.sealed(pseudonym_store.missing(connection, names)))
    return Outcome(run_counts, totals, observed, {}, scan.chosen)


def _record(
    scan: _Scan, connection: Connection, number: int, counts: Counts, totals: Counts, versions: Mapping[str, Any]
) -> None:
    """The row of the scan itself; its alerts refer to it."""
    scans.add(
        connection,
        scans.Scan(
            id=number,
            scope=scan.scope.name,
            started_at=scan.now_us,
            finished_at=scan.now_us,
            command={"rules": [loaded.plan.rule for loaded in scan.chosen]},
            run=counts,
            totals=totals,
            versions=versions,
        ),
    )


def _facts(scan: _Scan, connection: Connection, loaded: LoadedRule, number: int, versions: Mapping[str, Any]) -> Facts:
    """What alerts take from their rule and scan; the rule's text in this meaning is kept."""
    rule, plan = loaded.rule, loaded.plan
    rule_store.save(
        connection, [RuleVersion(plan.rule, plan.fingerprint, loaded.text, explain(plan), rule.innocent, scan.now_us)]
    )
    named = {key: versions[key] for key in ("catalog", "lists", "entities", "mapping")}
    return Facts(
        plan.rule, plan.fingerprint, plan.by, rule.severity, rule.title, rule.status == "shadow", number, named
    )


def _named(alert: Alert) -> set[str]:
    """All pseudonyms in an alert."""
    finding = alert.finding
    events = (finding.started_by, finding.ended_by, *finding.evidence, *finding.latest_evidence)
    later = [replace(alert, finding=other, amendment=None) for other in alert.amendment or ()]
    amended = {name for other in later for name in _named(other)}
    return {finding.actor, *(name.account for name in events)} | amended


def _counts(counted: Iterable[Any], duplicates: int) -> Counts:
    counted = list(counted)
    read = sum(count.read for count in counted)
    unmatched = sum(count.unmatched for count in counted)
    quarantined = sum(count.quarantined for count in counted)
    accepted = read - unmatched - quarantined - duplicates
    return dict(zip(ENDS, (read, unmatched, accepted, duplicates, quarantined), strict=True))


def _totals(connection: Connection, scope: str, chosen: Sequence[LoadedRule]) -> tuple[Counts, dict[str, int]]:
    duplicates, observations = tally.totals(connection, scope)
    counts = _counts(files.load(connection, scope).values(), duplicates)
    return counts, {loaded.plan.rule: observations.get(loaded.plan.rule, 0) for loaded in chosen}


def _states(scan: _Scan, result: Run) -> tuple[list[FileState], list[Segment]]:
    """The files that are new to the scope, with a segment for what each has in quarantine."""
    refused: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for row in result.refused:
        refused.setdefault((row.source, row.file.path), []).append((row.position, row.reason, row.digest))
    states, segments = [], []
    for source, stamps in (scan.found.stamps if scan.before is None else scan.found.fresh).items():
        for stamp in stamps:
            key = (source, stamp.path)
            held = refused.get(key)
            kept = None
            if held:
                columns = {"position": pl.Int64, "reason": pl.String, "digest": pl.String}
                frame = pl.DataFrame(_hashed(scan, source, stamp, sorted(held)), schema=columns, orient="row")
                kept = segment.write(scan.workspace.state, "quarantine", f"{source}/{stamp.path}", frame, scan.now_us)
                segments.append(kept)
            count = result.files.get(key)
            racy = files.racy(stamp.mtime_ns, scan.now_us * 1_000)
            states.append(
                FileState(
                    scope=scan.scope.name,
                    source=source,
                    path=stamp.path,
                    size=stamp.size,
                    mtime_ns=stamp.mtime_ns,
                    digest=whole(scan.workspace.folder, stamp) if racy else stamp.digest,
                    racy=racy,
                    read=count.read if count else 0,
                    unmatched=count.unmatched if count else 0,
                    quarantined=count.quarantined if count else 0,
                    first_at=count.first_at if count else None,
                    last_at=count.last_at if count else None,
                    quarantine=kept.id if kept else None,
                )
            )
    return states, segments


def _hashed(scan: _Scan, source: str, stamp: FileStamp, held: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """The rows in quarantine, each with a hash of its record, where the file's format has one."""
    known = digests(scan.workspace.readers[source], stamp, [position for position, _, digest in held if not digest])
    return [(position, reason, digest or known.get(position, "")) for position, reason, digest in held]


def _save_files(scan: _Scan, connection: Connection, states: list[FileState], result: Run) -> None:
    scope = scan.scope.name
    if scan.before is None:
        for old in scans.scopes_of(connection, scan.scope.selection):
            files.forget_scope(connection, old)
            tally.forget(connection, old)
    files.remove(connection, scan.found.gone)
    files.save(connection, states)
    segment.forget(connection, segment.unnamed(connection))
    days = None if scan.before is None or result.wider is None else _days(scan, result)
    tally.save(connection, scope, result.duplicates, result.observations, days)


def _days(scan: _Scan, result: Run) -> tuple[int, int] | None:
    """The days that were counted anew: those that rows came to or went from; all if all was read."""
    if result.wider is not None and any(one == Region() for one in result.wider.regions.values()):
        return None
    lost = (*scan.found.gone, *scan.found.replaced)
    times = [at for state in lost for at in (state.first_at, state.last_at) if at is not None]
    if result.changed is not None:
        times += [at for at in (result.changed.first_at, result.changed.last_at) if at is not None]
    return (min(times) // _DAY_US, max(times) // _DAY_US) if times else (1, 0)


def _memberships(scan: _Scan, result: Run) -> pl.DataFrame:
    """``account, actor`` as pseudonyms: of accounts that have observations and belong to a group."""
    empty = pl.DataFrame(schema={"account": pl.String, "actor": pl.String})
    if result.actors is None:
        return empty
    members = result.actors.members.join(result.observed, on=["namespace", "account"], how="semi")
    if members.is_empty():
        return empty
    accounts = list(members.select("namespace", "account").iter_rows())
    actors = list(members.select("actor_namespace", "actor_account").iter_rows())
    known = scan.pseudonyms.of([*accounts, *actors])
    return pl.DataFrame({"account": [known[one] for one in accounts], "actor": [known[one] for one in actors]})


def _entities(scan: _Scan, connection: Connection, memberships: pl.DataFrame, result: Run) -> int | None:
    """The number of the entity version that the scan used; a new one is kept with its memberships."""
    if result.actors is None:
        return None
    latest = entity.latest(connection)
    previous = None if latest is None else EntityVersion(*latest)
    version = following(previous, memberships)
    if version != previous:
        entity.save(connection, version.number, version.digest, scan.now_us, dict(memberships.iter_rows()))
    left = result.actors.left.select("actor_namespace", "actor_account", "accounts").unique()
    names = scan.pseudonyms.names([(row[0], row[1]) for row in left.iter_rows()])
    generic = result.actors.generic
    marks = scan.pseudonyms.names([(f"@link.{kind}", value) for kind, value, *_ in generic.iter_rows()])
    entity.save_lists(
        connection,
        dict(zip(names, left["accounts"].to_list(), strict=True)),
        [
            {"kind": row["kind"], "pseudonym": mark, "accounts": row["accounts"]}
            for row, mark in zip(generic.iter_rows(named=True), marks, strict=True)
        ],
    )
    return version.number


def _save_alerts(
    scan: _Scan,
    connection: Connection,
    number: int,
    findings: Mapping[str, Sequence[Finding]],
    result: Run,
    memberships: pl.DataFrame,
    versions: Mapping[str, Any],
) -> list[Alert]:
    actor_of = dict(memberships.iter_rows())
    written: list[Alert] = []
    for loaded in scan.chosen:
        plan = loaded.plan
        facts = _facts(scan, connection, loaded, number, versions)
        register.relabel(connection, facts, scan.now_us)
        stored = _stored(scan, connection, loaded, result)
        moved = {one.finding.started_by.account for one in stored} if plan.by == "actor" else set()
        changes = reconcile(
            stored,
            findings[plan.rule],
            facts,
            scan.causes,
            actors={account: actor_of.get(account, account) for account in moved},
            suppressed={one.actor: one.until for one in service.suppressions(connection, plan.rule)},
            continues_us=width(plan),
        )
        written += register.write(connection, changes.transitions, scan.now_us)
    if scan.scope.selection == "all":
        written += _retire(scan, connection, number)
    return written


def _stored(scan: _Scan, connection: Connection, loaded: LoadedRule, result: Run) -> list[Alert]:
    """The stored alerts of the times and actors that were decided again."""
    if result.wider is None or result.changed is None:
        return register.load(connection, loaded.plan.rule)
    within = result.wider.regions[loaded.plan.rule]
    actors = None
    if result.wider.touched_only:
        actors = scan.pseudonyms.by_values(result.changed.actors[loaded.plan.rule], loaded.plan.by)
    return register.load(connection, loaded.plan.rule, actors=actors, since_us=within.first, until_us=within.last)


def _retire(scan: _Scan, connection: Connection, number: int) -> list[Alert]:
    """Rules that are no longer run have no open alerts."""
    running = {loaded.plan.rule for loaded in scan.chosen}
    written: list[Alert] = []
    for rule in register.rules_with_alerts(connection):
        if rule not in running:
            stored = register.load(connection, rule)
            facts = replace(stored[0].facts, fingerprint="", scan=number)
            changes = reconcile(stored, [], facts, [Cause.RULE_GONE])
            written += register.write(connection, changes.transitions, scan.now_us)
    return written

"""What is asked of a scan: which rules over which files, and so the engine's task.

Inside a scope only what changed is read at first; what that touches is found when it is known whose rows it holds.
``alerts.keep`` keeps what comes of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl
from sqlalchemy import Connection

from coincide.alerts import kinship, register
from coincide.alerts.granted import granted
from coincide.alerts.pseudonyms import Pseudonyms
from coincide.alerts.reconcile import Cause
from coincide.alerts.rotation import ring_for
from coincide.alerts.survey import LINKS, Scope, Survey, causes_between, everything, others, scope_of, survey, widened
from coincide.detect.detect import Cuts
from coincide.engines.embedded.load import Feed, MasterData
from coincide.engines.embedded.run import Changed, Task, Wider
from coincide.engines.workspace import Workspace
from coincide.entities import key as keys
from coincide.entities.actors import ACCOUNT, ACTOR, Account, Actors
from coincide.entities.link import link
from coincide.entities.version import comparable, digest, touched
from coincide.ledger.book import Book
from coincide.requests.register import in_force
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Plan
from coincide.settings import LinkFile, Source
from coincide.store import entity
from coincide.store import file as files
from coincide.store import scan as scans
from coincide.store.file import FileState


@dataclass
class Asked:
    """What a scan works with: its rules, their scope, the files, the key, and the last scan of the same scope.

    ``partition_before``: the digest of who belonged together in that scan; ``None`` if it read no links. ``latest``:
    the last scan of the same selection of rules, whatever else was another then.
    """

    workspace: Workspace
    book: Book
    chosen: Sequence[LoadedRule]
    scope: Scope
    now_us: int
    ring: keys.KeyRing
    pseudonyms: Pseudonyms
    found: Survey
    known: Mapping[tuple[str, str], FileState]
    before: scans.Scan | None
    partition_before: str | None
    causes: list[Cause]
    latest: scans.Scan | None = None

    @property
    def namespaces(self) -> dict[str, str]:
        """The namespace of each source's accounts."""
        return {name: source.namespace(name) for name, source in self.workspace.settings.sources.items()}

    @property
    def words(self) -> dict[str, list[str]]:
        """What a rule's alerts are called and how urgent they are: no part of its meaning."""
        rules = [loaded.rule for loaded in self.chosen]
        return {rule.rule: [rule.status, rule.severity, rule.title] for rule in rules}

    @property
    def reworded(self) -> bool:
        """Whether a rule has other words than in the last scan of the same scope."""
        return self.before is not None and self.before.versions.get("words") != self.words

    def partition(self, actors: Actors | None) -> str | None:
        """A keyed hash of who belongs together, over all accounts read."""
        return None if actors is None else digest(actors.members, self.ring.current)

    def names(self, values: Collection[Account], by: str, linked: Actors | None) -> list[str]:
        """What alerts of these may be named after: of an actor all accounts, since decided alerts keep their names."""
        if by == "actor" and linked is not None:
            actors = pl.DataFrame([*values], schema=dict.fromkeys(ACTOR, pl.String), orient="row")
            members = linked.members.join(actors, on=ACTOR, how="semi").select(ACCOUNT)
            values = {*values, *members.iter_rows()}
        return self.pseudonyms.by_values(values, by)


def ask(
    workspace: Workspace, book: Book, names: tuple[str, ...], chosen: Sequence[LoadedRule], now_us: int
) -> tuple[Asked, Task | None]:
    """What is asked, and the engine's task; no task if nothing changed since the last scan of the same scope."""
    with book.database.reading() as connection:
        asked = _asked(workspace, book, connection, names, chosen, now_us, drafts=False)
        if asked.before is not None and not asked.found.changed:
            return asked, None
        return asked, _task(asked, connection)


def try_out(
    workspace: Workspace, book: Book, names: tuple[str, ...], chosen: Sequence[LoadedRule], now_us: int
) -> tuple[Asked, Task]:
    """The same for drafts: nothing of them was kept, so they are decided on everything."""
    with book.database.reading() as connection:
        asked = _asked(workspace, book, connection, names, chosen, now_us, drafts=True)
        return asked, _task(asked, connection)


def _asked(
    workspace: Workspace,
    book: Book,
    connection: Connection,
    names: tuple[str, ...],
    chosen: Sequence[LoadedRule],
    now_us: int,
    *,
    drafts: bool,
) -> Asked:
    ring = ring_for(workspace.key_file, connection)
    scope = scope_of(workspace, names, list(chosen), connection, now_us)
    latest = scans.latest_of(connection, scope.selection)
    # What happened since then counts from now on, in files that are as they were: everything is decided anew.
    happened = latest is not None and _happened(latest, now_us)
    same = latest is not None and latest.scope == scope.name and not drafts and not happened
    known = files.load(connection, scope.name) if same else {}
    found = survey(workspace, known)
    return Asked(
        workspace=workspace,
        book=book,
        chosen=chosen,
        scope=scope,
        now_us=now_us,
        ring=ring,
        pseudonyms=Pseudonyms(ring.current),
        found=found,
        known=known,
        before=latest if same else None,
        partition_before=_partition_of(connection, latest) if same else None,
        causes=found.causes if same else [*causes_between(scope, latest), *([Cause.HAPPENED] if happened else [])],
        latest=latest,
    )


def _happened(scan: scans.Scan, now_us: int) -> bool:
    """Whether an incident was ahead then that is not any more."""
    ahead = scan.versions.get("ahead")
    return ahead is not None and bool(ahead <= now_us)


def _partition_of(connection: Connection, scan: scans.Scan | None) -> str | None:
    number = None if scan is None else scan.versions.get("entities")
    return None if number is None else entity.digest(connection, number)


def _task(asked: Asked, connection: Connection) -> Task:
    settings, found = asked.workspace.settings, asked.found
    plans = [loaded.plan for loaded in asked.chosen]
    parts: list[Source | LinkFile] = [*settings.sources.values(), *settings.links.values()]
    linking = any(plan.by == "actor" for plan in plans) and any(settings.entities.tied_by(part) for part in parts)
    # An incident may touch everybody, and a day is compared with the days of all: any file may change any alert.
    whole_log = asked.before is None or any(plan.beside_incidents for plan in plans)
    feeds = [
        Feed(
            name=name,
            source=settings.sources[name],
            reader=reader,
            decided=found.stamps[name] if whole_log else found.fresh[name],
            linked=found.stamps[name] if linking and settings.entities.tied_by(settings.sources[name]) else (),
        )
        for name, reader in asked.workspace.readers.items()
    ]
    separations = kinship.separations(connection, asked.ring)
    return Task(
        plans=plans,
        feeds=feeds,
        catalog=asked.workspace.catalog,
        lists=asked.workspace.lists,
        settings=settings,
        link=(lambda edges: link(edges, settings.entities, separations)) if linking else None,
        master_data=[
            MasterData(settings.links[name], reader, found.stamps[f"{LINKS}{name}"])
            for name, reader in asked.workspace.master_data.items()
        ],
        widen=None if whole_log else partial(_wider, asked),
        fresh=frozenset() if whole_log else frozenset(stamp for stamps in found.fresh.values() for stamp in stamps),
        cuts={plan.rule: _cuts(asked, connection, plan.rule) for plan in plans},
        covered=granted(in_force(connection, asked.now_us)),
        network=asked.workspace.network_for(plans),
        now_us=asked.now_us,
    )


def _cuts(asked: Asked, connection: Connection, rule: str) -> Cuts:
    alerts = register.load(connection, rule)
    last = frozenset(alert.finding.ended_by for alert in alerts if alert.status == "decided")
    return Cuts(last, asked.pseudonyms.names)


def _wider(asked: Asked, changed: Changed) -> Wider:
    plans = [loaded.plan for loaded in asked.chosen]
    moved = None
    now, before = asked.partition(changed.linked), asked.partition_before
    if now != before:
        # After a new key nobody can tell, so everything is read, and nothing is said to have changed.
        if now is None or before is None or comparable(now, before):
            asked.causes.append(Cause.ENTITIES_CHANGED)
        moved = _moved(asked, changed)
        if moved is None:
            return everything(asked.found, plans)
    settled = frozenset() if moved is None else frozenset(moved.iter_rows())
    with asked.book.database.reading() as connection:

        def spans(plan: Plan, actors: frozenset[tuple[str, str]] | None) -> list[tuple[int, int]]:
            if actors is not None and plan.by == "actor":
                # Of moved actors all hits are decided, whatever the region.
                actors -= settled
            names = None if actors is None else asked.names(actors, plan.by, changed.linked)
            return register.spans(connection, plan.rule, names)

        wider = widened(asked.found, asked.known, plans, changed, spans)
    return wider if moved is None else replace(wider, moved=moved, other=others(asked.found, asked.known, wider))


def _moved(asked: Asked, changed: Changed) -> pl.DataFrame | None:
    """The accounts of the actors that changed; ``None`` if it cannot be told who belonged together before.

    What joined accounts is not kept, so it is taken from the files that are still as they were. A file that is gone or
    was changed may have joined some: the hash of the last scan tells.
    """
    if changed.linked is None or changed.earlier is None or asked.partition_before is None:
        return None
    earlier = changed.earlier()
    if asked.partition(earlier) != asked.partition_before:
        return None
    return touched(earlier.members, changed.linked.members)

"""What is kept of a scan, and the one transaction that keeps it: files, entities, the scan itself, its alerts, names.

``alerts.file_states`` makes the rows of the files, ``alerts.memberships`` those of the entities. What a death at each
moment leaves is said by ``store.commit``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any

from sqlalchemy import Connection

from coincide.alerts import register, service
from coincide.alerts.alert import Alert, Facts, Finding
from coincide.alerts.asked import Asked
from coincide.alerts.file_states import save_files, states_of
from coincide.alerts.memberships import actors_of, save_memberships, version_of
from coincide.alerts.origin import origins_of
from coincide.alerts.outcome import ENDS, Counts, Outcome, counted
from coincide.alerts.reconcile import Cause, Transition, reconcile
from coincide.alerts.region import width
from coincide.engines.embedded.run import Run
from coincide.rules.explain import explain
from coincide.rules.git import Origin
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Plan
from coincide.store import commit, entity, rename, segment, tally
from coincide.store import file as files
from coincide.store import pseudonym as pseudonym_store
from coincide.store import rule as rule_store
from coincide.store import scan as scans
from coincide.store import title as titles
from coincide.store.rule import RuleVersion

_MOST = 4_000
"""Letters of what rules say, in an entry of the ledger."""


def keep(asked: Asked, result: Run, *, seconds: float = 0.0) -> Outcome:
    """Segments first, then the one transaction. ``seconds``: what reading and deciding took."""
    findings = _findings(asked, result)
    run_counts = counted(result.files.values(), sum(result.duplicates.values()))
    states, segments = states_of(asked, result)
    # Before the transaction: nobody waits for git with the database locked.
    origins = origins_of(asked)
    with commit.committing(asked.book.database, asked.workspace.state) as connection:
        number = scans.next_id(connection)
        versions = _versions(asked, version_of(asked, connection, result), result)
        segment.add(connection, segments)
        save_files(asked, connection, states, result)
        totals, observed = _totals(connection, asked.scope.name, asked.chosen)
        _record(asked, connection, number, run_counts, totals, versions, seconds)
        changes = _save_alerts(asked, connection, number, findings, result, versions, origins)
        names = {name for change in changes for name in _named(change.after)}
        version = versions["entities"]
        if version is not None and result.actors is not None:
            before = entity.names(connection)
            save_memberships(asked, connection, version, result.actors)
            # Sealed too, with what stands in the lists: a new key renames all names that are kept.
            now = entity.names(connection)
            names |= now
            # Who was somebody's companion, and stands nowhere any more, is forgotten.
            pseudonym_store.forget(connection, before - now - rename.held(connection, before - now))
        pseudonym_store.save(connection, asked.pseudonyms.sealed(pseudonym_store.missing(connection, names)))
        _save_titles(asked, connection, result)
        asked.book.enter(connection, "scan:run", f"S-{number}", basis=basis_of(asked.chosen))
    asked.book.log()
    return Outcome(
        run_counts,
        totals,
        observed,
        {},
        asked.chosen,
        changes=changes,
        entities=version,
        attendance=versions["attendance"],
    )


def keep_words(asked: Asked) -> Outcome:
    """No row is read; nothing is written, unless a rule has other words now (title, severity, status)."""
    with asked.book.database.reading() as connection:
        totals, observations = _totals(connection, asked.scope.name, asked.chosen)
    changes: list[Transition] = []
    if asked.before is not None and asked.reworded:
        origins = origins_of(asked)
        with commit.committing(asked.book.database, asked.workspace.state) as connection:
            changes = _reword(asked, connection, asked.before, totals, origins)
            number = scans.next_id(connection) - 1
            asked.book.enter(connection, "scan:run", f"S-{number}", basis=basis_of(asked.chosen))
        asked.book.log()
    attended = {} if asked.before is None else asked.before.versions.get("attendance", {})
    nothing = dict.fromkeys(ENDS, 0)
    return Outcome(nothing, totals, observations, {}, asked.chosen, changes=changes, attendance=attended)


def foretell(asked: Asked, result: Run | None) -> Outcome:
    """What ``keep`` would do with alerts, or ``keep_words`` if nothing was read: tried, and taken back.

    The same functions write in a transaction that is not committed, so that what is foretold is what will be. Rows of
    files are left out, and so ``totals`` are those of the run.
    """
    counts = dict.fromkeys(ENDS, 0)
    if result is not None:
        counts = counted(result.files.values(), sum(result.duplicates.values()))
    changes: list[Transition] = []
    version = None if asked.before is None else asked.before.versions.get("entities")
    with asked.book.database.writing(keep=False) as connection:
        if result is not None:
            number = scans.next_id(connection)
            versions = _versions(asked, version_of(asked, connection, result), result)
            version = versions["entities"]
            _record(asked, connection, number, counts, counts, versions, 0.0)
            changes = _save_alerts(asked, connection, number, _findings(asked, result), result, versions, {})
        elif asked.before is not None and asked.reworded:
            changes = _reword(asked, connection, asked.before, counts, {})
    return Outcome(counts, counts, {}, {}, asked.chosen, changes=changes, entities=version)


def _versions(asked: Asked, entities: int | None, result: Run) -> dict[str, Any]:
    """All that a scan was made with, and how many were at incidents; a later one tells from it what changed."""
    return {
        "attendance": _attendance(result),
        "ahead": _ahead(asked, result),
        **asked.scope.versions,
        "entities": entities,
        "words": asked.words,
        "key": asked.ring.current.id,
        "catalog_version": asked.workspace.catalog.version,
        "components": asked.workspace.catalog.versions,
        "each_list": {name: known.version for name, known in sorted(asked.workspace.lists.items())},
    }


def _ahead(asked: Asked, result: Run) -> int | None:
    """When the first incident happens that is not known yet; what was not read again is as it was."""
    before = None if asked.before is None else asked.before.versions.get("ahead")
    return min((at for at in (before, result.ahead) if at is not None), default=None)


def _reword(
    asked: Asked, connection: Connection, before: scans.Scan, totals: Counts, origins: Mapping[str, Origin]
) -> list[Transition]:
    number = scans.next_id(connection)
    versions = {**before.versions, "words": asked.words}
    _record(asked, connection, number, dict.fromkeys(ENDS, 0), totals, versions, 0.0)
    changes: list[Transition] = []
    for loaded in asked.chosen:
        facts = _facts(asked, connection, loaded, number, versions, origins)
        changes += register.relabel(connection, facts, asked.now_us)
    return changes


def basis_of(rules: Sequence[LoadedRule]) -> str:
    """The legal grounds of rules, as the ledger gets them."""
    return _joined("; ", {loaded.rule.basis.law for loaded in rules})


def purposes_of(rules: Sequence[LoadedRule]) -> str:
    """What rules are for, as the ledger gets it."""
    return _joined(", ", {loaded.rule.basis.purpose for loaded in rules})


def _joined(between: str, texts: set[str]) -> str:
    # An entry has at most 65,535 bytes, and a scan must not fail because many rules have much to say.
    return shorten(between.join(sorted(texts)), _MOST, placeholder=" ...")


def show(asked: Asked, result: Run) -> Outcome:
    """What drafts found; nothing is written."""
    run_counts = counted(result.files.values(), sum(result.duplicates.values()))
    observed = {rule: sum(days.values()) for rule, days in result.observations.items()}
    findings = _findings(asked, result)
    return Outcome(run_counts, run_counts, observed, findings, asked.chosen, attendance=_attendance(result))


def _attendance(result: Run) -> dict[str, dict[str, Any]]:
    """How many accounts were at how many incidents, by rule."""
    return {rule: dict(found.document) for rule, found in result.attendance.items()}


def _findings(asked: Asked, result: Run) -> dict[str, list[Finding]]:
    """What each rule found, under pseudonyms."""
    return {
        loaded.plan.rule: asked.pseudonyms.findings(result.episodes[loaded.plan.rule], loaded.plan.by, asked.namespaces)
        for loaded in asked.chosen
    }


def _record(
    asked: Asked,
    connection: Connection,
    number: int,
    counts: Counts,
    totals: Counts,
    versions: Mapping[str, Any],
    seconds: float,
) -> None:
    """The row of the scan itself; its alerts refer to it."""
    scans.add(
        connection,
        scans.Scan(
            id=number,
            scope=asked.scope.name,
            started_at=asked.now_us,
            finished_at=asked.now_us + round(seconds * 1e6),
            command={"rules": [loaded.plan.rule for loaded in asked.chosen]},
            run=counts,
            totals=totals,
            versions=versions,
        ),
    )


def _facts(
    asked: Asked,
    connection: Connection,
    loaded: LoadedRule,
    number: int,
    versions: Mapping[str, Any],
    origins: Mapping[str, Origin],
) -> Facts:
    """What alerts take from their rule and scan; the rule's text in this meaning is kept."""
    rule, plan = loaded.rule, loaded.plan
    version = RuleVersion(plan.rule, plan.fingerprint, loaded.text, explain(plan), rule.innocent, asked.now_us)
    origin = origins.get(plan.rule)
    if origin is not None:
        version = replace(version, git_commit=origin.commit, git_author=origin.author, git_dirty=origin.dirty)
    rule_store.save(connection, [version])
    named = {key: versions[key] for key in ("lists", "entities", "mapping")}
    named["catalog"] = asked.workspace.catalog.version
    return Facts(
        plan.rule, plan.fingerprint, plan.by, rule.severity, rule.title, rule.status == "shadow", number, named
    )


def _save_titles(asked: Asked, connection: Connection, result: Run) -> None:
    """The titles that carry a component, where any rule looks at titles."""
    catalog = asked.workspace.catalog
    if catalog.titles.seen:
        whole = result.wider is None or result.wider.whole
        found = catalog.titles.reasons.select("title", "component", "pattern").iter_rows()
        titles.save(connection, found, catalog.version, asked.now_us, whole=whole)


def _named(alert: Alert) -> set[str]:
    """All pseudonyms in an alert."""
    finding = alert.finding
    events = (finding.started_by, finding.ended_by, *finding.evidence, *finding.latest_evidence)
    later = [replace(alert, finding=other, amendment=None) for other in alert.amendment or ()]
    amended = {name for other in later for name in _named(other)}
    return {finding.actor, *(name.account for name in events)} | amended


def _totals(connection: Connection, scope: str, chosen: Sequence[LoadedRule]) -> tuple[Counts, dict[str, int]]:
    duplicates, observations = tally.totals(connection, scope)
    counts = counted(files.load(connection, scope).values(), duplicates)
    return counts, {loaded.plan.rule: observations.get(loaded.plan.rule, 0) for loaded in chosen}


def _save_alerts(
    asked: Asked,
    connection: Connection,
    number: int,
    findings: Mapping[str, Sequence[Finding]],
    result: Run,
    versions: Mapping[str, Any],
    origins: Mapping[str, Origin],
) -> list[Transition]:
    written: list[Transition] = []
    for loaded in asked.chosen:
        plan = loaded.plan
        facts = _facts(asked, connection, loaded, number, versions, origins)
        written += register.relabel(connection, facts, asked.now_us)
        stored = _stored(asked, connection, plan, result)
        firsts = {_first_account(one) for one in stored} if plan.by == "actor" else set()
        changes = reconcile(
            stored,
            findings[plan.rule],
            facts,
            asked.causes,
            actors=actors_of(asked, connection, result, firsts),
            suppressed={one.actor: one.until for one in service.suppressions(connection, plan.rule)},
            continues_us=width(plan),
        )
        written += register.applied(connection, changes.transitions, asked.now_us)
    if asked.scope.selection == "all":
        written += _retire(asked, connection, number)
    return written


def _stored(asked: Asked, connection: Connection, plan: Plan, result: Run) -> list[Alert]:
    """The stored alerts of the times and actors that were decided again."""
    wider, changed = result.wider, result.changed
    if wider is None or changed is None:
        return register.load(connection, plan.rule)
    within = wider.regions[plan.rule]
    touched = changed.actors[plan.rule] if wider.touched_only else None
    names = None if touched is None else asked.names(touched, plan.by, changed.linked)
    stored = register.load(connection, plan.rule, actors=names, since_us=within.first, until_us=within.last)
    if plan.by != "actor":
        return stored
    # A decided alert may bear the name of an actor whose account it no longer is: the first hit tells whose it is.
    if touched is not None:
        wanted = frozenset(asked.pseudonyms.by_values(touched, plan.by))
        actor_of = actors_of(asked, connection, result, map(_first_account, stored))
        stored = [one for one in stored if actor_of[_first_account(one)] in wanted]
    if wider.moved is None:
        return stored
    moved = frozenset(asked.pseudonyms.names(list(wider.moved.iter_rows())))
    both = {alert.id: alert for alert in stored}
    of_moved = register.load(connection, plan.rule, actors=moved)
    both |= {alert.id: alert for alert in of_moved if _first_account(alert) in moved}
    return [both[number] for number in sorted(both)]


def _first_account(alert: Alert) -> str:
    return alert.first_account


def _retire(asked: Asked, connection: Connection, number: int) -> list[Transition]:
    """Rules that are no longer run have no open alerts."""
    running = {loaded.plan.rule for loaded in asked.chosen}
    written: list[Transition] = []
    for rule in register.rules_with_alerts(connection):
        if rule not in running:
            stored = register.load(connection, rule)
            facts = replace(stored[0].facts, fingerprint="", scan=number)
            changes = reconcile(stored, [], facts, [Cause.RULE_GONE])
            written += register.applied(connection, changes.transitions, asked.now_us)
    return written

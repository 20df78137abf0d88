"""A look at a workspace over time: every source is counted, every rule that runs is asked for its heartbeat.

Counts alone are taken, and nothing is kept. What goes wrong with one source is a finding and costs no other one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TypeVar

import polars as pl

from coincide.catalog.catalog import Catalog
from coincide.detect.evaluate import Surroundings
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.history import Asked, History, Reading, history
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.part import held
from coincide.engines.workspace import Workspace
from coincide.errors import CoincideError, Problems, Where
from coincide.events.mapping import AMOUNT
from coincide.rules.expression import text_of
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Plan
from coincide.settings import Source
from coincide.settings.errors import BadSetting
from coincide.store import scan as scans
from coincide.store import tally
from coincide.store.database import FILE, open_database
from coincide.watch.errors import NotScanned, SilentRule, SilentSource
from coincide.watch.heartbeat import Heartbeat, Seen, heartbeat, parts, unmet
from coincide.watch.rhythm import WEEK
from coincide.watch.source import SourceReport, findings, iso_day, judge, moment

_DAY_US = 86_400_000_000

Made = TypeVar("Made")
Place = Callable[..., Where]
"""Where a setting stands."""


@dataclass
class Look:
    """What was seen at a time: sources and rules by name, and the findings, silence first."""

    at_us: int
    sources: dict[str, SourceReport] = field(default_factory=dict)
    rules: dict[str, Heartbeat] = field(default_factory=dict)
    findings: list[CoincideError] = field(default_factory=list)


@dataclass(frozen=True)
class _Counted:
    """Observations of a rule by day, and when the scan ended that counted them."""

    days: dict[int, int]
    finished_at: int


def look(workspace: Workspace, place: Place, at_us: int, progress: Progress = lambda _: None) -> Look:
    """Look at all sources and rules as they were at ``at_us`` (microseconds since 1970 in UTC)."""
    found = Look(at_us)
    catalog = _or_nothing(lambda: workspace.catalog)
    limits = workspace.settings.doctor
    failed: list[Source] = []
    found.findings += [
        BadSetting(f"doctor.grace.{name}", reason="no source has this name", where=place("doctor", "grace", name))
        for name in limits.grace
        if name not in workspace.settings.sources
    ]
    with connect(workspace.settings) as connection:
        readings = {}
        for name, reader in workspace.readers.items():
            source = workspace.settings.sources[name]
            reading = Reading(reader, source, _asked(workspace, source, at_us), connection, progress)
            try:
                counted = history(reading)
            except CoincideError as error:
                failed.append(source)
                found.findings += _placed(error, place("sources", name))
                continue
            report = judge(name, counted, catalog if catalog is not None and catalog.components else None, limits)
            readings[name] = reading
            found.sources[name] = report
            found.findings += findings(report, limits, place("sources", name))
        rules = _or_nothing(workspace.chosen)
        lists = _or_nothing(lambda: workspace.lists)
        if rules and catalog is not None and lists is not None:
            # What could not be counted cannot be called silent.
            sure = [one for one in rules if not any(_gives(source, one.plan) for source in failed)]
            _rules(workspace, sure, catalog, readings, found)
    # A source that is silent is said before anything else, then that nobody looks.
    found.findings.sort(key=lambda one: (not isinstance(one, SilentSource), not isinstance(one, NotScanned)))
    return found


def _asked(workspace: Workspace, source: Source, at_us: int) -> Asked:
    limits = workspace.settings.doctor
    return Asked(
        at_us,
        limits.timezone or source.timezone or "UTC",
        recent=limits.recent_days,
        past=limits.weeks * WEEK,
        lately=limits.heartbeat_days,
    )


def _or_nothing(made: Callable[[], Made]) -> Made | None:
    """What is broken in rules, catalog and lists is found by the rest of ``doctor``."""
    try:
        return made()
    except CoincideError:
        return None


def _placed(error: CoincideError, place: Where) -> list[CoincideError]:
    problems = error.problems if isinstance(error, Problems) else [error]
    for problem in problems:
        problem.where = problem.where or place
    return problems


# --- rules ------------------------------------------------------------------------------------------------


def _rules(
    workspace: Workspace, rules: Sequence[LoadedRule], catalog: Catalog, readings: Mapping[str, Reading], found: Look
) -> None:
    days, last = workspace.settings.doctor.heartbeat_days, found.at_us // _DAY_US
    counted = _by_scans(workspace, rules)
    expired = _expired(workspace, found.at_us - days * _DAY_US, found.at_us)
    unscanned = []
    for loaded in rules:
        plan = loaded.plan
        known = counted.get(plan.rule)
        if known is None or known.finished_at < found.at_us - days * _DAY_US:
            unscanned.append(plan.rule)
            known = None
        seen = _seen(found, plan.events, catalog, expired)
        beat = heartbeat(plan, seen, None if known is None else known.days, last - days, last)
        if beat.observations == 0 and not beat.because:
            beat = replace(beat, because=unmet(_held(workspace, plan, readings, catalog, found)))
        found.rules[plan.rule] = beat
        if beat.dead:
            ever = None if beat.last_day is None else iso_day(beat.last_day)
            found.findings.append(
                SilentRule(plan.rule, days=days, because=beat.because, last=ever, where=Where(loaded.file))
            )
    if unscanned:
        newest = max((one.finished_at for one in counted.values()), default=None)
        ended = None if newest is None else moment(newest, "UTC")
        found.findings.append(NotScanned(unscanned, days=days, last=ended, where=None))


def _gives(source: Source, plan: Plan) -> bool:
    """Whether a source can have events that the rule looks at."""
    return source.may_hold(*plan.events)


def _held(
    workspace: Workspace, plan: Plan, readings: Mapping[str, Reading], catalog: Catalog, found: Look
) -> dict[str, bool | None]:
    """Of each part of ``where``, whether it held for any row of late, of any source."""
    around, asked = Surroundings(plan.zone, workspace.lists), parts(plan.where)
    told: dict[str, bool | None] = dict.fromkeys(map(text_of, asked), False)
    for name, reading in readings.items() if asked else ():
        if _gives(reading.source, plan):
            answers = held(reading, found.sources[name].history, plan, asked, catalog, around)
            for part, answer in zip(told, answers, strict=True):
                told[part] = True if True in (told[part], answer) else None if None in (told[part], answer) else False
    return told


def _by_scans(workspace: Workspace, rules: Sequence[LoadedRule]) -> dict[str, _Counted]:
    """Of each rule, what the newest scan of it as it is now has counted. A workspace without a database had none."""
    if not (workspace.state / FILE).exists():
        return {}
    counted: dict[str, _Counted] = {}
    with closing(open_database(workspace.state)) as database, database.reading() as connection:
        for scan in scans.latest_kept(connection):
            meanings = scan.versions.get("rules", {})
            for loaded in rules:
                rule = loaded.plan.rule
                if rule not in counted and meanings.get(rule) == loaded.plan.fingerprint:
                    counted[rule] = _Counted(tally.by_day(connection, scan.scope, rule), scan.finished_at)
    return counted


def _expired(workspace: Workspace, first_us: int, last_us: int) -> frozenset[str]:
    """The managed lists that held nothing at any time of these."""
    inside = (pl.col("from") <= last_us) & (pl.col("until") > first_us)
    return frozenset(name for name, known in workspace.lists.items() if known.entries.filter(inside).is_empty())


def _seen(found: Look, kinds: tuple[str, ...], catalog: Catalog, expired: frozenset[str]) -> Seen:
    rows = 0
    present: dict[str, int] = {}
    components: dict[str, int] = {}
    for report in found.sources.values():
        history_ = report.history
        counted = history_.counted(history_.asked.today - history_.asked.lately, history_.asked.today, kinds)
        rows += counted.rows
        for name in ("occurred_at", "kind", *history_.fields):
            there = counted.rows - counted.missing.get(name, 0) - counted.unreadable.get(name, 0)
            read_as = "amount_minor" if name == AMOUNT else name
            present[read_as] = present.get(read_as, 0) + there
        for component, count in _components(history_, kinds, catalog).items():
            components[component] = components.get(component, 0) + count
    return Seen(rows, present, components, expired)


def _components(counted: History, kinds: tuple[str, ...], catalog: Catalog) -> dict[str, int]:
    """Rows of late by component."""
    lately = counted.items.filter(pl.col("lately") & pl.col("kind").is_in(kinds))
    tags = catalog.tags(lately)
    summed = lately.select("rows").with_columns(code=tags.codes).group_by("code").agg(pl.col("rows").sum())
    components: dict[str, int] = {}
    for code, rows in summed.select("code", "rows").iter_rows():
        for name in tags.sets[code]:
            components[name] = components.get(name, 0) + rows
    return components

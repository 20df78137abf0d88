"""One run of rules over files: read, link, decide, count. Nothing is stored here.

A run begins with the files it is given. If it is told how to widen, it then reads what else the decision needs:
``alerts.scan`` knows which files and times that is. What becomes of what was found is for ``alerts.scan``, too.
DESIGN: "How it runs".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlglot import exp

from coincide.catalog.catalog import Catalog
from coincide.detect.attendance import Attendance, attendance
from coincide.detect.detect import Cuts, Hits, Region, by_values, episodes, hits, kept
from coincide.detect.episode import Episode
from coincide.detect.evaluate import Covered, ManagedList, Surroundings
from coincide.detect.fit import NEVER, fit, reasons
from coincide.detect.kernel.observations import Truths
from coincide.detect.rows import Rows
from coincide.detect.unusual import OfLog
from coincide.engines.embedded import anonymous, database
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.links import Links
from coincide.engines.embedded.load import Feed, Loaded, MasterData, Only, Progress, load
from coincide.engines.embedded.log_days import days_of_log
from coincide.engines.embedded.portion import Portion, portions
from coincide.entities.actors import ACCOUNT, Actors
from coincide.events.event import LATEST_US
from coincide.events.file import FileStamp
from coincide.events.reason import IN_FUTURE
from coincide.network.network import Network
from coincide.rules.plan import Plan, Presence, UnusualDay
from coincide.settings import Settings

_DAY_US = 86_400_000_000
_MOVED = "coincide_moved"
Day = int
"""Days since 1970 in UTC."""


@dataclass(frozen=True)
class Refused:
    """A row in quarantine: where it stands, why, and a hash of a record that cannot be read at all."""

    source: str
    file: FileStamp
    position: int
    reason: str
    digest: str = ""


@dataclass(frozen=True)
class FileCount:
    """How the rows of one file ended; ``first_at`` and ``last_at`` are of the rows that some rule keeps or drops."""

    read: int
    unmatched: int
    quarantined: int
    first_at: int | None
    last_at: int | None

    def __add__(self, more: FileCount) -> FileCount:
        """With other rows of the same file."""
        firsts = [at for at in (self.first_at, more.first_at) if at is not None]
        lasts = [at for at in (self.last_at, more.last_at) if at is not None]
        counts = (self.read + more.read, self.unmatched + more.unmatched, self.quarantined + more.quarantined)
        return FileCount(*counts, min(firsts, default=None), max(lasts, default=None))


@dataclass(frozen=True)
class Changed:
    """What the files read first hold: times of their usable rows, and per rule whose they are.

    ``linked``: who belongs together by all files; ``earlier`` tells it by the files that are not fresh.
    """

    first_at: int | None
    last_at: int | None
    actors: Mapping[str, frozenset[tuple[str, str]]]
    linked: Actors | None
    earlier: Callable[[], Actors] | None


@dataclass(frozen=True)
class Wider:
    """What else to read, and what then to decide: hits inside the region of each rule.

    ``touched_only``: only of actors that have rows in the files read first. ``whole``: these files and those read first
    are all there are, so that everything is decided. ``moved``: ``namespace, account`` of accounts whose actors
    changed. Rules by actor decide all of their hits, so of the ``other`` files their rows are read.
    """

    files: Mapping[str, tuple[FileStamp, ...]]
    regions: Mapping[str, Region]
    touched_only: bool
    whole: bool = False
    moved: pl.DataFrame | None = None
    other: Mapping[str, tuple[FileStamp, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What a run is asked for.

    ``link`` makes actors of the edges (``None``: every account is its own actor) with those of ``master_data``, files
    of accounts and identifiers beside the sources; ``cuts`` are the last hits of decided alerts by rule. ``fresh``:
    of a run that widens, the files that were not there before, those of master data too. ``between``: rows whose time
    is not in ``[first, last)`` are as if they were not there. ``look`` is shown what each rule was decided on, which
    then is decided on everything at once.
    ``counted``: rules whose hits are only to be counted by ``look``: no episodes are made of them. ``covered``: see
    ``Surroundings``: without it no account is told that was at an incident. ``network``: of the taps, if there is one.
    ``now_us``: the time of the run, after which no incident can be known.
    """

    plans: Sequence[Plan]
    feeds: Sequence[Feed]
    catalog: Catalog
    lists: Mapping[str, ManagedList]
    settings: Settings
    link: Callable[[pl.DataFrame], Actors] | None = None
    master_data: Sequence[MasterData] = ()
    widen: Callable[[Changed], Wider] | None = None
    cuts: Mapping[str, Cuts] = field(default_factory=dict)
    fresh: frozenset[FileStamp] = frozenset()
    between: tuple[int, int] | None = None
    look: Callable[[Decided], None] | None = None
    counted: frozenset[str] = frozenset()
    covered: Covered | None = None
    network: Network | None = None
    now_us: int | None = None

    def around(self, plan: Plan) -> Surroundings:
        """What the rule may read beside its rows."""
        return Surroundings(plan.zone, self.lists, self.covered, self.network, self.now_us)


@dataclass(frozen=True)
class Decided:
    """What a rule was decided on: the rows that it keeps, ``keep``, of all ``rows``; its hits and their episodes."""

    plan: Plan
    rows: Rows
    keep: Truths
    hits: Hits
    episodes: Sequence[Episode]


@dataclass
class Run:
    """What a run found and counted. ``ahead``: when the first of the incidents happens that are not known yet."""

    read: int = 0
    episodes: dict[str, list[Episode]] = field(default_factory=dict)
    files: dict[tuple[str, str], FileCount] = field(default_factory=dict)
    duplicates: dict[Day, int] = field(default_factory=dict)
    observations: dict[str, dict[Day, int]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    attendance: dict[str, Attendance] = field(default_factory=dict)
    ahead: int | None = None
    actors: Actors | None = None
    changed: Changed | None = None
    wider: Wider | None = None


def run(task: Task, progress: Progress = lambda _: None) -> Run:
    """Read, link, widen, decide, count."""
    result = Run()
    with connect(task.settings) as connection:
        links = Links(connection, task.settings.entities, fresh=task.fresh) if task.link is not None else None
        if task.widen is None:
            _run_whole(task, task.feeds, links, connection, progress, result)
            return result
        loaded = _load(task, task.feeds, links, connection, progress, whole=False)
        _link(task, links, connection, result)
        result.changed = _changed(task, prepared(loaded.frame, task, result.actors), result.actors, links)
        result.wider = wider = task.widen(result.changed)
        if wider.whole:
            # Read as a first scan would: only then may rows of which nothing can come be left unread. All links are
            # known by now; that there are any still says which rules need every row.
            del loaded
            feeds = [
                replace(feed, decided=feed.decided + wider.files.get(feed.name, ()), linked=()) for feed in task.feeds
            ]
            _run_whole(task, feeds, links, connection, progress, result)
            return result
        feeds = [feed.continued(wider.files.get(feed.name, ())) for feed in task.feeds]
        loaded = loaded.joined(_load(task, feeds, None, connection, progress, whole=False))
        if wider.moved is not None:
            feeds = [feed.continued(wider.other.get(feed.name, ())) for feed in feeds]
            loaded = loaded.joined(_of_moved(task, feeds, wider.moved, connection, progress))
    _settle(task, loaded, result)
    return result


def _run_whole(
    task: Task,
    feeds: Sequence[Feed],
    links: Links | None,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress,
    result: Run,
) -> None:
    """Everything there is, portion by portion where accounts stand apart and nobody is to look at all of them."""
    if task.look is not None or links is not None:
        loaded = _load(task, feeds, links, connection, progress, whole=True)
        if result.actors is None:
            _link(task, links, connection, result)
        _settle(task, loaded, result)
        return
    cut = portions(feeds, task.plans)
    days = _days(task, cut, connection) if len(cut) > 1 else {}
    for portion in cut:
        loaded = _load_portion(task, portion, connection, progress)
        _settle(task, loaded, result, portion, days)
        del loaded


def _load_portion(
    task: Task, portion: Portion, connection: duckdb.DuckDBPyConnection, progress: Progress = lambda _: None
) -> Loaded:
    told = progress if not portion.again else lambda _: None
    whole = portion.span is None
    loaded = _load(task, portion.feeds, None, connection, told, whole=whole, only=None if whole else portion.only)
    portion.check(loaded)
    return loaded


def _days(task: Task, cut: Sequence[Portion], connection: duckdb.DuckDBPyConnection) -> dict[str, OfLog]:
    """Of each rule over days, the days of all accounts: every one is compared with those of all others."""
    found = {}
    for plan in task.plans:
        if isinstance(plan.condition, UnusualDay):
            alone = replace(task, plans=[plan])

            def rows(portion: Portion, alone: Task = alone) -> Rows:
                return prepared(_load_portion(alone, portion, connection).frame, alone, None)

            readings = [partial(rows, portion) for portion in cut]
            found[plan.rule] = days_of_log(plan, plan.condition, readings, task.around(plan))
    return found


def _link(task: Task, links: Links | None, connection: duckdb.DuckDBPyConnection, result: Run) -> None:
    if links is None or task.link is None:
        return
    for data in task.master_data:
        _give(data, links, connection, task.fresh)
    result.actors = task.link(links.edges())


def _load(
    task: Task,
    feeds: Sequence[Feed],
    links: Links | None,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress,
    *,
    whole: bool,
    only: Only | None = None,
) -> Loaded:
    attributes = task.settings.attributes
    return load(feeds, task.plans, task.catalog, links, connection, attributes, progress, whole=whole, only=only)


def _give(data: MasterData, links: Links, connection: duckdb.DuckDBPyConnection, fresh: frozenset[FileStamp]) -> None:
    """Fresh files apart: a batch can hold several."""
    for chosen in (True, False):
        files = tuple(file for file in data.files if (file in fresh) == chosen)
        if files:
            replace(data, files=files).give(links, connection)


def _of_moved(
    task: Task,
    feeds: Sequence[Feed],
    moved: pl.DataFrame,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress,
) -> Loaded:
    """The rows of moved accounts that rules by actor look at; no other row of these files counts as read."""
    database.keep(connection, _MOVED, moved.to_arrow())

    def only(feed: Feed, mapped: Mapping[str, exp.Expr]) -> exp.Expr:
        asked = exp.select("account").from_(_MOVED)
        asked = asked.where(exp.column("namespace").eq(exp.Literal.string(feed.namespace)))
        return mapped["account"].copy().isin(query=asked) if "account" in mapped else exp.false()

    plans = [plan for plan in task.plans if plan.by == "actor"]
    attributes = task.settings.attributes
    loaded = load(feeds, plans, task.catalog, None, connection, attributes, progress, whole=False, only=only)
    found = {(row[0], row[1]): row[2] for row in loaded.frame.group_by("source", "file").len().iter_rows()}
    return replace(loaded, read={file: found.get(file, 0) for file in loaded.read}, unread={}, bad=[])


def prepared(frame: pl.DataFrame, task: Task, actors: Actors | None) -> Rows:
    """Rows with their component tags and actors."""
    if task.between is not None:
        first, last = task.between
        frame = frame.filter(pl.col("occurred_at").is_between(first, last, closed="left").fill_null(True))
    tags = task.catalog.tags(frame)
    frame = frame.with_columns(tags.codes.alias("tagset"))
    if actors is None:
        frame = frame.with_columns(actor_namespace="namespace", actor_account="account")
    else:
        frame = actors.resolve(frame)
    return Rows(frame, tags.sets)


def _changed(task: Task, rows: Rows, linked: Actors | None, links: Links | None) -> Changed:
    times = np.zeros(len(rows), dtype=np.bool_)
    actors = {}
    for plan in task.plans:
        usable = fit(plan, rows, task.around(plan)).usable
        times |= usable
        actors[plan.rule] = frozenset(by_values(plan, rows, np.flatnonzero(usable)))
    at = rows.at[times]
    first, last = (int(at.min()), int(at.max())) if len(at) else (None, None)

    def earlier() -> Actors:
        assert links is not None
        assert task.link is not None
        return task.link(links.edges(fresh=False))

    return Changed(first, last, actors, linked, None if links is None else earlier)


def _settle(
    task: Task,
    loaded: Loaded,
    result: Run,
    portion: Portion | None = None,
    days: Mapping[str, OfLog] = MappingProxyType({}),
) -> None:
    """Decide on what was read, and count it. ``days``: see :func:`_days`."""
    anonymous.check(loaded, {feed.name: feed.source for feed in task.feeds}, portion.rows if portion else None)
    rows = prepared(loaded.frame, task, result.actors)
    counted = np.ones(len(rows), dtype=np.bool_)
    if portion is not None:
        counted = ~rows.frame["source"].is_in(sorted(portion.beside)).to_numpy()
        loaded = portion.counted(loaded)
    result.read += sum(loaded.read.values())
    _decide(task, rows, counted, loaded, result, days)


def _decide(task: Task, rows: Rows, counted: Truths, loaded: Loaded, result: Run, days: Mapping[str, OfLog]) -> None:
    """``counted``: the rows that are counted; of all others it is known how they end."""
    reason = np.full(len(rows), NEVER, dtype=np.int16)
    accepted = np.zeros(len(rows), dtype=np.bool_)
    selected = np.zeros(len(rows), dtype=np.bool_)
    first = rows.frame["first"].to_numpy() if result.wider is not None else accepted
    moved = _moved(rows, result.wider)
    for plan in task.plans:
        around = replace(task.around(plan), days=days.get(plan.rule))
        fitting = fit(plan, rows, around)
        keep = kept(rows, fitting.usable)
        np.minimum(reason, fitting.reason, out=reason)
        accepted |= keep
        selected |= fitting.usable
        seen = _with_unread(_by_day(rows, keep & counted), plan, rows, loaded)
        result.observations[plan.rule] = _added(result.observations.get(plan.rule, {}), seen)
        found = hits(plan, rows, keep, around)
        if result.wider is not None:
            everything = found
            found = found.within(result.wider.regions[plan.rule])
            if result.wider.touched_only:
                found = found.of_actors_in(fitting.usable & first, rows.order(plan.by)[0])
            if plan.by == "actor" and moved.any():
                found = _both(found, everything.of_actors_in(moved, rows.order(plan.by)[0]))
        if isinstance(plan.condition, Presence):
            there = attendance(plan, plan.condition, rows, keep, around)
            before = result.attendance.get(plan.rule)
            result.attendance[plan.rule] = there if before is None else before + there
        told = [] if plan.rule in task.counted else episodes(found, rows, task.cuts.get(plan.rule, Cuts()))
        result.episodes.setdefault(plan.rule, []).extend(told)
        if task.look is not None:
            task.look(Decided(plan, rows, keep, found, told))
    refused = reason != NEVER
    ahead = rows.at[counted & (reason == reasons(rows).index(IN_FUTURE.name))]
    if len(ahead):
        result.ahead = min(int(ahead.min()), LATEST_US if result.ahead is None else result.ahead)
    accepted &= ~refused
    result.duplicates = _added(result.duplicates, _by_day(rows, selected & ~accepted & ~refused & counted))
    _count(rows, counted, loaded, selected, reason, result)


def _moved(rows: Rows, wider: Wider | None) -> Truths:
    """The rows of accounts whose actors changed."""
    if wider is None or wider.moved is None:
        return np.zeros(len(rows), dtype=np.bool_)
    marked = wider.moved.with_columns(moved=pl.lit(True))
    accounts = rows.frame.select(ACCOUNT)
    joined = accounts.join(marked, on=ACCOUNT, how="left", maintain_order="left")
    return joined["moved"].fill_null(False).to_numpy()


def _both(one: Hits, other: Hits) -> Hits:
    """The hits that are among one or the other, both of the same observations."""
    return replace(one, hit=np.union1d(one.hit, other.hit), silenced=np.union1d(one.silenced, other.silenced))


def _by_day(rows: Rows, chosen: Truths) -> dict[Day, int]:
    days = rows.at[chosen] // _DAY_US  # usable rows only: 1970 to 2200, so that days are small numbers
    counts = np.bincount(days) if len(days) else days
    return {day: int(counts[day]) for day in np.flatnonzero(counts).tolist()}


def _added(some: dict[Day, int], more: dict[Day, int]) -> dict[Day, int]:
    """Both counts, without days of which nothing is left."""
    total = {day: some.get(day, 0) + more.get(day, 0) for day in some | more}
    return {day: number for day, number in total.items() if number}


def _with_unread(counts: dict[Day, int], plan: Plan, rows: Rows, loaded: Loaded) -> dict[Day, int]:
    """The observations of a sieved rule with those that were left unread: all that are not odd, less those read."""
    for source, sieved in loaded.sieved.items():
        if plan.rule in sieved.rules:
            read = (rows.frame["source"] == source).to_numpy() & _even(rows)
            seen = _by_day(rows, read)
            for day, number in sieved.days.items():
                counts[day] = counts.get(day, 0) + number - seen.get(day, 0)
    return counts


def _even(rows: Rows) -> Truths:
    """Rows that a sieve does not call odd: id, account and time are there and can be read."""
    return rows.present("event_id") & rows.present("account") & rows.present("occurred_at")


def _count(
    rows: Rows, counted: Truths, loaded: Loaded, selected: Truths, reason: NDArray[np.int16], result: Run
) -> None:
    texts = reasons(rows)
    refused = reason != NEVER
    ended = (
        rows.frame.select("source", "file", "position")
        .with_columns(
            chosen=pl.Series(selected & ~refused),
            usable=pl.Series(selected),
            refused=pl.Series(refused),
            reason=pl.Series(reason),
            at=pl.Series(rows.at),
            digest=rows.frame["digest"] if "digest" in rows.frame.columns else pl.lit(""),
        )
        .filter(pl.Series(counted))
    )
    # A row in quarantine for one rule may be an observation of another: its time counts all the same.
    counts = ended.group_by("source", "file").agg(
        pl.col("chosen").sum(),
        pl.col("refused").sum(),
        pl.col("at").filter(pl.col("usable")).min().alias("first"),
        pl.col("at").filter(pl.col("usable")).max().alias("last"),
    )
    by_file = {(row[0], row[1]): row[2:] for row in counts.iter_rows()}
    for (source, number), read in loaded.read.items():
        stamp = loaded.files[source][number]
        chosen_rows, held, first, last = by_file.get((source, number), (0, 0, None, None))
        unread = loaded.unread.get((source, number), 0)
        unmatched = read - chosen_rows - held - unread
        sieved = loaded.sieved.get(source)
        if sieved is not None and number in sieved.times:
            # What was left unread is selected by a sieved rule.
            unmatched, (first, last) = 0, sieved.times[number]
        count = FileCount(read, unmatched, held + unread, first, last)
        before = result.files.get((source, stamp.path))
        result.files[(source, stamp.path)] = count if before is None else before + count
    result.refused += [
        *(
            Refused(source, loaded.files[source][bad.file], bad.position, "bad-record", bad.digest)
            for source, bad in loaded.bad
        ),
        *(
            Refused(source, loaded.files[source][number], position, texts[rank], digest or "")
            for source, number, position, rank, digest in ended.filter("refused")
            .select("source", "file", "position", "reason", "digest")
            .iter_rows()
        ),
    ]

"""Reading: one pass over each source for all rules, into canonical rows, with every record counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import polars as pl
from sqlglot import exp

from coincide import settings
from coincide.catalog.catalog import Catalog
from coincide.detect.select import SKUS, Wanted, select
from coincide.engines.embedded.database import keep, query
from coincide.engines.embedded.links import Links
from coincide.engines.embedded.sieve import SHARED, Sieve, sieve
from coincide.engines.embedded.titles import TitleTable
from coincide.events.canonical import DTYPES, canonical
from coincide.events.errors import NoToken
from coincide.events.event import INCIDENT, TAP
from coincide.events.file import FileStamp
from coincide.events.mapping import passed_over, projection, raw_columns, type_of
from coincide.events.source import BadRecord, Batch, SourceReader
from coincide.rules.plan import Plan

Progress = Callable[[int], None]
"""Told the number of records just read."""

Only = Callable[["Feed", Mapping[str, exp.Expr]], exp.Expr]
"""A further condition on the rows of a feed, over its mapped fields."""


@dataclass(frozen=True)
class Feed:
    """One source of a run: files to decide (numbered from ``first_file``), and files read for their links."""

    name: str
    source: settings.Source
    reader: SourceReader
    decided: tuple[FileStamp, ...]
    linked: tuple[FileStamp, ...] = ()
    first_file: int = 0

    @property
    def namespace(self) -> str:
        """The namespace of this source's accounts."""
        return self.source.namespace(self.name)

    def continued(self, more: tuple[FileStamp, ...]) -> Feed:
        """The same source with further files to decide, numbered on."""
        return replace(self, decided=more, linked=(), first_file=self.first_file + len(self.decided))


@dataclass(frozen=True)
class MasterData:
    """Link files: accounts and identifiers that no purchase needs to show."""

    section: settings.LinkFile
    reader: SourceReader
    files: tuple[FileStamp, ...]

    def give(self, links: Links, connection: duckdb.DuckDBPyConnection) -> None:
        """All pairs in the files."""
        for batch in self.reader.batches(connection, self.files, raw_columns(self.section)):
            links.take(self.section, self.section.accounts, batch)


@dataclass(frozen=True)
class Loaded:
    """What reading gave.

    ``frame``: the selected rows, ``first`` true for those of the first reading. ``files``: of each source by number.
    ``read``: records by source and number of the file, ``unread`` those of them that are no records. ``sieved``: by
    source, what is known of selected rows that were not read.
    """

    frame: pl.DataFrame
    files: dict[str, tuple[FileStamp, ...]] = field(default_factory=dict)
    read: dict[tuple[str, int], int] = field(default_factory=dict)
    unread: dict[tuple[str, int], int] = field(default_factory=dict)
    bad: list[tuple[str, BadRecord]] = field(default_factory=list)
    sieved: dict[str, Sieve] = field(default_factory=dict)

    def joined(self, more: Loaded) -> Loaded:
        """This reading and a later one of further files."""
        later = more.frame.with_columns(first=pl.lit(False))
        return Loaded(
            pl.concat([self.frame, later], how="diagonal"),
            {name: stamps + more.files.get(name, ()) for name, stamps in self.files.items()},
            self.read | more.read,
            self.unread | more.unread,
            self.bad + more.bad,
            self.sieved | more.sieved,
        )

    def beside(self, sources: Collection[str]) -> Loaded:
        """All rows, with the records of all but these sources."""
        return replace(
            self,
            files={name: stamps for name, stamps in self.files.items() if name not in sources},
            read={key: count for key, count in self.read.items() if key[0] not in sources},
            unread={key: count for key, count in self.unread.items() if key[0] not in sources},
            bad=[one for one in self.bad if one[0] not in sources],
            sieved={name: one for name, one in self.sieved.items() if name not in sources},
        )

    def uncounted(self) -> Loaded:
        """All rows, of files whose records are counted elsewhere."""
        return replace(self, read=dict.fromkeys(self.read, 0), unread={}, bad=[])


def load(
    feeds: Sequence[Feed],
    plans: Sequence[Plan],
    catalog: Catalog,
    links: Links | None,
    connection: duckdb.DuckDBPyConnection,
    attributes: Mapping[str, settings.Attribute],
    progress: Progress,
    *,
    whole: bool,
    only: Only | None = None,
) -> Loaded:
    """Select the rows of all feeds; on the way, give ``links`` the accounts and identifiers of every row.

    ``whole``: these files are all there are, so that rows of which nothing can come may be left unread. ``only``: a
    condition that the rows must meet beside what the plans select.
    """
    wanted = wanted_of(plans, catalog, connection)
    titles = TitleTable(catalog, plans, connection)
    loaded = Loaded(pl.DataFrame())
    frames = [_empty(plans, attributes)]
    for feed in feeds:
        for plan in plans:
            if without_token(feed.source, plan):
                raise NoToken(feed.name, plan.rule)
        loaded.files[feed.name] = feed.decided
        here = links if feed.linked else None
        for number in range(len(feed.decided)):
            loaded.read[(feed.name, feed.first_file + number)] = 0
        columns = raw_columns(feed.source)
        sieved = _sieved(feed, plans, connection, linked=links is not None) if whole else None
        if sieved is not None:
            loaded.sieved[feed.name] = sieved
        for batch in feed.reader.batches(connection, feed.decided, columns, first_file=feed.first_file):
            _count(loaded, feed, batch)
            told = Told(progress, batch.rows)
            frames += _selected(feed, batch, _Asked(plans, wanted, titles, connection, attributes, sieved, only, told))
            if here is not None:
                here.take(feed.source, feed.namespace, batch)
            told.share(1.0)
        if here is not None:
            _link_only(feed, here, connection, progress)
    catalog.titles.check()
    return replace(loaded, frame=pl.concat(frames, how="diagonal").with_columns(first=pl.lit(True)))


def without_token(source: settings.Source, plan: Plan) -> bool:
    """Whether a rule looks at what each card did, and nothing ties the taps of this source to a card."""
    return TAP in plan.events and source.kind != INCIDENT and "account" not in source.columns


def _sieved(feed: Feed, plans: Sequence[Plan], connection: duckdb.DuckDBPyConnection, *, linked: bool) -> Sieve | None:
    """A sieve where it saves anything: Parquet files, of one schema."""
    # Rows that are passed over would be among those that a sieve counts without reading them.
    if feed.source.files is None or feed.source.anonymous or not any(plan.tagged is None for plan in plans):
        return None
    if any(feed.reader.format(file) != "parquet" for file in feed.decided):
        return None
    batches = feed.reader.batches(connection, feed.decided, raw_columns(feed.source), first_file=feed.first_file)
    return sieve(feed.reader, feed.source, plans, list(batches), connection, linked=linked)


class Told:
    """Tells the progress of one batch in records, each once."""

    def __init__(self, progress: Progress, records: int) -> None:
        self._progress, self._records, self._told = progress, records, 0

    def share(self, done: float) -> None:
        """This share of the batch is read."""
        now = int(self._records * min(1.0, done))
        if now > self._told:
            self._progress(now - self._told)
            self._told = now


def _link_only(feed: Feed, links: Links, connection: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    """The files that are read for accounts and identifiers alone."""
    decided = {stamp.path for stamp in feed.decided}
    rest = tuple(stamp for stamp in feed.linked if stamp.path not in decided)
    columns = raw_columns(feed.source, ("account", *(f"link.{kind}" for kind in feed.source.links)))
    for batch in feed.reader.batches(connection, rest, columns) if rest else ():
        links.take(feed.source, feed.namespace, batch)
        progress(batch.rows)


def wanted_of(
    plans: Sequence[Plan], catalog: Catalog, connection: duckdb.DuckDBPyConnection
) -> dict[tuple[str, ...], Wanted]:
    """What the catalog knows of the components of the plans; their SKUs become a table of the connection."""
    wanted = {}
    every: set[str] = set()
    for tagged in {plan.tagged for plan in plans if plan.tagged is not None}:
        skus, prefixes = catalog.values_for(tagged)
        wanted[tagged] = Wanted(tuple(skus), tuple(prefixes), tuple(sorted(catalog.titled.intersection(tagged))))
        every.update(skus)
    keep(connection, SKUS, pl.DataFrame({"value": sorted(every)}, schema={"value": pl.String}).to_arrow())
    return wanted


def _count(loaded: Loaded, feed: Feed, batch: Batch) -> None:
    for number, records in zip(batch.indices, batch.counts, strict=True):
        loaded.read[(feed.name, number)] += records
    for bad in batch.bad:
        key = (feed.name, bad.file)
        loaded.read[key] += 1
        loaded.unread[key] = loaded.unread.get(key, 0) + 1
        loaded.bad.append((feed.name, bad))


@dataclass(frozen=True)
class _Asked:
    """What every batch of a source is read for."""

    plans: Sequence[Plan]
    wanted: Mapping[tuple[str, ...], Wanted]
    titles: TitleTable
    connection: duckdb.DuckDBPyConnection
    attributes: Mapping[str, settings.Attribute]
    sieved: Sieve | None
    only: Only | None
    told: Told


def _selected(feed: Feed, batch: Batch, asked: _Asked) -> Iterator[pl.DataFrame]:
    mapped = _mapped(feed, batch, asked)
    statement = _statement(feed, batch, asked, mapped)
    if statement is None:
        return
    try:
        if "title" in mapped:
            only = None if asked.only is None else asked.only(feed, mapped)
            asked.titles.take(batch.table, mapped["title"], feed.source.kind or mapped["kind"], only)
        raw = query(asked.connection, statement, asked.told.share if batch.again is not None else None)
    except duckdb.Error:
        if batch.again is None:
            raise
        # What DuckDB refuses is read by the slower reader, which repairs it or names the file that is broken.
        for slower in batch.again():
            yield from _selected(feed, slower, asked)
        return
    # `canonical` looks files up by their number in the run; those before this reading's are never asked for.
    files = feed.decided[:1] * feed.first_file + feed.decided
    hashed = [] if batch.digest is None else [pl.Series("digest", raw.column("digest"))]
    fields = raw if batch.digest is None else raw.drop_columns(["digest"])
    frame = canonical(fields, source=feed.source, attributes=asked.attributes, files=files)
    yield frame.with_columns(*hashed, source=pl.lit(feed.name), namespace=pl.lit(feed.namespace))


def _mapped(feed: Feed, batch: Batch, asked: _Asked) -> Mapping[str, exp.Expr]:
    reading = [plan for plan in asked.plans if feed.source.may_hold(*plan.events)]
    # Rules that a sieve helps read no field in which copies of an event can differ, so that these need no others.
    only = SHARED if asked.sieved is not None and {plan.rule for plan in reading} <= asked.sieved.rules else None
    return projection(feed.source, batch.columns, asked.attributes, only=only)


def _statement(feed: Feed, batch: Batch, asked: _Asked, mapped: Mapping[str, exp.Expr]) -> exp.Select | None:
    types = {
        name: batch.columns[expression.name]
        for name, expression in mapped.items()
        if isinstance(expression, exp.Column) and expression.name in batch.columns
    }
    statement = select(
        asked.plans,
        table=batch.table,
        projection=mapped,
        types=types,
        kind=feed.source.kind,
        wanted=asked.wanted,
        beside={"file": batch.file, "position": batch.position}
        | ({} if batch.digest is None else {"digest": batch.digest}),
        instead={} if asked.sieved is None else dict.fromkeys(asked.sieved.rules, asked.sieved.condition),
    )
    if statement is None:
        return None
    nobody = passed_over(feed.source, batch.columns)
    if nobody is not None:
        statement = statement.where(exp.not_(nobody))
    return statement if asked.only is None else statement.where(asked.only(feed, mapped))


def _empty(plans: Sequence[Plan], attributes: Mapping[str, settings.Attribute]) -> pl.DataFrame:
    """No rows, with every column that a rule may read: what no source maps is missing everywhere."""
    names = {"event_id", "occurred_at", "account", "kind", "item", "category", "title"}
    for plan in plans:
        names |= plan.reads
    columns: dict[str, pl.DataType] = {"file": pl.UInt32(), "position": pl.Int64()}
    columns |= dict.fromkeys(("source", "namespace"), pl.String())
    for name in sorted(names):
        columns[name] = DTYPES[type_of(name, attributes)]
    return pl.DataFrame(schema=columns)

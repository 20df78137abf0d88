"""Which accounts share which identifiers: gathered from every row that is read, joined in memory only.

Only identifiers that at least two accounts share leave the database, so that what follows costs what is linked
and not what was read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import duckdb
import polars as pl
from sqlglot import exp

from coincide import settings
from coincide.detect.select import NOT_UTF8
from coincide.engines.embedded.database import add, query
from coincide.engines.workspace import Workspace
from coincide.events.file import FileStamp
from coincide.events.mapping import bare, projection, raw_columns
from coincide.events.source import Batch

_Place = tuple[str, str, bool]
"""Kind of identifier, namespace of the accounts, and whether the files are fresh."""


class Links:
    """The pairs of account and identifier of a run, by kind of identifier.

    Strong kinds only, unless ``weak``: a weak kind never joins, so it is read only to explain. The pairs of ``fresh``
    files are told apart from the others, so that ``edges`` can say what was shared before they came.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        entities: settings.Entities,
        *,
        weak: bool = False,
        fresh: Collection[FileStamp] = (),
    ) -> None:
        self._connection = connection
        self._weak = weak
        self._entities = entities
        self._fresh = frozenset(fresh)
        self._parts: dict[_Place, list[exp.Select]] = {}

    def take(self, source: settings.Source | settings.LinkFile, namespace: str, batch: Batch) -> None:
        """The pairs of a batch. Files are read when ``edges`` asks; rows in memory are taken now."""
        mapped = projection(source, batch.columns, only={"account", *(f"link.{kind}" for kind in source.links)})
        if "account" not in mapped:
            return
        fresh = any(file in self._fresh for file in batch.files)
        for kind in source.links:
            if self._weak or self._entities.kind(kind).strength == "strong":
                self.add(
                    kind,
                    namespace,
                    mapped["account"],
                    mapped[f"link.{kind}"],
                    batch.table,
                    lasting=batch.again is not None,
                    fresh=fresh,
                )

    def add(
        self,
        kind: str,
        namespace: str,
        account: exp.Expr,
        identifier: exp.Expr,
        table: exp.Expr,
        *,
        lasting: bool,
        fresh: bool = False,
    ) -> None:
        """Pairs of one kind: both there, not empty, and readable."""
        # What DuckDB reads from Parquet is text or an error; only our own readers mark what is not.
        here = (_there(account), _there(identifier)) if lasting else (_readable(account), _readable(identifier))
        pairs = (
            exp.select(bare(account).as_("account", quoted=True), bare(identifier).as_("identifier", quoted=True))
            .distinct()
            .from_(table.copy())
            .where(*here)
        )
        parts = self._parts.setdefault((kind, namespace, fresh), [])
        if not lasting:
            name = f"coincide {'fresh' if fresh else 'known'} pairs {kind} {namespace}"
            add(self._connection, name, query(self._connection, pairs))
            pairs = exp.select("account", "identifier").from_(exp.Table(this=exp.to_identifier(name, quoted=True)))
            if pairs in parts:
                return
        parts.append(pairs)

    def edges(self, *, fresh: bool = True) -> pl.DataFrame:
        """``namespace, account, kind, identifier`` of every identifier that at least two accounts share.

        Without ``fresh``: of those that they share in the other files.
        """
        chosen = {place: parts for place, parts in self._parts.items() if fresh or not place[2]}
        names = ("namespace", "account", "kind", "identifier")
        frames = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
        for kind in sorted({kind for kind, _, _ in chosen}):
            frame = pl.from_arrow(query(self._connection, _shared(chosen, kind)))
            if isinstance(frame, pl.DataFrame):
                frames.append(frame.with_columns(kind=pl.lit(kind)).select(names))
        return pl.concat(frames)


def gathered(workspace: Workspace, connection: duckdb.DuckDBPyConnection, *, weak: bool = False) -> pl.DataFrame:
    """The edges of a workspace as it is: of all rows of all sources, whatever happened, and of master data."""
    settings = workspace.settings
    links = Links(connection, settings.entities, weak=weak)
    for name, reader in workspace.readers.items():
        source = settings.sources[name]
        if source.links:
            columns = raw_columns(source, ("account", *(f"link.{kind}" for kind in source.links)))
            for batch in reader.batches(connection, reader.files(), columns):
                links.take(source, source.namespace(name), batch)
    for name, reader in workspace.master_data.items():
        part = settings.links[name]
        for batch in reader.batches(connection, reader.files(), raw_columns(part)):
            links.take(part, part.accounts, batch)
    return links.edges()


def _shared(chosen: Mapping[_Place, Sequence[exp.Select]], kind: str) -> exp.Select:
    """Accounts with the identifiers of one kind that more than one of them has."""
    by_namespace: dict[str, list[exp.Select]] = {}
    for (of, namespace, _), parts in chosen.items():
        if of == kind:
            by_namespace.setdefault(namespace, []).extend(parts)
    spaces = []
    for namespace, parts in sorted(by_namespace.items()):
        every = exp.union(*parts, distinct=True) if len(parts) > 1 else parts[0]
        label = exp.Literal.string(namespace).as_("namespace", quoted=True)
        spaces.append(exp.select(label, "account", "identifier").from_(every.subquery("pairs")))
    pairs = exp.union(*spaces, distinct=False) if len(spaces) > 1 else spaces[0]
    shared = exp.select("identifier").from_("pairs").group_by("identifier").having("count(*) > 1")
    # Materialized: the pairs are made once and looked at twice.
    return (
        exp.select("namespace", "account", "identifier")
        .with_("pairs", as_=pairs, materialized=True)
        .from_("pairs")
        .where(exp.column("identifier").isin(query=shared))
    )


def _there(field: exp.Expr) -> exp.Expr:
    return exp.NEQ(this=bare(field), expression=exp.Literal.string(""))


def _readable(field: exp.Expr) -> exp.Expr:
    """There, not empty, and text: whatever is not cannot tie accounts together."""
    return exp.and_(
        _there(field),
        exp.not_(exp.func("CONTAINS", field.copy(), exp.Literal.string(NOT_UTF8))),
    )

"""Which accounts share which identifiers: gathered from every row that is read, joined in memory only.

Only identifiers that at least two accounts share leave the database, so that what follows costs what is linked
and not what was read.
"""

from __future__ import annotations

import duckdb
import polars as pl
from sqlglot import exp

from coincide import settings
from coincide.detect.select import NOT_UTF8
from coincide.engines.embedded.database import query
from coincide.events.mapping import projection
from coincide.events.source import Batch

_PAIRS = "coincide_pairs_"


class Links:
    """The pairs of account and identifier of a run, by kind of identifier.

    Strong kinds only, unless ``weak``: a weak kind never joins, so it is read only to explain.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, entities: settings.Entities, *, weak: bool = False
    ) -> None:
        self._connection = connection
        self._weak = weak
        self._entities = entities
        self._parts: dict[str, list[exp.Select]] = {}

    def take(self, source: settings.Source | settings.LinkFile, namespace: str, batch: Batch) -> None:
        """The pairs of a batch. Files are read when ``edges`` asks; rows in memory are taken now."""
        mapped = projection(source, batch.columns, only={"account", *(f"link.{kind}" for kind in source.links)})
        for kind in source.links:
            if self._weak or self._entities.kind(kind).strength == "strong":
                self.add(
                    kind,
                    namespace,
                    mapped["account"],
                    mapped[f"link.{kind}"],
                    batch.table,
                    lasting=batch.again is not None,
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
    ) -> None:
        """Pairs of one kind: both there, not empty, and readable."""
        statement = (
            exp.select(
                exp.Literal.string(namespace).as_("namespace", quoted=True),
                account.copy().as_("account", quoted=True),
                identifier.copy().as_("identifier", quoted=True),
            )
            .distinct()
            .from_(table.copy())
            .where(_readable(account), _readable(identifier))
        )
        if lasting:
            self._parts.setdefault(kind, []).append(statement)
            return
        name = f"{_PAIRS}{len(self._entities.kinds)}_{kind}".replace("-", "_")
        quoted = exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
        text = statement.sql(dialect="duckdb")
        if not any(name == part.args["from_"].name for part in self._parts.get(kind, [])):
            self._connection.execute(f"CREATE TEMP TABLE {quoted} AS {text}")
            self._parts.setdefault(kind, []).append(exp.select("*").from_(exp.to_table(name)))
        else:
            self._connection.execute(f"INSERT INTO {quoted} {text}")

    def edges(self) -> pl.DataFrame:
        """``namespace, account, kind, identifier`` of every identifier that at least two accounts share."""
        frames = []
        for kind, parts in sorted(self._parts.items()):
            pairs = exp.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct()
            # Materialized: the pairs are made once and looked at twice.
            statement = (
                exp.select("namespace", "account", "identifier")
                .with_("pairs", as_=pairs, materialized=True)
                .with_(
                    "shared", as_=exp.select("identifier").from_("pairs").group_by("identifier").having("count(*) > 1")
                )
                .from_("pairs")
                .where(exp.column("identifier").isin(query=exp.select("identifier").from_("shared")))
            )
            frame = pl.from_arrow(query(self._connection, statement))
            if isinstance(frame, pl.DataFrame):
                frames.append(frame.with_columns(pl.lit(kind).alias("kind")))
        names = ("namespace", "account", "kind", "identifier")
        empty = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        return pl.concat([frame.select(names) for frame in frames]) if frames else empty


def _readable(field: exp.Expr) -> exp.Expr:
    """There, not empty, and text: whatever is not cannot tie accounts together."""
    return exp.and_(
        exp.NEQ(this=field.copy(), expression=exp.Literal.string("")),
        exp.not_(exp.func("CONTAINS", field.copy(), exp.Literal.string(NOT_UTF8))),
    )

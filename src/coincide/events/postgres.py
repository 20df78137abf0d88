"""PostgreSQL: a table or a query, through ADBC to Arrow, as a stream of batches.

``position`` is the ordinal of the row in what the server sent, which says nothing of the next reading; there a row
is known by a hash of its mapped columns. Nothing cheap tells that a table is unchanged, so its stamp never equals
another and it is read anew by every scan. A password never gets into a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Generator, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from coincide.events.batch import Batch
from coincide.events.column import integers
from coincide.events.errors import FailedQuery, NoConnection, NoPostgresDriver, NoUri, UnknownColumn
from coincide.events.file import FileStamp
from coincide.events.view import view
from coincide.settings import Postgres

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_NATIVE = frozenset(
    {"bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar", "bpchar", "name"}
    | {"date", "timestamp", "timestamptz"}
)
"""Types that arrive in Arrow as they are."""

_PASSWORD = re.compile(r"(//[^/@\s:]*:)[^@\s]*@|(password\s*=\s*)('[^']*'|\S+)", re.IGNORECASE)


def stamp(name: str) -> FileStamp:
    """A stamp of the source ``name`` that differs from every other one: the table must be read anew.

    It has no time: of a file as new as its reading all bytes are hashed, and there are none here.
    """
    return FileStamp(f"postgres:{name}", 0, 0, os.urandom(16).hex())


def columns(source: Postgres) -> dict[str, str]:
    """The columns of the table or query with the DuckDB types they arrive as."""
    with _cursor(source) as cursor:
        return {name: kind for name, (kind, _) in _described(cursor, source).items()}


def batches(
    connection: duckdb.DuckDBPyConnection,
    source: Postgres,
    file: FileStamp,
    wanted: set[str],
    index: int,
) -> Generator[Batch]:
    """The rows, in batches as the driver makes them. Raises the errors of :func:`columns`, ``UnknownColumn``."""

    with _cursor(source) as cursor:
        described = _described(cursor, source)
        for name in sorted(wanted - described.keys()):
            raise UnknownColumn(name, known=described, file=file.path)
        types = {name: kind for name, (kind, _) in described.items()}
        # Without a wanted column the rows still count.
        chosen = [described[name][1] for name in types if name in wanted] or [exp.true()]
        cursor.execute(exp.select(*chosen).from_(_rows(source)).sql(dialect="postgres"))
        read = 0
        for part in cursor.fetch_record_batch():
            data = {name: part.column(name) for name in types if name in wanted}
            positions = integers(range(read, read + part.num_rows))
            read += part.num_rows
            hashed = digest(data)
            yield from view(connection, data, positions, files=(file,), index=index, columns=types, digest=hashed)


def digest(columns: Collection[str]) -> exp.Expression:
    """A hash of a row over the ``columns`` of a batch: SHA-256 of their texts by name, cut to 32 hexadecimal digits.

    Each text has its length before it. The session of DuckDB must count times in UTC.
    """
    parts: list[exp.Expression] = []
    for name in sorted(columns):
        text = exp.cast(exp.column(name, quoted=True), "VARCHAR", dialect="duckdb")
        length = exp.cast(exp.Anonymous(this="strlen", expressions=[text]), "VARCHAR", dialect="duckdb")
        given = exp.func("concat", length, exp.Literal.string(":"), text.copy())
        there = exp.Case().when(text.copy().is_(exp.null()), exp.Literal.string("-")).else_(given)
        parts += [exp.Literal.string(f"{len(name.encode())}:{name}"), there]
    hashed = exp.Anonymous(this="sha256", expressions=[exp.func("concat", *parts)])
    return exp.Anonymous(this="left", expressions=[hashed, exp.Literal.number(32)])


def row(source: Postgres, wanted: set[str], file: FileStamp, position: int, known: str) -> dict[str, str | None] | None:
    """The row whose ``wanted`` columns have the hash ``known``, all its columns as text; ``None`` if there is none.

    Of several, the one at ``position``, else the first. One statement, so one snapshot, read a batch at a time until
    the row is found. Raises the errors of :func:`columns`.
    """
    import duckdb

    every = columns(source)
    if not wanted <= every.keys():
        return None
    found = None
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        with closing(batches(connection, source, file, set(every), 0)) as read:
            for batch in read:
                texts = [exp.cast(exp.column(name, quoted=True), "VARCHAR", dialect="duckdb") for name in batch.columns]
                alike = exp.select(batch.position, *texts).from_(batch.table)
                alike = alike.where(digest(wanted).eq(exp.Literal.string(known))).order_by(batch.position)
                for place, *values in connection.sql(alike.sql(dialect="duckdb")).fetchall():
                    if found is None or place == position:
                        found = dict(zip(batch.columns, values, strict=True))
                    if place >= position:
                        return found
    return found


def _described(cursor: Any, source: Postgres) -> dict[str, tuple[str, exp.Expression]]:
    """Each column with the DuckDB type it arrives as, and what stands for it in the SELECT.

    What Arrow has no type for (numeric, uuid, json, inet, enums) is sent as the text that the server makes of
    it; bytes and lists keep their name, so that a mapping from them can be refused.
    """
    import duckdb
    import pyarrow as pa

    cursor.execute(exp.select("*").from_(_rows(source)).limit(0).sql(dialect="postgres"))
    schema = cursor.fetch_record_batch().schema
    plain = pa.schema([field if _native(field) else pa.field(field.name, pa.string()) for field in schema])
    with duckdb.connect() as connection:
        types = [str(kind) for kind in connection.from_arrow(plain.empty_table()).types]
    described = {}
    for field, kind in zip(schema, types, strict=True):
        column: exp.Expression = exp.column(field.name, quoted=True)
        if not _native(field):
            column = exp.Alias(this=exp.cast(column, "TEXT"), alias=exp.to_identifier(field.name, quoted=True))
        described[field.name] = (_refused(field) or kind, column)
    return described


def _native(field: pa.Field) -> bool:
    return _type(field) in _NATIVE


def _refused(field: pa.Field) -> str | None:
    """The server's name of a type that no field can be made of."""
    kind = _type(field)
    return kind if kind == "bytea" or kind.startswith("_") else None


def _type(field: pa.Field) -> str:
    """The server's name of a column's type."""
    return str((field.metadata or {}).get(b"POSTGRESQL:type", b"").decode())


@contextmanager
def _cursor(source: Postgres) -> Iterator[Any]:
    """A cursor in a transaction that can only read. What the server says becomes one of our errors."""
    uri = _uri(source)  # first: what the settings lack is said on every machine alike
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise NoPostgresDriver from None
    try:
        connection = dbapi.connect(uri)
    except Error as error:
        raise NoConnection(_said(error, uri)) from None
    try:
        with connection, connection.cursor() as cursor:
            # One snapshot for all statements, and whatever the query calls, it changes nothing.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield cursor
    except Error as error:
        raise FailedQuery(_said(error, uri)) from None


def _uri(source: Postgres) -> str:
    if source.uri is not None:
        return source.uri
    assert source.uri_env is not None
    uri = os.environ.get(source.uri_env)
    if not uri:
        raise NoUri(source.uri_env)
    return uri


def _rows(source: Postgres) -> exp.Expression:
    """What stands in FROM: the table, or the query in parentheses. Raises ``FailedQuery``."""
    if source.table is not None:
        schema, _, table = source.table.rpartition(".")
        return exp.Table(
            this=exp.to_identifier(table, quoted=True),
            db=exp.to_identifier(schema, quoted=True) if schema else None,
        )
    try:
        statements = sqlglot.parse(source.query or "", dialect="postgres")
    except SqlglotError:
        raise FailedQuery("`query` cannot be parsed") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise FailedQuery("`query` is not one SELECT")
    return statements[0].subquery("rows")


def _said(error: Exception, uri: str) -> str:
    """What the driver said, in one line, without the URI or a password."""
    text = str(error).replace(uri, "the server")
    text = _PASSWORD.sub("", text)
    return " ".join(text.split())

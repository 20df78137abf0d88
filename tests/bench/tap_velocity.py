"""Many taps in a day: a scan of ours, and what bare DuckDB takes for the same episodes and their evidence.

Copies equal in (id, card, time) count once. Of taps of one card and time ``RANGE`` sees the later ones, which the
strict order does not: it counts more hits, and finds the same episodes.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import copies
import duckdb
from process import Run, run

AT_LEAST = 90
"""So many that hardly a card does: alerts and their evidence are not what is measured."""
RARE = 100
"""So many that next to none does: for many logs of one kind, of which each would have its alerts."""
DAY_US = 86_400_000_000
FORMS = ("range", "lag", "prefilter")
RULE = """rule: velocity
title: Many taps
status: live
severity: low
why: A rule to measure.
basis: {purpose: measurement, law: "none: the log is made up"}
innocent: [the log is made up]
events: tap
by: account
within: 24 hours
velocity: {at_least: AT_LEAST}
"""
Answer = dict[str, Any]

_LINES = """SELECT DISTINCT id, epoch_us("when") AS occurred, card FROM log"""
_FEW = f"{_LINES} SEMI JOIN (SELECT card FROM log GROUP BY card HAVING count(*) >= {AT_LEAST}) USING (card)"
_BY_RANGE = f"""SELECT card, occurred, id, row_number() OVER (PARTITION BY card ORDER BY occurred, id) AS n,
    count(*) OVER (PARTITION BY card ORDER BY occurred RANGE BETWEEN {DAY_US} - 1 PRECEDING AND CURRENT ROW)
    >= {AT_LEAST} AS hit FROM lines"""
_BY_LAG = f"""SELECT card, occurred, id, row_number() OVER w AS n,
    coalesce(occurred - lag(occurred, {AT_LEAST - 1}) OVER w < {DAY_US}, false) AS hit
    FROM lines WINDOW w AS (PARTITION BY card ORDER BY occurred, id)"""
_QUERY = """WITH lines AS ({lines}), numbered AS MATERIALIZED (SELECT * FROM ({marked})
        QUALIFY bool_or(hit) OVER (PARTITION BY card)),
    hits AS (SELECT card, occurred, id, n FROM numbered WHERE hit),
    episodes AS (SELECT card, min(occurred) AS first_at, max(occurred) AS last_at, count(*) AS hits, min(n) AS n FROM (
        SELECT *, count(*) FILTER (starts) OVER (PARTITION BY card ORDER BY occurred, id) AS episode
        FROM (SELECT *, coalesce(occurred - lag(occurred) OVER (PARTITION BY card ORDER BY occurred, id)
            >= {day}, true) AS starts FROM hits)) GROUP BY card, episode)
    SELECT e.card, e.first_at, any_value(e.last_at) AS last_at, any_value(e.hits) AS hits,
        list({{'id': o.id, 'at': o.occurred}} ORDER BY o.n) AS evidence
    FROM episodes e JOIN numbered o ON o.card = e.card AND o.n BETWEEN e.n - {back} AND e.n
    GROUP BY e.card, e.first_at"""


def settings(log: Path) -> str:
    """The source of a log as it was made."""
    return copies.section([f"{log.resolve()}/taps-*.parquet"], copies.COLUMNS)


def scan(data: Path, text: str, at_least: int = AT_LEAST) -> tuple[Answer, Run]:
    """A scan of a new workspace with these sources: from the first read to committed alerts."""
    folder = data / "workspace-velocity"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "rules").mkdir(parents=True)
    (folder / "coincide.toml").write_text(text, encoding="utf-8")
    (folder / "rules/velocity.yaml").write_text(RULE.replace("AT_LEAST", str(at_least)), encoding="utf-8")
    done = run([sys.executable, "-m", "coincide", "scan", "-w", str(folder), "--json"])
    document = json.loads(done.stdout)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    alerts = document["alerts"]
    first = [(datetime.fromisoformat(alert["first_at"]) - epoch) // timedelta(microseconds=1) for alert in alerts]
    said = document["run"]["seconds"]
    return {
        "seconds": said["read"] + said["commit"],
        "read": document["rows"]["read"],
        "alerts": len(alerts),
        "hits": sum(alert["hits"] for alert in alerts),
        "first_at": sum(at % 1_000_003 for at in first),
    }, done


def by_sql(log: Path, form: str) -> Answer:
    """The same by one of ``FORMS``."""
    lines, marked = {
        "range": (_LINES, _BY_RANGE),
        "lag": (_LINES, _BY_LAG),
        "prefilter": (_FEW, _BY_LAG),
    }[form]
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("SET preserve_insertion_order = false")
        db.execute(f"SET temp_directory = '{log}/.spill'")
        db.execute(f"CREATE VIEW log AS SELECT * FROM read_parquet('{log}/taps-*.parquet')")
        started = time.perf_counter()
        found = db.sql(_QUERY.format(lines=lines, marked=marked, day=DAY_US, back=AT_LEAST - 1)).to_arrow_table()
        seconds = time.perf_counter() - started
        db.register("found", found)
        ((alerts, hits, first),) = db.execute(
            "SELECT count(*), coalesce(sum(hits), 0)::BIGINT, coalesce(sum(first_at % 1000003), 0)::BIGINT FROM found"
        ).fetchall()
    return {"seconds": seconds, "alerts": alerts, "hits": hits, "first_at": first}

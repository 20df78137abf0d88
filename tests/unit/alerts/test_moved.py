"""Files that change who belongs together: what is read again then, and what is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.detect.rows import Rows
from coincide.engines.embedded import run as engine
from coincide.engines.embedded import sieve
from kinshop import Shop, made

TAPS = """\
[sources.taps]
kind = "tap"
files = "taps/*.parquet"
[sources.taps.columns]
event_id = "id"
occurred_at = "when"
account = "token"
place = "stop"
[links.cards]
files = "cards/*.csv"
accounts = "taps"
account = "token"
[links.cards.links]
card = "card"
"""
TAP_RULE = """\
rule: {id}
title: Many taps
status: live
severity: low
why: To try it.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: tap
by: {by}
within: 1 hours
velocity: {{at_least: {n}}}
"""


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return made(tmp_path, capsys)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The ids of the rows that each scan had in memory: first those of the changed files, then all."""
    seen: list[list[str]] = []
    prepared = engine.prepared

    def watched(*arguments: Any) -> Rows:
        rows = prepared(*arguments)
        seen.append(sorted(rows.frame["event_id"].to_list()))
        return rows

    monkeypatch.setattr(engine, "prepared", watched)
    return seen


def taps(folder: Path, name: str, *rows: tuple[str, str, str]) -> None:
    frame = pl.DataFrame(
        [(f"{name}{number}", f"2025-03-01T{time}", *rest) for number, (time, *rest) in enumerate(rows)],
        schema=["id", "when", "token", "stop"],
        orient="row",
    )
    when = pl.col("when").str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", time_zone="UTC")
    (folder / "taps").mkdir(exist_ok=True)
    frame.with_columns(when).write_parquet(folder / "taps" / f"{name}.parquet")


def test_what_must_be_read_again_as_a_whole_goes_through_the_sieve(
    shop: Shop, loaded: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "LEAST_ROWS", 0)
    shop.write("coincide.toml", TAPS)
    shop.write("rules/two-things.yaml", TAP_RULE.format(id="by-account", by="account", n=2))
    few = TAP_RULE.format(id="by-actor", by="actor", n=2).replace("velocity:", "where: place = 'gate'\nvelocity:")
    shop.write("rules/by-actor.yaml", few)
    shop.write("cards/1.csv", "token,card\na,k\nb,k\n")
    shop.write("cards/2.csv", "token,card\nb,l\nc,l\n")
    taps(shop.folder, "t", ("10:00", "a", ""), ("10:10", "a", ""), ("12:00", "b", "gate"), ("12:10", "c", "gate"))
    taps(shop.folder, "u", ("15:00", "d", ""), ("18:00", "e", ""))
    before = shop.json("scan")
    assert loaded == [["t0", "t1", "t2", "t3"]]
    assert [alert["rule"] for alert in before["alerts"]] == ["by-account", "by-actor"]
    # Whose link went with the file cannot be told any more.
    (shop.folder / "cards" / "2.csv").unlink()
    document = shop.json("scan")
    assert loaded[1:] == [[], ["t0", "t1", "t2", "t3"]]
    assert [alert["rule"] for alert in document["alerts"]] == ["by-account"]
    assert document["rows"] == before["rows"]
    assert document["run"]["read"] == 6
    observed = {one["rule"]: one["observations"] for one in document["rules"]}
    assert observed == {"by-account": 6, "by-actor": 2}

"""A velocity over all events finds and counts the same whether a sieve leaves rows unread or the kernel sees all."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.engines.embedded import sieve
from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.run import Run, Task, run
from coincide.engines.workspace import open_workspace

SETTINGS = """
[sources.taps]
kind = "tap"
files = "taps/*.parquet"
[sources.taps.columns]
event_id = "id"
occurred_at = "when"
account = "token"
place = "stop"
"""
RULE = """rule: many-taps
title: Many taps
status: live
severity: low
why: To compare.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: tap
by: {by}
{window}
velocity: {{at_least: {n}}}
"""
START = datetime(2025, 3, 29, 20, tzinfo=UTC)
"""Before a change of clocks, so that local days differ in length."""

rows = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "4", "", None]),
        # Edges of windows to the microsecond, ties, times outside 1970 to 2200, and none.
        st.one_of(
            st.none(),
            st.sampled_from([datetime(1960, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)]),
            st.builds(
                lambda half, us: START + half * timedelta(minutes=30) + timedelta(microseconds=us),
                st.integers(0, 12),
                st.sampled_from([0, 0, 0, 1, -1, 999_999]),
            ),
        ),
        st.sampled_from(["a", "a", "a", "b", "b", "c", "", None]),
    ),
    max_size=40,
)


def found(folder: Path, least: int) -> Run:
    workspace = open_workspace(folder)
    feeds = [
        Feed(name, workspace.settings.sources[name], reader, tuple(reader.files()))
        for name, reader in workspace.readers.items()
    ]
    plans = [loaded.plan for loaded in workspace.chosen()]
    task = Task(plans, feeds, workspace.catalog, workspace.lists, workspace.settings)
    before = sieve.LEAST_ROWS
    sieve.LEAST_ROWS = least
    try:
        return run(task)
    finally:
        sieve.LEAST_ROWS = before


def told(result: Run) -> dict[str, Any]:
    return {
        "episodes": result.episodes,
        "files": {key: replace(count) for key, count in result.files.items()},
        "duplicates": result.duplicates,
        "observations": {rule: {d: n for d, n in days.items() if n} for rule, days in result.observations.items()},
        "refused": sorted((row.file.path, row.position, row.reason) for row in result.refused),
    }


@settings(max_examples=120, deadline=None)
@given(
    files=st.lists(rows, min_size=1, max_size=2),
    n=st.integers(2, 4),
    by=st.sampled_from(["account", "actor"]),
    window=st.sampled_from(
        [
            "within: 1 hours",
            "within: 30 minutes",
            "per: day\nzone: Europe/Paris",
            "per: service-day\nzone: Europe/Paris",
        ]
    ),
    unit=st.sampled_from(["ms", "us", "ns"]),
    footers=st.booleans(),
    clean=st.booleans(),
    anonymous=st.booleans(),
)
def test_a_sieve_changes_nothing(
    files: list[Any], n: int, by: str, window: str, unit: Any, footers: bool, clean: bool, anonymous: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "taps").mkdir()
        (folder / "rules").mkdir()
        passed = 'anonymous = ["b"]\n[sources.taps.columns]' if anonymous else "[sources.taps.columns]"
        (folder / "coincide.toml").write_text(SETTINGS.replace("[sources.taps.columns]", passed))
        (folder / "rules" / "rule.yaml").write_text(RULE.format(n=n, by=by, window=window))
        for number, log in enumerate(files):
            # With ``clean``, rows of which the footers can prove that none is odd.
            kept = [row for row in log if not clean or (all(row) and 1970 <= row[1].year <= 2200)]
            schema: dict[str, Any] = {"id": pl.String, "when": pl.Datetime("us", "UTC"), "token": pl.String}
            frame = pl.DataFrame([row[:3] for row in kept], schema=schema, orient="row")
            frame = frame.with_columns(pl.col("when").cast(pl.Datetime(unit, "UTC"), strict=False), stop=pl.lit("p"))
            # With and without what would prove that no row is odd.
            frame.write_parquet(folder / "taps" / f"{number}.parquet", statistics=footers)
        assert told(found(folder, least=0)) == told(found(folder, least=10**9))


@pytest.mark.parametrize("least", [0, 10**9])
def test_the_comparison_above_would_see_a_hit(tmp_path: Path, least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # The footers of a clean file tell its times: no pass is made for them.
    monkeypatch.setattr(sieve, "_times", None)
    (tmp_path / "taps").mkdir()
    (tmp_path / "rules").mkdir()
    (tmp_path / "coincide.toml").write_text(SETTINGS)
    (tmp_path / "rules" / "rule.yaml").write_text(RULE.format(n=2, by="account", window="within: 1 hours"))
    frame = pl.DataFrame({"id": ["1", "2", "3", "3"], "when": [START] * 4, "token": ["a", "a", "b", "b"]})
    frame = frame.with_columns(pl.col("when").cast(pl.Datetime("us", "UTC")), stop=pl.lit("p"))
    frame.write_parquet(tmp_path / "taps" / "0.parquet")
    result = found(tmp_path, least)
    (episode,) = result.episodes["many-taps"]
    assert (episode.actor, episode.hits) == (("taps", "a"), 1)
    assert sum(result.duplicates.values()) == 1


def test_footers_prove_nothing_of_accounts_that_may_be_no_number(tmp_path: Path) -> None:
    (tmp_path / "taps").mkdir()
    (tmp_path / "rules").mkdir()
    (tmp_path / "coincide.toml").write_text(SETTINGS)
    (tmp_path / "rules" / "rule.yaml").write_text(RULE.format(n=2, by="account", window="within: 1 hours"))
    frame = pl.DataFrame({"id": ["1", "2", "3"], "when": [START] * 3, "token": [1.0, 1.0, float("nan")]})
    frame = frame.with_columns(pl.col("when").cast(pl.Datetime("us", "UTC")), stop=pl.lit("p"))
    frame.write_parquet(tmp_path / "taps" / "0.parquet")
    result = told(found(tmp_path, least=0))
    assert [reason for *_, reason in result["refused"]] == ["no-account"]
    assert result == told(found(tmp_path, least=10**9))

"""What packs found in a simulated marketplace, by language: planted cases, false alarms, and the titles at fault.

As in ``verdict``, an alert is tied to a label by the log, in which its events stand beside customer and title. A
title is at fault where the catalog takes it for a component that it is not, or does not see the one that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from coincide.catalog.catalog import Catalog
from coincide.simulate.plant import LINKED, OUTSIDE


@dataclass(frozen=True)
class Assay:
    """Frames, a row each:

    ``cases``: a planted actor: actor, planted, rule, language, expected_alerts, found (alerts of its rule), misread
    (whether a title that it bought is at fault).
    ``false_alarms``: an alert that no case expects: rule, actor, and the title at fault in its evidence with its
    language, kind and ``seen_as``; a row for each such title, and one without title if there is none.
    ``titles``: a title that is a component, or is seen as one: title, components, language, kind, name, way, seen_as.
    ``false_count``: alerts that no case expects.
    """

    cases: pl.DataFrame
    false_alarms: pl.DataFrame
    titles: pl.DataFrame
    false_count: int

    @property
    def missed(self) -> pl.DataFrame:
        """Cases that had to be found and were not."""
        return self.cases.filter(pl.col("found") < pl.col("expected_alerts"))

    @property
    def misread(self) -> pl.DataFrame:
        """Titles that are seen as something else than they are."""
        return self.titles.filter(pl.col("seen_as") != pl.col("components"))

    def by_language(self) -> pl.DataFrame:
        """A row a language: planted to be found and found, just missing and alerted, alerts that are false.

        A false alarm counts in each language that has a title at fault in it; one without such a title in none.
        """
        due, found = pl.col("expected_alerts") > 0, pl.col("found") > 0
        planted = self.cases.group_by("language").agg(
            planted=due.sum(),
            found=(due & found).sum(),
            linked=(pl.col("planted") == LINKED).sum(),
            linked_found=((pl.col("planted") == LINKED) & found).sum(),
            outside=(pl.col("planted") == OUTSIDE).sum(),
            outside_alerted=((pl.col("planted") == OUTSIDE) & found).sum(),
        )
        false = self.false_alarms.group_by("language").agg(false_alarms=pl.col("alert").n_unique())
        return planted.join(false, on="language", how="left").with_columns(pl.col("false_alarms").fill_null(0))


def assay(folder: Path, catalog: Catalog, alerts: Iterable[Mapping[str, Any]]) -> Assay:
    """Hold alerts, as ``coincide scan --json`` prints them, to the answer in a workspace of ``write_marketplace``."""
    titles = pl.read_csv(folder / "titles.csv").with_columns(pl.col("components").fill_null(""))
    titles = titles.with_columns(seen_as=_seen(catalog, titles["title"]))
    labels = pl.read_csv(folder / "labels.csv")
    raised = [(number, alert["rule"], alert["started_by"], alert["evidence"]) for number, alert in enumerate(alerts)]
    started = _frame((number, rule, event) for number, rule, event, _ in raised)
    evidence = _frame((number, rule, event["event_id"]) for number, rule, _, events in raised for event in events)
    actor_of = labels.select("customer", "actor")
    lines = (
        pl.scan_parquet(folder / "purchases" / "*.parquet")
        .filter(
            pl.col("id").is_in(pl.concat([started["id"], evidence["id"]]).unique().implode())
            | pl.col("customer").is_in(labels["customer"].implode())
        )
        .select("id", "customer", "title", language="site")
        .collect()
    )
    misread = titles.filter(pl.col("seen_as") != pl.col("components"))
    by_actor = (
        started.join(lines, on="id", how="left", maintain_order="left")
        .join(actor_of, on="customer", how="left", maintain_order="left")
        .select("alert", "rule", actor=pl.coalesce("actor", "customer"))
    )
    # Of several alerts of a rule for one actor those beyond what is expected are false.
    due = labels.unique("actor").select("actor", "rule", "expected_alerts")
    judged = by_actor.join(due, on=["actor", "rule"], how="left", maintain_order="left").with_columns(
        right=pl.int_range(pl.len()).over("actor", "rule") < pl.col("expected_alerts").fill_null(0)
    )
    false = judged.filter(~pl.col("right")).select("alert", "rule", "actor")
    at_fault = (
        evidence.join(lines, on="id")
        .join(misread.select("title", "kind", "seen_as"), on="title")
        .unique(["alert", "title"])
        .select("alert", "language", "title", "kind", "seen_as")
    )
    found = by_actor.group_by("actor", "rule").agg(found=pl.len())
    misled = lines.join(misread, on="title", how="semi").join(actor_of, on="customer")["actor"]
    cases = (
        labels.unique("actor")
        .drop("customer")
        .join(found, on=["actor", "rule"], how="left")
        .with_columns(pl.col("found").fill_null(0), misread=pl.col("actor").is_in(misled.implode()))
        .sort("actor")
    )
    return Assay(
        cases=cases,
        false_alarms=false.join(at_fault, on="alert", how="left").sort("alert", "title"),
        titles=titles.filter((pl.col("components") != "") | (pl.col("seen_as") != "")),
        false_count=len(false),
    )


def _frame(rows: Iterable[tuple[int, str, str]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), {"alert": pl.Int64, "rule": pl.String, "id": pl.String}, orient="row")


def _seen(catalog: Catalog, titles: pl.Series) -> pl.Series:
    """The components of titles as the catalog reads them, joined by ``|``."""
    tags = catalog.tags(titles.to_frame("title"))
    return pl.Series(["|".join(sorted(names)) for names in tags.sets]).gather(tags.codes)

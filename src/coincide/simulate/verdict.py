"""Whether a scan of a simulated shop found exactly the planted buyers: alerts held against ``labels.csv``.

A scan names people by pseudonyms only. What ties an alert to a label is the event that started it: its id stands
in the log beside the customer, which only somebody who holds the log can look up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from coincide.simulate.plant import LINKED, OUTSIDE


@dataclass(frozen=True)
class Verdict:
    """Alerts held against the labels; all are counts.

    ``expected`` and ``found`` count alerts, ``right`` those found and expected; ``missed`` and ``wrong`` the
    expected ones not found and the found ones not expected. ``linked`` are planted actors of two accounts,
    ``linked_found`` those found; ``outside`` buyers just outside the window, ``outside_found`` those alerted.
    """

    expected: int
    found: int
    right: int
    linked: int
    linked_found: int
    outside: int
    outside_found: int

    @property
    def missed(self) -> int:
        """Expected alerts that were not found."""
        return self.expected - self.right

    @property
    def wrong(self) -> int:
        """Alerts that were found and not expected."""
        return self.found - self.right

    @property
    def exact(self) -> bool:
        """Exactly the expected alerts were found."""
        return self.missed == 0 and self.wrong == 0


def verdict(folder: Path, started_by: Iterable[str]) -> Verdict:
    """Hold the alerts of the rule ``purchase-combination``, named by the events that started them, to the labels.

    ``folder`` is a Parquet workspace that ``write_shop`` made. An event id that the log does not have counts as wrong.
    """
    labels = pl.read_csv(folder / "labels.csv")
    actor_of = dict(labels.select("customer", "actor").iter_rows())
    by_actor = labels.unique("actor")
    expected = Counter(dict(by_actor.select("actor", "expected_alerts").iter_rows()))
    events = list(started_by)
    customer_of = dict(
        pl.scan_parquet(folder / "purchases" / "*.parquet")
        .filter(pl.col("id").is_in(pl.Series(events, dtype=pl.String).implode()))
        .select("id", "customer")
        .collect()
        .iter_rows()
    )
    customers = [customer_of.get(event, "") for event in events]
    found = Counter(actor_of.get(customer, customer) for customer in customers)
    linked = set(by_actor.filter(planted=LINKED)["actor"])
    outside = set(by_actor.filter(planted=OUTSIDE)["actor"])
    return Verdict(
        expected=expected.total(),
        found=len(events),
        right=(found & expected).total(),
        linked=len(linked),
        linked_found=len(linked & found.keys()),
        outside=len(outside),
        outside_found=len(outside & found.keys()),
    )

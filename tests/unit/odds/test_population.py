"""Who could have matched, how busy they were, and what they bought by type: counted of files as users have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from coincide.catalog.assortment import Assortment
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.run import Task
from coincide.engines.workspace import open_workspace
from coincide.entities.link import link
from coincide.odds import log as logs
from coincide.odds import shelf as shelves
from coincide.odds.control import TooFew, controls
from coincide.odds.hand import hand, observed
from coincide.odds.log import Log
from coincide.odds.population import Population
from coincide.odds.shelf import Shelf, shelf, shelved
from coincide.rules.plan import Plan

SETTINGS = """\
[sources.shop]
kind = "purchase"
files = "shop/*.csv"
accounts = "people"
timezone = "Europe/Paris"
[sources.shop.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
category = "sku"
quantity = "qty"
[sources.shop.links]
card = "card"
[sources.app]
files = "app/*.parquet"
accounts = "people"
[sources.app.columns]
event_id = "n"
occurred_at = "at"
account = "who"
item = "what"
kind = "kind"
quantity = "qty"
[sources.gate]
kind = "tap"
files = "gate/*.csv"
[sources.gate.columns]
event_id = "id"
occurred_at = "when"
account = "token"
[catalog]
files = "catalog.csv"
"""
RULE = """\
rule: both
title: Both
status: live
severity: low
why: To try.
basis: {{purpose: test, law: a law}}
innocent: [anything]
events: {events}
where: quantity > 0
by: {by}
within: 10 days
combination: {{at_least: 2, of: [vessel, timer]}}
"""
HEAD = b"id,when,customer,sku,qty,card\n"
SHOP = (
    # Paris is two hours before UTC until 26 October 2025, then one; what is told with its own offset stays as told.
    b"1,2025-10-25T12:00:00,ann,V,1,k1\n"
    b"2,2025-10-25T12:00:00,ann,X,1,k1\n"
    b"2,2025-10-25T12:00:00,ann,X,1,k1\n"  # a copy is a line of the file all the same
    b"3,2025-10-27T12:00:00,ann,Y,0,k1\n"
    b"4,2025-10-27T12:00:00+00:00,ann,T,1,k1\n"
    b"5,2025-10-28T12:00:00,bob,Y,1,k1\n"  # bob has ann's card
    b"6,2025-10-28T12:00:00,,Y,1,\n"  # nobody's
    b"7,soon,cat,Y,1,\n"
    b"8,,cat,Y,1,\n"
    b"9,2025-10-29T12:00:00,c\xff,Y,1,\n"  # not UTF-8
    b"10,2025-10-29T12:00:00,dan,Y,many,\n"  # unreadable, but a line that dan bought
    b'11,"2025-10-29T12:00:00,ed\n'  # no record
    b",2025-10-30T12:00:00,eve,X,1,\n"
)


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


@dataclass(frozen=True)
class Read:
    log: Log
    plan: Plan
    everybody: Population
    connection: duckdb.DuckDBPyConnection

    @property
    def trips(self) -> dict[str, dict[str, int]]:
        theirs = self.everybody.trips
        assert theirs is not None
        found: dict[str, dict[str, int]] = {}
        for who, at, lines in zip(theirs.who.tolist(), theirs.at.tolist(), theirs.lines.tolist(), strict=True):
            when = datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%m-%dT%H")
            found.setdefault(self.everybody.names["account"][who], {})[when] = lines
        return found


@contextmanager
def reading(folder: Path, by: str = "account", events: str = "purchase", **more: Any) -> Iterator[Read]:
    for name in ("shop", "app", "gate", "rules"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "coincide.toml").write_text(SETTINGS, "utf-8")
    (folder / "catalog.csv").write_text("match,value,component\nsku,V,vessel\nsku,T,timer\n", "utf-8")
    (folder / "rules" / "r.yaml").write_text(RULE.format(by=by, events=events), "utf-8")
    (folder / "shop" / "1.csv").write_bytes(HEAD + SHOP)
    pl.DataFrame(
        {
            "n": [1, 2, 3, 4],
            "at": [us(at) for at in ("2025-10-25T10:00", "2025-10-26T01:00", "2025-11-01", "2025-11-02")],
            "who": ["ann", "ann", "flo", "flo"],
            "what": ["Y", "Z", "V", "V"],
            "kind": ["purchase", "return", "purchase", None],
            "qty": [1, 1, 1, 1],
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC"))).write_parquet(folder / "app" / "1.parquet")
    (folder / "gate" / "1.csv").write_text("id,when,token\n1,2025-10-25T12:00:00Z,ann\n", "utf-8")
    opened = open_workspace(folder)
    feeds = [
        Feed(name, opened.settings.sources[name], reader, tuple(reader.files()), tuple(reader.files()))
        for name, reader in opened.readers.items()
    ]
    (plan,) = [loaded.plan for loaded in opened.rules]
    entities = opened.settings.entities
    task = Task(
        [plan], feeds, opened.catalog, opened.lists, opened.settings, lambda edges: link(edges, entities), **more
    )
    log = logs.read(task)
    with connect(opened.settings) as connection:
        yield Read(log, plan, logs.everybody(log, plan, connection), connection)


def test_everybody_is_counted_by_whatever_they_bought_at_the_instants_of_their_sources(tmp_path: Path) -> None:
    with reading(tmp_path) as read:
        assert read.trips == {
            # Two sources of one namespace: the app's line at the same instant is of the same trip.
            "ann": {"10-25T10": 4, "10-27T11": 1, "10-27T12": 1},
            "bob": {"10-28T11": 1},
            "dan": {"10-29T11": 1},
            "eve": {"10-30T11": 1},
            "flo": {"11-01T00": 1},
        }
        assert read.everybody.names["namespace"].unique().to_list() == ["people"]
        assert read.everybody.lines.tolist() == [6, 1, 1, 1, 1]
        assert (read.everybody.first, read.everybody.last) == (us("2025-10-25T10:00"), us("2025-11-01T00:00"))


def test_linked_accounts_are_one_actor_named_by_the_first(tmp_path: Path) -> None:
    with reading(tmp_path, by="actor") as read:
        assert set(read.trips) == {"ann", "dan", "eve", "flo"}
        assert read.trips["ann"] == {"10-25T10": 4, "10-27T11": 1, "10-27T12": 1, "10-28T11": 1}
        decided = read.log.decided["both"]
        held = hand(read.plan, decided.rows, decided.keep, read.everybody, read.log.around(read.plan))
        assert observed(held).actors.tolist() == [1] == [len(decided.episodes)]


def test_other_kinds_count_where_the_rule_looks_at_them(tmp_path: Path) -> None:
    with reading(tmp_path, events="[purchase, return, tap]") as read:
        trips = read.trips
        assert trips["ann"]["10-26T01"] == 1
        names = read.everybody.names.filter(pl.col("account") == "ann")["namespace"].sort().to_list()
        assert names == ["gate", "people"]


def test_by_a_card_everybody_is_a_card(tmp_path: Path) -> None:
    with reading(tmp_path, by="link.card") as read:
        assert read.everybody.names.rows() == [("", "k1")]
        assert read.everybody.lines.tolist() == [6]


def test_only_the_times_asked_for_count_and_the_last_not(tmp_path: Path) -> None:
    ends = (us("2025-10-27T11:00"), us("2025-10-28T11:00"))
    with reading(tmp_path, between=ends) as read:
        assert read.trips == {"ann": {"10-27T11": 1, "10-27T12": 1}}
        types = shelf(read.log, read.plan, assorted("VTXYZ"), read.connection)
        assert dict(zip("TVXYZ", types.lines.tolist(), strict=True)) == {"T": 1, "V": 0, "X": 0, "Y": 1, "Z": 0}
        rows = shelved(read.log, read.plan, types, range(5), read.everybody, read.connection)
        assert rows.type.tolist() == [0]


def test_of_many_records_only_how_much_is_counted_and_when_it_began_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "TRIPS", 3)
    with reading(tmp_path) as read:
        assert read.everybody.trips is None
        assert read.everybody.lines.tolist() == [6, 1, 1, 1, 1]
        assert (read.everybody.first, read.everybody.last) == (us("2025-10-25T10:00"), us("2025-11-01T00:00"))


def test_nobody_is_there_where_nothing_was_bought(tmp_path: Path) -> None:
    with reading(tmp_path, between=(us("2020-01-01"), us("2020-01-02"))) as read:
        assert len(read.everybody) == 0
        assert (read.everybody.first, read.everybody.last) == (None, None)
        assert read.everybody.numbers(pl.DataFrame({"namespace": ["people"], "account": ["ann"]})).tolist() == [-1]


def test_names_have_the_numbers_of_their_order_and_strangers_none(tmp_path: Path) -> None:
    with reading(tmp_path) as read:
        asked = pl.DataFrame({"namespace": ["people", "gate", "people", None], "account": ["flo", "ann", "ann", "ann"]})
        assert read.everybody.numbers(asked).tolist() == [4, -1, 0, -1]


# --- the shelf --------------------------------------------------------------------------------------------------


def assorted(items: str, families: dict[str, str] | None = None) -> Assortment:
    """Each item a type of its own name in small letters."""
    named = families or {}
    rows = [(item, item.lower(), named.get(item)) for item in sorted(items)]
    return Assortment(
        pl.DataFrame(rows, schema={"item": pl.String, "type": pl.String, "family": pl.String}, orient="row")
    )


def told(types: Shelf) -> dict[str, tuple[str, int, int]]:
    """Value -> family, buyers and lines of its type."""
    return {
        value: (types.families[number], int(types.buyers[number]), int(types.lines[number]))
        for value, number in types.items.sort("value").iter_rows()
    }


def test_types_of_the_assortment_have_their_buyers_and_lines(tmp_path: Path) -> None:
    with reading(tmp_path) as read:
        types = shelf(read.log, read.plan, assorted("VXYQ", {"X": "letters"}), read.connection)
        # By account: ann and flo bought V. A line of nobody's, or at no time, is not counted.
        assert told(types) == {"Q": ("q", 0, 0), "V": ("v", 2, 2), "X": ("letters", 2, 3), "Y": ("y", 3, 4)}
        assert types.field == "item"
        assert types.of(pl.Series(["Y", None, "V", "other"])).tolist() == [3, -1, 1, -1]
    with reading(tmp_path, by="actor") as read:
        types = shelf(read.log, read.plan, assorted("VXYQ"), read.connection)
        # ann and bob are one.
        assert told(types)["Y"] == ("y", 2, 4)


def test_items_of_one_type_are_counted_together(tmp_path: Path) -> None:
    frame = assorted("XY").frame.with_columns(type=pl.lit("both"))
    with reading(tmp_path) as read:
        types = shelf(read.log, read.plan, Assortment(frame), read.connection)
        assert (len(types), types.buyers.tolist(), types.lines.tolist()) == (1, [4], [7])


def test_without_an_assortment_the_categories_of_the_events_are_the_types(tmp_path: Path) -> None:
    with reading(tmp_path) as read:
        types = shelf(read.log, read.plan, None, read.connection)
        # The shop maps its column twice; the app maps no category, and its lines have no type.
        assert types.field == "category"
        assert told(types) == {"T": ("T", 1, 1), "V": ("V", 1, 1), "X": ("X", 2, 3), "Y": ("Y", 3, 3)}


def test_of_many_records_a_part_of_the_buyers_stands_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "COUNTED", 8)
    with reading(tmp_path) as read:
        assert read.log.found.read > 16
        parts = -(-read.log.found.read // 8)
        types = shelf(read.log, read.plan, assorted("VXYT"), read.connection)
        assert all(number % parts == 0 for number in [*types.buyers.tolist(), *types.lines.tolist()])
        assert types.lines.sum() < parts * 10


def test_rows_of_types_are_those_that_the_rule_would_keep(tmp_path: Path) -> None:
    with reading(tmp_path) as read:
        types = shelf(read.log, read.plan, assorted("VXYTZ"), read.connection)
        number = dict(types.items.iter_rows())
        rows = shelved(read.log, read.plan, types, [number["X"], number["Y"]], read.everybody, read.connection)
        names = read.everybody.names["account"]
        found = Counter((names[who], kind) for who, kind in zip(rows.who.tolist(), rows.type.tolist(), strict=True))
        # Of a copy one; none of quantity 0; none without an id (eve's) or with a number that cannot be read (dan's).
        assert found == {("ann", number["X"]): 1, ("ann", number["Y"]): 1, ("bob", number["Y"]): 1}
        assert np.all(np.diff(rows.times[rows.at]) >= 0)


def test_too_small_an_assortment_is_told_in_words(tmp_path: Path) -> None:
    with reading(tmp_path) as read:
        decided = read.log.decided["both"]
        held = hand(read.plan, decided.rows, decided.keep, read.everybody, read.log.around(read.plan))
        types = shelf(read.log, read.plan, assorted("VXYT"), read.connection)
        found = controls(read.log, held, types, read.connection, np.random.default_rng(1))
        assert found == TooFew(
            "the assortment is too small: 0 made-up rules with equally common components, 100 needed"
        )
        empty = replace(types, items=types.items.clear(), families=types.families.clear())
        found = controls(read.log, held, empty, read.connection, np.random.default_rng(1))
        assert found == TooFew("no item types are known: name an [assortment], or map `category` of the sources")

"""Taps from files of every form: the same codes, every record counted, and card-days that no reading order changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.days import Days, days
from coincide.detect.journey.ride import rides
from coincide.detect.journey.taps import ENTER, EXIT
from coincide.engines.embedded import taps as tap_log
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.journeys import Journeys, Pairing, journeys
from coincide.engines.embedded.taps import Ended, TapLog, read
from coincide.engines.workspace import open_workspace
from coincide.events.event import ACTIONS
from coincide.rules.feature import NAMES

HOUR_US = 3_600_000_000
PAIRING = Pairing(ServiceClock("Europe/Paris", 4 * HOUR_US), 10_000_000, 3 * HOUR_US)
SETTINGS = """[sources.taps]
kind = "tap"
files = "taps*"
timezone = "UTC"
[sources.taps.columns]
event_id = "id"
occurred_at = "when"
account = "card"
place = "stop"
line = "line"
vehicle = "vehicle"
action = "action"
product = "product"
"""


def log(count: int, seed: int = 1) -> pl.DataFrame:
    """Taps of thirty cards in a fortnight; vehicles are known of half of them."""
    draw = np.random.default_rng(seed)
    at = 1_740_000_000 + draw.integers(0, 14 * 86_400, count)
    vehicle = draw.integers(0, 8, count)
    return pl.DataFrame(
        {
            "id": [f"t{number}" for number in range(count)],
            "when": pl.Series(at * 1_000_000).cast(pl.Datetime("us")),
            "card": [f"c{number:02d}" for number in draw.integers(0, 30, count)],
            "stop": [f"stop é {number}" for number in draw.integers(0, 9, count)],
            "line": [f"L{number}" for number in draw.integers(0, 3, count)],
            "vehicle": [None if number > 3 else f"v{number}" for number in vehicle],
            "action": [("enter", "exit", "transfer", "single")[number] for number in draw.integers(0, 4, count)],
            "product": ["day"] * count,
        }
    )


def opened(folder: Path, settings: str = SETTINGS, keep: exp.Expr | None = None) -> TapLog:
    (folder / "coincide.toml").write_text(settings)
    workspace = open_workspace(folder)
    readers = [(reader, workspace.settings.sources[name]) for name, reader in workspace.readers.items()]
    with connect(workspace.settings) as connection:
        return read(readers, connection, keep)


def counted(folder: Path, settings: str = SETTINGS) -> Journeys:
    (folder / "coincide.toml").write_text(settings)
    workspace = open_workspace(folder)
    readers = [(reader, workspace.settings.sources[name]) for name, reader in workspace.readers.items()]
    with connect(workspace.settings) as connection:
        return journeys(readers, PAIRING, connection)


def same_days(one: Days, other: Days) -> None:
    for name in ("token", "day", "product"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in NAMES:
        assert one[name].tobytes() == other[name].tobytes(), name


def whole(taps: TapLog) -> list[tuple[object, ...]]:
    """All taps with their texts, in order."""
    rows: list[tuple[object, ...]] = []
    for part in taps.parts:
        token = taps.tokens["account"].gather(part.token).to_list()
        texts = [
            [None if code < 0 else taps.texts[name][code] for code in getattr(part, name).tolist()]
            for name in ("place", "line", "vehicle", "device", "product")
        ]
        rows += zip(token, part.at.tolist(), part.action.tolist(), *texts, strict=True)
    return sorted(rows, key=str)


def stored(folder: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(folder / "taps.parquet", row_group_size=100)


def plain(folder: Path, frame: pl.DataFrame) -> None:
    pq.write_table(frame.to_arrow(), folder / "taps.parquet", use_dictionary=False)


def comma(folder: Path, frame: pl.DataFrame) -> None:
    frame.write_csv(folder / "taps.csv", datetime_format="%Y-%m-%dT%H:%M:%S")


def ndjson(folder: Path, frame: pl.DataFrame) -> None:
    frame.with_columns(pl.col("when").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_ndjson(folder / "taps.ndjson")


@pytest.mark.parametrize("write", [stored, plain, comma, ndjson])
def test_taps_are_the_same_from_files_of_every_form(
    tmp_path: Path, write: Callable[[Path, pl.DataFrame], None]
) -> None:
    frame = log(1_000)
    write(tmp_path, frame)
    taps = opened(tmp_path)
    assert taps.ended == {"taps": Ended(taken=1_000)}
    assert taps.tokens["account"].to_list() == sorted(set(frame["card"]))
    assert taps.texts["place"].to_list() == sorted(set(frame["stop"]))
    at = frame["when"].dt.timestamp("us").to_list()
    action = [ACTIONS.index(text) for text in frame["action"]]
    wanted = zip(
        frame["card"],
        at,
        action,
        *(frame[name] for name in ("stop", "line", "vehicle")),
        [None] * 1_000,
        frame["product"],
        strict=True,
    )
    assert whole(taps) == sorted(wanted, key=str)


def test_every_record_is_counted_once_under_what_it_lacks(tmp_path: Path) -> None:
    lines = [
        "kind,id,when,card,stop,line,vehicle,action,product",
        "tap,1,2025-03-01T10:00:00Z,a,s,l,v,enter,p",
        "tap,2,2025-03-01T10:00:00Z,b,,,,,",
        "tap,3,2025-03-01T10:00:00Z,,s,l,v,enter,p",
        "tap,4,,a,s,l,v,enter,p",
        "tap,5,yesterday,a,s,l,v,enter,p",
        "tap,6,,,s,l,v,hop,p",
        "tap,7,2025-03-01T10:00:00Z,a,s,l,v,hop,p",
        "purchase,8,2025-03-01T10:00:00Z,a,s,l,v,enter,p",
        "tap,9,2025-03-01T10:00:00Z,a,s",
    ]
    (tmp_path / "taps.csv").write_text("\n".join(lines) + "\n")
    settings = SETTINGS.replace('kind = "tap"\n', "") + 'kind = "kind"\n'
    taps = opened(tmp_path, settings)
    assert taps.ended == {"taps": Ended(bad=1, other=1, tokenless=2, timeless=2, actionless=1, taken=2)}
    assert taps.ended["taps"].read == 9
    at = 1_740_823_200_000_000
    # A tap that does not say what it is begins a ride.
    assert whole(taps) == [("a", at, ENTER, "s", "l", "v", None, "p"), ("b", at, ENTER, None, None, None, None, None)]


def test_a_condition_keeps_taps_out_and_they_are_counted(tmp_path: Path) -> None:
    stored(tmp_path, log(500))
    line = exp.column("line", quoted=True)
    keep = exp.and_(line.eq(exp.Literal.string("L1")), exp.column("kind", quoted=True).eq(exp.Literal.string("tap")))
    taps = opened(tmp_path, keep=keep)
    chosen = log(500).filter(pl.col("line") == "L1")
    assert taps.texts["line"].to_list() == ["L1"]
    assert taps.ended == {"taps": Ended(other=500 - len(chosen), taken=len(chosen))}


def test_tokens_are_the_same_where_sources_share_a_namespace(tmp_path: Path) -> None:
    for name in ("bus", "metro", "ferry"):
        log(50).write_csv(tmp_path / f"{name}.csv", datetime_format="%Y-%m-%dT%H:%M:%S")
    sections = []
    for name, accounts in (("bus", "city"), ("metro", "city"), ("ferry", "sea")):
        text = SETTINGS.replace("sources.taps", f"sources.{name}").replace("taps*", f"{name}.csv")
        sections.append(text.replace("timezone", f'accounts = "{accounts}"\ntimezone'))
    taps = opened(tmp_path, "\n".join(sections))
    cards = sorted(set(log(50)["card"]))
    assert taps.tokens.rows() == [("city", card) for card in cards] + [("sea", card) for card in cards]
    assert len(taps) == 150
    count = np.bincount(np.concatenate([part.token for part in taps.parts]))
    assert count[: len(cards)].tolist() == (2 * count[len(cards) :]).tolist()


@pytest.mark.parametrize("write", [stored, comma])
def test_values_and_empty_texts_are_what_the_source_says_they_are(
    tmp_path: Path, write: Callable[[Path, pl.DataFrame], None]
) -> None:
    frame = log(400).with_columns(
        action=pl.Series(["In", "Out", "In", "?"] * 100), stop=pl.Series(["", "NA", "s", "s"] * 100)
    )
    write(tmp_path, frame)
    settings = SETTINGS.replace("[sources.taps.columns]", 'missing = ["NA"]\n[sources.taps.columns]')
    taps = opened(tmp_path, settings + '[sources.taps.values]\naction = {In = "enter", Out = "exit"}\n')
    assert taps.ended == {"taps": Ended(actionless=100, taken=300)}
    assert taps.texts["place"].to_list() == ["s"]
    action = np.concatenate([part.action for part in taps.parts])
    place = np.concatenate([part.place for part in taps.parts])
    assert np.bincount(action).tolist() == [200, 100]
    assert np.count_nonzero(place == -1) == 200
    assert set(action[place == 0].tolist()) == {ENTER}
    assert set(action.tolist()) == {ENTER, EXIT}


def test_a_token_that_is_no_utf_8_is_counted_and_costs_no_other_row(tmp_path: Path) -> None:
    table = log(10).to_arrow()
    cards = pa.array([b"caf\xe9", *(card.encode() for card in log(10)["card"][1:])], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 10, cards.buffers())
    table = table.set_column(table.schema.get_field_index("card"), "card", broken)
    pq.write_table(table, tmp_path / "taps.parquet")
    assert opened(tmp_path).ended == {"taps": Ended(tokenless=1, taken=9)}


def test_a_source_without_taps_gives_none(tmp_path: Path) -> None:
    stored(tmp_path, log(10).filter(pl.col("card") == "nobody"))
    found = counted(tmp_path)
    assert len(found.days) == 0
    assert found.ended == {"taps": Ended()}
    assert (found.rides, found.doubled, found.unpaired) == (0, 0, 0)


def test_card_days_are_those_of_all_taps_at_once_in_any_files_and_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = log(3_000)
    one, many = tmp_path / "one", tmp_path / "many"
    one.mkdir()
    many.mkdir()
    stored(one, frame)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=2)
    for number in range(4):
        shuffled[number::4].write_parquet(many / f"taps{number}.parquet", row_group_size=(50, 999)[number % 2])
    at_once = counted(one)
    taps = opened(one)
    assert len(taps.parts) == 1
    right = rides(taps.parts[0], PAIRING.clock, PAIRING.doubled_us, PAIRING.longest_us)
    same_days(at_once.days, days(right))
    assert (at_once.rides, at_once.doubled, at_once.unpaired) == (len(right), right.doubled, len(right.unpaired))
    monkeypatch.setattr(tap_log, "PART_TAPS", 100)
    assert len(opened(many).parts) > 10
    in_parts = counted(many)
    same_days(in_parts.days, at_once.days)
    assert in_parts.tokens.equals(at_once.tokens)
    assert in_parts.products.equals(at_once.products)

"""A source written anew: every row once and whole, in the part of its account, whatever order it came in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coincide.engines.embedded.copied import APART, Copied, copied
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.partition import Part, marked, part_of
from coincide.engines.workspace import open_workspace
from coincide.entities.key import Key
from coincide.entities.pseudonym import pseudonym, pseudonyms
from coincide.events.errors import NoZone
from unit.engines.test_journeys import SETTINGS, comma, log, ndjson, plain, stored

KEY = Key(b"k" * 32)
FIELDS = {"id": "event_id", "when": "occurred_at", "card": "account", "stop": "place"}
PURCHASES = """[sources.shop]
kind = "purchase"
files = "shop.csv"
anonymous = ["0"]
[sources.shop.columns]
event_id = "id"
occurred_at = "at"
account = "who"
quantity = "pieces"
amount = "paid"
currency = "money"
lat = "lat"
[sources.shop.links]
card = "pan"
[sources.shop.attributes]
shelf = "shelf"
[attributes.shelf]
reviewed_by = "somebody"
reviewed_on = 2025-01-01
"""


def made(folder: Path, parts: int, settings: str = SETTINGS, source: str = "taps", to: str = "out") -> Copied:
    (folder / "coincide.toml").write_text(settings)
    workspace = open_workspace(folder)
    out = folder / to
    out.mkdir()
    with connect(workspace.settings) as connection:
        return copied(workspace.readers[source], workspace.settings.sources[source], KEY, connection, out, parts)


def written(folder: Path, to: str = "out") -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in sorted((folder / to).glob("*.parquet"))])


@pytest.mark.parametrize("write", [stored, plain, comma, ndjson])
@pytest.mark.parametrize("parts", [1, 3])
def test_every_row_is_written_once_with_its_pseudonym(
    tmp_path: Path, write: Callable[[Path, pl.DataFrame], None], parts: int
) -> None:
    frame = log(1_000)
    write(tmp_path, frame)
    told = made(tmp_path, parts)
    assert (told.read, told.written, told.passed_over, told.apart, told.accounts) == (1_000, 1_000, 0, {}, 30)
    assert not (tmp_path / "out" / APART).exists()
    expected = frame.rename(FIELDS).with_columns(
        pl.col("occurred_at").dt.replace_time_zone("UTC"),
        account=pl.Series(pseudonyms("taps", frame["card"].to_list(), KEY)),
    )
    found = written(tmp_path)
    assert tuple(found.columns) == told.columns
    assert found.sort("event_id").equals(expected.select(found.columns).sort("event_id"))


def test_each_account_is_in_one_file_which_says_so_and_is_sorted(tmp_path: Path) -> None:
    stored(tmp_path, log(2_000))
    told = made(tmp_path, 4)
    assert told.files == tuple(f"part-{number:04d}.parquet" for number in range(4))
    for number, name in enumerate(told.files):
        path = tmp_path / "out" / name
        assert marked(path) == Part(number, 4, KEY.id)
        rows = pl.read_parquet(path)
        assert set(part_of(rows["account"].to_list(), 4).tolist()) == {number}
        assert rows.equals(rows.sort("account", "occurred_at", "event_id"))


def test_the_same_is_written_in_whatever_order_rows_and_files_come(tmp_path: Path) -> None:
    # Many rows of one time, of which some are the same event.
    frame = log(900).with_columns(pl.col("when").dt.truncate("1d"), id=pl.Series(["a", "b", "c"] * 300))
    one, many = tmp_path / "one", tmp_path / "many"
    one.mkdir()
    many.mkdir()
    comma(one, frame)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    for number in range(3):
        shuffled[number::3].write_parquet(many / f"taps{number}.parquet", row_group_size=70)
    first, other = made(one, 2), made(many, 2)
    assert first == other
    for name in first.files:
        assert (one / "out" / name).read_bytes() == (many / "out" / name).read_bytes()


def test_what_cannot_be_written_is_listed_with_its_place_and_reason(tmp_path: Path) -> None:
    lines = [
        "id,when,card,stop,line,vehicle,action,product",
        "1,2025-03-01T10:00:00Z,a,s,l,v,enter,p",
        "2,2025-03-01T10:00:00Z,,s,l,v,enter,p",
        "3,,a,s,l,v,enter,p",
        "4,yesterday,a,s,l,v,enter,p",
        ",2025-03-01T10:00:00Z,,s,l,v,enter,p",
        "6,2025-03-01T10:00:00Z,a,s",
        "7,2025-03-01T10:00:00Z,a,s,l,v,hop,p",
        "8,2025-03-01T10:00:00Z,caf\ufdd1,s,l,v,enter,p",
        "9,2025-03-01T10:00:00Z,a,caf\ufdd1,l,v,enter,p",
        "10\ufdd1,2025-03-01T10:00:00Z,a,s,l,v,enter,p",
    ]
    (tmp_path / "taps.csv").write_text("\n".join(lines) + "\n")
    settings = SETTINGS + '[sources.taps.values]\naction = {In = "enter"}\n'
    told = made(tmp_path, 2, settings)
    apart = pl.read_csv(tmp_path / "out" / APART)
    assert apart.rows() == [
        ("taps.csv", 3, "no-account"),
        ("taps.csv", 4, "no-time"),
        ("taps.csv", 5, "unreadable-time"),
        ("taps.csv", 6, "no-event-id"),
        ("taps.csv", 7, "bad-record"),
        ("taps.csv", 8, "unreadable-action"),
        ("taps.csv", 9, "unreadable-account"),
        ("taps.csv", 10, "unreadable-place"),
        ("taps.csv", 11, "unreadable-event_id"),
    ]
    assert told.apart == dict.fromkeys(sorted(apart["reason"]), 1)
    assert (told.read, told.written, told.accounts) == (10, 1, 1)
    assert written(tmp_path)["event_id"].to_list() == ["1"]


def test_numbers_amounts_links_and_attributes_are_those_of_the_contract(tmp_path: Path) -> None:
    lines = [
        "id,at,who,pieces,paid,money,lat,pan,shelf",
        "1,2025-03-01T10:00:00+01:00,a,1.50,12.3,EUR,48.8566,4000,top",
        "2,2025-03-01T10:00:00+01:00,b,,700,JPY,,,",
        "3,2025-03-01T10:00:00+01:00,0,1,1,EUR,1,1,top",
        "4,2025-03-01T10:00:00+01:00,c,many,1,EUR,1,1,top",
        "5,2025-03-01T10:00:00+01:00,c,1,1.234,EUR,1,1,top",
    ]
    (tmp_path / "shop.csv").write_text("\n".join(lines) + "\n")
    told = made(tmp_path, 1, PURCHASES, "shop")
    assert (told.read, told.written, told.passed_over) == (5, 2, 1)
    assert told.apart == {"unreadable-amount_minor": 1, "unreadable-quantity": 1}
    rows = written(tmp_path).sort("event_id").to_dicts()
    assert [(str(row["quantity"]), row["amount_minor"], row["currency"]) for row in rows] == [
        ("1.500000000", 1_230, "EUR"),
        ("None", 700, "JPY"),
    ]
    assert [row["link.card"] for row in rows] == [pseudonym("link.card", "4000", KEY), None]
    assert [row["attributes.shelf"] for row in rows] == ["top", None]
    assert float(rows[0]["lat"]) == 48.8566
    assert rows[0]["occurred_at"].isoformat() == "2025-03-01T09:00:00+00:00"


def test_a_token_that_is_no_utf_8_costs_no_other_row(tmp_path: Path) -> None:
    table = log(10).to_arrow()
    cards = pa.array([b"caf\xe9", *(card.encode() for card in log(10)["card"][1:])], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 10, cards.buffers())
    table = table.set_column(table.schema.get_field_index("card"), "card", broken)
    pq.write_table(table, tmp_path / "taps.parquet")
    told = made(tmp_path, 2)
    assert (told.written, told.apart) == (9, {"unreadable-account": 1})
    assert pl.read_csv(tmp_path / "out" / APART).rows() == [("taps.parquet", 0, "unreadable-account")]


def test_times_without_a_zone_are_refused(tmp_path: Path) -> None:
    stored(tmp_path, log(10))
    with pytest.raises(NoZone):
        made(tmp_path, 1, SETTINGS.replace('timezone = "UTC"\n', ""))


def test_the_part_of_a_pseudonym_follows_from_it_alone_and_of_no_other_text_is_there_one() -> None:
    names = pseudonyms("taps", [f"c{number}" for number in range(4_000)], KEY)
    for of in (1, 2, 16, 512):
        found = part_of(names, of)
        assert found.min() >= 0
        assert found.max() < of
        count = np.bincount(found, minlength=of)
        assert count.max() < 4_000 / of + 6 * (4_000 / of) ** 0.5 + 1
    assert part_of(["c1", "", names[0][:-1], names[0].upper(), "p-" + "1" * 26], 4).tolist() == [-1] * 5
    assert part_of([], 4).tolist() == []


@pytest.mark.parametrize(
    "mark", [b"", b"null", b"[]", b'{"version": 2}', b'{"version": 1, "part": 3, "of": 3, "key": ""}']
)
def test_a_mark_that_is_none_is_no_mark(tmp_path: Path, mark: bytes) -> None:
    schema = pa.schema([("account", pa.string())], metadata={b"coincide.part": mark})
    pq.write_table(schema.empty_table(), tmp_path / "a.parquet")
    assert marked(tmp_path / "a.parquet") is None

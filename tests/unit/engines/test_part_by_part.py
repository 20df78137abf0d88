"""Journeys of an import, part after part: to the bit those of all its taps at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincide.detect.journey.days import Days
from coincide.detect.journey.taps import Whole
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.journeys import Journeys, each, journeys, readings
from coincide.engines.embedded.partition import Part, marked, parted
from coincide.engines.embedded.taps import TapLog
from coincide.engines.errors import ForeignToken
from coincide.engines.workspace import Workspace, open_workspace
from unit.engines.test_copied import made
from unit.engines.test_journeys import PAIRING, SETTINGS, counted, log, same_days, stored

IMPORTED = """[sources.taps]
kind = "tap"
files = "{files}"
[sources.taps.columns]
event_id = "event_id"
occurred_at = "occurred_at"
account = "account"
place = "place"
line = "line"
vehicle = "vehicle"
action = "action"
product = "product"
"""


class ByText:
    """A network of numbers that stand in the texts: wrong codes give other numbers."""

    def __init__(self, taps: TapLog) -> None:
        self.stop = np.array([*(int(text[-1]) for text in taps.texts["place"]), -1])
        self.line = np.array([*(int(text[-1]) for text in taps.texts["line"]), -1])

    def hops(self, line: Whole, start: Whole, end: Whole) -> NDArray[np.int16]:
        return np.where(self.stop[start] % 3 == self.line[line], self.stop[end], -1).astype(np.int16)

    def km(self, start: Whole, end: Whole) -> NDArray[np.float64]:
        far: NDArray[np.float64] = np.abs(np.sqrt(self.stop[start] + 1.0) - np.sqrt(self.stop[end] + 1.0))
        return far


def opened(folder: Path, files: str = "out/part-*.parquet") -> Workspace:
    (folder / "coincide.toml").write_text(IMPORTED.format(files=files))
    return open_workspace(folder)


def ridden(workspace: Workspace) -> Journeys:
    readers = [(reader, workspace.settings.sources[name]) for name, reader in workspace.readers.items()]
    with connect(workspace.settings) as connection:
        return journeys(readers, PAIRING, connection, ByText)


def unmarked(folder: Path) -> str:
    """The same files without their marks."""
    (folder / "plain").mkdir()
    for file in (folder / "out").glob("*.parquet"):
        pl.read_parquet(file).write_parquet(folder / "plain" / file.name)
    return "plain/*.parquet"


def is_parted(workspace: Workspace) -> bool:
    return parted([(workspace.readers["taps"], workspace.settings.sources["taps"])]) is not None


def same(one: Journeys, other: Journeys) -> None:
    same_days(one.days, other.days)
    assert one.tokens.equals(other.tokens)
    assert one.products.to_list() == other.products.to_list()
    assert one.ended == other.ended
    assert one.hours.tolist() == other.hours.tolist()
    assert one.riders.tolist() == other.riders.tolist()
    assert (one.rides, one.doubled, one.unpaired) == (other.rides, other.doubled, other.unpaired)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 4_000), cards=st.integers(1, 900), parts=st.integers(2, 9))
def test_card_days_part_by_part_are_to_the_bit_those_of_all_at_once(
    seed: int, count: int, cards: int, parts: int
) -> None:
    card = np.random.default_rng(seed).integers(0, cards, count).tolist()
    with TemporaryDirectory() as name:
        folder = Path(name)
        stored(folder, log(count, seed).with_columns(card=pl.Series([f"c{number}" for number in card])))
        made(folder, parts)
        by_part = ridden(opened(folder))
        workspace = opened(folder, unmarked(folder))
        assert not is_parted(workspace)
        same(by_part, ridden(workspace))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    stored(tmp_path, log(3_000))
    made(tmp_path, 4)
    return tmp_path


def test_each_part_is_handed_over_with_its_own_tokens_and_then_all_is_told(written: Path) -> None:
    workspace = opened(written)
    readers = [(workspace.readers["taps"], workspace.settings.sources["taps"])]
    parts = parted(readers)
    assert parts is not None
    assert [part.number for part in parts] == [0, 1, 2, 3]
    seen: list[tuple[Days, pl.DataFrame]] = []
    with connect(workspace.settings) as connection:
        asked = readings(readers, parts, connection)
        whole = each(asked, PAIRING, lambda days, tokens: seen.append((days, tokens)))
    cards = [set(tokens["account"]) for _, tokens in seen]
    assert sum(map(len, cards)) == len(set().union(*cards)) == 30
    for (days, tokens), files in zip(seen, parts.values(), strict=True):
        (file,) = files["taps"]
        assert set(tokens["account"]) == set(pl.read_parquet(written / file.path)["account"])
        assert set(days.token.tolist()) <= set(range(len(tokens)))
    assert whole.ended["taps"].taken == 3_000


def test_an_import_gives_the_journeys_of_the_source(written: Path) -> None:
    before = counted(written, SETTINGS)
    after = ridden(opened(written))
    figures = [
        sorted(zip(one.days.day, one.days["trips"], one.days["entropy"], strict=True)) for one in (before, after)
    ]
    assert figures[0] == figures[1]
    assert before.ended == after.ended


def test_only_the_features_that_are_asked_for_are_kept(written: Path) -> None:
    every = ridden(opened(written))
    for files in ("out/part-*.parquet", unmarked(written)):
        workspace = opened(written, files)
        readers = [(workspace.readers["taps"], workspace.settings.sources["taps"])]
        with connect(workspace.settings) as connection:
            found = journeys(readers, PAIRING, connection, features=("trips", "trips_z"))
        assert list(found.days.features) == ["trips", "trips_z"]
        assert found.days["trips_z"].tobytes() == every.days["trips_z"].tobytes()


def test_files_of_another_number_of_parts_or_without_a_mark_are_read_at_once(written: Path) -> None:
    assert is_parted(opened(written))
    shutil.copy(written / "out/part-0000.parquet", written / "out/part-again.parquet")
    # Two files of one part are one part.
    assert is_parted(opened(written))
    stored(written, log(10))
    made(written, 2, to="two")
    assert not is_parted(opened(written, "*/part-*.parquet"))
    pl.read_parquet(written / "out/part-0000.parquet").write_parquet(written / "out/part-plain.parquet")
    assert not is_parted(opened(written))


def test_a_mark_that_was_carried_over_into_other_rows_is_not_believed(written: Path) -> None:
    file = written / "out/part-0001.parquet"
    two = pq.read_table(file)
    pq.write_table(pa.concat_tables([two, pq.read_table(written / "out/part-0002.parquet")]), file)
    assert not is_parted(opened(written))
    mark = Part(1, 4, "key").mark(len(two))
    pq.write_table(two.slice(1).replace_schema_metadata(mark), file)
    assert marked(file) is None
    pq.write_table(two.replace_schema_metadata(mark), file)
    assert marked(file) == Part(1, 4, "key")


def test_accounts_that_are_changed_on_the_way_are_read_at_once(written: Path) -> None:
    text = IMPORTED.format(files="out/part-*.parquet")
    for changed in (
        text.replace('account = "account"', 'account = ["account", "place"]'),
        text + '[sources.taps.values]\naccount = {a = "b"}\n',
    ):
        (written / "coincide.toml").write_text(changed)
        assert not is_parted(open_workspace(written))


def test_a_mark_on_a_file_of_other_accounts_is_refused(written: Path) -> None:
    file = written / "out/part-0001.parquet"
    table = pq.read_table(written / "out/part-0002.parquet")
    mark = marked(file)
    assert mark is not None
    pq.write_table(table.replace_schema_metadata(mark.mark(len(table))), file)
    with pytest.raises(ForeignToken) as caught:
        ridden(opened(written))
    assert caught.value.code == "COI-S028"
    assert "part 1 of 4" in caught.value.message

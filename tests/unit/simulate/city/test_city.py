"""The simulated city: the same for the same seed, near what is published, and its faults as often as it says."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from coincide.simulate.city import City, Parameters, digest, lines
from coincide.simulate.city.feed import write
from coincide.simulate.city.made import FIRST_DAY, LARGEST, LONGEST, SMALLEST, Part
from coincide.simulate.city.parameters import ASSUMPTION, CLASSES, COVERS, table
from coincide.simulate.city.rider import CLASS_NAMES, PRODUCTS, STYLE_NAMES
from coincide.simulate.city.tap import DAY_S, ENTER, EXIT, SERVICE_S, SINGLE, TRANSFER, Taps

THIEF = CLASS_NAMES.index("thief")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> lines.Lines:
    feed = tmp_path_factory.mktemp("feed") / "feed.zip"
    write(feed)
    return lines.read(feed, Parameters().ride_minutes)


@pytest.fixture(scope="module")
def city(network: lines.Lines) -> City:
    return City(network, 6_000, 50, 7, Parameters(thieves=0.005))


@pytest.fixture(scope="module")
def part(city: City) -> Part:
    (only,) = city.parts()
    return only


def _same(one: Part, other: Part) -> bool:
    pairs = ((one.taps, other.taps), (one.incidents, other.incidents))
    return all(
        np.array_equal(getattr(a, column.name), getattr(b, column.name)) for a, b in pairs for column in fields(a)
    ) and np.array_equal(one.stole, other.stole)


def test_a_city_follows_from_size_days_seed_and_parameters(network: lines.Lines) -> None:
    (made,) = City(network, 1_500, 5, 3).parts()
    assert _same(made, next(City(network, 1_500, 5, 3).parts()))
    for other in (
        City(network, 1_500, 5, 4),
        City(network, 1_501, 5, 3),
        City(network, 1_500, 5, 3, Parameters(doubled=0.5)),
    ):
        assert not _same(made, next(other.parts()))


def test_more_reports_change_nobody_s_rides(network: lines.Lines) -> None:
    (usual,) = City(network, 1_500, 5, 3, Parameters(thieves=0.02)).parts()
    (more,) = City(network, 1_500, 5, 3, Parameters(thieves=0.02, reported=0.9, background=3.0)).parts()
    assert np.array_equal(usual.taps.wall_s, more.taps.wall_s)
    assert np.array_equal(usual.taps.token, more.taps.token)
    assert len(more.incidents.token) > 2 * len(usual.incidents.token)


def test_days_made_in_several_parts_follow_each_other(network: lines.Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    from coincide.simulate.city import made

    monkeypatch.setattr(made, "BLOCK", 3_000)
    parts = list(City(network, 1_500, 5, 3).parts())
    assert [part.days for part in parts] == [2, 2, 1]
    first = [int((part.taps.wall_s.min() - SERVICE_S) // DAY_S) for part in parts]
    assert first == [0, 2, 4]
    for part in parts:
        assert np.all(np.diff(part.taps.wall_s) >= 0)


def test_reports_alone_are_those_of_the_parts(network: lines.Lines) -> None:
    city = City(network, 1_500, 20, 3, Parameters(thieves=0.02))
    for part, alone in zip(city.parts(), city.reports(), strict=True):
        assert len(alone.token)
        for column in fields(alone):
            assert np.array_equal(getattr(alone, column.name), getattr(part.incidents, column.name))


@pytest.mark.parametrize(
    ("size", "days", "seed"),
    [(SMALLEST - 1, 5, 1), (LARGEST + 1, 5, 1), (SMALLEST, 0, 1), (SMALLEST, LONGEST + 1, 1), (SMALLEST, 5, -1)],
)
def test_what_is_out_of_bounds_is_refused(network: lines.Lines, size: int, days: int, seed: int) -> None:
    with pytest.raises(ValueError, match="is"):
        City(network, size, days, seed)


def _boardings(taps: Taps) -> np.ndarray:
    """How many rides each card-day begins."""
    boards = taps.action != EXIT
    day = (taps.wall_s[boards] - SERVICE_S) // DAY_S
    return np.unique(taps.token[boards].astype(np.int64) * 1_000 + day, return_counts=True)[1]


def test_card_days_are_as_many_trips_long_as_those_of_the_prototype(part: Part) -> None:
    trips = _boardings(part.taps)
    assert 0.38 < (trips == 1).mean() < 0.48
    assert 0.20 < (trips == 2).mean() < 0.30
    assert 0.004 < (trips >= 10).mean() < 0.015
    assert 7 <= np.quantile(trips, 0.99) <= 10
    assert 16 <= np.quantile(trips, 0.999) <= 26


def test_a_metro_ride_takes_about_half_an_hour_as_in_shenzhen(part: Part) -> None:
    taps = part.taps
    rail = np.flatnonzero(taps.vehicle < 0)
    order = rail[np.lexsort((taps.wall_s[rail], taps.token[rail]))]
    token, action, at = taps.token[order], taps.action[order], taps.wall_s[order]
    ride = (token[1:] == token[:-1]) & (action[:-1] == ENTER) & (action[1:] == EXIT)
    seconds = np.diff(at)[ride]
    seconds = seconds[seconds < 3 * 3600]
    assert abs(seconds.mean() - 1_791) < 120


def test_faults_are_as_frequent_as_the_parameters_say(network: lines.Lines) -> None:
    parameters = Parameters(exit_missing_bus=0.2, exit_missing_rail=0.1, lost=0.0, doubled=0.0, flat_lines=0.3)
    (made,) = City(network, 3_000, 10, 1, parameters).parts()
    action, rail = made.taps.action, made.taps.vehicle < 0
    for where, share in ((rail, 0.1), (~rail, 0.2)):
        begun = ((action == ENTER) | (action == TRANSFER)) & where
        assert abs(1 - (action[where] == EXIT).sum() / begun.sum() - share) < 0.03
    flat = np.unique(made.taps.line[action == SINGLE])
    assert len(flat)
    assert not np.isin(made.taps.line[(action != SINGLE)], flat).any()
    (lossless,) = City(network, 3_000, 10, 1, replace(parameters, doubled=0.1)).parts()
    assert abs(len(lossless.taps.token) / len(made.taps.token) - 1.1) < 0.005
    (lossy,) = City(network, 3_000, 10, 1, replace(parameters, lost=0.1)).parts()
    assert abs(len(lossy.taps.token) / len(made.taps.token) - 0.9) < 0.005


def test_a_doubled_tap_comes_from_the_same_reader_seconds_later(network: lines.Lines) -> None:
    (clean,) = City(network, 2_000, 5, 1, Parameters(doubled=0.0)).parts()
    (made,) = City(network, 2_000, 5, 1, Parameters(doubled=1.0)).parts()
    assert len(made.taps.token) == 2 * len(clean.taps.token)
    order = np.lexsort((made.taps.wall_s, made.taps.action, made.taps.device, made.taps.token))
    at, token = made.taps.wall_s[order], made.taps.token[order]
    twin = np.diff(at)[::2]
    assert (token[::2] == token[1::2]).all()
    assert np.mean((twin >= 1) & (twin <= 6)) > 0.98


def test_clocks_are_off_only_where_that_is_asked_for(network: lines.Lines) -> None:
    (right,) = City(network, 2_000, 5, 1).parts()
    (wrong,) = City(network, 2_000, 5, 1, Parameters(clocks_off=0.05)).parts()
    moved = wrong.taps.wall_s - right.taps.wall_s
    off = np.unique(right.taps.vehicle[moved != 0])
    assert len(off)
    assert -1 not in off
    assert set(np.unique(moved)) == {0, 3 * 3600}
    # A vehicle's clock is off for good.
    assert (moved[np.isin(right.taps.vehicle, off)] != 0).all()


def test_thieves_are_as_many_as_asked_and_of_every_style(city: City, part: Part) -> None:
    riders = city.riders
    people = riders.style >= 0
    assert people.sum() == 30
    assert set(np.unique(riders.style[people])) == set(range(len(STYLE_NAMES)))
    assert set(np.unique(riders.life[people])) <= {list(CLASSES).index(name) for name in COVERS}
    tokens = riders.token_class == THIEF
    assert (part.stole[~tokens] == 0).all()
    # They steal on some days only, and ride on others.
    stole = part.stole[riders.token[people]]
    assert (stole > 0).mean() > 0.9
    assert 5 < stole.mean() < 25


def test_a_thief_s_product_is_that_of_the_life_that_is_seen(city: City) -> None:
    riders = city.riders
    for person in np.flatnonzero(riders.style >= 0):
        name = list(CLASSES)[riders.life[person]]
        assert PRODUCTS[riders.product[person]] in dict(CLASSES[name].products)


def test_the_second_of_a_pair_is_where_the_first_is(city: City, part: Part) -> None:
    riders, taps = city.riders, part.taps
    pairs = np.flatnonzero((riders.follows >= 0) & (riders.style >= 0))
    assert len(pairs)
    for second in pairs:
        first = riders.follows[second]
        assert riders.style[first] == riders.style[second] == STYLE_NAMES.index("pair")
        mine, theirs = (np.isin(taps.token, [riders.token[one], riders.phone[one]]) for one in (second, first))
        apart = np.abs(taps.wall_s[mine][:, None] - taps.wall_s[theirs][None])
        together = (apart < 20) & (taps.stop[mine][:, None] == taps.stop[theirs][None])
        assert together.any(axis=0).sum() > 20


def test_people_may_have_two_tokens_and_tokens_several_people(city: City) -> None:
    riders = city.riders
    phones = riders.phone[riders.phone >= 0]
    assert len(phones) == int(0.06 * city.size)
    every = np.concatenate([riders.token, phones])
    assert np.array_equal(np.unique(every), np.arange(city.size))
    shared = np.bincount(riders.token, minlength=city.size) > 1
    assert set(np.unique(riders.token_class[shared])) == {CLASS_NAMES.index("shared")}


def test_nothing_in_the_number_of_a_token_tells_its_class(city: City) -> None:
    number = np.arange(city.size)
    for code in np.unique(city.riders.token_class):
        mine = number[city.riders.token_class == code]
        # The mean of as many drawn at random is further off in one of a thousand cases.
        assert abs(mine.mean() / city.size - 0.5) < 3.3 * 0.2887 / np.sqrt(len(mine))


def test_reports_of_thefts_are_near_the_thief_and_the_others_where_people_are(network: lines.Lines) -> None:
    exact = Parameters(thieves=0.02, minutes_off=0.0, place_off=0.0, place_missing=0.0, reported=1.0)
    city = City(network, 2_000, 20, 5, exact)
    (made,) = city.parts()
    told = made.incidents
    mine = told.token >= 0
    assert abs((~mine).sum() / mine.sum() - exact.background) < 0.12
    assert set(np.unique(city.riders.token_class[told.token[mine]])) == {THIEF}
    assert (told.stop >= 0).all()
    span = told.ends_s - told.begins_s
    assert span.min() >= 15 * 60 - 1
    assert span.max() <= 45 * 60 + 1
    seen = 0
    for begins, ends, line, token in zip(
        told.begins_s[mine], told.ends_s[mine], told.line[mine], told.token[mine], strict=True
    ):
        taps = (made.taps.token == token) & (made.taps.line == line)
        near = (made.taps.wall_s[taps] >= begins - 3600) & (made.taps.wall_s[taps] <= ends + 3600)
        seen += bool(near.any())
    assert seen / mine.sum() > 0.95


def test_reports_err_as_often_as_the_parameters_say(network: lines.Lines) -> None:
    (made,) = City(network, 2_000, 50, 5, Parameters(thieves=0.05, place_missing=0.4, reported=0.8)).parts()
    assert abs((made.incidents.stop < 0).mean() - 0.4) < 0.04
    assert (made.incidents.ends_s > made.incidents.begins_s).all()


def test_times_are_those_of_the_local_clock_also_where_it_is_changed(city: City) -> None:
    # 30 March 2025, when the clocks of Paris went from 02:00 to 03:00.
    day = (datetime(2025, 3, 30, tzinfo=UTC).date() - FIRST_DAY).days
    before, after = city.at_us(np.array([day * DAY_S + 3600, day * DAY_S + 4 * 3600], dtype=np.int32))
    assert (after - before) == 2 * 3600 * 1_000_000
    assert before == int(datetime(2025, 3, 30, 0, tzinfo=UTC).timestamp()) * 1_000_000


def test_every_figure_has_its_source() -> None:
    rows = list(table())
    assert len({name for name, *_ in rows}) == len(rows)
    for name, value, source, says in rows:
        assert value, name
        assert says, name
        assert source.startswith(ASSUMPTION) or any(letter.isdigit() for letter in source) or "prototype" in source, (
            name
        )
    assert abs(sum(one.share for one in CLASSES.values()) - 1) < 0.01


def test_the_digest_is_of_every_file_and_of_every_letter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from importlib import resources

    import coincide.simulate.city as package

    source = Path(package.__file__).parent
    for file in source.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    right = digest()
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    assert digest() == right
    changed = tmp_path / "parameters.py"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert digest() == right
    changed.write_text(text + " ", encoding="utf-8")
    assert digest() != right

"""``coincide keys``: after a rotation everything is as before, under other names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coincide.entities import key
from coincide.entities.pseudonym import unseal
from coincide.store import pseudonym as pseudonym_store
from coincide.store import segment
from coincide.store.database import open_database
from kinshop import Shop, made


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    shop = made(tmp_path, capsys)
    shop.rows("".join(f"{n},2025-03-01T10:00:00,d{n},s1,shared,\n" for n in range(10, 15)), "purchases/b.csv")
    shop.json("scan")
    return shop


def revealed(shop: Shop) -> dict[str, tuple[str, str]]:
    """Alerts by id: actor as given, status."""
    database = open_database(shop.folder / ".coincide")
    ring = key.load(shop.folder / ".coincide/key")
    try:
        with database.reading() as connection:
            rows = {row.pseudonym: row for row in pseudonym_store.everything(connection)}
    finally:
        database.close()
    found: list[dict[str, Any]] = shop.json("alerts", "--status", "all")["alerts"]
    return {
        alert["id"]: (
            unseal(rows[alert["actor"]].sealed, ring.by_id(rows[alert["actor"]].key_id), pseudonym=alert["actor"]),
            alert["status"],
        )
        for alert in found
    }


def history(shop: Shop, alert: str) -> list[str]:
    return [entry["change"] for entry in shop.json("alerts", "show", alert)["history"]]


def test_show_prints_ids_alone(shop: Shop) -> None:
    ring = key.load(shop.folder / ".coincide/key")
    assert shop.json("keys", "show") == {"keys": [{"id": ring.current.id, "in_use": True}]}
    assert shop.call("keys", "show")[1] == f"{ring.current.id}  in use\n"


def test_without_a_key_there_is_none_to_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "COI-N005" in made(tmp_path, capsys).call("keys", "show")[2]


def test_alerts_keep_their_ids_and_the_next_scan_changes_nothing(shop: Shop) -> None:
    before, names = revealed(shop), {alert["actor"] for alert in shop.json("alerts")["alerts"]}
    assert {who for who, _ in before.values()} == {"anna", "cora"}
    told = shop.json("keys", "rotate")
    assert told["renamed"] > 0
    assert [one["id"] for one in shop.json("keys", "show")["keys"]] == [told["new"]]
    assert revealed(shop) == before
    assert not names & {alert["actor"] for alert in shop.json("alerts")["alerts"]}
    again = shop.json("scan")
    assert again["run"]["read"] == 0
    assert revealed(shop) == before
    shop.rows("9,2025-05-01T10:00:00,emil,s1,,\n", "purchases/c.csv")
    shop.json("scan")
    assert revealed(shop) == before
    assert [history(shop, name) for name in before] == [["opened"]] * len(before)


def test_what_people_said_holds_after_a_rotation(shop: Shop) -> None:
    shop.call("entities", "separate", shop.name("anna"), shop.name("bert"), "--because", "brothers")
    shop.call("alerts", "suppress", "two-things", shop.name("cora"), "--until", "2100-01-01", "--because", "a farm")
    shop.json("scan")
    before = revealed(shop)
    shop.json("keys", "rotate")
    assert shop.json("scan")["run"]["read"] == 0
    assert revealed(shop) == before
    (pair,) = shop.json("entities", "separations")["separations"]
    assert {pair["account_a"], pair["account_b"]} == {shop.name("anna"), shop.name("bert")}


def test_lists_are_renamed_and_the_next_scan_begins_an_entity_version(shop: Shop) -> None:
    shop.json("keys", "rotate")
    (one,) = shop.json("entities", "generic")["generic"]
    assert one["identifier"] == shop.name("shared", "@link.card")
    shop.rows("9,2025-05-01T10:00:00,emil,s1,,\n", "purchases/c.csv")
    shop.json("scan")
    told = shop.json("entities", "explain", shop.name("bert"))
    # Nobody can tell whether it is the same partition; that bert is with anna is known since the first.
    assert (told["since"], told["version"]) == (1, 2)


def test_a_rotation_that_broke_off_before_the_commit_stops_scans_and_goes_on(shop: Shop) -> None:  # COI-N009
    before = revealed(shop)
    ring = key.rotate(shop.folder / ".coincide/key")
    shop.rows("9,2025-05-01T10:00:00,emil,s1,,\n", "purchases/c.csv")
    status, _, err = shop.call("scan")
    assert status == 3
    assert "COI-N009" in err
    assert "run coincide keys rotate" in shop.call("keys", "show")[1]
    assert shop.json("keys", "rotate")["new"] == ring.current.id
    shop.json("scan")
    assert revealed(shop) == before


def test_a_rotation_that_broke_off_after_the_commit_only_forgets(shop: Shop) -> None:
    file = shop.folder / ".coincide/key"
    old = file.read_bytes()
    new = shop.json("keys", "rotate")["new"]
    file.write_bytes(old + file.read_bytes())
    before = revealed(shop)
    assert shop.json("scan")["run"]["read"] == 0
    assert shop.json("keys", "rotate") | {"old": []} == {"old": [], "new": new, "renamed": 0}
    assert revealed(shop) == before
    assert len(shop.json("keys", "show")["keys"]) == 1


def test_keys_of_the_environment_move_to_the_last(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = revealed(shop)
    old, new = key.load(shop.folder / ".coincide/key").current, key.Key(b"n" * 32)
    monkeypatch.setenv("COINCIDE_KEY", old.secret.hex())
    assert "COI-N008" in shop.call("keys", "rotate")[2]
    monkeypatch.setenv("COINCIDE_KEY", new.secret.hex())
    assert "COI-N006" in shop.call("scan")[2]
    monkeypatch.setenv("COINCIDE_KEY", f"{old.secret.hex()},{new.secret.hex()}")
    assert shop.json("keys", "rotate")["new"] == new.id
    monkeypatch.setenv("COINCIDE_KEY", new.secret.hex())
    assert shop.json("scan")["run"]["read"] == 0
    assert revealed(shop) == before


def test_a_lost_key_is_not_replaced_by_a_new_one(shop: Shop) -> None:
    (shop.folder / ".coincide/key").unlink()
    assert "COI-N005" in shop.call("scan")[2]
    assert not (shop.folder / ".coincide/key").exists()


def test_segments_hold_no_pseudonyms(shop: Shop) -> None:
    shop.rows(",2025-03-01T10:00:00,anna,s1,,\n", "purchases/c.csv")
    shop.json("scan")
    database = open_database(shop.folder / ".coincide")
    with database.reading() as connection:
        (kept,) = segment.load(connection)
    database.close()
    assert segment.read(shop.folder / ".coincide", kept).columns == ["position", "reason", "digest"]

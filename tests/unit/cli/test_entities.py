"""``coincide entities`` as a person calls it: why accounts are one actor, and how they are cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinshop import LINKED, Shop, made


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    shop = made(tmp_path, capsys)
    shop.json("scan")
    return shop


def test_an_actor_is_explained_by_what_joined_it(shop: Shop) -> None:
    told = shop.json("entities", "explain", shop.name("bert"))
    assert told["actor"] == shop.name("anna")
    assert told["accounts"] == [shop.name("anna"), shop.name("bert")]
    card, home = shop.name("c1", "@link.card"), shop.name("h1", "@link.address")
    both = [shop.name("bert"), shop.name("anna")]
    assert told["steps"] == [{"kind": "card", "identifier": card, "accounts": both}]
    assert told["corroborations"] == [{"kind": "address", "identifier": home, "accounts": both[::-1]}]
    assert (told["end"], told["since"], told["version"]) == ("joined", 1, 1)


def test_the_text_names_nobody_but_by_pseudonym(shop: Shop) -> None:
    status, out, err = shop.call("entities", "explain", shop.name("anna"))
    assert (status, err) == (0, "")
    assert f"{shop.name('bert')}  same card as {shop.name('anna')}" in out
    assert "also same address as" in out
    assert not any(name in out for name in ("anna", "bert", "c1", "h1"))


def test_an_account_may_be_given_as_it_is(shop: Shop) -> None:
    told = shop.json("entities", "explain", "--account", "purchases:anna")
    assert told["accounts"] == [shop.name("anna"), shop.name("bert")]


def test_an_account_that_shares_nothing_is_alone(shop: Shop) -> None:
    told = shop.json("entities", "explain", shop.name("cora"))
    assert (told["end"], told["accounts"], told["steps"]) == ("alone", [shop.name("cora")], [])


def test_an_unknown_pseudonym_is_refused(shop: Shop) -> None:
    status, _, err = shop.call("entities", "explain", "p-" + "a" * 26)
    assert status == 3
    assert "COI-A005" in err


@pytest.mark.parametrize("arguments", [(), ("p-x", "--account", "a:b"), ("--account", "nobody")])
def test_one_name_is_asked_for(shop: Shop, arguments: tuple[str, ...]) -> None:
    status, _, err = shop.call("entities", "explain", *arguments)
    assert status == 2
    assert "COI-U001" in err


def test_an_identifier_over_its_cap_is_listed_and_explained(shop: Shop) -> None:
    assert shop.json("entities", "generic") == {"generic": []}
    assert "no identifier" in shop.call("entities", "generic")[1]
    shop.rows("".join(f"{n},2025-03-01T10:00:00,d{n},s1,shared,\n" for n in range(10, 15)), "purchases/b.csv")
    shop.json("scan")
    over = {"kind": "card", "identifier": shop.name("shared", "@link.card"), "accounts": 5, "cap": 4}
    assert shop.json("entities", "generic") == {"generic": [over]}
    told = shop.json("entities", "explain", shop.name("d10"))
    assert (told["end"], told["generic"]) == ("alone", [over])
    assert "Shared by too many" in shop.call("entities", "explain", shop.name("d10"))[1]


def test_a_group_over_the_limit_is_left_single_and_says_so(shop: Shop) -> None:
    assert "no group" in shop.call("entities", "left")[1]
    chain = "".join(f"{n}{end},2025-03-01T10:00:00,d{n},s1,k{n + end},\n" for n in range(10, 14) for end in (0, 1))
    shop.rows(chain, "purchases/b.csv")
    shop.json("scan")
    assert shop.json("entities", "left") == {"left": [{"first": shop.name("d10"), "accounts": 4, "reason": "limit"}]}
    told = shop.json("entities", "explain", shop.name("d12"))
    assert (told["end"], told["actor"], len(told["accounts"])) == ("limit", shop.name("d12"), 4)
    assert len(told["steps"]) == 3


def test_separated_accounts_are_two_actors_after_the_next_scan(shop: Shop) -> None:
    pair = [shop.name("anna"), shop.name("bert")]
    status, out, _ = shop.call("entities", "separate", *pair, "--because", "brothers", "--by", "kim")
    assert status == 0
    assert "the next scan obeys" in out
    assert "already" in shop.call("entities", "separate", *pair, "--because", "brothers", "--by", "kim")[1]
    (one,) = shop.json("entities", "separations")["separations"]
    assert (sorted(pair), "brothers", "kim") == ([one["account_a"], one["account_b"]], one["because"], one["by"])
    assert "brothers" in shop.call("entities", "separations")[1]
    assert [alert["actor"] for alert in shop.json("scan")["alerts"]] == [shop.name("cora")]
    assert shop.json("entities", "explain", pair[0])["end"] == "alone"


def test_a_dry_run_separates_nobody(shop: Shop) -> None:
    pair = [shop.name("anna"), shop.name("bert")]
    shop.call("entities", "separate", *pair, "--because", "x", "--dry-run")
    assert shop.json("entities", "separations") == {"separations": []}


def test_a_separation_needs_two_known_accounts_and_a_reason(shop: Shop) -> None:
    anna = shop.name("anna")
    assert "COI-A009" in shop.call("entities", "separate", anna, anna, "--because", "x")[2]
    assert "COI-A005" in shop.call("entities", "separate", anna, "p-x", "--because", "x")[2]
    assert "COI-A004" in shop.call("entities", "separate", anna, shop.name("bert"), "--because", " ")[2]


def test_the_first_rows_are_those_of_the_fixture(shop: Shop) -> None:
    assert shop.json("scan")["rows"]["read"] == LINKED.count("\n")

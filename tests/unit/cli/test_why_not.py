"""``coincide why-not`` and the full timeline of ``alerts show`` in real workspaces, as a person calls them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run

Call = Callable[..., tuple[int, str, str]]

SETTINGS = """\
[sources.shop]
kind = "purchase"
files = "*.csv"
timezone = "UTC"
[sources.shop.columns]
event_id = "id"
occurred_at = "when"
account = "who"
item = "sku"
quantity = "qty"
place = "store"
[sources.shop.links]
card = "card"
[catalog]
files = "items/catalog.csv"
"""
CATALOG = "match,value,component\nsku,V,vessel\nsku,T,timer\nsku,B,balls\n"
COMBINATION = """\
rule: together
title: Vessel, timer and balls
status: live
severity: high
why: Ordinary one by one.
basis: {purpose: public-safety, law: a law of tests}
innocent: [a hobby]
events: purchase
where: quantity > 0 and quantity < 100
by: actor
within: 30 days
combination: {at_least: 3, of: [vessel, timer, {balls: {quantity: 5}}]}
unless: account in list('licences')
"""
OTHERS = {
    "many": "by: account\nwithin: 24 hours\nvelocity: {at_least: 4}\n",
    "places": "by: account\nwithin: 24 hours\nvelocity: {at_least: 3, distinct: place}\n",
    "much": "by: link.card\nwithin: 24 hours\nthreshold: {sum: quantity, more_than: 10}\n",
    "order": "by: account\nwithin: 5 days\nsequence: {steps: [vessel, timer, balls], gap: 3 days}\n",
    "daily": "by: account\nper: day\nzone: UTC\ncombination: {at_least: 2, of: [vessel, timer]}\n",
}
PURCHASES = """\
id,when,who,sku,qty,store,card
1,2025-03-01,ann,V,1,north,k1
2,2025-03-10,ann,T,1,north,k1
3,2025-04-01,ann,B,5,south,k2
4,2025-03-02,bob,V,1,north,k3
5,2025-03-03,cyd,T,1,north,k3
6,2025-03-04,bob,B,6,north,k4
7,2025-03-05,bob,X,1,north,k4
8,2025-03-01,dan,V,1,north,
9,2025-03-02,dan,T,1,north,
10,2025-03-03,dan,B,7,north,
11,2025-03-01,eve,V,0,north,
12,2025-03-02,eve,T,200,north,
13,never,eve,B,1,north,
14,2025-03-03,eve,B,2,north,
14,2025-03-03,eve,B,2,north,
15,2025-03-01T00:00:00,fay,V,1,north,
16,2025-03-04T03:00:00,fay,T,1,south,
17,2025-03-31T00:00:00,fay,B,9,south,
18,2025-03-01,gil,X,1,north,
"""


def rule(name: str, body: str) -> str:
    basis = "basis: {purpose: public-safety, law: a law of tests}"
    words = f"status: live\nseverity: low\nwhy: For tests.\n{basis}\ninnocent: [anything]\nevents: purchase\n"
    return f"rule: {name}\ntitle: A rule of tests\n{words}{body}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "coincide.toml": SETTINGS,
        "items/catalog.csv": CATALOG,
        "lists/licences.csv": "value,from,until\ndan,2025-01-01,2026-01-01\n",
        "march.csv": PURCHASES,
        "rules/together.yaml": COMBINATION,
        "rules/old.yaml": rule("old", OTHERS["many"]).replace("status: live", "status: retired"),
        **{f"rules/{name}.yaml": rule(name, body) for name, body in OTHERS.items()},
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def called(*arguments: str) -> tuple[int, str, str]:
        status = run([*arguments, "-w", str(folder)])
        out, err = capsys.readouterr()
        return status, out, err

    return called


def asked(call: Call, *arguments: str) -> dict[str, Any]:
    status, out, err = call("why-not", *arguments, "--json")
    assert (status, err) == (0, "")
    document: dict[str, Any] = json.loads(out)
    return document


def test_a_component_that_came_too_late_is_named_with_by_how_much(call: Call) -> None:
    status, out, err = call("why-not", "together", "ann")
    assert (status, err) == (0, "")
    name = re.search(r"p-[a-z2-7]{26}", out)
    assert name is not None
    assert out == (
        f"together for {name[0]}: no alert\n"
        "\n"
        "Nearest: 2 of 3 components within 30 days, up to 2025-04-01T00:00:00Z; 3 would be a hit\n"
        "  covered  balls  2025-04-01T00:00:00Z  quantity 5 of 5\n"
        "  covered  timer  2025-03-10T00:00:00Z\n"
        "  missing  vessel  balls came 31 days after vessel (2025-03-01T00:00:00Z), 1 day too late\n"
        "\n"
        "Rows read: 3\n"
        "  3 observations\n"
    )


def test_exactly_the_window_later_is_just_outside(call: Call) -> None:
    assert (
        "missing  vessel  balls came 30 days after vessel (2025-03-01T00:00:00Z), "
        "exactly the window later, which is just outside"
    ) in call("why-not", "together", "shop:fay")[1]


def test_a_sequence_says_which_step_came_how_much_too_late(call: Call) -> None:
    out = call("why-not", "order", "fay")[1]
    assert "Nearest: 1 step completed in order within 5 days\n  done     vessel  2025-03-01T00:00:00Z\n" in out
    assert "missing  timer  2025-03-04T03:00:00Z, 3 hours too long after the step before\n" in out
    assert "missing  vessel  no such observation" in call("why-not", "order", "cyd")[1]
    out = call("why-not", "order", "dan", "--json")[1]
    assert json.loads(out)["hits"] == ["2025-03-03T00:00:00Z"]


def test_counts_and_sums_say_how_much_was_missing(call: Call) -> None:
    assert asked(call, "many", "ann")["nearest"] == {
        "kind": "velocity",
        "first_at": "2025-04-01T00:00:00Z",
        "at": "2025-04-01T00:00:00Z",
        "count": 1,
        "needed": 4,
    }
    assert "1 of 3 different values of place within 24 hours" in call("why-not", "places", "fay")[1]
    out = call("why-not", "much", "k4")[1]
    assert "quantity sums to 6 within 24 hours" in out
    assert "more than 10 is needed: 4 missing" in out


def test_of_local_days_the_other_day_is_named(call: Call) -> None:
    assert "seen on another day, 2025-03-01T00:00:00Z" in call("why-not", "daily", "dan")[1]


def test_silenced_hits_are_told_with_what_silenced_them(call: Call) -> None:
    out = call("why-not", "together", "dan")[1]
    assert "no alert: every hit is silenced by `unless`" in out
    assert "(where account is on the list 'licences'): 2025-03-03T00:00:00Z" in out


def test_rows_that_were_passed_over_or_cannot_be_used_are_counted_with_the_reason(call: Call) -> None:
    document = asked(call, "together", "eve")
    assert document["rows"] == {
        "read": 5,
        "other_kind": 0,
        "other_component": 0,
        "passed_over": 2,
        "conditions": {"quantity is above 0": 1, "quantity is below 100": 1},
        "quarantined": {"unreadable-time": 1},
        "not_observed": 0,
        "duplicates": 1,
        "observations": 1,
    }
    out = call("why-not", "together", "eve")[1]
    assert "missing  balls  2025-03-03T00:00:00Z  quantity 2 of 5" in out
    assert "    1 where it is not true that quantity is below 100\n" in out
    assert "  1 in quarantine: unreadable-time\n" in out


def test_an_account_without_any_observation_says_so(call: Call) -> None:
    out = call("why-not", "together", "gil")[1]
    assert "no alert: no row of it is an observation of this rule" in out
    assert "1 of no component of the rule" in out
    assert asked(call, "together", "gil")["nearest"] is None


def test_linked_accounts_are_one_actor_and_an_alert_is_named(call: Call) -> None:
    before = call("why-not", "together", "cyd")[1]
    assert "(2 accounts): 1 hit (2025-03-04T00:00:00Z) and no alert: the next scan raises it" in before
    assert call("scan", "--rule", "together")[0] == 0
    after = asked(call, "together", "cyd")
    assert after["alerts"] == [{"id": "A-1", "status": "open"}]
    assert after == asked(call, "together", "bob")
    # By pseudonym, of the actor or of one of its accounts, the answer is the same.
    assert all(asked(call, "together", name) == after for name in after["accounts"])


def test_a_suppressed_actor_says_until_when_and_why(call: Call) -> None:
    call("scan", "--rule", "together")
    actor = asked(call, "together", "bob")["actor"]
    call("alerts", "suppress", "together", actor, "--until", "2099-01-01", "--because", "a farm", "--by", "kit")
    out = call("why-not", "together", "bob")[1]
    assert "Suppressed until 2099-01-01T00:00:00Z by kit: a farm" in out


def test_no_account_is_shown_as_given(call: Call) -> None:
    for one in ("ann", "bob", "cyd", "dan", "eve", "fay", "gil"):
        for arguments in (["together", one], ["together", one, "--json"]):
            status, out, _ = call("why-not", *arguments)
            assert status == 0
            assert not re.search(r"\b(ann|bob|cyd|dan|eve|fay|gil|k[1-4])\b", out)


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["togther", "ann"], 2, "COI-S022"),
        (["old", "ann"], 2, "COI-S023"),
        (["together", "nobody"], 2, "COI-A011"),
        (["together", "p-aaaaaaaaaaaaaaaaaaaaaaaaaa"], 2, "COI-A011"),
        (["much", "k9"], 2, "COI-A011"),
    ],
)
def test_a_mistake_ends_in_one_sentence_with_its_code(call: Call, arguments: list[str], status: int, code: str) -> None:
    found, out, err = call("why-not", *arguments)
    assert (found, out) == (status, "")
    assert err.startswith(f"{code} ")
    assert "nobody" not in err


def test_of_several_namespaces_one_must_be_named(call: Call, folder: Path) -> None:
    settings = folder / "coincide.toml"
    settings.write_text(
        SETTINGS + SETTINGS.split("[catalog]", maxsplit=1)[0].replace("sources.shop", "sources.web"), "utf-8"
    )
    status, _, err = call("why-not", "together", "ann")
    assert status == 2
    assert "COI-A012" in err
    assert "`shop`, `web`" in err
    assert "2 of 3 components" in call("why-not", "together", "web:ann")[1]


# --- the full timeline --------------------------------------------------------------------------------------------


def timeline(call: Call) -> list[str]:
    status, out, err = call("alerts", "show", "A-1")
    assert (status, err) == (0, "")
    lines = out.split("Timeline (* decides)\n")[1].split("\n\n")[0].splitlines()
    return [re.sub(r"p-[a-z2-7]{26}", "p", line).strip() for line in lines]


def test_a_timeline_has_every_observation_around_the_alert(call: Call, folder: Path) -> None:
    more = "id,when,who,sku,qty,store,card\n20,2025-01-01,bob,T,1,north,\n21,2025-03-20,cyd,V,2,north,\n"
    (folder / "more.csv").write_text(more, "utf-8")
    call("scan", "--rule", "together")
    assert timeline(call) == [
        "* 2025-03-02T00:00:00Z  shop  4  p  components vessel  quantity 1  <- proves the first hit",
        "* 2025-03-03T00:00:00Z  shop  5  p  components timer  quantity 1"
        "  <- proves the first hit, proves the latest hit",
        "* 2025-03-04T00:00:00Z  shop  6  p  components balls  quantity 6  <- first hit, proves the latest hit",
        "* 2025-03-20T00:00:00Z  shop  21  p  components vessel  quantity 2  <- latest hit",
    ]


def test_a_timeline_shows_no_account_and_no_identifier(call: Call) -> None:
    call("scan", "--rule", "together")
    for arguments in (["A-1"], ["A-1", "--json"]):
        status, shown, err = call("alerts", "show", *arguments)
        assert (status, err) == (0, "")
        assert not re.search(r"\b(bob|cyd|k3|k4)\b", shown)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "march.csv",
            PURCHASES.replace("6,2025-03-04", "6,2025-03-08"),
            "evidence is not in the files any more (COI-A013)",
        ),
        ("march.csv", None, "COI-E"),
        ("rules/together.yaml", None, "there is no rule `together` any more"),
        ("rules/together.yaml", COMBINATION.replace("30 days", "29 days"), "means something else since then"),
    ],
)
def test_where_files_or_rules_changed_the_evidence_is_shown(
    call: Call, folder: Path, name: str, text: str | None, says: str
) -> None:
    call("scan", "--rule", "together")
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, "utf-8")
    status, out, err = call("alerts", "show", "A-1")
    assert status == 0
    assert err.startswith("Only the evidence is shown: ")
    assert says in err
    assert out.count("\n  * 2025-03-0") == 3

"""Presence and unusual days through the commands: what a request opens, and each way around one.

Law is cited where it stands in the code: ``coincide.requests.errors``, ``coincide.rules.errors``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import transitshop
from coincide.alerts import listing
from coincide.alerts.account import account
from coincide.alerts.errors import GroundOver
from coincide.alerts.scan import scan
from coincide.engines.workspace import open_workspace
from htmlpage import Read
from transitshop import ALPHA, BOUNDARIES, BRAVO, DAYS, FAR, NEAR, SETTINGS, THERE, TOKENS, Transit


@pytest.fixture
def transit(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Transit:
    monkeypatch.setenv("COINCIDE_PURPOSE", "a test")
    shop = transitshop.made(tmp_path / "transit", capsys)
    (shop.folder / "rules" / "odd-day.yaml").unlink()
    return shop


def of(document: dict[str, object], rule: str) -> list[str]:
    """Whose alerts of a rule there are."""
    return sorted(one["actor"] for one in document["alerts"] if one["rule"] == rule)  # type: ignore[attr-defined]


def assert_nobody_told(transit: Transit, text: str) -> None:
    """No token, and no pseudonym of any."""
    told = [token for token in TOKENS if token in text or transit.named(token) in text]
    assert told == []


# --- what a request opens ----------------------------------------------------------------------------------------


def test_counts_are_free_and_names_are_not(transit: Transit) -> None:
    document = transit.json("scan")
    (rule,) = document["rules"]
    assert rule["attendance"] == {"incidents": 3, "covered": 0, "examined": 104, "accounts": [2, 2, 1]}
    assert document["alerts"] == []
    ends = ("unmatched", "accepted", "duplicates", "quarantined")
    assert document["rows"]["read"] == sum(document["rows"][end] for end in ends) == 3 + len(transitshop.taps())
    assert document["rows"]["accepted"] == document["rows"]["read"]


def test_a_confirmed_request_shows_who_was_at_enough_of_its_incidents_and_its_end_takes_that_back(
    transit: Transit,
) -> None:
    made = transit.request()
    document = transit.json("scan")
    assert of(document, "there") == [transit.named(ALPHA)]
    (alert,) = document["alerts"]
    assert [one["occurred_at"] for one in alert["evidence"]] == [f"{day}T08:10:00Z" for day in DAYS]
    assert "alert:export" in transit.acts()
    # Nothing changed: the same again.
    assert of(transit.json("scan"), "there") == [transit.named(ALPHA)]
    transit.end(made)
    assert transit.json("scan")["alerts"] == []
    (gone,) = transit.json("alerts", "list", "--status", "withdrawn")["alerts"]
    assert "another request to tell who was present is in force" in gone["reason"]


def test_when_a_request_ends_its_alerts_are_hidden_at_once_and_the_next_scan_withdraws_them(transit: Transit) -> None:
    transit.request()
    transit.json("scan")
    end = ("request", "end", "Q-1", "--because", "over", "--by", "kim")
    said = "1 open alert found under it is not shown any more: `coincide scan` withdraws what no other request covers"
    assert transit.call(*end, "--dry-run")[1] == f"Q-1 would be ended; {said}\n"
    assert [one["id"] for one in transit.json("alerts", "list")["alerts"]] == ["A-1"]
    assert transit.call(*end) == (0, f"Q-1 is ended; {said}\n", "")
    before = transit.acts()
    forms: tuple[tuple[str, ...], ...] = (
        ("alerts", "show", "A-1"),
        ("alerts", "decide", "A-1", "suspicious", "--because", "seen"),
        ("report", "draft", "A-1"),
        ("report", "consider", "A-1", "--because", "seen"),
    )
    for words in forms:
        status, out, err = transit.call(*words)
        assert (status, out) == (3, ""), words
        assert "COI-A023" in err
        assert "Q-1, under which it was found, is not in force any more" in err
        assert_nobody_told(transit, out + err)
    assert [act for act in transit.acts() if act != "ledger:list"] == [act for act in before if act != "ledger:list"]
    for words in (("alerts", "list"), ("alerts", "list", "--status", "all"), ("alerts", "list", "--format", "csv")):
        status, out, err = transit.call(*words)
        assert status == 0
        assert "Open alerts of there are not shown: Q-1 not in force any more. Run `coincide scan`." in err
        assert_nobody_told(transit, out + err)
    assert transit.json("why-not", "there", ALPHA)["alerts"] == []
    assert transit.json("scan")["alerts"] == []
    (gone,) = transit.json("alerts", "list", "--status", "withdrawn")["alerts"]
    assert (gone["id"], transit.call("alerts", "list")[2]) == ("A-1", "")


def test_an_alert_that_another_request_covers_too_is_kept_by_the_next_scan(transit: Transit) -> None:
    transit.request()
    transit.request()
    transit.json("scan")
    told = transit.json("request", "end", "Q-1", "--because", "over", "--by", "kim")
    assert (told["state"], told["alerts_hidden"]) == ("ended", 1)
    assert transit.json("alerts", "list")["alerts"] == []
    assert [one["id"] for one in transit.json("scan")["alerts"]] == ["A-1"]
    assert transit.call("alerts", "show", "A-1")[0] == 0
    # What a person decided stays as a record of what was done.
    assert transit.call("alerts", "decide", "A-1", "benign", "--because", "seen", "--by", "kim")[0] == 0
    said = transit.call("request", "end", "Q-2", "--because", "over", "--by", "kim")
    assert said == (0, "Q-2 is ended\n", "")
    assert [one["id"] for one in transit.json("alerts", "list", "--status", "all")["alerts"]] == ["A-1"]
    assert transit.call("alerts", "show", "A-1")[0] == 0


def test_when_the_time_of_a_request_is_over_its_alerts_are_hidden_and_those_of_other_rules_are_not(
    transit: Transit,
) -> None:
    transit.rule("often", "within: 1 day\nvelocity: {at_least: 10}")
    made = transit.request()
    transit.json("scan")

    def shown(now_us: int) -> list[str]:
        with transit.book("kim") as book, book.database.reading() as connection:
            page = listing.page(connection, listing.Wanted(), now_us=now_us)
            assert page.lapsed == ({} if now_us < made.expires_at else {"there": ("Q-1",)})
            return sorted({alert.facts.rule for alert in page.alerts})

    assert shown(made.expires_at - 1) == ["often", "there"]
    assert shown(made.expires_at) == ["often"]
    with transit.book("kim") as book, pytest.raises(GroundOver) as raised:
        with book.database.reading() as connection:
            number = next(
                a.id
                for a in listing.page(connection, listing.Wanted(), now_us=made.expires_at - 1).alerts
                if a.facts.rule == "there"
            )
        account(book, number, lambda _: [], now_us=made.expires_at)
    assert raised.value.requests == ("Q-1",)


def test_a_request_about_some_of_the_incidents_counts_no_others(transit: Transit) -> None:
    transit.request(days=DAYS[:2])
    transit.rule("there", THERE.replace("3,", "2,"))
    assert of(transit.json("scan"), "there") == sorted([transit.named(ALPHA), transit.named(BRAVO)])
    transit.rule("there", THERE)
    document = transit.json("scan")
    assert document["alerts"] == []
    assert document["rules"][0]["attendance"] == {
        "incidents": 3, "covered": 2, "examined": 104, "accounts": [2, 2, 1],
    }  # fmt: skip


def test_a_request_that_covers_part_of_the_time_of_an_incident_covers_none_of_it(transit: Transit) -> None:
    # Until 08:15 of each day; the incidents end at 08:30.
    transit.request(hours=8)
    assert transit.json("scan")["alerts"] == []


def test_an_alert_shows_what_proves_it_and_no_other_journey(transit: Transit) -> None:
    transit.request()
    transit.json("scan")
    status, out, err = transit.call("alerts", "show", "A-1")
    assert status == 0, err
    assert "08:10:00" in out
    assert "clinic" not in out + err
    assert "21:17" not in out + err


def test_the_page_of_an_alert_draws_no_other_journey_either(transit: Transit, tmp_path: Path) -> None:
    transit.request()
    transit.json("scan")
    page = tmp_path / "there.html"
    status, out, err = transit.call("alerts", "show", "A-1", "--html", str(page))
    assert status == 0, err
    text = page.read_text("utf-8")
    assert "08:10:00" in text
    assert "No day is drawn" in text
    for untold in ("clinic", "21:17", ALPHA):
        assert untold not in text + out + err
    # Nor do counts of the card stand there, which would tell of other rides.
    assert list(Read(text).tables) == ["timeline-all", "innocent-all", "history-all", "history-versions"]


def test_the_page_of_an_unusual_day_has_that_day_of_that_card_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINCIDE_PURPOSE", "a test")
    transit = unusual(tmp_path, capsys, SETTINGS + BOUNDARIES)
    alerts = transit.json("scan")["alerts"]
    near = next(alert["id"] for alert in alerts if alert["actor"] == transit.named(NEAR))
    page = tmp_path / "odd.html"
    status, _, err = transit.call("alerts", "show", near, "--html", str(page))
    assert status == 0, err
    text = page.read_text("utf-8")
    assert all(ground in text for ground in ("fare evasion by shared cards", "DPIA-7"))
    read = Read(text)
    assert len(read.tables["day-1-rides"].rows) == 12
    assert {row[2].text for row in read.tables["day-1-rides"].rows} == {"harbour"}
    features = {row[0].text: row for row in read.tables["day-1-features"].rows}
    assert features["Trips"][3].text.endswith(" card-days")
    told = [token for token in TOKENS if token in text or (token != NEAR and transit.named(token) in text)]
    assert told == []


def test_an_incident_that_was_ahead_counts_once_it_has_happened(transit: Transit) -> None:
    def scanned(at: str) -> tuple[dict[str, int], int]:
        with transit.book("kim") as book:
            found = scan(open_workspace(transit.folder), book, now_us=transitshop.us(at))
        return dict(found.totals), found.attendance["there"]["incidents"]

    before, incidents = scanned("2025-03-06T00:00:00Z")
    assert (before["quarantined"], incidents) == (1, 2)
    # Its file is as it was, and so is everything else.
    assert scanned("2025-03-07T07:59:59Z") == (before, 2)
    after, incidents = scanned("2025-03-07T08:00:00Z")
    assert (after["quarantined"], incidents) == (0, 3)
    assert after["read"] == before["read"] == after["accepted"]
    assert scanned("2025-03-08T00:00:00Z") == (after, 3)


# --- each way around one -----------------------------------------------------------------------------------------

WAYS = [
    ("scan", "--json"),
    ("scan", "--rule", "drafted", "--json"),
    ("scan",),
    ("alerts", "list", "--status", "all", "--json"),
    ("alerts", "list", "--status", "all", "--format", "csv"),
    ("backtest", "--rule", "there", "--json", "--deals", "2"),
    ("backtest", "--rule", "drafted", "--deals", "2", "--quick"),
    ("rules", "plan", "--json"),
    ("rules", "test"),
    ("rules", "diff", "wider.yaml", "rules/there.yaml", "--json"),
    ("rules", "diff", "wider.yaml", "rules/there.yaml", "--odds", "--json"),
    (
        "rules",
        "watch",
    ),
    ("quarantine", "list"),
    ("doctor",),
    ("rules", "explain", "there"),
    ("ledger", "list", "--json"),
]


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("asked", ["nothing", "unconfirmed", "ended"])
def test_no_command_tells_a_token_without_a_request_in_force(
    transit: Transit, way: tuple[str, ...], asked: str
) -> None:
    transit.rule("drafted", THERE, status="draft")
    wider = transitshop.RULE.format(id="there", status="live", body=THERE.replace("3,", "1,"))
    wider = str(transit.write("wider.yaml", wider))
    transit.json("scan")
    if asked != "nothing":
        made = transit.request(confirmed=asked == "ended")
        if asked == "ended":
            transit.end(made)
    paths = {"wider.yaml": wider, "rules/there.yaml": str(transit.folder / "rules" / "there.yaml")}
    status, out, err = transit.call(*(paths.get(word, word) for word in way))
    assert status in (0, 1), err
    assert "Traceback" not in err
    assert_nobody_told(transit, out + err)


def test_no_sample_is_drawn_of_those_who_were_there_less_often(transit: Transit) -> None:
    transit.request()
    transit.json("scan")
    status, out, err = transit.call("alerts", "sample", "--below", "--rule", "there")
    assert (status, out) == (3, "")
    assert "COI-G005" in err


def test_why_not_sees_incidents_that_are_rows_of_the_source_of_the_taps(transit: Transit) -> None:
    transit.request()
    apart = transit.json("scan")["alerts"][0]["because"]
    nearest = transit.json("why-not", "there", BRAVO)["nearest"]
    both = [
        f"tap,{number:04},{at},,{rest}"
        for number, (at, *more) in enumerate(transitshop.taps())
        for rest in [",".join(more)]
    ]
    both += [f"incident,{id_},{begins},{ends},,{stop}," for id_, begins, ends, stop in transitshop.REPORTS]
    transit.write("taps/1.csv", "\n".join(["what,id,when,to,token,stop,fare", *both]) + "\n")
    settings = SETTINGS[: SETTINGS.index("[sources.reports]")].replace('kind = "tap"\n', "")
    transit.write("coincide.toml", settings + 'kind = "what"\nends_at = "to"\n')
    assert transit.json("scan")["alerts"][0]["because"] == apart
    found = transit.json("why-not", "there", BRAVO)
    assert found["nearest"] == nearest is not None
    assert len(transit.json("why-not", "there", ALPHA)["hits"]) == 1
    # The full timeline is read in the same way.
    status, out, err = transit.call("alerts", "show", "A-1")
    assert (status, "08:10:00" in out, "clinic" in out + err) == (0, True, False)


@pytest.mark.parametrize("asked", ["nothing", "unconfirmed"])
def test_why_not_tells_whoever_knows_a_token_nothing_of_where_it_was(transit: Transit, asked: str) -> None:
    if asked == "unconfirmed":
        transit.request(confirmed=False)
    transit.json("scan")
    told = transit.json("why-not", "there", ALPHA)
    assert told["hits"] == told["silenced"] == told["alerts"] == []
    assert told["nearest"] is None
    assert "theft" not in str(told)
    # Nobody can tell the card that was there from one that was not.
    other = transit.json("why-not", "there", BRAVO)
    assert told["text"][0].replace(transit.named(ALPHA), "") == other["text"][0].replace(transit.named(BRAVO), "")


def test_nothing_about_accounts_is_stored_without_a_request(transit: Transit) -> None:
    transit.request(confirmed=False)
    transit.json("scan")
    transit.json("backtest", "--rule", "there", "--deals", "2")
    stored = [file for file in (transit.folder / ".coincide").rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" or "sqlite" in file.name for file in stored)
    for file in stored:
        content = file.read_bytes()
        for token in TOKENS:
            assert token.encode() not in content, file.name
            assert transit.named(token).encode() not in content, file.name


def test_what_is_stored_under_a_request_is_about_those_it_leads_to(transit: Transit) -> None:
    transit.request()
    transit.json("scan")
    content = b"".join(file.read_bytes() for file in (transit.folder / ".coincide").rglob("*") if file.is_file())
    assert transit.named(ALPHA).encode() in content
    assert [token for token in TOKENS if token.encode() in content] == []
    assert [token for token in TOKENS if transit.named(token).encode() in content] == [ALPHA]


# --- unusual days ------------------------------------------------------------------------------------------------


def unusual(tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str = SETTINGS) -> Transit:
    shop = transitshop.made(tmp_path / "days", capsys, settings=settings)
    (shop.folder / "rules" / "there.yaml").unlink()
    return shop


def test_a_day_that_touches_no_incident_raises_nothing_without_boundaries(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transit = unusual(tmp_path, capsys)
    document = transit.json("scan")
    assert of(document, "odd-day") == [transit.named(NEAR)]
    (alert,) = document["alerts"]
    assert alert["because"].startswith("12 rides, more than 98")
    assert "DPIA-7" not in alert["because"]


def test_today_is_not_over_though_a_clock_is_ahead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The log reaches to 7 March; on the third, all of that is ahead.
    transit = unusual(tmp_path, capsys, SETTINGS + BOUNDARIES)

    def found(at: str) -> int:
        with transit.book("kim") as book:
            return len(scan(open_workspace(transit.folder), book, now_us=transitshop.us(at)).changes)

    assert found("2025-03-04T03:59:59Z") == 0
    transit.write("rules/odd-day.yaml", (transit.folder / "rules/odd-day.yaml").read_text().replace("98", "97"))
    assert found("2025-03-04T04:00:00Z") == 2


def test_a_day_found_on_the_ground_of_boundaries_carries_purpose_law_and_assessment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transit = unusual(tmp_path, capsys, SETTINGS + BOUNDARIES)
    document = transit.json("scan")
    assert of(document, "odd-day") == sorted([transit.named(NEAR), transit.named(FAR)])
    for alert in document["alerts"]:
        for ground in ("fare evasion by shared cards", "Regulation (EU) 2016/679, Article 6(1)(e)", "DPIA-7"):
            assert ground in alert["because"]
    # Without the ground the rule means something else, and what was found on it is taken back.
    transit.write("coincide.toml", SETTINGS)
    assert of(transit.json("scan"), "odd-day") == [transit.named(NEAR)]


@pytest.mark.parametrize("lacking", ["purpose", "law", "dpia"])
def test_boundaries_without_one_of_the_three_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lacking: str
) -> None:
    transit = unusual(tmp_path, capsys, SETTINGS + re.sub(rf"(?m)^{lacking} = .*\n", "", BOUNDARIES))
    status, _, err = transit.call("scan")
    assert status == 3
    assert lacking in err


def test_no_rank_and_no_figure_of_a_card_is_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transit = unusual(tmp_path, capsys)
    transit.json("scan")
    content = b"".join(file.read_bytes() for file in (transit.folder / ".coincide").rglob("*") if file.is_file())
    assert [token for token in TOKENS if transit.named(token).encode() in content] == [NEAR]

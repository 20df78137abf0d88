"""``coincide report`` and ``coincide obligations``: what is printed and written, and how the commands end."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from coincide.cli.book import VARIABLE
from coincide.reports.page import page
from coincide.reports.report import Report
from coincide.reports.schema.made import published
from ledgershop import WHO
from reportshop import ANNA, BERT, CARD, ReportShop, copied, scanned


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned(tmp_path_factory.mktemp("first") / "shop")


@pytest.fixture
def shop(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> ReportShop:
    return copied(first, tmp_path / "shop", capsys)


def acts(shop: ReportShop) -> list[tuple[str, str]]:
    return [(one.act, one.object) for one in shop.entries()[1:]]


def test_a_draft_is_printed_as_lines_or_as_the_record(shop: ReportShop) -> None:
    status, out, err = shop.call("report", "draft", "A-2")
    assert (status, err) == (0, "")
    assert out.startswith("R-1 (revision 1): A suspicious transaction in a regulated explosives precursor\n")
    assert (
        "(c) quantity, combination or concentration is unusual for legitimate use: by the data, events 1, 2, 3\n" in out
    )
    assert "(unchecked law)" in out
    record = shop.json("report", "draft", "2")
    assert Report.model_validate(record).name == "R-1 (revision 2)"
    assert record["drafted"]["by"] == WHO
    assert not any(identifier in out + json.dumps(record) for identifier in (ANNA, BERT, CARD))


def test_the_page_and_the_record_are_written_to_new_files_for_their_owner_alone(
    shop: ReportShop, tmp_path: Path
) -> None:
    html, record = tmp_path / "r.html", tmp_path / "r.json"
    status, out, err = shop.call("report", "draft", "A-2", "--out", str(html))
    assert (status, out, err) == (0, "", f"R-1 (revision 1) is in {html}\n")
    assert shop.call("report", "show", "R-1", "-o", str(record))[:2] == (0, "")
    made = Report.model_validate_json(record.read_text("utf-8"))
    assert html.read_text("utf-8") == page(made)
    assert [stat.S_IMODE(file.stat().st_mode) for file in (html, record)] == [0o600, 0o600]
    assert shop.json("report", "show", "1") == made.model_dump(mode="json")


def test_a_file_that_somebody_may_have_completed_is_not_written_over_and_nothing_is_read(
    shop: ReportShop, tmp_path: Path
) -> None:
    file = tmp_path / "r.html"
    file.write_text("completed by hand", encoding="utf-8")
    for command in (("draft", "A-2"), ("show", "1")):
        status, out, err = shop.call("report", *command, "--out", str(file))
        assert (status, out) == (2, "")
        assert "COI-P006" in err
    assert file.read_text("utf-8") == "completed by hand"
    assert acts(shop) == []


def test_a_file_of_another_kind_is_a_mistake_of_usage(shop: ReportShop, tmp_path: Path) -> None:
    status, _, err = shop.call("report", "draft", "A-2", "--out", str(tmp_path / "r.pdf"))
    assert status == 2
    assert "COI-U001" in err
    assert acts(shop) == []


def test_a_file_in_a_folder_that_is_none_is_refused_before_anything_is_read(shop: ReportShop, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("", encoding="utf-8")
    for folder in ("plain", "nowhere"):
        status, _, err = shop.call("report", "draft", "A-2", "--out", str(tmp_path / folder / "r.html"))
        assert status == 2
        assert "COI-U001" in err
        assert "which is no folder" in err
    assert acts(shop) == []


def test_a_dry_run_says_what_would_be_and_writes_nothing(shop: ReportShop, tmp_path: Path) -> None:
    file = tmp_path / "r.html"
    status, out, _ = shop.call("report", "draft", "A-2", "--dry-run", "--out", str(file))
    assert status == 0
    assert "R-1 (revision 1)" in out
    assert not file.exists()
    assert shop.json("report", "list") == {"reports": []}
    status, out, _ = shop.call("report", "consider", "A-2", "--because", "x", "--dry-run")
    assert status == 0
    assert "A-2 would be considered as of " in out
    assert not shop.json("report", "consider", "A-2", "--because", "x")["again"]


def test_an_alert_of_a_rule_in_shadow_is_drafted_and_it_is_said(shop: ReportShop) -> None:
    status, out, err = shop.call("report", "draft", "A-3")
    assert status == 0
    assert err == "A-3 is of a rule in shadow; the draft says so\n"
    assert "from A-3 (of a rule in shadow)" in out
    record = shop.json("report", "show", "1")
    assert record["rests_on"]["shadow"] is True


def test_considering_prints_the_deadline_and_a_second_time_keeps_the_first_moment(shop: ReportShop) -> None:
    shop.call("report", "draft", "A-2")
    status, out, err = shop.call("report", "consider", "A-2", "--because", "too much", "--ground", "c", "--by", "lee")
    assert (status, err) == (0, "")
    said = out.splitlines()
    assert said[0].startswith("A-2 is considered as of ")
    assert said[0].endswith(" by lee")
    assert said[1] == (
        "under eu-2019-1148: within 24 hours of considering that the transaction is suspicious (Article 9(4))"
    )
    assert said[2].startswith("due until ")
    assert said[3:] == ["R-1 has revision 2, with this moment in it"]
    status, out, _ = shop.call("report", "consider", "A-2", "--because", "again", "--by", "max")
    assert status == 0
    again = out.splitlines()
    assert again[0].startswith("A-2 was considered on ")
    assert again[0].endswith(" by lee already: that moment stands")
    assert again[1:] == said[1:3]
    found = shop.json("report", "consider", "A-2", "--because", "and again")
    assert (found["alert"], found["again"], found["considered"]["by"], found["reports"]) == ("A-2", True, "lee", [])
    assert found["due"] == said[2].removeprefix("due until ")
    assert found["obligation"] == "eu-2019-1148"


def test_where_no_hours_run_it_is_said(shop: ReportShop) -> None:
    status, out, _ = shop.call("report", "consider", "A-1", "--because", "x")
    assert status == 0
    assert out.splitlines()[1:] == [
        "under voluntary: none; where life is in danger, call the emergency number at once",
        "no hours run",
    ]


def test_the_list_has_nothing_of_what_is_in_reports_and_needs_no_purpose(
    shop: ReportShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.call("report", "list") == (0, "", "no reports\n")
    shop.call("report", "draft", "A-2")
    shop.call("report", "draft", "A-2")
    before = acts(shop)
    monkeypatch.delenv(VARIABLE)
    status, out, _ = shop.call("report", "list")
    assert status == 0
    assert out.startswith("R-1 revision 2  draft  A-2  eu-2019-1148  ")
    (one,) = shop.json("report", "list")["reports"]
    assert set(one) == {"report", "revision", "alert", "obligation", "status", "drafted_at", "drafted_by"}
    assert acts(shop) == before


def test_without_a_purpose_nothing_is_drafted_or_shown(shop: ReportShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.call("report", "draft", "A-2")
    before = acts(shop)
    monkeypatch.delenv(VARIABLE)
    for command in (("draft", "A-2"), ("show", "R-1")):
        status, out, err = shop.call("report", *command)
        assert (status, out) == (2, "")
        assert "COI-L023" in err
    assert acts(shop) == before
    assert shop.call("report", "show", "R-1", "--purpose", "a review")[0] == 0
    assert acts(shop)[-1] == ("report:show", "R-1 revision 1")


@pytest.mark.parametrize(
    ("command", "status", "code"),
    [
        (("draft", "A-9"), 3, "COI-A001"),
        (("draft", "what"), 3, "COI-A001"),
        (("draft", "A-1", "--obligation", "eu-2019-1148"), 3, "COI-P003"),
        (("draft", "A-1", "--obligation", "none"), 2, "COI-O007"),
        (("consider", "A-1", "--because", " "), 2, "COI-A004"),
        (("consider", "A-2", "--because", "x", "--ground", "z"), 2, "COI-O008"),
        (("consider", "A-2"), 2, "COI-U001"),
        (("show", "R-7"), 3, "COI-P004"),
        (("show", "seven"), 3, "COI-P004"),
    ],
)
def test_what_cannot_be_done_ends_with_its_code_and_leaves_nothing(
    shop: ReportShop, command: tuple[str, ...], status: int, code: str
) -> None:
    found, out, err = shop.call("report", *command)
    assert (found, out) == (status, "")
    assert code in err
    # Whether an item is one of the law's goods is only known when the evidence was read.
    assert acts(shop) == ([("alert:evidence", "A-1")] if code == "COI-P003" else [])
    found, out, err = shop.call("report", *command, "--json")
    assert (found, out) == (status, "")
    assert json.loads(err)["errors"][0]["code"] == code


def test_an_alert_that_was_withdrawn_is_refused(shop: ReportShop) -> None:
    shop.write(
        "catalog.csv", "match,value,component\nsku,X,acetone\nsku,Y,hydrogen-peroxide\nsku,Z,timer\nsku,W,steel-balls\n"
    )
    assert shop.call("scan")[0] == 0
    status, out, err = shop.call("report", "draft", "A-2")
    assert (status, out) == (3, "")
    assert "COI-P001" in err


def test_the_schema_is_printed_as_it_is_published(shop: ReportShop) -> None:
    assert shop.call("report", "schema") == (0, published(), "")
    status, out, _ = shop.call("report", "schema", "--json")
    assert (status, out.count("\n"), json.loads(out)) == (0, 1, json.loads(published()))


# --- obligations ------------------------------------------------------------------------------------------------------


def test_obligations_are_listed_with_who_checked_them(shop: ReportShop) -> None:
    status, out, _ = shop.call("obligations")
    assert status == 0
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        "eu-2019-1148  Regulation (EU) 2019/1148, Article 9  unchecked",
        "eu-2022-2065-18  Regulation (EU) 2022/2065, Article 18  unchecked",
        "voluntary  Regulation (EU) 2016/679, Article 6(1)(f)  unchecked",
    ]


def test_a_workspace_s_own_obligation_is_listed_drafted_under_and_named_by_rules(shop: ReportShop) -> None:
    from coincide.obligations.load import PACKAGE

    own = (PACKAGE / "voluntary.yaml").read_text("utf-8").replace("obligation: voluntary", "obligation: own")
    shop.write("duties/own.yaml", own.replace("checked: unchecked", "checked: {on: 2026-01-31, by: Kim}"))
    shop.write("coincide.toml", f'obligations = "duties/*.yaml"\n{(shop.folder / "coincide.toml").read_text("utf-8")}')
    found = {one["obligation"]: one for one in shop.json("obligations")["obligations"]}
    assert (found["own"]["file"], found["own"]["checked"]) == ("duties/own.yaml", {"on": "2026-01-31", "by": "Kim"})
    assert "checked on 2026-01-31 by Kim" in shop.call("obligations")[1]
    record = shop.json("report", "draft", "A-1", "--obligation", "own")
    assert record["obligation"]["checked"] == {"on": "2026-01-31", "by": "Kim"}
    rule = (shop.folder / "rules/household.yaml").read_text("utf-8")
    shop.write("rules/household.yaml", rule.replace('(1)(f)"}', '(1)(f)", obligation: own, ground: a}'))
    assert shop.json("rules", "check") == []
    assert shop.json("report", "draft", "A-1")["obligation"]["id"] == "own"


def test_one_obligation_is_told_in_full(shop: ReportShop) -> None:
    status, out, _ = shop.call("obligations", "eu-2019-1148")
    assert status == 0
    assert "Regulation (EU) 2019/1148, Article 9, unchecked\n" in out
    assert (
        "ground (a), 9(1)(a): the customer seems unclear about what the substance is to be used for; not shown" in out
    )
    assert "only about the goods of packs/eu-2019-1148/substances.csv" in out
    assert shop.json("obligations", "voluntary")["obligations"][0]["rules"]["may"] == "any"
    status, _, err = shop.call("obligations", "voluntry")
    assert status == 2
    assert "COI-O007" in err


def test_an_obligation_without_a_source_is_said_by_every_command_that_needs_it_and_by_the_doctor(
    shop: ReportShop,
) -> None:
    from coincide.obligations.load import PACKAGE

    own = (PACKAGE / "voluntary.yaml").read_text("utf-8").replace("obligation: voluntary", "obligation: own")
    shop.write("obligations/own.yaml", "".join(line for line in own.splitlines(True) if "source:" not in line))
    for command, status in ((("obligations",), 3), (("report", "draft", "A-2"), 3), (("scan",), 3)):
        found, out, err = shop.call(*command)
        assert (found, out) == (status, "")
        assert "obligations/own.yaml:2:1: COI-O003 an obligation needs `source`" in err
    for words in ("rules check", "doctor"):
        found, out, _ = shop.call(*words.split())
        assert found == 1
        assert "COI-O003" in out


def test_a_rule_on_article_18_is_refused_before_anything_is_scanned(shop: ReportShop) -> None:
    rule = (shop.folder / "rules/household.yaml").read_text("utf-8")
    shop.write("rules/household.yaml", rule.replace("2016/679, Article 6(1)(f)", "2022/2065, Article 18"))
    status, out, _ = shop.call("rules", "check", "--json")
    assert status == 1
    (problem,) = json.loads(out)
    assert (problem["code"], problem["line"]) == ("COI-R045", 6)
    assert "Recital 56" in problem["message"]
    status, _, err = shop.call("scan")
    assert status == 3
    assert "COI-R045" in err

"""A small transit operator: taps, reported incidents, a rule of presence and one of unusual days, and who may ask.

``ALPHA`` was at all three incidents, ``BRAVO`` at two. On the first day ``NEAR`` and ``FAR`` rode a dozen times,
``NEAR`` where an incident was. A hundred cards ride once a day.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coincide.alerts.pseudonyms import value_of
from coincide.cli.main import run
from coincide.engines.workspace import open_workspace
from coincide.entities.key import load as load_key
from coincide.entities.pseudonym import pseudonym
from coincide.ledger.book import Book
from coincide.ledger.staff import Staff
from coincide.requests import service
from coincide.requests.request import Request, Span
from coincide.settings.model import Requests
from coincide.store.database import open_database

ALPHA, BRAVO, NEAR, FAR = "TOKEN-ALPHA", "TOKEN-BRAVO", "TOKEN-NEAR", "TOKEN-FAR"
CROWD = [f"TOKEN-{number:03}" for number in range(100)]
TOKENS = [ALPHA, BRAVO, NEAR, FAR, *CROWD]
SETTINGS = """\
[sources.taps]
kind = "tap"
files = "taps/*.csv"
[sources.taps.columns]
event_id = "id"
occurred_at = "when"
account = "token"
place = "stop"
product = "fare"
[sources.reports]
kind = "incident"
files = "reports/*.csv"
[sources.reports.columns]
event_id = "id"
occurred_at = "from"
ends_at = "to"
place = "stop"
"""
BOUNDARIES = """\
[boundaries]
purpose = "fare evasion by shared cards"
law = "Regulation (EU) 2016/679, Article 6(1)(e)"
dpia = "DPIA-7"
"""
RULE = """\
rule: {id}
title: A rule of journeys
status: {status}
severity: low
why: To try.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: tap
by: account
{body}
"""
THERE = "within: 30 days\npresence: {at_least: 3, of: incidents, margin: 10 minutes}"
ODD = "per: service-day\nunusual-day: {at_least: 1, of: [trips], beyond: 98}"
DAYS = ("2025-03-03", "2025-03-05", "2025-03-07")
REPORTS = [(f"theft-{day}", f"{day}T08:00:00Z", f"{day}T08:30:00Z", "harbour") for day in DAYS]


def taps() -> list[tuple[str, str, str, str]]:
    """Time, token, stop, fare."""
    made = [(f"{day}T08:10:00Z", ALPHA, "harbour", "day") for day in DAYS]
    made += [(f"{day}T08:20:00Z", BRAVO, "harbour", "day") for day in DAYS[:2]]
    # Journeys of theirs that nobody asked about.
    made += [("2025-03-04T21:17:00Z", ALPHA, "clinic", "day"), ("2025-03-06T21:17:00Z", BRAVO, "clinic", "day")]
    for token, stop in ((NEAR, "harbour"), (FAR, "market")):
        made += [
            (f"2025-03-03T{9 + number // 2:02}:{number % 2 * 30:02}:00Z", token, stop, "day") for number in range(12)
        ]
    return made + [
        (f"{day}T12:{number % 60:02}:00Z", token, "market", "day") for day in DAYS for number, token in enumerate(CROWD)
    ]


@dataclass
class Transit:
    """The workspace, and the commands called in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def rule(self, id_: str, body: str, status: str = "live") -> Path:
        return self.write(f"rules/{id_}.yaml", RULE.format(id=id_, status=status, body=body))

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Status, stdout and stderr of a command."""
        self.capsys.readouterr()
        status = run([*arguments, "-w", str(self.folder)])
        out, err = self.capsys.readouterr()
        return status, out, err

    def json(self, *arguments: str) -> Any:
        """The document that a command prints."""
        status, out, err = self.call(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    def named(self, token: str) -> str:
        """The pseudonym of a token, by the key that the first scan made."""
        ring = load_key(open_workspace(self.folder).key_file, environ={})
        return pseudonym(*value_of(("taps", token), "account"), ring.current)

    def acts(self) -> list[str]:
        """What the ledger has, oldest first."""
        return [one["act"] for one in self.json("ledger", "list")["entries"]]

    def request(self, *, hours: int = 24, confirmed: bool = True, days: tuple[str, ...] = DAYS) -> Request:
        """One about all that was reported on these days, of now."""
        now = time.time_ns() // 1000
        begins = [us(f"{day}T00:00:00Z") for day in days]
        asked = service.asked(
            asker="authority",
            reference="41 Js 7/25",
            offence="theft from passengers",
            law="Directive (EU) 2016/680, Art. 8(1)",
            places=["harbour"],
            spans=[Span(one, one + hours * 3_600_000_000) for one in begins],
            limits=Requests(),
            at_us=now,
        )
        with self.book("kim") as book:
            made = service.propose(book, asked, by="kim", days=30, at_us=now - 1)
        if not confirmed:
            return made
        with self.book("lee") as book:
            return service.confirm(
                book, made.id, seen=made.code, because="no other way", by="lee", at_us=now, limits=Requests()
            )

    def end(self, made: Request) -> None:
        """Ends it."""
        with self.book("kim") as book:
            service.end(book, made.id, because="over", by="kim", at_us=time.time_ns() // 1000)

    def book(self, who: str) -> _Opened:
        """A book of somebody with a login of their own."""
        return _Opened(self.folder, who)


class _Opened:
    def __init__(self, folder: Path, who: str) -> None:
        self._folder, self._who = folder, who

    def __enter__(self) -> Book:
        workspace = open_workspace(self._folder)
        self._database = open_database(workspace.state)
        return Book(self._database, workspace.ledger, Staff(self._who, purpose="a test"))

    def __exit__(self, *_: object) -> None:
        self._database.close()


def made(folder: Path, capsys: pytest.CaptureFixture[str], *, settings: str = SETTINGS) -> Transit:
    """The operator with both rules live."""
    shop = Transit(folder, capsys)
    shop.write("coincide.toml", settings)
    rows = [f"{number:04},{','.join(row)}" for number, row in enumerate(taps())]
    shop.write("taps/1.csv", "\n".join(["id,when,token,stop,fare", *rows]) + "\n")
    shop.write("reports/1.csv", "\n".join(["id,from,to,stop", *(",".join(row) for row in REPORTS)]) + "\n")
    shop.rule("there", THERE)
    shop.rule("odd-day", ODD)
    return shop


def us(text: str) -> int:
    """Microseconds since 1970 of a time with its zone."""
    from datetime import datetime

    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000

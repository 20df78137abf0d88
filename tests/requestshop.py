"""A workspace without sources, the people of two offices, and their requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincide.engines.workspace import open_workspace
from coincide.ledger import note, tiles
from coincide.ledger.book import Book
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.entry import Entry, parsed
from coincide.ledger.source import of_folder
from coincide.ledger.staff import Staff
from coincide.requests import register, service
from coincide.requests.request import DAY_US, Asked, Request, Span
from coincide.settings.model import Requests
from coincide.store.database import Database, open_database

NOW = 1_743_508_800_000_000
"""2025-04-01T12:00:00Z."""
HOUR = 3_600_000_000
MORNING = Span(NOW - 5 * DAY_US, NOW - 5 * DAY_US + 2 * HOUR)
EVENING = Span(NOW - 3 * DAY_US, NOW - 3 * DAY_US + HOUR)
LIMITS = Requests()


def asked(**given: Any) -> Asked:
    """What may be asked, but for what is given."""
    plain: dict[str, Any] = {
        "asker": "authority",
        "reference": "41 Js 7/25",
        "offence": "theft from passengers",
        "law": "Directive (EU) 2016/680, Art. 8(1)",
        "places": ["central"],
        "lines": ["4"],
        "spans": [MORNING, EVENING],
        "limits": LIMITS,
        "at_us": NOW,
    }
    return service.asked(**{**plain, **given})


@dataclass
class Office:
    """The state of a workspace; everybody has a login of their own."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "coincide.toml").write_text("")

    @contextmanager
    def book(self, who: str = "kim", purpose: str = "a test") -> Iterator[Book]:
        workspace = open_workspace(self.folder)
        database = open_database(workspace.state)
        try:
            yield Book(database, workspace.ledger, Staff(who, purpose=purpose))
        finally:
            database.close()

    @contextmanager
    def database(self) -> Iterator[Database]:
        with self.book() as book:
            yield book.database

    def propose(self, who: str = "kim", *, days: int = 30, at: int = NOW, keep: bool = True, **given: Any) -> Request:
        with self.book(who) as book:
            return service.propose(book, asked(**given), by=who, days=days, at_us=at, keep=keep)

    def confirm(self, made: Request, who: str = "lee", **given: Any) -> Request:
        return self._answer(service.confirm, made, who, given)

    def refuse(self, made: Request, who: str = "lee", **given: Any) -> Request:
        return self._answer(service.refuse, made, who, given)

    def end(self, made: Request, who: str = "kim", *, at: int = NOW + HOUR, keep: bool = True) -> Request:
        with self.book(who) as book:
            return service.end(book, made.id, because="it is over", by=who, at_us=at, keep=keep)

    def confirmed(self, **given: Any) -> Request:
        return self.confirm(self.propose(**given))

    def found(self, id_: int) -> Request | None:
        with self.database() as database, database.reading() as connection:
            return register.find(connection, id_)

    def in_force(self, at: int) -> tuple[Request, ...]:
        with self.database() as database, database.reading() as connection:
            return register.in_force(connection, at)

    def entries(self) -> list[Entry]:
        """All entries that are logged."""
        source = of_folder(open_workspace(self.folder).ledger.folder)
        content = source("checkpoint")
        if content is None:
            return []
        return [parsed(one) for one in tiles.entries(source, Checkpoint.parsed(note.parsed(content).text).size)]

    def acts(self) -> list[tuple[str, str, str, str]]:
        return [(one.who, one.act, one.object, one.outcome) for one in self.entries()]

    def _answer(self, act: Any, made: Request, who: str, given: dict[str, Any]) -> Request:
        plain = {"seen": made.code, "because": "no other way", "by": who, "at_us": NOW + HOUR, "limits": LIMITS}
        with self.book(who) as book:
            answered: Request = act(book, made.id, **{**plain, **given})
        return answered

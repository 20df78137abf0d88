"""The only way back from a pseudonym to an identifier: by a person, for a purpose and a reason, entered first."""

from __future__ import annotations

from dataclasses import dataclass

from coincide.alerts import subject
from coincide.alerts.errors import ReasonMissing
from coincide.alerts.reread import opened
from coincide.alerts.rotation import ring_for
from coincide.engines.workspace import Workspace
from coincide.ledger.book import Book


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a pseudonym stands for: an identifier in a namespace of accounts; in ``@FIELD`` the value of a field."""

    pseudonym: str
    namespace: str
    identifier: str


def reveal(workspace: Workspace, book: Book, name: str, *, reason: str) -> Revealed:
    """The identifier behind a pseudonym that the store knows.

    Raises ``ReasonMissing``, ``UnknownActor`` and what ``Book.reading`` raises.
    """
    if not reason.strip():
        raise ReasonMissing("a look at an identity", "--reason")
    with book.database.reading() as connection:
        ring = ring_for(workspace.key_file, connection)
        about = subject.stored(connection, ring, [name])
        namespace, identifier = opened(connection, ring, [name])[name]
    book.reading("account:reveal", ["account"], reason=reason.strip(), about=about)
    return Revealed(name, namespace, identifier)

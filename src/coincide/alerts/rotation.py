"""A new key: every pseudonym made anew from its sealed identifier, in one transaction. Alerts keep their ids.

The order makes it safe to break off anywhere: the new key goes behind the old one in the file; all names are
replaced in one transaction; the old key is forgotten. Until the last step both keys are in the file, and doing it
again goes on from there; until then scans refuse (``ring_for``), because they would take everybody for a stranger.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from coincide.alerts import service
from coincide.alerts.alert import iso
from coincide.alerts.survey import Scope, digest
from coincide.engines.workspace import Workspace
from coincide.entities import key as keys
from coincide.entities.errors import KeyInEnvironment, RotationUnfinished
from coincide.entities.key import Key, KeyRing
from coincide.entities.pseudonym import NONCE, pseudonyms, seal, unseal
from coincide.ledger.book import Book
from coincide.store import pseudonym as pseudonym_store
from coincide.store import rename
from coincide.store import scan as scans
from coincide.store.failpoint import failpoint
from coincide.store.lock import scan_lock

SCOPED = ("catalog", "lists", "mapping", "rules", "separations", "suppressions")
"""What a scope is made of, among the versions that a scan keeps."""

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was done: ids of the keys before and after, and the number of pseudonyms made anew."""

    old: tuple[str, ...]
    new: str
    renamed: int


def ring_for(path: Path, connection: Connection, *, random: Random = os.urandom) -> KeyRing:
    """The keys for a scan; made if nothing is named yet. Raises ``KeyMissing``, ``UnknownKey``, ``RotationUnfinished``.

    All pseudonyms of a database are of one key, because they are replaced in one transaction.
    """
    held = pseudonym_store.key_id(connection)
    if held is None:
        return keys.load_or_make(path, random=random)
    ring = keys.load(path)
    if ring.by_id(held) != ring.current:
        raise RotationUnfinished(held, ring.current.id)
    return ring


def rotate(
    workspace: Workspace,
    book: Book,
    *,
    now_us: int,
    environ: Mapping[str, str] = os.environ,
    random: Random = os.urandom,
) -> Rotation:
    """Give the workspace a new key. Goes on with a rotation that was broken off instead of beginning another.

    Raises ``KeyMissing``, ``UnknownKey``, ``KeyInEnvironment``, ``ScanRunning``.
    """
    path = workspace.key_file
    with scan_lock(workspace.state, iso(now_us)):
        ring = keys.load(path, environ=environ)
        of_variable = bool(environ.get(keys.VARIABLE))
        if len(ring.keys) == 1:
            if of_variable:
                raise KeyInEnvironment
            ring = keys.rotate(path, environ=environ, random=random)
        # A death here leaves both keys, and every name as the old one made it.
        renamed = _renamed(book, ring, random)
        # A death here leaves both keys, and every name as the new one made it.
        failpoint("names-changed")
        if not of_variable:
            keys.forget(path, environ=environ)
    return Rotation(tuple(key.id for key in ring.keys[:-1]), ring.current.id, renamed)


def _renamed(book: Book, ring: KeyRing, random: Random) -> int:
    with book.acting("key:rotate", ring.current.id) as connection:
        rows = pseudonym_store.everything(connection)
        stale = [row for row in rows if row.key_id != ring.current.id]
        if not stale:
            return 0
        identifiers = [unseal(row.sealed, ring.by_id(row.key_id), pseudonym=row.pseudonym) for row in stale]
        fresh = pseudonyms([row.namespace for row in stale], identifiers, ring.current)
        names = {row.pseudonym: name for row, name in zip(stale, fresh, strict=True)}
        before = scopes(connection)
        rename.rename(connection, names)
        pseudonym_store.replace(
            connection,
            [row.pseudonym for row in stale],
            [
                _sealed(row.namespace, identifier, name, ring.current, random)
                for row, identifier, name in zip(stale, identifiers, fresh, strict=True)
            ],
        )
        rescope(connection, before)
        # A death here leaves a rollback journal: whoever opens the database next plays it back.
        failpoint("names-ready")
        return len(stale)


def _sealed(namespace: str, identifier: str, name: str, key: Key, random: Random) -> dict[str, Any]:
    sealed = seal(identifier, key, random(NONCE), pseudonym=name)
    return {"pseudonym": name, "namespace": namespace, "sealed": sealed, "key_id": key.id}


def scopes(connection: Connection) -> dict[str, str]:
    """The parts of scopes that are made of pseudonyms, as they are now."""
    suppressed = [(one.rule, one.actor, one.until) for one in service.suppressions(connection)]
    return {"separations": digest(service.separations(connection)), "suppressions": digest(suppressed)}


def rescope(connection: Connection, before: Mapping[str, str]) -> None:
    """Scopes keep their meaning under the name that their parts give them now, so that nothing need be read again.

    ``before``: these parts before they were renamed, or before what has no effect any more was taken out.

    The digest of an entity version is made of all accounts read and cannot be taken anew here: the next scan that
    reads links sees that it is of another key, begins a new version and reads everything.
    """
    after = scopes(connection)
    if after == before:
        return
    for name in scans.scopes(connection):
        latest = scans.latest(connection, name)
        if latest is None or any(latest.versions.get(part) != value for part, value in before.items()):
            continue
        versions = {**latest.versions, **after}
        scope = Scope(name.rpartition("@")[0], {part: versions[part] for part in SCOPED})
        scans.rescope(connection, latest, scope.name, versions)

"""Named places where a process may be killed, for the crash tests; free when none is named.

``COINCIDE_FAILPOINT=name`` ends the process at the first pass of that place, ``name:3`` at the third, as a
kill would: no ``finally``, no flush, status 137. Every name stands in ``FAILPOINTS`` with what the death
there leaves behind; a test compares the list with the calls in the source.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

VARIABLE: Final = "COINCIDE_FAILPOINT"
KILLED: Final = 137
"""What a shell reports for a process killed by signal 9."""

FAILPOINTS: Final[Mapping[str, str]] = {
    "folder-made": "an empty state folder, which the next start fills",
    "database-created": "an empty database file without tables, which the next start fills",
    "tables-ready": "a rollback journal that the next opening plays back: the database file is empty again",
    "tables-made": "a database with tables and without rows",
    "key-written": "a durable `.new` file of a key that is not in use, which the next `keys rotate` removes",
    "key-linked": "the key in use, under its name and as a `.new` file, which the next `keys rotate` removes",
    "key-replaced": "the keys after the change, their file perhaps not durable under its name",
    "key-durable": "the keys after the change; `.new` files of broken runs, which the next change removes",
    "names-ready": "a rollback journal that the next opening plays back: both keys, every name of the old one",
    "names-changed": "both keys, every name of the new one; the next `keys rotate` goes on from there",
    "segment-opened": "an empty `.part` file, which the next scan removes",
    "segment-written": "a durable `.part` file, which the next scan removes",
    "segment-renamed": "a data file without a row, its name perhaps not durable, which the next scan removes",
    "segment-durable": "a durable data file without a row, which the next scan removes",
    "commit-begun": "durable data files without rows; the database as before",
    "commit-ready": "a rollback journal that the next opening plays back; the database as before",
    "commit-done": "the new state; data files that lost their row, which the next scan removes",
    "orphan-removed": "perhaps more data files without a row, which the next scan removes",
    "commit-swept": "the new state, and nothing else",
    "compact-begun": "the new state; what was deleted may lie in unused parts of the file until the next such command",
    "backup-taken": "a folder `backup` in the state folder, which the next backup removes; no backup",
    "backup-written": "the same, and a durable `.part` file beside the backup's place, which the next one replaces",
    "backup-named": "the whole backup, its name perhaps not durable; the folder `backup` as above",
    "backup-durable": "the same, durable",
    "restore-unpacked": "a folder `restoring` in the state folder, which the next restore removes; nothing in place",
    "restore-placed": "ledger, data files and keys in place and no database: the same restore goes on",
    "restore-named": "the restored state, the database's name perhaps not durable; an empty folder `restoring`",
    "restore-durable": "the restored state, and an empty folder `restoring`, which the next restore removes",
    "import-written": "a durable folder `.NAME.part` beside the place of the import, which the next one there removes",
    "import-named": "the whole import, its name perhaps not durable",
    "import-durable": "the whole import, durable",
    "entry-made": "a rollback journal that the next opening plays back; neither the act nor its entry",
    "entry-committed": "the act and its entry, which waits to be logged",
    "entries-logged": "the entry in the ledger and waiting: it is recognised and not logged again",
    "entries-known": "the act and its entry in the ledger",
    "ledger-part-opened": "an empty `.part` file in the ledger's folder, which the next writing removes",
    "ledger-parts-written": "durable `.part` files, which the next writing removes",
    "ledger-file-named": "files of hashes and entries that no checkpoint asks for; the next writing writes them again",
    "ledger-files-durable": "the same, durable; the ledger as before",
    "ledger-partial-removed": "the same, and full files in the place of some partial ones",
    "ledger-checkpoint-named": "the ledger with its new entries or, after a power cut, without",
    "ledger-checkpoint-durable": "the ledger with its new entries",
}
"""Name of the place: what a death there leaves, and who heals it."""


def armed(setting: str | None) -> Callable[[str], None]:
    """The function that stands at the places: does nothing, or ends the process at the named pass.

    ``setting`` is ``None`` or empty (off), ``name`` or ``name:n`` with ``n`` from 1. A ``ValueError`` names
    a setting that can never strike.
    """
    if not setting:
        return _pass
    name, _, count = setting.partition(":")
    if name not in FAILPOINTS or (count and not count.isdecimal()):
        raise ValueError(f"{VARIABLE}={setting}: not one of {', '.join(FAILPOINTS)}")
    left = int(count or 1)

    def strike(place: str) -> None:
        nonlocal left
        if place == name:
            left -= 1
            if left == 0:
                os._exit(KILLED)

    return strike


def _pass(place: str) -> None:
    """Nothing happens at ``place``."""


failpoint: Callable[[str], None] = armed(os.environ.get(VARIABLE))
"""Stands at a place: ``failpoint("segment-renamed")``. Decided once, at import."""

"""Where pseudonyms are kept: replaced by others everywhere, so that a new key changes no alert's number, or looked for.

Rotation makes new names from the sealed identifiers (``entities``) and calls this in one transaction,
together with the new rows of the table ``pseudonym`` itself, which is left alone here. Segments are files
and cannot be renamed: their owner writes them anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    insert,
    or_,
    select,
    update,
)

from coincide.store import tables

PSEUDONYM = re.compile(r"\bp-[a-z2-7]{26}\b")
"""What ``entities.pseudonym`` makes; sentences and evidence hold them in the midst of other text."""

_HOLDERS: tuple[Table, ...] = (
    tables.membership,
    tables.group_left_single,
    tables.generic_identifier,
    tables.separation,
    tables.suppression,
    tables.alert,
    tables.alert_change,
    tables.ledger_salt,
    tables.report,
    tables.consideration,
)
"""Every table that holds pseudonyms, but for ``pseudonym``; a test finds those that are missing."""


def rename(connection: Connection, names: Mapping[str, str]) -> int:
    """Replaces each old pseudonym (key) by its new one (value); the number of rows that changed.

    Names that are not in ``names`` stay. Ids, times and everything else stay. Two old names must not become
    one.
    """
    if len(set(names.values())) < len(names):
        raise ValueError("two pseudonyms would become one")
    changed = 0
    for table in _HOLDERS:
        rows = [dict(row) for row in connection.execute(select(table)).mappings()]
        pairs = [(row, _renamed(table, row, names)) for row in rows]
        pairs = [(old, new) for old, new in pairs if old != new]
        changed += len(pairs)
        _replace(connection, table, pairs)
    return changed


def held(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of the names that stand somewhere. Reads every row of every table that may hold one."""
    wanted = frozenset(names)
    found: set[str] = set()
    for table in _HOLDERS if wanted else ():
        for row in connection.execute(select(table)):
            texts = (json.dumps(value) if isinstance(value, dict | list) else value for value in row)
            for text in texts:
                if isinstance(text, str):
                    found |= wanted.intersection(PSEUDONYM.findall(text))
    return found


def naming(table: Table, name: str) -> ColumnElement[bool]:
    """The condition that a row names this pseudonym, wherever it holds text."""
    texts = [cast(column, Text).contains(name) for column in table.c if isinstance(column.type, Text | JSON)]
    return or_(*texts)


def _renamed(table: Table, row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    new = {column: _value(value, names) for column, value in row.items()}
    if table is tables.separation:
        # The smaller name stands first, and which one that is may have changed.
        new["account_a"], new["account_b"] = sorted((new["account_a"], new["account_b"]))
    return new


def _value(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return PSEUDONYM.sub(lambda found: names.get(found[0], found[0]), value)
    if isinstance(value, dict | list):
        return json.loads(_value(json.dumps(value, ensure_ascii=False), names))
    return value


def _replace(connection: Connection, table: Table, pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    if not pairs:
        return
    keys = [column.name for column in table.primary_key]
    match = and_(*(table.c[name] == bindparam(f"key_{name}") for name in keys))
    old = [{f"key_{name}": row[name] for name in keys} for row, _ in pairs]
    if all(row[name] == new[name] for row, new in pairs for name in keys):
        # Others refer to these rows by their number: they are changed in place.
        connection.execute(update(table).where(match), [key | new for key, (_, new) in zip(old, pairs, strict=True)])
    else:
        # A new name may be another row's old one: all old rows go before the first new one comes.
        connection.execute(delete(table).where(match), old)
        connection.execute(insert(table), [new for _, new in pairs])

"""What the judge is told: a workspace as plain values, without files, YAML or TOML.

The judge reads nothing from disk; ``tests/property/workspace.py`` renders a :class:`World` to a folder for the
engine. Expressions are nested tuples::

    ("text", "a")  ("number", "1.5")  ("field", "quantity")
    ("not", x)  ("and", [x, ...])  ("or", [x, ...])
    ("compare", "=" | "<>" | "<" | "<=" | ">" | ">=", x, y)  ("between", x, low, high)
    ("in", x, [literal, ...])  ("in-list", ("field", name), list name)
    ("is-null", x)  ("like", x, pattern)
    ("arithmetic", "+" | "-" | "*" | "/", x, y)  ("negate", x)
    ("call", "abs" | "lower" | "length" | "local_hour" | "weekday", x)
    ("count",)  ("sum", field)  ("distinct", field)          -- in ``unless`` only

Conditions are tuples too::

    ("combination", at_least, {component: None | minimum total as text})
    ("velocity", at_least, None | field whose distinct values count)
    ("threshold", "quantity" | "quantity * content" | "amount_minor", limit as text, inclusive, None | unit or currency)
    ("sequence", [component, ...], None | gap in microseconds)
    ("ratio", kind of event, kind of event compared to, more than as text, at least)
    ("presence", at_least, margin in microseconds, None | percent of days as text,
        "both" | "place" | "line": which a tap must share with an incident that names both)
    ("unusual-day", at_least, [feature, ...], percent as text, None | percent of own days as text, anywhere)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Account = tuple[str, str]
"""An account: the namespace and the identifier as given."""
Name = tuple[int, str, str, str]
"""What names an event: occurred_at in microseconds since 1970, source, event_id, account."""
Expression = tuple[Any, ...]
Cell = str | bytes | None
"""What stands in a column: text, bytes that are not UTF-8, or nothing."""
Row = dict[str, Cell]


@dataclass(frozen=True)
class Bad:
    """A record that cannot be read at all: the line as it stands in the file."""

    line: bytes


@dataclass(frozen=True)
class Source:
    """One mapped stream of rows. ``rows`` are in the order of files and lines.

    ``format``: ``csv``, ``ndjson`` or ``parquet``; it decides what an empty text is. Exactly one of ``kind`` and
    ``columns["kind"]`` is there. ``timezone``: IANA zone of times that carry none. ``columns``: field -> column,
    or several columns for an event_id.
    """

    columns: dict[str, str | list[str]]
    rows: list[Row | Bad]
    kind: str | None = None
    format: str = "csv"
    accounts: str | None = None
    timezone: str = "UTC"
    links: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkFile:
    """Master data that ties accounts to identifiers. A row that has no account or no identifier ties nothing."""

    accounts: str
    account: str
    links: dict[str, str]
    rows: list[Row]
    format: str = "csv"


@dataclass(frozen=True)
class Kind:
    """How far one kind of identifier ties accounts together."""

    strong: bool = True
    cap: int = 10


@dataclass(frozen=True)
class Rule:
    """What one rule means.

    ``window``: ``("sliding", microseconds)``; ``("day",)``, the local day of ``zone``; or ``("service-day",
    microseconds)``, the local day of ``zone`` from so long after midnight on, by the clock on the wall.
    """

    id: str
    events: list[str]
    condition: tuple[Any, ...]
    window: tuple[Any, ...]
    by: str = "actor"
    zone: str = "UTC"
    where: Expression | None = None
    unless: Expression | None = None
    components: list[str] | None = None
    status: str = "live"


@dataclass(frozen=True)
class World:
    """A workspace.

    ``catalog``: (``sku``, ``category``, ``title`` or ``title-not``, value, component). ``lists``: name -> (value, from,
    until), the dates as ``YYYY-MM-DD`` or nothing. ``covered``: what recorded requests cover, each (places, lines,
    spans in microseconds, both ends included); of no other incident it is told who was there. ``separations``: pairs
    of accounts that a person said are not one. ``currencies``: the codes that exist. ``attributes``: declared
    attribute -> ``text`` or ``number``.
    """

    sources: dict[str, Source]
    rules: list[Rule]
    catalog: list[tuple[str, str, str]] = field(default_factory=list)
    link_files: dict[str, LinkFile] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    group_limit: int = 20
    separations: list[tuple[Account, Account]] = field(default_factory=list)
    lists: dict[str, list[tuple[str, str | None, str | None]]] = field(default_factory=dict)
    currencies: frozenset[str] = frozenset({"EUR", "USD", "GBP", "JPY", "CHF"})
    attributes: dict[str, str] = field(default_factory=dict)
    covered: list[tuple[list[str], list[str], list[tuple[int, int]]]] = field(default_factory=list)


@dataclass(frozen=True)
class Alert:
    """One episode. ``actor``: namespace and first account by code point, or ``""`` and the value of ``by``."""

    rule: str
    actor: Account
    started_by: Name
    ended_by: Name
    hits: int
    silenced: int
    counted: int
    one_account: bool
    evidence: tuple[Name, ...]
    latest_evidence: tuple[Name, ...]


@dataclass(frozen=True)
class Verdict:
    """What the judge found.

    ``rows``: read, unmatched, accepted, duplicates, quarantined. ``quarantined``: (source, number of the row from
    0, reason). ``alerts`` of all rules, ordered by rule, first hit and actor. ``actors``: the groups of accounts.
    ``observations``: rule -> number of rows that it kept. ``attendance``: of rules of presence, how many accounts were
    at 1, 2, 3, ... incidents or more, whether or not a request covers them.
    """

    rows: dict[str, int]
    quarantined: list[tuple[str, int, str]]
    alerts: list[Alert]
    observations: dict[str, int]
    actors: dict[Account, Account]
    attendance: dict[str, list[int]] = field(default_factory=dict)

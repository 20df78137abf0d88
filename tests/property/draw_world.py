"""Random workspaces: few distinct values, so that ties, copies, chains and edges happen.

Times start at a change of the clock in the rules' zone and go on in steps of the window, of the gap and of single
microseconds. Caps and the guard are small, so that a handful of accounts reaches them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from property.choice import Choice
from property.draw_expression import LISTS, NUMBERS, TEXTS
from property.draw_rule import COMPONENTS, DAY, HOUR, MINUTE, MIXED, ZONES, rule
from reference.world import Account, Bad, Cell, Kind, LinkFile, Row, Source, World

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CATALOG = [
    ("sku", "A", COMPONENTS[0]),
    ("sku", "B", COMPONENTS[1]),
    ("sku", "C", COMPONENTS[2]),
    ("sku", "D", COMPONENTS[3]),
    ("sku", "KIT", COMPONENTS[0]),
    ("sku", "KIT", COMPONENTS[1]),
    ("sku", "KIT", COMPONENTS[2]),
    ("category", "10", COMPONENTS[0]),
    ("category", "1020", COMPONENTS[1]),
    ("category", "30", COMPONENTS[3]),
    ("title", "timer", COMPONENTS[0]),
    ("title", "таймер", COMPONENTS[1]),
    ("title", "定时器", COMPONENTS[2]),
    ("title", "straße", COMPONENTS[2]),
    ("title", "straße", COMPONENTS[3]),
    ("title-not", "straße", COMPONENTS[1]),
    ("title-not", "book", COMPONENTS[0]),
]
_CHANGES = {
    "UTC": ["2025-03-01T00:00:00", "1970-01-01T00:00:00", "2200-12-25T00:00:00"],
    "Europe/Paris": ["2025-03-29T22:00:00", "2025-10-25T21:00:00"],
    "America/New_York": ["2025-03-09T04:00:00", "2025-11-02T03:00:00"],
    "Asia/Kolkata": ["2025-05-01T17:30:00"],
}
# Code points, not UTF-16 units: U+FF5A comes before U+1D538.
_IDS = ["1", "2", "3", "10", "a", "B", "é", "ｚ", "𝔸", "0", "1|2", "back\\slash"]
_ACCOUNTS = ["x", "y", "z", "X", "é", "w", "v"]
_CARDS = ["k1", "k2", "k3", "k4"]
_FIELDS = ["item", "quantity", "organisation", "place", "title", "category", "content", "unit", "amount_minor"]
_RARE = ["currency", "country", "payment_method", "status", "received_at", "riders"]
_UNREADABLE = {
    "quantity": ["many", "NaN", "inf", "1234567890123456789", "0.0000000001", "1,5"],
    "content": ["x", "1e30"],
    "amount_minor": ["ten", "9223372036854775808"],
    "occurred_at": ["yesterday", "1969-12-31T23:59:59.999999Z", "2201-01-01T00:00:00Z", "2025-02-30T00:00:00Z"],
    "riders": ["two"],
}


def world(choice: Choice, *, separations: bool = True, only: str | None = None) -> World:
    """A workspace with up to four rules, all of the kind ``only`` if that is given, and up to 30 rows."""
    zone = choice.of(ZONES)
    width = choice.of([HOUR, DAY, 30 * MINUTE, 2 * DAY])
    gap = choice.of([width // 2, width // 3 // MINUTE * MINUTE])
    focus = only or choice.of([None, None, MIXED, "sequence"])
    begins = choice.of([HOUR, 4 * HOUR, 150 * MINUTE, 0])
    rules = [rule(choice, number, width, gap, zone, focus, begins) for number in range(choice.of([3, 1, 2, 4, 4]))]
    names = ["shop", "app", "metro"][: choice.of([1, 2, 1, 3])]
    pairs = [rule.condition[1:3] for rule in rules if rule.condition[0] == "ratio"]
    sources = {name: _source(choice, name, pairs[0] if pairs else None) for name in names}
    if not any("card" in source.links for source in sources.values()):
        sources[names[0]].links["card"] = "card no"
    times = _Times(choice, zone, width, gap)
    count = choice.of([12, 0, 1, 2, 8, 16, 20, 26, 14, 18, 22, 24, 28, 30])
    few = choice.percent(35)
    for _ in range(count):
        name = choice.of(names)
        _add_row(choice, sources[name], times, few=few)
    for name in names:
        _keep_columns_visible(choice, sources[name], times)
    master = _link_files(choice, sources)
    return World(
        sources=sources,
        rules=rules,
        catalog=list(CATALOG),
        link_files=master,
        kinds=_kinds(choice),
        group_limit=choice.of([20, 2, 3, 20]),
        lists=_lists(choice, times),
        attributes={"colour": "text", "grade": "number"},
        separations=_separations(choice, sources) if separations else [],
    )


class _Times:
    """Times near those there were: the same, a window or a gap later, a microsecond off."""

    def __init__(self, choice: Choice, zone: str, width: int, gap: int) -> None:
        start = datetime.fromisoformat(choice.of(_CHANGES[zone])).replace(tzinfo=UTC)
        self._choice = choice
        self.start = (start - _EPOCH) // timedelta(microseconds=1)
        self._seen = [self.start]
        self._steps = [0, 0, width, gap, 0, 0, 0, width - 1, width + 1, gap + 1, HOUR, 1, MINUTE, 0, 0, 2 * width]

    def next(self) -> int:
        at = self._choice.of(self._seen[-4:]) + self._choice.of(self._steps)
        self._seen.append(at)
        return at


def _source(choice: Choice, name: str, pair: tuple[str, str] | None) -> Source:
    """``pair``: two kinds of event that a rule compares, so that there are often both."""
    format_ = choice.of(["csv", "csv", "ndjson", "parquet"])
    columns: dict[str, str | list[str]] = {"occurred_at": "when", "account": "customer", "event_id": "id"}
    if choice.percent(15):
        columns["event_id"] = ["basket", "line no"]
    for field in _FIELDS:
        if choice.percent(80 if field not in ("item", "quantity") else 93):
            columns[field] = choice.of([field, f"Their {field}"])
    for field in _RARE:
        if choice.percent(50):
            columns[field] = f"_{field}"
    kind = None
    if choice.percent(25 if pair is None else 90):
        columns["kind"] = "what"
    else:
        kind = choice.of(["purchase", "purchase", "purchase", "purchase", "tap"] if pair is None else pair)
    return Source(
        columns=columns,
        rows=[],
        kind=kind,
        format=format_,
        accounts="people" if choice.percent(50) else None,
        timezone=choice.of(ZONES),
        links={
            kind_: column
            for kind_, column in (("card", "card no"), ("device", "device-id"), ("address", "home"))
            if choice.percent(60 if kind_ == "card" else 30)
        },
        attributes={name_: name_ for name_ in ("colour", "grade") if choice.percent(35)},
    )


def _add_row(choice: Choice, source: Source, times: _Times, *, few: bool) -> None:
    """A new row, or a copy of an earlier one that is the same or differs in one cell, or a broken record."""
    if source.format != "parquet" and choice.percent(3):
        source.rows.append(Bad(choice.of(_broken(source))))
        return
    rows = [row for row in source.rows if isinstance(row, dict)]
    if rows and choice.percent(18):
        copy = dict(choice.of(rows))
        if choice.percent(60):
            field = choice.of(_all_fields(source))
            copy[_column(choice, source, field)] = _cell(choice, source, field, times)
        source.rows.append(copy)
        return
    row: Row = {}
    for field in _all_fields(source):
        columns = _columns(source, field)
        for column in columns:
            row[column] = _cell(choice, source, field, times)
    if few:
        # One account and three items: what is rare elsewhere, such as a step that has two candidates, happens.
        row["customer"] = _ACCOUNTS[0]
        if "item" in source.columns:
            row["item"] = choice.of(["A", "B", "C"])
    if choice.percent(4):
        _wreck(choice, source, row)
    if isinstance(source.columns["event_id"], list):
        # A second part of few letters, so that ids still tell rows apart.
        row["line no"] = choice.of(["1", "2", "a|b", "\\"])
    source.rows.append(row)


def _wreck(choice: Choice, source: Source, row: Row) -> None:
    """Several things wrong with one row: only the first reason is told."""
    for field in ("event_id", "account", "occurred_at", "quantity", "content", "amount_minor", "currency"):
        if field in source.columns and choice.percent(40):
            wrong = ["XQX"] if field == "currency" else _UNREADABLE.get(field, [])
            row[_columns(source, field)[0]] = choice.of([None, *wrong])


def _keep_columns_visible(choice: Choice, source: Source, times: _Times) -> None:
    """NDJSON has no header: without any record nobody can see which columns there are."""
    if source.format == "ndjson" and not any(isinstance(row, dict) for row in source.rows):
        row: Row = {}
        for field in _all_fields(source):
            for column in _columns(source, field):
                row[column] = _cell(choice, source, field, times)
        source.rows.append(row)


def _all_fields(source: Source) -> list[str]:
    links = [f"link.{kind}" for kind in source.links]
    return [*source.columns, *links, *(f"attributes.{name}" for name in source.attributes)]


def _columns(source: Source, field: str) -> list[str]:
    if field.startswith("link."):
        return [source.links[field.removeprefix("link.")]]
    if field.startswith("attributes."):
        return [source.attributes[field.removeprefix("attributes.")]]
    columns = source.columns[field]
    return columns if isinstance(columns, list) else [columns]


def _column(choice: Choice, source: Source, field: str) -> str:
    return choice.of(_columns(source, field))


def _cell(choice: Choice, source: Source, field: str, times: _Times) -> Cell:
    odd = choice.below(100)
    if odd >= 98 and field in _UNREADABLE:
        return choice.of(_UNREADABLE[field])
    if odd == 97 and source.format != "parquet":
        return b"\xff\xfe"
    if field == "occurred_at":
        return None if odd == 96 else _written(choice, source, times.next())
    if field == "received_at":
        return _written(choice, source, times.start)
    if field == "event_id":
        return None if odd == 96 else choice.of(_IDS)
    if field == "account":
        return choice.of([None, ""]) if odd == 96 else choice.of(_ACCOUNTS if odd < 45 else _ACCOUNTS[:2])
    if field == "item":
        return None if odd >= 93 else choice.of(["A", "B", "C", "D", "KIT", "Z", "A", "B"])
    if field == "kind":
        return (
            None
            if odd >= 95
            else choice.of(["purchase", "purchase", "return", "tap", "purchase", "purchase", "return"])
        )
    if field == "currency":
        return None if odd >= 95 else choice.of(["EUR", "EUR", "EUR", "USD", "XQX"])
    if field == "unit":
        return None if odd >= 95 else choice.of(["kg", "kg", "l"])
    if field.startswith("link."):
        return None if odd >= 80 else choice.of(_CARDS if odd >= 35 else _CARDS[:2])
    if field == "status":
        return choice.of(["completed", "refused", None])
    if field == "category":
        return choice.of([None, "99", "10", "1020", "102055", "3", "010"])
    if field in NUMBERS:
        more = ["1.50", "1e0", "01", "+1"] if field == "quantity" else []
        return None if odd >= 93 else choice.of([*NUMBERS[field], *more])
    return None if odd >= 90 else choice.of(TEXTS[field])


def _written(choice: Choice, source: Source, at_us: int) -> str:
    """A time as text: in UTC, with another offset, or on the wall of the source's zone."""
    at = _EPOCH + timedelta(microseconds=at_us)
    form = choice.of(["utc", "utc", "offset", "wall", "finer"])
    if form == "wall":
        wall = at.astimezone(ZoneInfo(source.timezone))
        if wall.fold == 0:
            # The second pass through an hour that comes twice has no text of its own.
            return wall.replace(tzinfo=None).isoformat(sep=choice.of(["T", " "]))
    if form == "offset":
        return at.astimezone(ZoneInfo("Asia/Kolkata")).isoformat()
    text = at.replace(tzinfo=None).isoformat()
    if form == "finer":
        return (text if "." in text else text + ".000000") + "999Z"
    return text + "Z"


def _broken(source: Source) -> list[bytes]:
    if source.format == "ndjson":
        return [b"{", b"[1, 2]", b"not json", b'"text"', b'{"id": 1} {"id": 2}', b"42"]
    return [b'a,"b', b"1;2", b'"x"y,z', b"," * 60]


def _kinds(choice: Choice) -> dict[str, Kind]:
    made = {}
    if choice.percent(50):
        made["card"] = Kind(cap=choice.of([2, 3]))
    if choice.percent(20):
        made["device"] = Kind(strong=False)
    if choice.percent(20):
        made["address"] = Kind(strong=True, cap=2)
    return made


def _lists(choice: Choice, times: _Times) -> dict[str, list[tuple[str, str | None, str | None]]]:
    start = (_EPOCH + timedelta(microseconds=times.start)).date()
    day, after = start.isoformat(), (start + timedelta(days=1)).isoformat()
    made: dict[str, list[tuple[str, str | None, str | None]]] = {}
    for name in LISTS:
        made[name] = []
        for _ in range(choice.below(4)):
            value = choice.of(["x", "o1", "A", "p1", "y", "é", "KIT"])
            span: tuple[str | None, str | None] = choice.of([(None, None), (after, None), (None, after), (day, after)])
            made[name].append((value, *span))
    return made


def _link_files(choice: Choice, sources: dict[str, Source]) -> dict[str, LinkFile]:
    if not choice.percent(30):
        return {}
    namespaces = [source.accounts or name for name, source in sources.items()]
    rows: list[Row] = [
        {
            "who": None if choice.percent(5) else choice.of(_ACCOUNTS),
            "card": None if choice.percent(10) else choice.of(_CARDS),
            "phone": None if choice.percent(50) else choice.of(["t1", "t2"]),
        }
        for _ in range(1 + choice.below(5))
    ]
    links = {"card": "card", "phone": "phone"}
    return {"customers": LinkFile(choice.of(namespaces), "who", links, rows)}


def _separations(choice: Choice, sources: dict[str, Source]) -> list[tuple[Account, Account]]:
    if not choice.percent(12):
        return []
    namespace = choice.of([source.accounts or name for name, source in sources.items()])
    return [((namespace, _ACCOUNTS[0]), (namespace, _ACCOUNTS[1 + choice.below(3)]))]

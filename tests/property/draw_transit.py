"""Random taps and reported incidents: few stops, lines and tokens, so that ties, copies and edges happen.

Times go on in steps of the margin, of an incident's length, of days and of single microseconds, from a change of the
clock in the rules' zone; weeks before are there for what is usual.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from property.choice import Choice
from property.draw_rule import DAY, HOUR, MINUTE
from reference.world import Cell, Expression, Row, Rule, Source, World

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STARTS = {
    "Europe/Paris": ["2025-03-29T22:00:00", "2025-10-25T21:00:00", "2025-10-26T00:30:00", "2025-03-30T01:00:00"],
    "UTC": ["2025-06-01T02:00:00", "1970-01-20T00:00:00"],
    "America/New_York": ["2025-03-09T04:00:00", "2025-11-02T05:30:00"],
}
STOPS, LINES, TOKENS = ["north", "south", "été"], ["1", "2"], ["t1", "t2", "t3"]
TAP = {
    "event_id": "id",
    "occurred_at": "when",
    "account": "token",
    "place": "stop",
    "line": "route",
    "action": "what",
    "vehicle": "bus",
    "device": "reader",
    "product": "fare",
    "riders": "riders",
}
REPORT = {"event_id": "id", "occurred_at": "from", "ends_at": "to", "place": "stop", "line": "route"}
FEATURES = ["trips", "missing_exits", "distinct_stops", "most_visits", "span_hours", "same_line"]


def us(text: str) -> int:
    """Microseconds since 1970 of a time in UTC."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def iso(at: int) -> str:
    """The text of a time."""
    return (_EPOCH + timedelta(microseconds=at)).replace(tzinfo=None).isoformat() + "Z"


def presence(choice: Choice) -> World:
    """A world of one or two rules of presence, up to four incidents and up to thirty taps."""
    zone = choice.of(list(_STARTS))
    start = us(choice.of(_STARTS[zone]))
    margin = choice.of([10 * MINUTE, MINUTE, 12 * HOUR, HOUR])
    width = choice.of([DAY, 2 * DAY, HOUR, 30 * DAY])
    rules = [_presence(choice, number, margin, width, zone) for number in range(choice.of([1, 2]))]
    times = [start]
    reports = [_report(choice, choice.of(times), margin, times) for _ in range(choice.of([3, 2, 4, 1, 0]))]
    taps: list[Row] = []
    steps = [0, margin, -margin, 0, margin + 1, -margin - 1, width, width - 1, HOUR, -1, 1]
    for _ in range(choice.of([12, 4, 20, 30, 0])):
        at = choice.of(times) + choice.of(steps) - choice.of([0, 0, 0, 0, 0, 1, 7]) * DAY
        times.append(at)
        made = _tap(choice, at)
        if reports and choice.percent(60):
            # At one of the incidents, as far as it says where and when it was, or just beside it.
            there = choice.of(reports)
            edges = [us(str(there["from"])[:-1]), us(str(there["to"] or there["from"])[:-1])]
            made["when"] = iso(choice.of(edges) + choice.of([0, 0, margin, -margin, margin + 1, -margin - 1]))
            made |= {column: there[column] for column in ("stop", "route") if there[column] is not None}
        taps.append(made)
    if choice.percent(50):
        # Somebody who is there on many of the days before.
        taps += [
            _tap(choice, start - back * DAY + choice.of([0, HOUR, -HOUR]), token=TOKENS[0])
            for back in range(1, 1 + choice.of([28, 14, 7, 29]))
        ]
    _copies(choice, taps)
    _copies(choice, reports)
    return _world(choice, taps, reports, rules, times)


def unusual(choice: Choice) -> World:
    """A world of one rule over days, with a hundred cards that ride alike, so that ranks say something."""
    zone = choice.of(["Europe/Paris", "UTC"])
    start = us(choice.of(_STARTS["Europe/Paris"][:2])) // DAY * DAY + 10 * HOUR
    anywhere = choice.percent(40)
    of = sorted({choice.of(FEATURES) for _ in range(choice.of([2, 3, 1]))})
    rule = Rule(
        id="rule-0",
        events=["tap"],
        condition=(
            "unusual-day",
            min(len(of), choice.of([1, 2])),
            of,
            choice.of(["95", "99", "90", "98"]),
            choice.of([None, None, "80", "0"]),
            anywhere,
        ),
        window=("service-day", choice.of([4 * HOUR, 0, 23 * HOUR])),
        by="account",
        zone=zone,
        where=choice.of([None, None, ("compare", "<>", ("field", "product"), ("text", "staff"))]),
        unless=choice.of([None, None, ("compare", ">=", ("count",), ("number", "6"))]),
    )
    days = [start + number * DAY for number in range(choice.of([3, 2]))]
    taps: list[Row] = []
    for number in range(choice.of([100, 104, 98])):
        # Of each card a ride, and sometimes another to the same stop.
        rides = range(1 + number % choice.of([2, 3]))
        starts = [
            at + (number + 40 * later) * MINUTE for at in days[: 1 if number % 2 else len(days)] for later in rides
        ]
        taps += [ridden(f"c{number:03}", at, STOPS[number % 2]) for at in starts]
    times = [at + number * MINUTE for at in (days[0], days[0], days[-1]) for number in (0, 7, 50)]
    for _ in range(choice.of([24, 12, 40])):
        at = choice.of(times) + choice.of([0, HOUR, 10 * MINUTE, HOUR, 9_000_000, 14 * HOUR])
        times.append(at)
        product = choice.of(["day", "day", "day", "day", "day", "day", "staff"])
        taps.append(_tap(choice, at, token=choice.of([TOKENS[0], *TOKENS]), product=product))
    if choice.percent(60):
        # Days of its own before, of one ride or of as many as on the day.
        past = [start - back * DAY for back in range(1, 1 + choice.of([6, 5, 4]))]
        taps += [ridden(TOKENS[0], at + later * HOUR, STOPS[0]) for at in past for later in range(choice.of([1, 3]))]
    reports = [_report(choice, choice.of(times), HOUR, times) for _ in range(choice.of([2, 1, 3, 0]))]
    _copies(choice, taps)
    return _world(choice, taps, reports, [rule], times)


def riding(choice: Choice) -> World:
    """A world of taps alone, each an event of its own, with actions of every sort."""
    start = us("2025-06-01T10:00:00")
    form = choice.of(["csv", "parquet", "ndjson"])
    # Texts that are no UTF-8 are no Parquet of ours.
    others: list[Cell] = ["hop", "Enter", "", None, "hop" if form == "parquet" else b"\xff"]
    taps: list[Row] = []
    for number in range(choice.of([4, 1, 12, 0])):
        made = _tap(choice, start + choice.below(20) * MINUTE) | {"id": str(number)}
        taps.append(made | {"what": choice.of([made["what"], *others]), "stop": choice.of([made["stop"], ""])})
    return World(sources={"metro": Source(columns=dict(TAP), rows=[*taps], kind="tap", format=form)}, rules=[])


def _presence(choice: Choice, number: int, margin: int, width: int, zone: str) -> Rule:
    usual = choice.of([None, None, "25", "50", "3.5", "0"])
    window = choice.of([("sliding", width), ("sliding", width), ("day",), ("service-day", 4 * HOUR)])
    where: list[Expression | None] = [None, None, ("compare", "=", ("field", "action"), ("text", "enter"))]
    unless: list[Expression | None] = [None, None, None, ("compare", ">", ("count",), ("number", "3"))]
    unless.append(("compare", ">=", ("distinct", "place"), ("number", "2")))
    return Rule(
        id=f"rule-{number}",
        events=["tap"],
        condition=("presence", choice.of([2, 1, 3]), margin, usual, choice.of(["both", "both", "place", "line"])),
        window=window,
        by="account",
        zone=zone,
        where=choice.of(where),
        unless=choice.of(unless),
        status=choice.of(["live", "shadow"]),
    )


def _report(choice: Choice, at: int, margin: int, times: list[int]) -> Row:
    begins = at + choice.of([0, 0, margin, 2 * margin, DAY, HOUR])
    ends = choice.of([None, begins, begins + HOUR, begins + 2 * DAY, begins + 1, begins + HOUR, begins, begins - HOUR])
    times += [begins, begins if ends is None else ends]
    where = choice.of(["place", "line", "both", "place", "line", "both", "nowhere"])
    return {
        "id": choice.of(["i1", "i2", "i3", "i4", "i5"]),
        "from": iso(begins),
        "to": None if ends is None else iso(ends),
        "stop": choice.of(STOPS) if where in ("place", "both") else None,
        "route": choice.of(LINES) if where in ("line", "both") else None,
        "status": choice.of([None, "reported"]),
    }


def _tap(choice: Choice, at: int, token: str | None = None, product: Cell = None) -> Row:
    return {
        "id": choice.of(["1", "2", "3", "4", "5", "6", "7", "8"]),
        "when": iso(at),
        "token": choice.of(TOKENS) if token is None else token,
        "stop": choice.of([*STOPS, STOPS[0], None]),
        "route": choice.of([*LINES, LINES[0], None]),
        "what": choice.of(["enter", "single", "enter", "exit", "transfer", None, "hop", ""]),
        "bus": choice.of([None, "b1", "b2", ""]),
        "reader": choice.of([None, "r1", "r2"]),
        "fare": product if product is not None else choice.of([None, "day", ""]),
        "riders": choice.of(["1", "2"]),
    }


def ridden(token: str, at: int, stop: str) -> Row:
    """A ride of a card with a day ticket."""
    made: Row = {str(column): None for column in TAP.values()}
    return made | {"id": f"{token}-{at}", "when": iso(at), "token": token, "stop": stop, "fare": "day"}


def _copies(choice: Choice, rows: list[Row]) -> None:
    """Copies of rows, the same or with another stop; and all of them in another order."""
    for _ in range(choice.of([0, 1, 2]) if rows else 0):
        copy = dict(choice.of(rows))
        if choice.percent(50):
            copy["stop"] = choice.of(STOPS)
        rows.insert(choice.below(len(rows) + 1), copy)


def _world(choice: Choice, taps: list[Row], reports: list[Row], rules: list[Rule], times: list[int]) -> World:
    asked = []
    for _ in range(choice.of([1, 2, 1, 0])):
        edges = sorted([choice.of(times), choice.of(times)])
        whole = choice.percent(75)
        spans = [(us("1970-01-02"), us("2100-01-01"))] if whole else [(edges[0], edges[1])]
        asked.append((choice.of([STOPS, STOPS, STOPS[:1], []]), choice.of([LINES, LINES, LINES[:1], []]), spans))
    columns: dict[str, str | list[str]] = dict(TAP)
    reported: dict[str, str | list[str]] = dict(REPORT)
    return World(
        sources={
            "metro": Source(columns=columns, rows=[*taps], kind="tap", format=choice.of(["csv", "parquet"])),
            "reports": Source(columns=reported, rows=[*reports], kind="incident", accounts=choice.of([None, "metro"])),
        },
        rules=rules,
        covered=asked,
    )

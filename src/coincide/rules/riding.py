"""The kinds of rule over journeys, ``presence`` and ``unusual-day``: from the document to the plan's condition.

Both look at cards, never at the people behind several of them, and both take reported incidents beside the taps.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast, get_args

from coincide.events.event import TAP
from coincide.rules import errors, plan
from coincide.rules.document import Entry, Items, Mapping, Node
from coincide.rules.feature import NAMES
from coincide.rules.read import DAY_US, Reader
from coincide.rules.rule import Presence, UnusualDay

if TYPE_CHECKING:
    from coincide.settings import Boundaries

OVER_TAPS = ("presence", "unusual-day")


def check_frame(kind: str, entry: Entry, document: Mapping, reader: Reader) -> None:
    """What stands beside the kind: taps, by account, and for a day of riding the day of service."""
    wanted = {"events": TAP, "by": "account"} | ({"per": "service-day"} if kind == "unusual-day" else {})
    for key, value in wanted.items():
        other = document.entry(key)
        found = None if other is None else _words(other.value)
        if found != [value]:
            where = reader.where(entry.key if other is None else other.value)
            reader.add(errors.KindGoesWith(kind, f"{key}: {value}", where=where))
    components = document.entry("components")
    if components is not None:
        reader.add(errors.KeyNotTaken("components", f"`{kind}`", where=reader.where(components.key)))


def presence(entry: Entry, reader: Reader) -> tuple[plan.Presence, Presence] | None:
    """Present at so many incidents; what is wrong is added to the reader's problems."""
    required = {"at_least": "at_least: 3", "of": "of: incidents", "margin": "margin: 10 minutes"}
    found = reader.mapping(
        "presence", "`presence`", entry.value, known=Presence.model_fields, required=required, at=entry.key
    )
    if found is None:
        return None
    at_least, of, margin, usual, at = (found.entry(key) for key in ("at_least", "of", "margin", "usual", "at"))
    k = reader.count("at_least", at_least.value) if at_least else None
    named = reader.choice("of", of.value, ("incidents",)) if of else None
    width = reader.duration("margin", margin.value, most_us=DAY_US // 2, most="12 hours") if margin else None
    share = percent("usual", usual.value, reader) if usual else None
    where = reader.choice("at", at.value, get_args(plan.Where)) if at else "both"
    if k is None or named is None or width is None or margin is None or where is None or (usual and share is None):
        return None
    model = Presence.model_construct(at_least=k, of="incidents", margin=_text(margin), at=where, usual=share)
    return plan.Presence(k, width, share, cast("plan.Where", where)), model


def unusual_day(
    entry: Entry, reader: Reader, *, doubled_us: int, longest_us: int, boundaries: Boundaries | None
) -> tuple[plan.UnusualDay, UnusualDay] | None:
    """So many features far in the tail; what is wrong is added to the reader's problems."""
    required = {"at_least": "at_least: 2", "of": "of: [trips, short_share, quick]", "beyond": "beyond: 99.9"}
    found = reader.mapping(
        "unusual-day", "`unusual-day`", entry.value, known=UnusualDay.model_fields, required=required, at=entry.key
    )
    if found is None:
        return None
    at_least, of, beyond, own = (found.entry(key) for key in ("at_least", "of", "beyond", "own"))
    k = reader.count("at_least", at_least.value) if at_least else None
    features = _features(of, reader) if of else None
    tail = percent("beyond", beyond.value, reader) if beyond else None
    past = percent("own", own.value, reader) if own else None
    if k is None or features is None or tail is None or (own is not None and past is None):
        return None
    assert at_least is not None
    if k > len(features):
        reader.add(errors.MoreThanNamed(k, len(features), "features", where=reader.where(at_least.value)))
        return None
    ground = None if boundaries is None else (boundaries.purpose, boundaries.law, boundaries.dpia)
    condition = plan.UnusualDay(k, tuple(sorted(features)), tail, past, doubled_us, longest_us, ground)
    return condition, UnusualDay.model_construct(at_least=k, of=features, beyond=tail, own=past)


def percent(key: str, node: Node, reader: Reader) -> Decimal | None:
    """A share from 0 to less than 100 percent."""
    found = reader.number(key, node)
    if found is not None and not 0 <= found < 100:
        reader.add(errors.PercentOutside(key, where=reader.where(node)))
        return None
    return found


def _features(entry: Entry, reader: Reader) -> tuple[str, ...] | None:
    nodes = reader.items("of", entry.value)
    if nodes is None:
        return None
    if not nodes:
        reader.add(errors.NothingNamed("of", where=reader.where(entry.value)))
        return None
    named: list[tuple[str, Node]] = []
    for node in nodes:
        name = reader.text("of", node)
        if name is not None and name not in NAMES:
            reader.add(errors.UnknownFeature(name, NAMES, where=reader.where(node)))
        elif name is not None:
            named.append((name, node))
    reader.once("of", named)
    return tuple(name for name, _ in named) if len(named) == len(nodes) else None


def _words(node: Node) -> list[Any]:
    nodes = node.items if isinstance(node, Items) else (node,)
    return [getattr(one, "text", None) for one in nodes]


def _text(entry: Entry) -> str:
    return " ".join(str(getattr(entry.value, "text", "")).split())

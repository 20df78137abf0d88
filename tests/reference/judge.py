"""The judge: DESIGN, "Events" and "Rules", as plain loops. Slow and obvious on purpose.

It answers what any engine must answer for a :class:`~reference.world.World`: how each row ended, and which alerts
there are. It uses the standard library alone and shares no code with ``coincide``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from reference import presence, unusual
from reference.actor import actors
from reference.condition import Observation, counted, evidence, holds
from reference.event import Event, in_contract_order, rank, read
from reference.expression import fields_of, local, truth
from reference.world import Account, Alert, Bad, Name, Rule, Verdict, World

Place = tuple[str, int]
"""A row: its source and its number there."""


@dataclass
class Trial:
    """All that is found on the way to the verdict, for tests that look at it.

    ``seen``: rule -> actor -> observations in the strict order.
    """

    verdict: Verdict
    seen: dict[str, dict[Account, list[Observation]]] = field(default_factory=dict)


def judge(world: World, *, ties_reversed: bool = False) -> Trial:
    """The verdict on a world.

    ``ties_reversed`` turns the order of simultaneous observations round: a meaning that is *not* ours, for tests
    that ask whether that order mattered.
    """
    events: list[Event] = []
    unread: list[Place] = []
    for source_name, source in world.sources.items():
        for number, row in enumerate(source.rows):
            if isinstance(row, Bad):
                unread.append((source_name, number))
            else:
                events.append(read(source_name, source, number, row, world.attributes))

    actor_of = actors(world, events)
    # "no rule of this run (live, shadow, and drafts that were named)"
    rules = [rule for rule in world.rules if rule.status in ("live", "shadow")]
    selections = [_select(world, rule, events) for rule in rules]
    rows, quarantined = _ends(events, unread, selections)
    trial = Trial(Verdict(rows, quarantined, [], {}, actor_of))
    for rule, selection in zip(rules, selections, strict=True):
        trial.verdict.observations[rule.id] = len(selection.kept)
        seen = _seen(world, rule, selection.kept, actor_of)
        for observations in seen.values():
            # "Observations of an actor are totally ordered by (occurred_at, source, event_id, account)"
            observations.sort(key=lambda o: o.name, reverse=ties_reversed)
            observations.sort(key=lambda o: o.at)
        trial.seen[rule.id] = seen
        if rule.condition[0] == "presence":
            trial.verdict.attendance[rule.id] = _attendance(rule, selection.kept)
        for actor, observations in sorted(seen.items()):
            trial.verdict.alerts.extend(alerts_of(world, rule, actor, observations))
    trial.verdict.alerts.sort(key=lambda a: (a.rule, a.started_by, a.actor))
    return trial


# --- Every row read ends in one of four -------------------------------------------------------------------------


@dataclass
class _Selection:
    """What one rule did with the rows: kept, dropped as copies, or quarantined with a reason."""

    kept: list[Event] = field(default_factory=list)
    dropped: list[Event] = field(default_factory=list)
    refused: list[tuple[Event, str]] = field(default_factory=list)


def _select(world: World, rule: Rule, events: list[Event]) -> _Selection:
    selection = _Selection()
    copies: dict[Name, list[Event]] = {}
    for event in events:
        if not _fits(world, rule, event):
            continue
        if rule.where is not None and not _nobodys(rule, event):
            selected = truth(rule.where, event, [], rule.zone, world)
            spoilt = fields_of(rule.where) & event.unreadable
            if selected is None and spoilt:
                # "the row is quarantined only if kind and component fit and `where` is unknown because of it"
                reasons = [_unreadable(name) for name in spoilt]
                selection.refused.append((event, min(reasons, key=_precedence)))
                continue
            if selected is not True:
                continue
        if not _observed(world, rule, event):
            continue
        reason = _unusable(world, rule, event)
        if reason is not None:
            selection.refused.append((event, reason))
            continue
        # "equal to another in (source, event_id, account, occurred_at), found per rule after selection"
        copies.setdefault(event.name, []).append(event)
    for same in copies.values():
        # "If copies differ elsewhere, the one whose mapped fields sort first (missing first) is kept"
        same.sort(key=_as_sorted)
        selection.kept.append(same[0])
        selection.dropped.extend(same[1:])
    return selection


def _fits(world: World, rule: Rule, event: Event) -> bool:
    """Kind and component fit. A kind that is missing or cannot be read is none of the rule's."""
    if event.values.get("kind") not in rule.events and not _nobodys(rule, event):
        return False
    asked = _asked(rule)
    return asked is None or len(_components(world, event) & asked) > 0


def _nobodys(rule: Rule, event: Event) -> bool:
    """Incidents are taken beside the taps; of them neither `where` nor an account is asked."""
    return rule.condition[0] in ("presence", "unusual-day") and event.values.get("kind") == "incident"


def _asked(rule: Rule) -> frozenset[str] | None:
    """The components of which an observation must carry one; nothing if every event may count.

    "Combination and sequence look at the observations of their own components only; velocity and threshold at all
    events that pass `where` and `components`." So does a ratio (ADR 0020).
    """
    if rule.condition[0] == "combination":
        return frozenset(rule.condition[2])
    if rule.condition[0] == "sequence":
        return frozenset(rule.condition[1])
    return None if rule.components is None else frozenset(rule.components)


def _components(world: World, event: Event) -> frozenset[str]:
    """By stock-keeping unit (the same text) and by category code (a beginning of it); the union of both.

    "Where both speak, the code wins": what the title says counts where these say nothing.
    """
    item, category = event.values.get("item"), event.values.get("category")
    found = set()
    for match, value, component in world.catalog:
        if match == "sku" and item == value:
            found.add(component)
        if match == "category" and category is not None and str(category).startswith(value):
            found.add(component)
    return frozenset(found) or _titled(world, str(event.values.get("title") or ""))


def _titled(world: World, title: str) -> frozenset[str]:
    """The components whose word the title has, and none that excludes it.

    The patterns of these worlds are single words; what else is one is for the catalog's own tests.
    """
    words = title.casefold().split()
    said = {
        match: {component for how, word, component in world.catalog if how == match and word.casefold() in words}
        for match in ("title", "title-not")
    }
    return frozenset(said["title"] - said["title-not"])


def _observed(world: World, rule: Rule, event: Event) -> bool:
    """Whether the event has the rule's `by` value, unit and currency, or one that cannot be read."""
    if rule.by not in ("actor", "account") and event.values.get(rule.by) is None and rule.by not in event.unreadable:
        # "NULL is no observation"
        return False
    if rule.condition[0] != "threshold" or rule.condition[4] is None:
        return True
    name = "currency" if rule.condition[1] == "amount_minor" else "unit"
    value = event.values.get(name)
    if name in event.unreadable:
        return True
    if name == "currency" and value is not None and value not in world.currencies:
        # Not another currency but none: it is quarantined below.
        return True
    # "the rule names its unit or currency, and rows in another are not its observations"
    return bool(value == rule.condition[4])


def _unusable(world: World, rule: Rule, event: Event) -> str | None:
    """Why a selected row cannot be used: the first reason in this order, or none."""
    for name, reason in (("event_id", "no-event-id"), ("account", "no-account"), ("occurred_at", "no-time")):
        if name == "account" and _nobodys(rule, event):
            continue
        if event.values.get(name) is None and name not in event.unreadable:
            return reason
    if "occurred_at" in event.unreadable:
        return "unreadable-time"
    spoilt = _needed(rule) & event.unreadable
    if spoilt:
        return _unreadable(in_contract_order(spoilt)[0])
    if _nobodys(rule, event):
        # An incident needs a place or a line, and ends when it begins or later.
        if not any(event.values.get(name) is not None for name in ("place", "line")):
            return "no-place"
        begins, ends = event.values["occurred_at"], event.values.get("ends_at")
        if ends is not None and ends < begins:  # type: ignore[operator]
            return "ends-before"
    sums_money = rule.condition[0] == "threshold" and rule.condition[1] == "amount_minor"
    if sums_money and event.values.get("currency") not in (world.currencies | {None}):
        return "unknown-currency"
    return None


def _needed(rule: Rule) -> set[str]:
    """The fields without which a selected row is of no use. What only `where` reads is done with by then."""
    names = {"event_id", "account"} | fields_of(rule.unless)
    if rule.by not in ("actor", "account"):
        names.add(rule.by)
    kind = rule.condition[0]
    if kind == "combination" and any(minimum is not None for minimum in rule.condition[2].values()):
        names.add("quantity")
    if kind == "velocity" and rule.condition[2] is not None:
        names.add(rule.condition[2])
    if kind == "threshold":
        names |= {
            "quantity": {"quantity"},
            "quantity * content": {"quantity", "content", "unit"},
            "amount_minor": {"amount_minor", "currency"},
        }[rule.condition[1]]
    if kind in ("presence", "unusual-day"):
        names |= {"place", "line", "ends_at"}
    if kind == "unusual-day":
        names |= {"action", "vehicle", "device", "product"}
    return names


def _unreadable(name: str) -> str:
    return "unreadable-time" if name == "occurred_at" else f"unreadable-{name}"


def _as_sorted(event: Event) -> tuple[tuple[object, ...], ...]:
    """All mapped fields in the order of the contract, missing or unreadable first."""
    names = sorted(event.values, key=rank)
    return tuple((0,) if event.values[name] is None else (1, event.values[name]) for name in names)


_REASONS = ["no-event-id", "no-account", "no-time", "unreadable-time"]
_LAST = ["no-place", "ends-before", "unknown-currency"]


def _precedence(reason: str) -> tuple[int, tuple[int, str]]:
    if reason in _REASONS:
        return (_REASONS.index(reason), (0, ""))
    if reason in _LAST:
        return (len(_REASONS) + 1 + _LAST.index(reason), (0, ""))
    return (len(_REASONS), rank(reason.removeprefix("unreadable-")))


def _ends(
    events: list[Event], unread: list[Place], selections: list[_Selection]
) -> tuple[dict[str, int], list[tuple[str, int, str]]]:
    """How each row ended over all rules."""
    reasons: dict[Place, list[str]] = {place: ["bad-record"] for place in unread}
    kept: set[Place] = set()
    dropped: set[Place] = set()
    for selection in selections:
        for event, reason in selection.refused:
            reasons.setdefault((event.source, event.number), []).append(reason)
        kept |= {(event.source, event.number) for event in selection.kept}
        dropped |= {(event.source, event.number) for event in selection.dropped}
    quarantined = sorted(
        (source, number, found[0] if found == ["bad-record"] else min(found, key=_precedence))
        for (source, number), found in reasons.items()
    )
    # A row that one rule cannot use is quarantined, even if another could use it.
    kept -= set(reasons)
    # "a row counts as duplicate if every rule that selected it dropped it"
    dropped -= set(reasons) | kept
    rows = {
        "read": len(events) + len(unread),
        "unmatched": len(events) + len(unread) - len(kept) - len(dropped) - len(reasons),
        "accepted": len(kept),
        "duplicates": len(dropped),
        "quarantined": len(reasons),
    }
    return rows, quarantined


# --- From observations to alerts --------------------------------------------------------------------------------


def _seen(
    world: World, rule: Rule, kept: list[Event], actor_of: dict[Account, Account]
) -> dict[Account, list[Observation]]:
    """Whose observations there are, of what was kept; in any order."""
    if rule.condition[0] == "presence":
        reported = [one for one in kept if one.values["kind"] == "incident" and _covered(world, one)]
        incidents = [presence.incident(number, one) for number, one in enumerate(reported)]
        taps = presence.of_accounts(kept)
        return {account: presence.observations(rule, taps[account], incidents) for account in taps}
    if rule.condition[0] == "unusual-day":
        return _days(rule, kept)
    seen: dict[Account, list[Observation]] = {}
    for event in kept:
        observation = Observation(event, _components(world, event), event.name)
        seen.setdefault(_actor(rule, event, actor_of), []).append(observation)
    return seen


def _days(rule: Rule, kept: list[Event]) -> dict[Account, list[Observation]]:
    """Taps; the last of each day decides, where the day holds."""
    holding = unusual.holding(rule, kept)
    seen: dict[Account, list[Observation]] = {}
    for account, taps in presence.of_accounts(kept).items():
        last = {unusual.day(rule, tap): tap for tap in sorted(taps, key=lambda tap: tap.name)}
        for tap in taps:
            day = unusual.day(rule, tap)
            far = frozenset(holding.get(unusual.CardDay(account, day), ())) if tap is last[day] else frozenset()
            made = Observation(tap, frozenset(), tap.name, decides=len(far) > 0, far=far)
            seen.setdefault(account, []).append(made)
    return seen


def _covered(world: World, event: Event) -> bool:
    """Whether one request covers the incident: its place or line is named, and one span holds all of its time."""
    one = presence.incident(0, event)
    return any(
        (one.place in places or one.line in lines)
        and any(begins <= one.begins and one.ends <= ends for begins, ends in spans)
        for places, lines, spans in world.covered
    )


def _attendance(rule: Rule, kept: list[Event]) -> list[int]:
    """The most incidents of one window that each account was at, over all incidents."""
    reported = [one for one in kept if one.values["kind"] == "incident"]
    incidents = [presence.incident(number, one) for number, one in enumerate(reported)]
    most = []
    for taps in presence.of_accounts(kept).values():
        seen = presence.observations(rule, taps, incidents)
        windows = [[o for o in seen[: n + 1] if _inside(rule, o, at)] for n, at in enumerate(seen)]
        most.append(max((counted(rule, window) for window in windows), default=0))
    return presence.told(most)


def _actor(rule: Rule, event: Event, actor_of: dict[Account, Account]) -> Account:
    """ "Where `by` is not actor, that value stands wherever "actor" does" """
    account = (event.namespace, str(event.values["account"]))
    if rule.by == "actor":
        return actor_of[account]
    if rule.by == "account":
        return account
    return ("", str(event.values[rule.by]))


def alerts_of(world: World, rule: Rule, actor: Account, observations: list[Observation]) -> list[Alert]:
    """The alerts of one actor, from the observations in the strict order."""
    hits: list[Observation] = []
    silenced: list[Observation] = []
    windows: dict[Observation, list[Observation]] = {}
    for position, observation in enumerate(observations):
        window = [o for o in observations[: position + 1] if _inside(rule, o, observation)]
        if not holds(rule, window):
            continue
        windows[observation] = window
        events = [o.event for o in window]
        if rule.unless is not None and truth(rule.unless, observation.event, events, rule.zone, world):
            # "silences a hit; silenced hits are counted"
            silenced.append(observation)
        else:
            hits.append(observation)

    episodes: list[list[Observation]] = []
    for hit in hits:
        # "a run of hits, each closer than W to the hit before it (exactly W apart starts a new one)"
        for episode in episodes:
            if _closer(rule, episode[-1], hit):
                episode.append(hit)
                break
        else:
            episodes.append([hit])

    order = {observation: position for position, observation in enumerate(observations)}
    alerts = []
    for episode in episodes:
        first, last = episode[0], episode[-1]
        # Silenced hits of the same episode: after its first hit, and not W or more after its last.
        quiet = [s for s in silenced if order[s] > order[first] and _closer(rule, last, s)]
        proof, latest = evidence(rule, windows[first]), evidence(rule, windows[last])
        alerts.append(
            Alert(
                rule=rule.id,
                actor=actor,
                started_by=first.name,
                ended_by=last.name,
                hits=len(episode),
                silenced=len(quiet),
                counted=counted(rule, windows[first]),
                one_account=len({(o.event.namespace, o.event.values["account"]) for o in proof}) == 1,
                evidence=tuple(o.name for o in proof),
                latest_evidence=tuple(o.name for o in latest),
            )
        )
    return alerts


def _inside(rule: Rule, earlier: Observation, at: Observation) -> bool:
    """Whether an earlier observation is in the window: ``(t - W, t]``, or the same day."""
    if rule.window[0] != "sliding":
        return _day(rule, earlier) == _day(rule, at)
    return at.at - earlier.at < int(rule.window[1])


def _closer(rule: Rule, before: Observation, after: Observation) -> bool:
    """Whether two hits belong to one episode: closer than W, or of one day ("each day its own episode")."""
    if rule.window[0] != "sliding":
        return _day(rule, before) == _day(rule, after)
    return after.at - before.at < int(rule.window[1])


def _day(rule: Rule, observation: Observation) -> date:
    """By what the clock shows: a day of service is as long as that day is where clocks are changed."""
    wall = local(observation.at, rule.zone).replace(tzinfo=None)
    begins = timedelta(microseconds=rule.window[1] if rule.window[0] == "service-day" else 0)
    return (wall - begins).date()

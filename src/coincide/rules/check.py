"""One document of a rule file to a rule and its plan, or to everything that is wrong with it.

Each key is read apart from the others, so that one mistake gives one message and all are found at once; a
:class:`~coincide.rules.plan.Plan` is made only of a rule without a mistake. DESIGN: "Rules".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

from coincide.errors import CoincideError, Where
from coincide.events.event import INCIDENT, KINDS
from coincide.obligations import citation
from coincide.obligations.obligation import Obligation
from coincide.rules import errors, plan, riding
from coincide.rules.context import Context
from coincide.rules.document import Entry, Items, Mapping, Node, Scalar, Text
from coincide.rules.expression import Expression
from coincide.rules.given import read_examples
from coincide.rules.model_file import is_model
from coincide.rules.read import DAY_US, MAX_WINDOW_DAYS, Reader
from coincide.rules.rule import (
    ID_PATTERN,
    KEYS,
    KIND_KEYS,
    LIMIT_KEYS,
    SUMMANDS,
    WINDOW_KEYS,
    Basis,
    Combination,
    Minimum,
    Ratio,
    Rule,
    Sequence,
    Severity,
    Status,
    Threshold,
    Velocity,
)
from coincide.rules.sigma import is_sigma
from coincide.rules.types import check_condition, event_type

KNOWN_BY = ("actor", "account", "organisation")

# What a rule cannot be without, each with what the hint proposes.
REQUIRED = {
    "rule": "rule: its-id",
    "title": "title: what it finds, in one line",
    "status": "status: draft",
    "severity": "severity: medium",
    "why": "why: why this is worth a look",
    "basis": "basis: {purpose: public-safety, law: the provision it rests on}",
    "innocent": "innocent: [an ordinary explanation]",
    "events": "events: purchase",
}
_ID = re.compile(ID_PATTERN)


@dataclass(frozen=True)
class Checked:
    """What a document came to: its id and where that stands, and the rule and plan if nothing is wrong."""

    id: str | None
    where: Where
    rule: Rule | None = None
    plan: plan.Plan | None = None


def check(source: Text, document: Mapping, context: Context, problems: list[CoincideError]) -> Checked:
    """Check one document against ``context``; whatever is wrong is added to ``problems``, those of its file.

    Raises ``TooManyProblems`` when these are enough.
    """
    reader = Reader(source, context, problems)
    sigma = is_sigma(document)
    if sigma is not None:
        # Nothing else is said of it: every key would be unknown and every one of ours missing.
        reader.add(errors.SigmaRule(where=reader.where(sigma)))
        return Checked(None, reader.where(sigma))
    model = is_model(document)
    if model is not None:
        reader.add(errors.ModelRefused(where=reader.where(model)))
        return Checked(None, reader.where(model))
    return _Check(reader, document).done()


class _Check:
    """The reading of one document; ``values`` are those of the rule, the other attributes those of the plan."""

    def __init__(self, reader: Reader, document: Mapping) -> None:
        self.reader = reader
        self.document = document
        self.values: dict[str, Any] = {}
        self.expressions: dict[str, Expression] = {}
        self.width_us: int | None = None
        self.condition: plan.Condition | None = None

    def done(self) -> Checked:
        """Run all checks, in the order of the reference; make rule and plan if none found anything."""
        reader = self.reader
        before = len(reader.problems)
        head = self.document.entries[0].key if self.document.entries else self.document
        reader.mapping("rule", "a rule", self.document, known=KEYS, required=REQUIRED, at=head)
        for check_ in (self.head, self.basis, self.events, self.window, self.kind, self.conditions, self.tests):
            check_()
        entry = self.document.entry("rule")
        where = reader.where(entry.value if entry else head)
        id_ = self.values.get("rule")
        if len(reader.problems) > before:
            return Checked(id_, where)
        return Checked(id_, where, Rule.model_construct(**self.values), self.made())

    def made(self) -> plan.Plan:
        """The plan, from parts that were all found right."""
        assert self.condition is not None
        components = self.values.get("components")
        return plan.Plan(
            rule=self.values["rule"],
            events=self.kinds_of_plan(),
            where=self.expressions.get("where"),
            by=self.values.get("by", "actor"),
            window=self.made_window(),
            zone=self.made_zone(),
            condition=self.condition,
            components=None if components is None else tuple(sorted(components)),
            unless=self.expressions.get("unless"),
            status=self.values["status"],
        )

    def kinds_of_plan(self) -> tuple[str, ...]:
        """Incidents are taken beside the taps wherever a condition is about them."""
        beside = (INCIDENT,) if isinstance(self.condition, plan.Presence | plan.UnusualDay) else ()
        return tuple(sorted({*self.values["events"], *beside}))

    def made_window(self) -> plan.Window:
        if self.width_us is not None:
            return plan.Sliding(self.width_us)
        if self.values["per"] == "service-day":
            return plan.ServiceDay(self.reader.context.journeys.service_day_us)
        return plan.LocalDay()

    def made_zone(self) -> str:
        """Days of service are those of the network, and so are its hours, unless the rule names a zone."""
        of_network = self.values.get("per") == "service-day" or isinstance(self.condition, plan.Presence)
        found: str = self.values.get("zone", self.reader.context.journeys.zone if of_network else "UTC")
        return found

    def put(self, key: str, read: Callable[[str, Node], Any]) -> None:
        """Read the value of ``key``, if it is there, into ``values``."""
        entry = self.document.entry(key)
        if entry is None:
            return
        value = read(key, entry.value)
        if value is not None:
            self.values[key] = value

    # The parts of a rule.

    def head(self) -> None:
        reader = self.reader
        self.put("rule", self.id)
        self.put("title", reader.text)
        self.put("status", lambda key, node: reader.choice(key, node, get_args(Status)))
        self.put("severity", lambda key, node: reader.choice(key, node, get_args(Severity)))
        self.put("why", reader.text)
        self.put("innocent", self.reasons)
        self.put("references", lambda key, node: reader.each(key, node, reader.text))

    def id(self, key: str, node: Node) -> str | None:
        found = self.reader.text(key, node)
        if found is None or (_ID.fullmatch(found) and len(found) <= 63):
            return found
        near = re.sub(r"[^a-z0-9]+", "-", found.lower()).strip("-")
        hint = f"for instance `{near}`" if _ID.fullmatch(near) else None
        self.reader.add(errors.BadName("id of a rule", found, where=self.reader.where(node), hint=hint))
        return None

    def reasons(self, key: str, node: Node) -> tuple[str, ...] | None:
        if isinstance(node, Items) and not node.items:
            self.reader.add(errors.NothingNamed(key, where=self.reader.where(node)))
            return None
        return self.reader.each(key, node, self.reader.text)

    def basis(self) -> None:
        entry = self.document.entry("basis")
        if entry is None:
            return
        required = {"purpose": "purpose: public-safety", "law": "law: the provision it rests on"}
        known = tuple(Basis.model_fields)
        found = self.reader.mapping("basis", "`basis`", entry.value, known=known, required=required, at=entry.key)
        if found is None:
            return
        texts: dict[str, Any] = {
            entry.key.text: self.reader.text(entry.key.text, entry.value)
            for entry in found.entries
            if entry.key.text in known and entry.key.text != "ground"
        }
        letters = self.letters(found)
        if letters is not None:
            texts["ground"] = tuple(letter for letter, _ in letters) or None
        self.obligation(found, texts, letters or [])
        if {"purpose", "law"} <= texts.keys() and None not in texts.values():
            self.values["basis"] = Basis.model_construct(None, **texts)

    def letters(self, basis: Mapping) -> list[tuple[str, Node]] | None:
        """The grounds of a basis, one or a list of them, each with its node; ``None`` where it names none."""
        entry = basis.entry("ground")
        if entry is None:
            return None
        nodes = entry.value.items if isinstance(entry.value, Items) else (entry.value,)
        if not nodes:
            self.reader.add(errors.NothingNamed("ground", where=self.reader.where(entry.value)))
        texts = [(self.reader.text("ground", node), node) for node in nodes]
        found = [(letter, node) for letter, node in texts if letter is not None]
        self.reader.once("ground", found)
        return found

    def obligation(self, basis: Mapping, texts: dict[str, Any], letters: list[tuple[str, Node]]) -> None:
        """What the basis says of obligations, held against them."""
        known = self.reader.context.obligations
        law, named, ground = (basis.entry(key) for key in ("law", "obligation", "ground"))
        if ground is not None and named is None and "obligation" not in self.reader.meant(basis, Basis.model_fields):
            where = self.reader.where(ground.key)
            self.reader.add(errors.MissingKey("obligation", "a `ground`", "obligation: eu-2019-1148", where=where))
        if known is None:
            return
        if law is not None and texts.get("law"):
            for one in known.values():
                if one.rules.may == "none" and citation.named(texts["law"], one):
                    where = self.reader.where(law.value)
                    self.reader.add(errors.NoBasisForRules(one.place, one.rules.because, where=where))
        if named is None or texts.get("obligation") is None:
            return
        where = self.reader.where(named.value)
        meant = known.get(texts["obligation"])
        if meant is None:
            self.reader.add(errors.NoSuchObligation(texts["obligation"], known, where=where))
        elif meant.rules.may == "none":
            self.reader.add(errors.NoBasisForRules(meant.place, meant.rules.because, where=where))
        else:
            self.shown(meant, letters)

    def shown(self, obligation: Obligation, letters: list[tuple[str, Node]]) -> None:
        """A rule supports a ground only where data can show it."""
        by_letter = {ground.letter: ground for ground in obligation.grounds}
        can = [letter for letter, ground in by_letter.items() if ground.shown_by is not None]
        for letter, node in letters:
            where = self.reader.where(node)
            if letter not in by_letter:
                self.reader.add(errors.NoSuchGround(letter, obligation.obligation, by_letter, where=where))
            elif letter not in can:
                self.reader.add(errors.GroundNotShown(by_letter[letter].article, can, where=where))

    def events(self) -> None:
        self.put("events", self.kinds)
        self.put("by", self.by)
        self.put("components", self.filter)

    def kinds(self, key: str, node: Node) -> tuple[str, ...] | None:
        nodes = _items(node)
        if not nodes:
            self.reader.add(errors.NothingNamed(key, where=self.reader.where(node)))
            return None
        named: list[tuple[str, Node]] = []
        for item in nodes:
            kind = self.event_kind(key, item)
            if kind is not None:
                named.append((kind, item))
        self.reader.once(key, named)
        return tuple(kind for kind, _ in named) or None

    def event_kind(self, key: str, node: Node) -> str | None:
        found = self.reader.text(key, node)
        if found is None or found in KINDS:
            return found
        self.reader.add(errors.UnknownKind(found, KINDS, where=self.reader.where(node)))
        return None

    def by(self, key: str, node: Node) -> str | None:
        found = self.reader.text(key, node)
        if found is None or found in KNOWN_BY:
            return found
        where = self.reader.where(node)
        if re.fullmatch(r"link\.[a-z][a-z0-9_-]*", found):
            return found if event_type(found, self.reader.context, where, self.reader.add) else None
        known = {*KNOWN_BY, *(f"link.{kind}" for kind in self.reader.context.link_kinds or ("card",))}
        self.reader.add(errors.UnknownBy(found, known, where=where))
        return None

    def filter(self, key: str, node: Node) -> tuple[str, ...] | None:
        named = self.named(key, node)
        if named is None:
            return None
        self.reader.once(key, named)
        return tuple(name for name, _ in named)

    def named(self, key: str, node: Node) -> list[tuple[str, Node]] | None:
        """The components of a list that is not empty, each with its node."""
        nodes = self.reader.items(key, node)
        if nodes is None:
            return None
        if not nodes:
            self.reader.add(errors.NothingNamed(key, where=self.reader.where(node)))
            return None
        found = [(self.reader.component(key, item), item) for item in nodes]
        return [(name, item) for name, item in found if name is not None]

    def one_of(
        self, what: str, place: str, keys: tuple[str, ...], mapping: Mapping, at: Node, known: Iterable[str]
    ) -> Entry | None:
        """The one entry of several keys; with two of them the second is underlined."""
        entries = [entry for entry in mapping.entries if entry.key.text in keys]
        if not entries:
            if not self.reader.meant(mapping, known).intersection(keys):
                self.reader.add(errors.NoneOfOne(place, keys, where=self.reader.where(at)))
            return None
        if len(entries) > 1:
            found = [entry.key.text for entry in entries]
            self.reader.add(errors.TwoOfOne(what, found, where=self.reader.where(entries[1].key)))
            return None
        return entries[0]

    def window(self) -> None:
        at = self.document.entries[0].key if self.document.entries else self.document
        self.put("zone", self.zone)
        entry = self.one_of("windows", "a rule", WINDOW_KEYS, self.document, at, KEYS)
        if entry is None:
            return
        if entry.key.text == "within":
            most = MAX_WINDOW_DAYS * DAY_US
            self.width_us = self.reader.duration("within", entry.value, most_us=most, most=f"{MAX_WINDOW_DAYS:,} days")
            if self.width_us is not None:
                self.values["within"] = _text(entry)
            return
        self.put("per", lambda key, node: self.reader.choice(key, node, ("day", "service-day")))

    def zone(self, key: str, node: Node) -> str | None:
        found = self.reader.text(key, node)
        if found is None or found == "UTC":
            return found
        known = zones()
        if found in known:
            return found
        self.reader.add(errors.UnknownZone(found, known, where=self.reader.where(node)))
        return None

    def kind(self) -> None:
        at = self.document.entries[0].key if self.document.entries else self.document
        entry = self.one_of("kinds", "a rule", KIND_KEYS, self.document, at, KEYS)
        if entry is None:
            return
        kind = entry.key.text
        components = self.document.entry("components")
        if components is not None and kind in ("combination", "sequence"):
            hint = f"`{kind}` names its components itself: remove `components`"
            where = self.reader.where(components.key)
            self.reader.add(errors.KeyNotTaken("components", f"`{kind}`", where=where, hint=hint))
        match kind:
            case "combination":
                self.combination(entry)
            case "velocity":
                self.velocity(entry)
            case "threshold":
                self.threshold(entry)
            case "ratio":
                self.ratio(entry)
            case "presence" | "unusual-day":
                self.riding(kind, entry)
            case _:
                self.sequence(entry)

    # The kinds.

    def combination(self, entry: Entry) -> None:
        reader = self.reader
        required = {"at_least": "at_least: 2", "of": "of: [one-component, another]"}
        found = reader.mapping(
            "combination", "`combination`", entry.value, known=Combination.model_fields, required=required, at=entry.key
        )
        at_least, of = (found.entry("at_least"), found.entry("of")) if found else (None, None)
        k = reader.count("at_least", at_least.value) if at_least else None
        parts = self.parts(of) if of else None
        if k is None or parts is None or at_least is None or of is None:
            return
        # What is named counts, a name with a mistake too: k is not made wrong by a misspelt component.
        count = len(of.value.items) if isinstance(of.value, Items) else 0
        if k > count:
            reader.add(errors.MoreThanNamed(k, count, where=reader.where(at_least.value)))
            return
        self.condition = plan.Combination(k, tuple(sorted(parts, key=lambda part: part[0])))
        self.values["combination"] = Combination.model_construct(
            at_least=k, of=tuple(n if q is None else {n: Minimum.model_construct(quantity=q)} for n, q in parts)
        )

    def parts(self, of: Entry) -> list[tuple[str, Decimal | None]] | None:
        reader = self.reader
        nodes = reader.items("of", of.value)
        if nodes is None:
            return None
        if not nodes:
            reader.add(errors.NothingNamed("of", where=reader.where(of.value)))
            return None
        found: list[tuple[str, Decimal | None]] = []
        named: list[tuple[str, Node]] = []
        for node in nodes:
            name, minimum = self.part(node)
            if name is not None:
                found.append((name, minimum))
                named.append((name, node.entries[0].key if isinstance(node, Mapping) else node))
        reader.once("of", named)
        return found

    def part(self, node: Node) -> tuple[str | None, Decimal | None]:
        """One of ``of``: a component, or ``{component: {quantity: 2}}``."""
        reader = self.reader
        if not isinstance(node, Mapping):
            return reader.component("of", node), None
        if len(node.entries) != 1:
            reader.wrong("of", "a list of components, each alone or as `{component: {quantity: 2}}`", node)
            return None, None
        entry = node.entries[0]
        name = reader.component("of", entry.key)
        required = {"quantity": "quantity: 2"}
        place = f"`{entry.key.text}`"
        inner = reader.mapping(entry.key.text, place, entry.value, known=("quantity",), required=required)
        quantity = inner.entry("quantity") if inner else None
        if quantity is None:
            return name, None
        minimum = reader.number("quantity", quantity.value)
        if minimum is not None and minimum <= 0:
            reader.add(errors.MinimumNotPositive(entry.key.text, where=reader.where(quantity.value)))
        return name, minimum

    def velocity(self, entry: Entry) -> None:
        reader = self.reader
        known = Velocity.model_fields
        found = reader.mapping(
            "velocity", "`velocity`", entry.value, known=known, required={"at_least": "at_least: 10"}, at=entry.key
        )
        at_least, distinct = (found.entry("at_least"), found.entry("distinct")) if found else (None, None)
        n = reader.count("at_least", at_least.value) if at_least else None
        name = reader.text("distinct", distinct.value) if distinct else None
        if name is not None and distinct is not None:
            event_type(name, reader.context, reader.where(distinct.value), reader.add)
        if n is None:
            return
        self.condition = plan.Velocity(n, name)
        self.values["velocity"] = Velocity.model_construct(at_least=n, distinct=name)

    def threshold(self, entry: Entry) -> None:
        reader = self.reader
        found = reader.mapping(
            "threshold",
            "`threshold`",
            entry.value,
            known=Threshold.model_fields,
            required={"sum": "sum: quantity"},
            at=entry.key,
        )
        if found is None:
            return
        summand = self.summand(found.entry("sum"))
        limit_entry = self.one_of("limits", "`threshold`", LIMIT_KEYS, found, entry.key, Threshold.model_fields)
        limit = reader.number(limit_entry.key.text, limit_entry.value) if limit_entry else None
        unit = self.of_sum("unit", "quantity * content", "unit: kg", summand, found, entry)
        currency = self.of_sum("currency", "amount_minor", "currency: EUR", summand, found, entry)
        if currency is not None and not re.fullmatch("[A-Z]{3}", currency[0]):
            reader.wrong("currency", "an ISO 4217 code such as EUR", currency[1])
            return
        if summand is None or limit is None or limit_entry is None:
            return
        inclusive = limit_entry.key.text == "at_least"
        of, in_ = unit[0] if unit else None, currency[0] if currency else None
        self.condition = plan.Threshold(summand, limit, inclusive, of, in_)
        more_than, at_least = (None, limit) if inclusive else (limit, None)
        self.values["threshold"] = Threshold(sum=summand, more_than=more_than, at_least=at_least, unit=of, currency=in_)

    def summand(self, entry: Entry | None) -> plan.Summand | None:
        if entry is None:
            return None
        found = self.reader.text("sum", entry.value)
        if found is None:
            return None
        for summand in get_args(plan.Summand):
            if re.sub(r"\s*\*\s*", " * ", found) == summand:
                return summand  # type: ignore[no-any-return]  # get_args forgets the literals
        self.reader.add(errors.WrongChoice("sum", found, SUMMANDS, where=self.reader.where(entry.value)))
        return None

    def of_sum(
        self, key: str, needs: str, example: str, summand: str | None, found: Mapping, at: Entry
    ) -> tuple[str, Node] | None:
        """``unit`` or ``currency``: there exactly with the sum that ``needs`` it."""
        entry = found.entry(key)
        if entry is None:
            if summand == needs:
                where = self.reader.where(at.key)
                self.reader.add(errors.MissingKey(key, f"`sum: {needs}`", example, where=where))
            return None
        if summand is not None and summand != needs:
            self.reader.add(errors.KeyNotTaken(key, f"`sum: {summand}`", where=self.reader.where(entry.key)))
            return None
        text = self.reader.text(key, entry.value)
        return None if text is None else (text, entry.value)

    def sequence(self, entry: Entry) -> None:
        reader = self.reader
        required = {"steps": "steps: [first-component, then-another]"}
        found = reader.mapping(
            "sequence", "`sequence`", entry.value, known=Sequence.model_fields, required=required, at=entry.key
        )
        steps, gap = (found.entry("steps"), found.entry("gap")) if found else (None, None)
        gap_us = self.gap(gap) if gap else None
        named = self.named("steps", steps.value) if steps else None
        if steps is None or named is None:
            return
        count = len(steps.value.items) if isinstance(steps.value, Items) else 0
        if count < 2:
            reader.add(errors.TooFewSteps(count, where=reader.where(steps.value)))
            return
        names = tuple(name for name, _ in named)
        self.condition = plan.Sequence(names, gap_us)
        if len(names) == count:
            self.values["sequence"] = Sequence.model_construct(steps=names, gap=_text(gap) if gap else None)

    def gap(self, entry: Entry) -> int | None:
        """At most the window; of a local day at most 25 hours, the longest that days are."""
        window = self.document.entry("within")
        shown = window.value.text if window and isinstance(window.value, Scalar) else ""
        if self.width_us is not None:
            return self.reader.duration("gap", entry.value, most_us=self.width_us, most=f"the window of {shown}")
        if "per" in self.values:
            return self.reader.duration("gap", entry.value, most_us=DAY_US * 25 // 24, most="25 hours in a day")
        most = MAX_WINDOW_DAYS * DAY_US
        return self.reader.duration("gap", entry.value, most_us=most, most=f"{MAX_WINDOW_DAYS:,} days")

    def ratio(self, entry: Entry) -> None:
        reader = self.reader
        required = {"of": "of: refund", "to": "to: purchase", "more_than": "more_than: 0.5", "at_least": "at_least: 10"}
        found = reader.mapping(
            "ratio", "`ratio`", entry.value, known=Ratio.model_fields, required=required, at=entry.key
        )
        if found is None:
            return
        of, to = self.part_of_ratio("of", found), self.part_of_ratio("to", found)
        if of is not None and to is not None:
            self.kinds_of_ratio(of, to)
        limit, least = found.entry("more_than"), found.entry("at_least")
        more_than = reader.number("more_than", limit.value) if limit else None
        if limit is not None and more_than is not None and more_than < 0:
            reader.add(errors.RatioBelowZero(where=reader.where(limit.value)))
            return
        at_least = reader.count("at_least", least.value) if least else None
        if of is None or to is None or more_than is None or at_least is None:
            return
        self.condition = plan.Ratio(of[0], to[0], more_than, at_least)
        self.values["ratio"] = Ratio.model_construct(of=of[0], to=to[0], more_than=more_than, at_least=at_least)

    def riding(self, kind: str, entry: Entry) -> None:
        """The kinds over journeys, which have a file of their own."""
        reader, journeys = self.reader, self.reader.context.journeys
        riding.check_frame(kind, entry, self.document, reader)
        if kind == "presence":
            found = riding.presence(entry, reader)
            if found is not None:
                self.condition, self.values["presence"] = found
            return
        day = riding.unusual_day(
            entry,
            reader,
            doubled_us=journeys.doubled_seconds * 1_000_000,
            longest_us=journeys.longest_ride_minutes * 60_000_000,
            boundaries=reader.context.boundaries,
        )
        if day is not None:
            self.condition, self.values["unusual_day"] = day

    def part_of_ratio(self, key: str, found: Mapping) -> tuple[str, Node] | None:
        entry = found.entry(key)
        kind = self.event_kind(key, entry.value) if entry else None
        return (kind, entry.value) if entry and kind else None

    def kinds_of_ratio(self, of: tuple[str, Node], to: tuple[str, Node]) -> None:
        """Two kinds, and ``events`` names these two: a third would be looked at and never counted."""
        if of[0] == to[0]:
            self.reader.add(errors.RatioToItself(of[0], where=self.reader.where(to[1])))
            return
        events = self.document.entry("events")
        if events is None:
            return
        # Of a list with a mistake in it nobody knows what it was to name.
        named = self.values.get("events", ())
        if len(named) == len(_items(events.value)) and set(named) != {of[0], to[0]}:
            self.reader.add(errors.RatioOfOtherEvents(of[0], to[0], where=self.reader.where(events.value)))

    # Expressions and tests.

    def conditions(self) -> None:
        self.expression("where")
        self.expression("unless")

    def expression(self, key: Literal["where", "unless"]) -> None:
        entry = self.document.entry(key)
        found = self.reader.expression(entry) if entry else None
        if found is None:
            return
        expression, text, locate = found
        check_condition(expression, key, self.reader.context, locate, self.reader.add)
        self.expressions[key] = expression
        self.values[key] = text

    def tests(self) -> None:
        entry = self.document.entry("tests")
        if entry is not None:
            self.values["tests"] = read_examples(self.reader, entry)


def _items(node: Node) -> tuple[Node, ...]:
    """The nodes of a list, or the one that stands alone for a list of itself."""
    return node.items if isinstance(node, Items) else (node,)


def _text(entry: Entry) -> str:
    """A length of time as written, once it was found right."""
    assert isinstance(entry.value, Scalar)
    return " ".join(entry.value.text.split())


def zones() -> frozenset[str]:
    """The names of the IANA time zone database that Coincide comes with: the same on every machine."""
    from importlib.resources import files

    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())

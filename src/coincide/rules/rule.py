"""A rule as its author writes it. These models are the schema; what a rule means is its ``Plan`` alone.

``check`` reads a document into a :class:`Rule` and answers for the sentences that users see; the models here are
built from values that were checked already, and give the JSON Schema (``schema``) and the reference page.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from coincide.events.event import FIELDS, KINDS, STATUSES
from coincide.rules.example import Example
from coincide.rules.feature import NAMES

Status = Literal["draft", "shadow", "live", "retired"]
Severity = Literal["low", "medium", "high", "critical"]
Kind = Literal["combination", "velocity", "threshold", "sequence", "ratio", "presence", "unusual-day"]

KIND_KEYS: tuple[Kind, ...] = get_args(Kind)
WINDOW_KEYS = ("within", "per")
LIMIT_KEYS = ("more_than", "at_least")
EXPRESSION_KEYS = ("where", "unless")
SUMMANDS = ("quantity", "quantity * content", "amount_minor")
MAX_COUNT = 1_000_000

ID_PATTERN = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DURATION_PATTERN = "^[1-9][0-9]* (minute|hour|day|week)s?$"
BY_PATTERN = "^(actor|account|organisation|link\\.[a-z][a-z0-9_-]*)$"

Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
NotNegative = Annotated[Decimal, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]
Positive = Annotated[Decimal, Field(gt=0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
Percent = Annotated[
    Decimal, Field(ge=0, lt=100), WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 100})
]
Duration = Annotated[str, Field(pattern=DURATION_PATTERN)]
Text = Annotated[str, Field(min_length=1)]
Component = Annotated[str, Field(min_length=1)]
EventKind = Annotated[str, WithJsonSchema({"enum": list(KINDS)})]


_EVENTS = {
    "anyOf": [
        {"enum": list(KINDS)},
        {"type": "array", "items": {"enum": list(KINDS)}, "minItems": 1, "uniqueItems": True},
    ]
}


_GROUND = {
    "anyOf": [
        {"type": "string", "pattern": "^[a-z]$"},
        {"type": "array", "items": {"type": "string", "pattern": "^[a-z]$"}, "minItems": 1, "uniqueItems": True},
    ]
}


def _exactly_one(keys: Iterable[str]) -> dict[str, Any]:
    """JSON Schema of a mapping that has exactly one of the keys."""
    return {"oneOf": [{"required": [key]} for key in keys]}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Basis(_Part):
    """The legal ground and purpose."""

    purpose: Text = Field(description="what the rule is for, such as `public-safety`")
    law: Text = Field(description="the provision that the processing rests on")
    authority: Text | None = Field(None, description="who asked for it, if an authority did")
    dpia: Text | None = Field(None, description="where the data protection impact assessment is kept")
    obligation: Text | None = Field(None, description="the obligation to report that its alerts may fall under")
    ground: Annotated[tuple[Text, ...], WithJsonSchema(_GROUND)] | None = Field(
        None, description="only with `obligation`: the letter, or letters, of its grounds that the rule shows"
    )


class Minimum(_Part):
    """What a component must add up to in the window."""

    quantity: Positive = Field(description="the total of `quantity` at which the component is covered; above 0")


class Combination(_Part):
    """Holds where observations of the window cover at least so many of the components."""

    at_least: Count = Field(description="how many of the components; at most as many as are named")
    of: Annotated[tuple[Component | dict[Component, Minimum], ...], Field(min_length=1)] = Field(
        description="the components, each once; `{steel-balls: {quantity: 2}}` asks a minimum total of one"
    )


class Velocity(_Part):
    """Holds where the window has at least so many observations, or so many distinct values of a field."""

    at_least: Count = Field(description="how many observations, or distinct values")
    distinct: Text | None = Field(None, description="an event field whose distinct values are counted instead")


class Threshold(_Part):
    """Holds where the exact sum over the window passes a limit."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, json_schema_extra=_exactly_one(LIMIT_KEYS))

    sum: Literal["quantity", "quantity * content", "amount_minor"] = Field(description="what is added up")
    more_than: Number | None = Field(None, description="the sum must be above this (this or `at_least`)")
    at_least: Number | None = Field(None, description="the sum must be this or above (this or `more_than`)")
    unit: Text | None = Field(
        None, description="only with `quantity * content`, and then needed: the unit of `content`"
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(
        None, description="only with `amount_minor`, and then needed: ISO 4217 code"
    )


class Sequence(_Part):
    """Holds at the observation that completes the steps in their order."""

    steps: Annotated[tuple[Component, ...], Field(min_length=2)] = Field(
        description="components in their order; one may come again"
    )
    gap: Duration | None = Field(
        None, description="each step at most this long after the one before; at most the window"
    )


class Ratio(_Part):
    """Holds where the window has more than so many events of one kind for each event of another.

    `events` names both kinds and no other. It may hold at an event of either kind: a purchase can be the one that
    makes them enough.
    """

    of: EventKind = Field(description="the kind of event that is compared, such as `refund`")
    to: EventKind = Field(description="the kind it is compared to, such as `purchase`")
    more_than: NotNegative = Field(
        description="there must be more than so many `of` for each `to`; with 0.5, more than one for two"
    )
    at_least: Count = Field(description="how many `to` there must be, so that one of one raises nothing")


class Presence(_Part):
    """Holds where an account was there at so many different reported incidents of the window.

    Incidents are events of the kind `incident`. There is a tap at the incident's place, or on its line, or at both
    where it names both (unless `at` says otherwise), from `margin` before it begins to `margin` after it ends. Numbers,
    and what chance alone gives, are free to see; which accounts, only under a recorded request (`coincide request`).
    """

    at_least: Count = Field(description="how many different incidents")
    of: Literal["incidents"] = Field(description="`incidents`")
    margin: Duration = Field(description="how long before and after an incident counts as there; at most 12 hours")
    at: Literal["both", "place", "line"] = Field(
        "both", description="where an incident names place and line: which of them a tap must share"
    )
    usual: Percent | None = Field(
        None,
        description="an incident does not count where the account was there at that time of day on more than this "
        "percentage of the 28 days before: who rides there every morning is no witness",
    )


class UnusualDay(_Part):
    """Holds at the last tap of a day of service that is far in the tail in so many features.

    Ranks are computed and never stored; it is a day that is rated. A day is looked at only where it touches a reported
    incident (same line or place, within an hour), unless `[boundaries]` of the settings says on which ground others
    are; the newest day of a log is not over and raises nothing, nor does today. `events: tap`, `by: account`,
    `per: service-day`.
    """

    at_least: Count = Field(description="how many of the features; at most as many as are named")
    of: Annotated[tuple[Annotated[str, WithJsonSchema({"enum": list(NAMES)})], ...], Field(min_length=1)] = Field(
        description="the features, each once; see the reference of journeys"
    )
    beyond: Percent = Field(
        description="percentage of the days of all accounts of the same product that day that must be lower: 99.9"
    )
    own: Percent | None = Field(
        None,
        description="percentage of the account's own days of the 28 before that must be lower, where there are five",
    )


def _given_schema() -> dict[str, Any]:
    """One event of a test: ``at``, what was bought, and any other field of the contract."""
    properties: dict[str, Any] = {
        "at": {"type": "string", "description": "date or date and time; UTC unless it has an offset"},
        "component": {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": "the component, or several that one item carries",
        },
    }
    for field in FIELDS:
        if field.name in ("event_id", "occurred_at"):
            continue
        type_ = {"text": "string", "time": "string", "whole": "integer"}.get(field.type, "number")
        types = ["string", "number", "null"] if field.type == "text" else [type_, "null"]
        properties[field.name] = {"type": types, "description": field.says}
    properties["kind"] = {"enum": list(KINDS), "description": "default: the first of `events`"}
    properties["status"]["enum"] = [*STATUSES, None]
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": {
            "^link\\.": {"type": ["string", "number", "null"]},
            "^attributes\\.": {"type": ["string", "number", "null"]},
        },
        "additionalProperties": False,
        "required": ["at"],
    }


def _tests_schema() -> dict[str, Any]:
    test = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "description": "the situation, in words"},
            "given": {"type": "array", "items": _given_schema(), "description": "the events, in any order of time"},
            "expect": {
                "type": "string",
                "pattern": "^(no|0|[1-9][0-9]*) alerts?$",
                "description": "`no alert`, `1 alert`, `2 alerts`",
            },
        },
        "additionalProperties": False,
        "required": ["name", "given", "expect"],
    }
    return {"type": "array", "items": test}


class Rule(_Part):
    """One rule: what to look for, why, on which ground, and what is innocent about it."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        defer_build=True,
        serialize_by_alias=True,
        title="A rule of Coincide",
        json_schema_extra={"allOf": [_exactly_one(KIND_KEYS), _exactly_one(WINDOW_KEYS)]},
    )

    rule: Annotated[str, Field(pattern=ID_PATTERN, max_length=63)] = Field(
        description="the id: small letters, digits and hyphens; unique in the workspace; alerts name the rule by it"
    )
    title: Text = Field(description="what it finds, in one line")
    status: Status = Field(
        description="draft: runs when named; shadow: alerts reach no queue; live; retired: never runs"
    )
    severity: Severity = Field(description="how urgent an alert is; says nothing about a person")
    why: Text = Field(description="why this is worth a look")
    basis: Basis = Field(description="the legal ground and purpose")
    innocent: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="ordinary explanations, shown beside every alert; at least one"
    )
    references: tuple[Text, ...] = Field((), description="sources: laws, guidance, articles")
    events: Annotated[tuple[str, ...], WithJsonSchema(_EVENTS)] = Field(
        description="the kind or kinds of event that are looked at: purchase, return, refund, tap, incident"
    )
    where: Text | None = Field(None, description="a condition on one event; events that do not meet it are passed over")
    by: Annotated[str, Field(pattern=BY_PATTERN)] = Field(
        "actor", description="whose events are looked at together: actor, account, organisation, `link.<kind>`"
    )
    within: Duration | None = Field(
        None, description="the window: `30 days` (minutes, hours, days, weeks); a day is 24 hours"
    )
    per: Literal["day", "service-day"] | None = Field(
        None,
        description="instead of `within`: the calendar day of `zone`, or its day of service, which begins at "
        "`[journeys] service_day` of the settings (04:00); each day its own episode",
    )
    zone: Text = Field(
        "UTC",
        description="IANA time zone of local days, `local_hour` and `weekday`; of days of service, unless given, "
        "`[journeys] zone`",
    )
    combination: Combination | None = Field(None, description="kind: so many of these components")
    velocity: Velocity | None = Field(None, description="kind: so many events, or distinct values")
    threshold: Threshold | None = Field(None, description="kind: a sum passes a limit")
    sequence: Sequence | None = Field(None, description="kind: these components in this order")
    ratio: Ratio | None = Field(None, description="kind: too many events of one kind for those of another")
    presence: Presence | None = Field(None, description="kind: there where so many incidents were reported")
    unusual_day: UnusualDay | None = Field(
        None, alias="unusual-day", description="kind: a day of riding far in the tail in so many features"
    )
    components: Annotated[tuple[Component, ...], Field(min_length=1)] | None = Field(
        None, description="velocity, threshold and ratio only: look at events that carry one of these components"
    )
    unless: Text | None = Field(
        None, description="a condition that silences a hit; may use count, sum and distinct of the window"
    )
    tests: Annotated[tuple[Example, ...], WithJsonSchema(_tests_schema())] = Field(
        (), description="events and the number of alerts they must give; run by `coincide rules test`"
    )

    @property
    def kind(self) -> Kind:
        """Which of the kinds of rule this is."""
        return next(kind for kind in KIND_KEYS if getattr(self, kind.replace("-", "_")) is not None)


KEYS: tuple[str, ...] = tuple(part.alias or name for name, part in Rule.model_fields.items())
"""The keys of a rule as they are written."""

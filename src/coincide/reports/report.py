"""The record of a report: what an alert shows, ground by ground, and what is left blank for a person.

A frozen value, and JSON by a published schema (``schema``). It names the party by pseudonym, holds no odds and no grade
of anybody, and is a draft: completing it, approving it and handing it over are acts of people. Its changes are pure
methods that give the next revision; ``service`` keeps them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from coincide.alerts.alert import iso
from coincide.obligations.obligation import Checked, Obligation

VERSION = 1

Shown = Literal["by the data", "not shown by the data"]
Text = Annotated[str, Field(min_length=1)]
Time = Annotated[str, Field(description="ISO 8601, UTC")]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Drafted(_Part):
    """When, and by whose hand, the record was made."""

    at: Time
    by: Text


class CheckedBy(_Part):
    """Who compared the summary of the law with the law, and when."""

    on: date
    by: Text


class Duty(_Part):
    """The obligation as it was when the record was made."""

    id: Text
    title: Text
    law: Text
    article: Text
    source: Text = Field(description="where the law can be read")
    checked: CheckedBy | None = Field(description="null: nobody has compared this summary with the law")
    who: Text = Field(description="who must, or may, report")
    to: Text = Field(description="to whom")
    what: Text = Field(description="what the report must hold, in short")
    deadline: Text = Field(description="in words")
    hours: int | None = Field(description="of the deadline, from the consideration; null where the law names none")
    notice: Literal["allowed", "ask-first", "forbidden"] = Field(description="whether the person may be told")
    notice_because: Text


class Consideration(_Part):
    """The human moment: when who considered the matter to be one for a report, and why. The deadline runs from it."""

    at: Time
    by: Text
    because: Text
    obligation: Text = Field(description="under which it was considered")
    ground: str | None = Field(description="letter of the ground that the person named, if any")


class Alerted(_Part):
    """The alert that the report is drafted from."""

    alert: Text
    rule: Text
    title: Text = Field(description="of the rule")
    fingerprint: Text = Field(description="of the rule's meaning")
    finding: Text = Field(description="what was found, as the alert says it")
    shadow: bool = Field(description="whether the rule was still on trial")


class Party(_Part):
    """Whose events these are, by pseudonym: who that is, a person says."""

    pseudonym: Text
    by: Text = Field(description="what the rule looks at together, such as actor")
    accounts: tuple[Text, ...] = Field(description="pseudonyms of the accounts of the events")
    customer_types: tuple[Text, ...] = Field(description="as the seller classes them, where given")


class Ground(_Part):
    """A ground of the obligation, and what of the data shows it."""

    letter: Text
    article: Text
    says: Text = Field(description="in short, in words of our own")
    shown: Shown
    by: str | None = Field(description="what of the data shows it; null where it is not shown")
    events: tuple[int, ...] = Field(description="numbers of the events that it rests on")


class Good(_Part):
    """Why an event's item is one that the obligation is about."""

    component: Text = Field(description="of the catalog")
    name: Text = Field(description="as the law publishes it")
    annex: Text
    checked: Text = Field(description="whether the list was compared with the Official Journal")


class Event(_Part):
    """One event of a source, as the source gave it."""

    number: Annotated[int, Field(ge=1)]
    proves: tuple[Text, ...] = Field(description="of the alert: first hit, latest hit, or what proves them")
    source: Text
    event_id: Text
    account: Text = Field(description="pseudonym")
    at: Text = Field(description="ISO 8601, local time of `zone` with its offset")
    zone: Text = Field(description="IANA name: of the source, or UTC")
    kind: Text
    status: str | None = Field(description="completed, attempted or refused, as the source gave it; null: not given")
    item: str | None = Field(description="the seller's own article number")
    title: str | None = Field(description="the name that the seller published")
    components: tuple[Text, ...] = Field(description="of the catalog")
    goods: tuple[Good, ...] = Field(description="those of the components that the obligation is about")
    quantity: str | None = Field(description="pieces, an exact decimal")
    content: str | None = Field(description="what one piece holds, in `unit`; an exact decimal")
    unit: str | None
    concentration: str | None = Field(description="as given, from the declared attribute `concentration`")
    customer_type: str | None
    payment_method: str | None


class Blank(_Part):
    """What only a person can say; ``null`` until one has."""

    field: Text
    asks: Text
    value: str | None


class Report(_Part):
    """The whole record."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, title="A report of Coincide, drafted")

    version: Literal[1] = Field(description="of this form")
    report: Text = Field(description="its number: one for an alert and an obligation")
    revision: Annotated[int, Field(ge=1)] = Field(description="from 1; all are kept")
    status: Literal["draft"] = Field(description="a draft is for a person to complete; it has gone to nobody")
    drafted: Drafted
    obligation: Duty
    considered: Consideration | None = Field(description="null until a person has considered the matter")
    due: Time | None = Field(description="until when the report is due; null where no hours run")
    rests_on: Alerted
    party: Party
    grounds: tuple[Ground, ...]
    events: Annotated[tuple[Event, ...], Field(min_length=1)] = Field(description="in the order of their times")
    blanks: Annotated[tuple[Blank, ...], Field(min_length=1)]

    @property
    def name(self) -> str:
        """Number and revision, as people write them."""
        return f"{self.report} (revision {self.revision})"

    def numbered(self, id_: int, revision: int) -> Report:
        """The same record under the number that it is kept by."""
        return self.model_copy(update={"report": f"R-{id_}", "revision": revision})

    def considered_by(self, moment: Consideration | None) -> Report:
        """The same record with the moment from which its deadline runs."""
        until = None if moment is None else due(moment, self.obligation.hours)
        return self.model_copy(update={"considered": moment, "due": until})


def due(moment: Consideration, hours: int | None) -> str | None:
    """Until when a report is due that was considered at the moment."""
    if hours is None:
        return None
    until = datetime.fromisoformat(moment.at) + timedelta(hours=hours)
    return iso((until - _EPOCH) // timedelta(microseconds=1))


def duty(obligation: Obligation) -> Duty:
    """What the record keeps of an obligation: it must be readable when the file has changed."""
    checked = obligation.checked
    return Duty(
        id=obligation.obligation,
        title=obligation.title,
        law=obligation.law,
        article=obligation.article,
        source=obligation.source,
        checked=CheckedBy(on=checked.on, by=checked.by) if isinstance(checked, Checked) else None,
        who=obligation.who,
        to=obligation.to,
        what=obligation.what,
        deadline=obligation.deadline.words,
        hours=obligation.deadline.hours,
        notice=obligation.notice.rule,
        notice_because=obligation.notice.words,
    )

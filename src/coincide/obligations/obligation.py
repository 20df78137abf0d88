"""An obligation: a duty to report, or the liberty to, as data. What a report makes of it is for ``reports``.

Laws are named, summed up in words of our own and pointed at, never copied. Who checked that the summary is right, and
when, is part of the data; ``unchecked`` says that nobody has, and is shown wherever the obligation is.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ID_PATTERN = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
UNCHECKED = "unchecked"

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Letter = Annotated[str, Field(pattern="^[a-z]$")]

BLANKS = ("identity-as-checked", "why-suspicious", "who-reports")
"""What a person says in every report, under whatever obligation."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Checked(_Part):
    """That a person has compared this file with the law."""

    on: date = Field(description="the day, such as 2026-01-31")
    by: Text = Field(description="who")


class Ground(_Part):
    """One circumstance of which the law says that it makes a report due."""

    letter: Letter = Field(description="by which the law, or this file, calls it")
    article: Text = Field(description="where it stands, such as 9(1)(c)")
    says: Text = Field(description="what it says, in short and in words of our own")
    shown_by: Text | None = Field(
        None, description="what of the data can show it; without this key it is not shown by the data"
    )


class Blank(_Part):
    """Something that only a person can say, left blank in the draft."""

    field: Annotated[str, Field(pattern=ID_PATTERN)] = Field(description="its name in the record")
    asks: Text = Field(description="what the person is asked")


class Deadline(_Part):
    """By when the report is due."""

    words: Text = Field(description="the deadline as the law has it, in short")
    hours: Annotated[int, Field(ge=1, le=8_760)] | None = Field(
        None,
        description="hours from the moment at which a person considered the matter; left out where the law names none",
    )


class Notice(_Part):
    """Whether the person concerned may be told of the report."""

    rule: Literal["allowed", "ask-first", "forbidden"] = Field(
        description="`ask-first`: not before the authority was asked"
    )
    words: Text = Field(description="why, in short")


class Rules(_Part):
    """What the obligation means for rules."""

    may: Literal["named", "any", "none"] = Field(
        description="`named`: a rule shows the grounds that its basis names; `any`: whatever rule shows them; `none`: "
        "no rule may name this obligation as its basis"
    )
    because: Text = Field(description="why, with the place in the law")


class Items(_Part):
    """Which goods the obligation is about."""

    file: Text = Field(
        description="CSV with the columns component, name, annex, source, checked; relative to the workspace"
    )
    because: Text = Field(description="the place in the law that says so")


class Obligation(_Part):
    """A duty to report, or the liberty to."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, title="An obligation to report")

    obligation: Annotated[str, Field(pattern=ID_PATTERN, max_length=63)] = Field(
        description="the id: small letters, digits and hyphens"
    )
    title: Text = Field(description="what is reported, in one line")
    law: Text = Field(description="the act, such as Regulation (EU) 2019/1148")
    article: Text = Field(description="the article of it that the duty stands in")
    known_as: tuple[Text, ...] = Field((), description="other names of the act that a rule's `law` may use")
    source: Text = Field(description="where the text is: an address, or a place in the Official Journal")
    checked: Checked | Literal["unchecked"] = Field(
        description="who compared this file with the law and when, as `{on: 2026-01-31, by: NAME}`; or `unchecked`"
    )
    who: Text = Field(description="who must, or may, report")
    to: Text = Field(description="to whom")
    what: Text = Field(description="what the report must hold, in short")
    grounds: tuple[Ground, ...] = Field((), description="the grounds that the law names")
    items: Items | None = Field(None, description="only about certain goods; without an evidenced one no draft is made")
    fields: tuple[Blank, ...] = Field(
        description=f"what a person says; at least {', '.join(f'`{name}`' for name in BLANKS)}"
    )
    deadline: Deadline = Field(description="by when")
    notice: Notice = Field(description="whether the person concerned may be told")
    rules: Rules = Field(description="what it means for rules")

    @model_validator(mode="after")
    def _complete(self) -> Obligation:
        letters = [ground.letter for ground in self.grounds]
        if len(set(letters)) < len(letters):
            raise ValueError("has two grounds of one letter")
        names = [blank.field for blank in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("has two fields of one name")
        missing = [name for name in BLANKS if name not in names]
        if missing:
            raise ValueError(f"lacks the field `{missing[0]}`, which every report leaves to a person")
        return self

    @property
    def place(self) -> str:
        """Act and article, as one cites them."""
        return f"{self.law}, Article {self.article}"

    @property
    def is_checked(self) -> bool:
        """Whether a person has compared it with the law."""
        return isinstance(self.checked, Checked)

    @property
    def letters(self) -> tuple[str, ...]:
        """Of its grounds."""
        return tuple(ground.letter for ground in self.grounds)

"""What can be set: the frozen model behind ``coincide.toml``, every field documented.

Unknown keys are refused: a misspelt key must not be a silent default. Paths are relative to the workspace.
Where values come from (file, environment, flags) is the matter of :mod:`coincide.settings.workspace`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from coincide.settings.preset import Preset, filled

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("a name starts with a small letter and has small letters, digits, `_` and `-` only")
    return value


def _zone(value: str) -> str:
    # Imported here: only a workspace that names a zone pays for it.
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise PydanticCustomError("zone", "unknown time zone") from None
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError("must be a time of day, such as `04:00`")
    return value


def _memory(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(MB|GB)", value):
        raise ValueError("must be a whole number and MB or GB, such as `2GB`")
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"[^\s+\x00-\x20]{1,200}", value):
        raise ValueError("a name of a ledger has no spaces and no plus")
    return value


Name = Annotated[str, AfterValidator(_name)]
Zone = Annotated[str, AfterValidator(_zone)]
Days = Annotated[int, Field(ge=0, le=36_500)]
Columns = Annotated[str | list[str], Field(description="one column, or several that are joined")]


class _Section(BaseModel):
    # Built when first used: what a command never reads costs it nothing, and parts are built once, inside the whole.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Postgres(_Section):
    """A PostgreSQL table or query as a source."""

    uri: str | None = Field(default=None, description="libpq URI without a password; better given by `uri_env`")
    uri_env: str | None = Field(default=None, description="name of the environment variable that holds the libpq URI")
    table: str | None = Field(default=None, description="table or view, `schema.name`")
    query: str | None = Field(default=None, description="one SELECT instead of a table")

    @model_validator(mode="after")
    def _one_of(self) -> Postgres:
        if (self.uri is None) == (self.uri_env is None):
            raise ValueError("give exactly one of `uri` and `uri_env`")
        if (self.table is None) == (self.query is None):
            raise ValueError("give exactly one of `table` and `query`")
        return self


class Source(_Section):
    """One mapped stream of rows."""

    kind: str | None = Field(default=None, description="kind of all rows; leave out if `columns.kind` is mapped")
    files: str | list[str] | None = Field(default=None, description="glob or globs, relative to the workspace")
    format: Literal["parquet", "csv", "ndjson"] | None = Field(
        default=None,
        description="default: by the end of the name (.parquet, .csv, .tsv, .ndjson, .jsonl, also with .gz)",
    )
    postgres: Postgres | None = Field(default=None, description="a PostgreSQL table or query instead of files")
    timezone: Zone | None = Field(default=None, description="IANA zone of times that carry none (refused without it)")
    time_unit: Literal["s", "ms", "us", "ns"] | None = Field(
        default=None, description="unit of times given as whole numbers since 1970"
    )
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="CSV only; a tab for .tsv")
    multiline: bool = Field(default=False, description="CSV only: a quoted field may hold ends of line")
    accounts: Name | None = Field(default=None, description="namespace of the accounts; default: the source's own name")
    preset: Preset | None = Field(
        default=None,
        description="a published format whose columns and values need not be mapped: TIDES fare_transactions",
    )
    columns: dict[str, Columns] = Field(description="core field = your column")
    first_of: list[str] = Field(
        default_factory=list,
        description="fields whose several columns are not joined: the first that has a value gives it",
    )
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description='of a text field: your value = ours, such as `action = {"Entry" = "enter"}`; `""` for nothing. Of '
        "`kind`, `status` and `action` a value that is neither listed nor ours cannot be read, of others it stays",
    )
    missing: list[str] = Field(
        default_factory=list, description='texts that say that nothing is there, such as "NA", beside an empty one'
    )
    anonymous: list[str] = Field(
        default_factory=list,
        description="accounts that stand for nobody in particular, such as a ticket without a number: their rows are "
        "counted and passed over",
    )
    most_taps: Annotated[int, Field(ge=0)] = Field(
        default=1_000,
        description="taps of one account on a day; with more of them, or with a twentieth of 10,000 taps and more, it "
        "looks like an anonymous ticket, and a scan is refused; 0 refuses nothing",
    )
    links: dict[Name, str] = Field(default_factory=dict, description="kind of identifier = your column")
    attributes: dict[Name, str] = Field(default_factory=dict, description="declared attribute = your column")

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, section: Any) -> Any:
        return filled(section) if isinstance(section, dict) and "preset" in section else section

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.files is None) == (self.postgres is None):
            raise ValueError("give exactly one of `files` and `postgres`")
        if (self.kind is None) == ("kind" not in self.columns):
            raise ValueError("give exactly one of `kind` and `columns.kind`")
        return self

    def may_hold(self, *kinds: str) -> bool:
        """Whether there may be events of one of these kinds among its rows."""
        return self.kind is None or self.kind in kinds

    def namespace(self, name: str) -> str:
        """The namespace of the accounts of this source, which is called ``name``."""
        return self.accounts or name


class LinkFile(_Section):
    """Master data that ties accounts to identifiers."""

    files: str | list[str] = Field(description="glob or globs of CSV, NDJSON or Parquet files")
    format: Literal["parquet", "csv", "ndjson"] | None = Field(
        default=None, description="default: by the end of the name"
    )
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="CSV only")
    accounts: Name = Field(description="namespace of the accounts: a source's name or its `accounts`")
    account: str = Field(description="column of the account")
    links: dict[Name, str] = Field(description="kind of identifier = column")


class Catalog(_Section):
    """Items to components."""

    files: str | list[str] = Field(description="CSV with the columns match, value, component")
    most: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.2, description="a title pattern that tags a larger share of 1,000 or more distinct titles is refused"
    )


class Assortment(_Section):
    """What kind of thing each item is: product master data, against which combinations are compared."""

    files: str | list[str] = Field(description="glob or globs of CSV, NDJSON or Parquet files")
    item: str = Field(description="column of the item, as it stands in the events")
    type: str = Field(description="column of the item's type, such as `charcoal`")
    family: str | None = Field(default=None, description="column of what its type belongs to, such as `barbecue`")


class LinkKind(_Section):
    """How far a kind of identifier ties accounts together."""

    strength: Literal["strong", "weak"] = Field(
        default="strong", description="strong joins accounts; weak is only shown"
    )
    cap: Annotated[int, Field(ge=2)] = Field(default=10, description="an identifier of more accounts joins nobody")


DEFAULT_LINK_KINDS: dict[str, LinkKind] = {
    "card": LinkKind(strength="strong", cap=6),
    "device": LinkKind(strength="strong", cap=10),
    "address": LinkKind(strength="weak", cap=10),
}


class Entities(_Section):
    """Accounts to actors."""

    group_limit: Annotated[int, Field(ge=2)] = Field(
        default=20, description="a linked group of more accounts is left as single accounts"
    )
    kinds: dict[Name, LinkKind] = Field(default_factory=dict, description="per kind of identifier")

    def kind(self, name: str) -> LinkKind:
        """What holds for identifiers of the kind ``name``: as set, else the default (strong, cap 10)."""
        return self.kinds.get(name) or DEFAULT_LINK_KINDS.get(name) or LinkKind()

    def tied_by(self, part: Source | LinkFile) -> bool:
        """Whether identifiers of a source, or of master data, can join accounts."""
        return any(self.kind(kind).strength == "strong" for kind in part.links)


class Ledger(_Section):
    """Where the ledger is, and what it is called."""

    folder: str = Field(default=".coincide/ledger", description="folder of the ledger's files")
    key_file: str = Field(default=".coincide/ledger-key", description="file of the ledger's private key, mode 0600")
    origin: Annotated[str, AfterValidator(_origin)] | None = Field(
        default=None,
        description="name of the ledger for verifiers and witnesses, such as `shop.example/ledger`; taken when its "
        "key is made, default: a random one",
    )


class Retention(_Section):
    """For how many days what is over is kept; `coincide retain` takes out what is older.

    How long is for whoever is responsible to say, and to give a reason for (Regulation (EU) 2016/679, Article 5(1)(e);
    unchecked). An undecided alert has no age.
    """

    decided_days: Days = Field(default=730, description="alerts that a person decided, after the decision")
    closed_days: Days = Field(default=90, description="alerts that were withdrawn or superseded, after that")
    report_days: Days = Field(
        default=1095,
        description="reports of such alerts, after the newest draft or consideration; the alert is kept with them",
    )
    quarantine_days: Days = Field(default=90, description="the places of rows in quarantine, after they were read")
    suppression_days: Days = Field(default=365, description="suppressions, after their date")
    commitment_days: Days = Field(
        default=1095, description="what opens the commitments of entries in the ledger, after the entry"
    )
    scan_days: Days = Field(default=365, description="what is said of scans that no alert refers to")


class Attribute(_Section):
    """A field of the user's own, usable in rules once a person has reviewed it."""

    type: Literal["text", "number"] = Field(default="text", description="how rules read it")
    reviewed_by: str | None = Field(default=None, description="who found the attribute fit for use in rules")
    reviewed_on: date | None = Field(default=None, description="when that was, such as 2025-03-01")


class Doctor(_Section):
    """What `coincide doctor --history` compares, and from where on it is a finding."""

    timezone: Zone | None = Field(
        default=None, description="IANA zone whose days are counted; default: the source's own `timezone`, else UTC"
    )
    weeks: Annotated[int, Field(ge=4, le=520)] = Field(
        default=8, description="weeks of the past that are compared with"
    )
    recent_days: Annotated[int, Field(ge=1, le=366)] = Field(
        default=7, description="newest days of a source that are compared with the weeks before them"
    )
    least_days: Annotated[int, Field(ge=7, le=366)] = Field(
        default=14, description="a source with fewer days of history is not judged by its rhythm"
    )
    grace_days: Annotated[int, Field(ge=0, le=366)] = Field(
        default=1, description="days without any row that are never late, because files come later than what is in them"
    )
    grace: dict[Name, Annotated[int, Field(ge=0, le=366)]] = Field(
        default_factory=dict, description="the same by source, where it is not `grace_days`"
    )
    fewer_percent: Annotated[int, Field(ge=0, le=99)] = Field(
        default=50, description="a day with this share of its usual rows, or less, has too few"
    )
    more_percent: Annotated[int, Field(ge=101)] = Field(
        default=200, description="a day with this share of its usual rows, or more, has too many"
    )
    missing_points: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10, description="points of percent by which the share of missing values of a column may grow"
    )
    unreadable_points: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="points of percent by which the share of unreadable values of a column may grow"
    )
    catalog_percent: Annotated[int, Field(ge=0, le=99)] = Field(
        default=50, description="the share of rows whose item the catalog knows may fall to this part of what it was"
    )
    heartbeat_days: Annotated[int, Field(ge=1, le=3660)] = Field(
        default=28, description="days in which a rule should match anything at all"
    )


class Journeys(_Section):
    """How taps become journeys, and when a day of service begins."""

    zone: Zone = Field(default="UTC", description="IANA zone of the network: whose clock days and hours are told by")
    service_day: Annotated[str, AfterValidator(_clock)] = Field(
        default="04:00", description="local time at which a day of service begins; trips over midnight belong together"
    )
    doubled_seconds: Annotated[int, Field(ge=0, le=600)] = Field(
        default=10, description="a tap of the same token at the same device within so many seconds is the same tap"
    )
    longest_ride_minutes: Annotated[int, Field(ge=1, le=1_440)] = Field(
        default=180, description="an exit later than this after an entrance does not end its ride"
    )

    @property
    def service_day_us(self) -> int:
        """Microseconds from local midnight to the beginning of a day of service."""
        hours, minutes = self.service_day.split(":")
        return (int(hours) * 60 + int(minutes)) * 60_000_000


class Boundaries(_Section):
    """On which ground unusual days are looked for where no incident was reported. Every such alert says it.

    Without this section a day of riding is looked at only where it touches a reported incident: same line or place,
    at the same time (Regulation (EU) 2016/679, Article 5(1)(b) and (c), and Article 35 on the assessment; unchecked).
    """

    purpose: Annotated[str, Field(min_length=1)] = Field(description="what days are looked for that are unusual")
    law: Annotated[str, Field(min_length=1)] = Field(description="the provision that this rests on")
    dpia: Annotated[str, Field(min_length=1)] = Field(description="where the data protection impact assessment is kept")


class Odds(_Section):
    """What odds are set beside."""

    capacity: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="alerts a day that people can read, of all rules; `backtest` compares the load with it",
    )


class Network(_Section):
    """The stops and lines that taps name. Without this section features that need stops in order are left out."""

    gtfs: str = Field(description="GTFS feed, a zip file or a folder, relative to the workspace")
    line: Literal["route_id", "route_short_name"] = Field(
        default="route_id", description="column of the feed's routes.txt that the taps' `line` holds"
    )


class Requests(_Section):
    """How wide a recorded request may be, and how long it holds.

    A request is ground to show who was present at reported incidents; it should be no wider than these (Regulation (EU)
    2016/679, Article 5(1)(c); Directive (EU) 2016/680, Article 4(1)(c); unchecked).
    """

    days: Annotated[int, Field(ge=1, le=180)] = Field(
        default=30, description="days after which a request expires, where it does not say"
    )
    most_places: Annotated[int, Field(ge=1, le=500)] = Field(
        default=50, description="places and lines that one request may name"
    )
    most_hours: Annotated[int, Field(ge=1, le=8_784)] = Field(
        default=744, description="hours that the spans of one request may cover together"
    )
    shared_login: bool = Field(
        default=False, description="staff share one login, so that names alone tell who made a request and who confirms"
    )


class Settings(_Section):
    """All settings of a workspace."""

    sources: dict[Name, Source] = Field(default_factory=dict, description="where rows come from, by name")
    links: dict[Name, LinkFile] = Field(default_factory=dict, description="master data of accounts, by name")
    catalog: Catalog | None = Field(default=None, description="which item is which component")
    assortment: Assortment | None = Field(default=None, description="which item is of which type")
    entities: Entities = Field(default=Entities(), description="how accounts become actors")
    attributes: dict[Name, Attribute] = Field(default_factory=dict, description="fields of your own, by name")
    ledger: Ledger = Field(default=Ledger(), description="where it is kept who did what")
    doctor: Doctor = Field(default=Doctor(), description="what `doctor --history` compares")
    odds: Odds = Field(default=Odds(), description="what odds are set beside")
    journeys: Journeys = Field(default=Journeys(), description="how taps become journeys")
    boundaries: Boundaries | None = Field(
        default=None, description="on which ground unusual days are looked for where no incident was reported"
    )
    retention: Retention = Field(default=Retention(), description="how long what is over is kept")
    network: Network | None = Field(default=None, description="stops and lines of taps")
    requests: Requests = Field(default=Requests(), description="how wide a recorded request may be")
    rules: list[str] = Field(default_factory=lambda: ["rules/*.yaml"], description="globs of rule files")
    lists: str = Field(default="lists/*.csv", description="glob of managed lists; a list is named after its file")
    obligations: str = Field(
        default="obligations/*.yaml", description="glob of obligations to report, beside those that Coincide brings"
    )
    packs: list[str] = Field(default_factory=list, description="rule packs by name; `coincide packs` lists them")
    statuses: dict[Name, Literal["draft", "shadow", "live", "retired"]] = Field(
        default_factory=dict,
        description="what a person made of rules of packs: rule = draft, shadow, live or retired; default: as shipped",
    )
    key_file: str = Field(default=".coincide/key", description="file of the pseudonym key, mode 0600")
    memory: Annotated[str, AfterValidator(_memory)] = Field(
        default="2GB", description="what DuckDB may use, such as 2GB or 500MB"
    )
    threads: Annotated[int, Field(ge=1)] | None = Field(default=None, description="default: all cores")

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of the accounts that sources name; a source of incidents mostly names none."""
        return frozenset(source.namespace(name) for name, source in self.sources.items() if "account" in source.columns)

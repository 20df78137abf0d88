"""The tables, as SQLAlchemy Core metadata. What is in them is the matter of the parts above.

Times are whole microseconds since 1970 in UTC. Accounts, actors and identifiers are pseudonyms; the only
column with an identifier is ``pseudonym.sealed``, which is encrypted. No column grades a person. A change
here needs a revision in ``migrations/versions``; a test compares the two. DESIGN: "Events", "Rules", "How
it runs".
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""64 bits in both databases; in SQLite the primary key is then the row's own number."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

scan = Table(
    "scan",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("scope", Text, nullable=False, comment="which rules and sources the run covered"),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger, nullable=False),
    Column("command", JSON, nullable=False),
    Column("run", JSON, nullable=False, comment="read, unmatched, accepted, duplicates, quarantined of this run"),
    Column("totals", JSON, nullable=False, comment="the same of the workspace after the run"),
    Column("versions", JSON, nullable=False, comment="entities, catalog, lists, mapping"),
)

segment = Table(
    "segment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False, comment="relative to the state folder"),
    Column("rows", BigInteger, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the file, hexadecimal"),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("kind IN ('observation', 'quarantine')", name="kind"),
)

file = Table(
    "file",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column(
        "racy",
        Boolean(create_constraint=False),
        nullable=False,
        comment="as new as its reading: size and time prove nothing",
    ),
    Column("read", BigInteger, nullable=False),
    Column("unmatched", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("first_at", BigInteger, comment="earliest time of its selected rows"),
    Column("last_at", BigInteger, comment="latest time of its selected rows"),
    Column("quarantine", Text, ForeignKey("segment.id"), comment="segment of its quarantined rows"),
)

tally = Table(
    "tally",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("rule", Text, primary_key=True, comment="whose observations; empty for duplicates"),
    Column("day", Integer, primary_key=True, autoincrement=False, comment="days since 1970 in UTC"),
    Column("rows", BigInteger, nullable=False),
)

rule_version = Table(
    "rule_version",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("text", Text, nullable=False, comment="the latest text of the rule that had this meaning"),
    Column("sentence", Text, nullable=False, comment="the plan in plain English"),
    Column("innocent", JSON, nullable=False, comment="innocent explanations, as the author listed them"),
    Column("first_seen", BigInteger, nullable=False),
    Column("git_commit", Text, comment="the last change of the rule's file, when a scan first ran this meaning"),
    Column("git_author", Text, comment="the name of who wrote it, no address"),
    Column("git_dirty", Boolean(create_constraint=False), comment="the file had been edited since"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False, comment="shown as A-12, for ever"),
    Column("rule", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("shadow", Boolean(create_constraint=False), nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, comment="of the latest change"),
    Column("superseded_by", NUMBER, ForeignKey("alert.id")),
    Column("linked_to", NUMBER, ForeignKey("alert.id")),
    Column("actor_kind", Text, nullable=False, comment="the rule's `by`"),
    Column("actor", Text, nullable=False, comment="pseudonym"),
    Column("first_at", BigInteger, nullable=False, comment="these four name the first hit"),
    Column("source", Text, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("started_account", Text, nullable=False),
    Column("last_at", BigInteger, nullable=False, comment="these four name the last hit"),
    Column("last_source", Text, nullable=False),
    Column("ended_by", Text, nullable=False),
    Column("ended_account", Text, nullable=False),
    Column("hits", BigInteger, nullable=False),
    Column("silenced", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Column("one_account", Boolean(create_constraint=False), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("latest_evidence", JSON, nullable=False),
    Column("because", Text, nullable=False),
    Column("versions", JSON, nullable=False),
    Column(
        "amendment",
        JSON(none_as_null=True),
        comment="what would be found now, where it differs from what was decided",
    ),
    Column("opened_in", NUMBER, ForeignKey("scan.id"), nullable=False),
    Column("changed_in", NUMBER, ForeignKey("scan.id"), nullable=False),
    Column("disposition", Text),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Column("decided_because", Text),
    Column("erased_at", BigInteger, comment="since when whom it was about is gone; its number, rule and end stay"),
    CheckConstraint("status IN ('open', 'decided', 'superseded', 'withdrawn')", name="status"),
    CheckConstraint("disposition IN ('benign', 'inconclusive', 'suspicious')", name="disposition"),
    Index(None, "status", "first_at", "id"),
    Index(None, "first_at", "id"),
    Index(None, "rule", "status", "actor"),
    Index(None, "rule", "started_account"),
)

alert_change = Table(
    "alert_change",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("alert", NUMBER, ForeignKey("alert.id"), nullable=False),
    Column("scan", NUMBER, ForeignKey("scan.id"), comment="NULL: a person did it"),
    Column("by", Text, comment="NULL: a scan did it"),
    Column("at", BigInteger, nullable=False),
    Column("change", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", JSON, nullable=False, comment="the fields that changed, as they were"),
    Index(None, "alert", "id"),
)

entity_version = Table(
    "entity_version",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("account", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("version", NUMBER, ForeignKey("entity_version.number"), nullable=False, comment="since when it is known"),
    Index(None, "actor"),
)

group_left_single = Table(
    "group_left_single",
    metadata,
    Column("pseudonym", Text, primary_key=True, comment="of the group's first account"),
    Column("accounts", BigInteger, nullable=False),
)

generic_identifier = Table(
    "generic_identifier",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("pseudonym", Text, primary_key=True),
    Column("accounts", BigInteger, nullable=False),
)

separation = Table(
    "separation",
    metadata,
    Column("account_a", Text, primary_key=True, comment="the smaller of the two pseudonyms"),
    Column("account_b", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
)

pseudonym = Table(
    "pseudonym",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("namespace", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("until", BigInteger, nullable=False, comment="episodes that end before it do not open"),
    Column("because", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

report = Table(
    "report",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False, comment="shown as R-3: of one alert and obligation"),
    Column("revision", Integer, primary_key=True, autoincrement=False, comment="from 1; every one is kept"),
    Column("alert", NUMBER, ForeignKey("alert.id"), nullable=False),
    Column("obligation", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("drafted_at", BigInteger, nullable=False),
    Column("drafted_by", Text, nullable=False),
    Column("document", JSON, nullable=False, comment="the record, as its schema says; parties are pseudonyms"),
    Column("erased_at", BigInteger, comment="since when the record is gone; the other columns stay"),
    CheckConstraint("status IN ('draft')", name="status"),
    Index(None, "alert", "obligation"),
)

consideration = Table(
    "consideration",
    metadata,
    Column(
        "id", NUMBER, primary_key=True, autoincrement=True, comment="the first of an alert is the moment that counts"
    ),
    Column("alert", NUMBER, ForeignKey("alert.id"), nullable=False),
    Column("obligation", Text, nullable=False),
    Column("ground", Text, comment="letter of a ground of the obligation"),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("because", Text, nullable=False),
    Index(None, "alert", "id"),
)

request = Table(
    "request",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False, comment="shown as Q-2, for ever"),
    Column("asker", Text, nullable=False),
    Column("reference", Text, nullable=False, comment="of whoever asks"),
    Column("offence", Text, nullable=False),
    Column("law", Text, nullable=False, comment="the legal basis, as a person gave it"),
    Column("places", JSON, nullable=False, comment="stops, as the events name them"),
    Column("lines", JSON, nullable=False),
    Column("spans", JSON, nullable=False, comment="pairs of times"),
    Column("note", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_login", Text, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("answer", Text, comment="of a second person; NULL: none yet"),
    Column("answered_by", Text),
    Column("answered_login", Text),
    Column("answered_at", BigInteger),
    Column("answered_because", Text),
    Column("ended_by", Text),
    Column("ended_login", Text),
    Column("ended_at", BigInteger),
    Column("ended_because", Text),
    CheckConstraint("asker IN ('authority', 'own-security')", name="asker"),
    CheckConstraint("answer IN ('confirmed', 'refused')", name="answer"),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True, comment="the order in which entries are logged"),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="canonical JSON, until it is in the ledger's files"),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False, comment="always 1"),
    Column("size", BigInteger, nullable=False, comment="entries known to be in the ledger's files"),
    Column("root", LargeBinary, nullable=False, comment="root hash of these"),
    Column("last_at", BigInteger, nullable=False, comment="time of the newest entry, logged or not"),
    CheckConstraint("id = 1", name="one"),
)

ledger_salt = Table(
    "ledger_salt",
    metadata,
    Column("commitment", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("pseudonym", Text, nullable=False, comment="whose identifier was committed to; its seal is the datum"),
    Column("at", BigInteger, nullable=False, comment="time of the entry"),
    Index(None, "pseudonym"),
)

title_tag = Table(
    "title_tag",
    metadata,
    Column("title", Text, primary_key=True),
    Column("component", Text, primary_key=True),
    Column("pattern", Text, nullable=False, comment="of the catalog, on which it rests"),
    Column("catalog", Text, nullable=False, comment="version of the catalog that says so"),
    Column("first_at", BigInteger, nullable=False, comment="when a scan first found it tagged so"),
)

rule_odds = Table(
    "rule_odds",
    metadata,
    Column("fingerprint", Text, primary_key=True, comment="of the plan: odds are of a meaning, not of a name"),
    Column("at", BigInteger, primary_key=True, autoincrement=False, comment="when the backtest ran"),
    Column("rule", Text, nullable=False),
    Column("document", JSON, nullable=False, comment="counts alone: no row, no actor, no time of one"),
)

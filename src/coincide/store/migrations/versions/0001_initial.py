"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing to 0001."""
    op.create_table(
        "tally",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False, comment="whose observations; empty for duplicates"),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False, comment="days since 1970 in UTC"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "rule", "day", name=op.f("pk_tally")),
    )
    op.create_table(
        "entity_version",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entity_version")),
    )
    op.create_table(
        "generic_identifier",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "pseudonym", name=op.f("pk_generic_identifier")),
    )
    op.create_table(
        "group_left_single",
        sa.Column("pseudonym", sa.Text(), nullable=False, comment="of the group's first account"),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_group_left_single")),
    )
    op.create_table(
        "pseudonym",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_pseudonym")),
    )
    op.create_table(
        "rule_version",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="the latest text of the rule that had this meaning"),
        sa.Column("sentence", sa.Text(), nullable=False, comment="the plan in plain English"),
        sa.Column("innocent", sa.JSON(), nullable=False, comment="innocent explanations, as the author listed them"),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "fingerprint", name=op.f("pk_rule_version")),
    )
    op.create_table(
        "scan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="which rules and sources the run covered"),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column(
            "run",
            sa.JSON(),
            nullable=False,
            comment="read, unmatched, accepted, duplicates, quarantined of this run",
        ),
        sa.Column("totals", sa.JSON(), nullable=False, comment="the same of the workspace after the run"),
        sa.Column("versions", sa.JSON(), nullable=False, comment="entities, catalog, lists, mapping"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
    )
    op.create_table(
        "segment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="relative to the state folder"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the file, hexadecimal"),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('observation', 'quarantine')", name=op.f("ck_segment_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
    )
    op.create_table(
        "separation",
        sa.Column("account_a", sa.Text(), nullable=False, comment="the smaller of the two pseudonyms"),
        sa.Column("account_b", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_a", "account_b", name=op.f("pk_separation")),
    )
    op.create_table(
        "suppression",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="episodes that end before it do not open"),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "actor", name=op.f("pk_suppression")),
    )
    op.create_table(
        "alert",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="shown as A-12, for ever",
        ),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="of the latest change"),
        sa.Column("superseded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("linked_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False, comment="the rule's `by`"),
        sa.Column("actor", sa.Text(), nullable=False, comment="pseudonym"),
        sa.Column("first_at", sa.BigInteger(), nullable=False, comment="these four name the first hit"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_account", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False, comment="these four name the last hit"),
        sa.Column("last_source", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("ended_account", sa.Text(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("silenced", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("one_account", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("latest_evidence", sa.JSON(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column(
            "amendment",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="what would be found now, where it differs from what was decided",
        ),
        sa.Column("opened_in", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("changed_in", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "disposition IN ('benign', 'inconclusive', 'suspicious')", name=op.f("ck_alert_disposition")
        ),
        sa.CheckConstraint("status IN ('open', 'decided', 'superseded', 'withdrawn')", name=op.f("ck_alert_status")),
        sa.ForeignKeyConstraint(["changed_in"], ["scan.id"], name=op.f("fk_alert_changed_in_scan")),
        sa.ForeignKeyConstraint(["linked_to"], ["alert.id"], name=op.f("fk_alert_linked_to_alert")),
        sa.ForeignKeyConstraint(["opened_in"], ["scan.id"], name=op.f("fk_alert_opened_in_scan")),
        sa.ForeignKeyConstraint(["superseded_by"], ["alert.id"], name=op.f("fk_alert_superseded_by_alert")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_first_at_id"), "alert", ["first_at", "id"], unique=False)
    op.create_index(op.f("ix_alert_rule_started_account"), "alert", ["rule", "started_account"], unique=False)
    op.create_index(op.f("ix_alert_rule_status_actor"), "alert", ["rule", "status", "actor"], unique=False)
    op.create_index(op.f("ix_alert_status_first_at_id"), "alert", ["status", "first_at", "id"], unique=False)
    op.create_table(
        "file",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("racy", sa.Boolean(), nullable=False, comment="as new as its reading: size and time prove nothing"),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("unmatched", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=True, comment="earliest time of its selected rows"),
        sa.Column("last_at", sa.BigInteger(), nullable=True, comment="latest time of its selected rows"),
        sa.Column("quarantine", sa.Text(), nullable=True, comment="segment of its quarantined rows"),
        sa.ForeignKeyConstraint(["quarantine"], ["segment.id"], name=op.f("fk_file_quarantine_segment")),
        sa.PrimaryKeyConstraint("scope", "source", "path", name=op.f("pk_file")),
    )
    op.create_table(
        "membership",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="since when it is known",
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["entity_version.number"], name=op.f("fk_membership_version_entity_version")
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_actor"), "membership", ["actor"], unique=False)
    op.create_table(
        "alert_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("alert", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "scan",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: a person did it",
        ),
        sa.Column("by", sa.Text(), nullable=True, comment="NULL: a scan did it"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False, comment="the fields that changed, as they were"),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_alert_change_alert_alert")),
        sa.ForeignKeyConstraint(["scan"], ["scan.id"], name=op.f("fk_alert_change_scan_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_change")),
    )
    op.create_index(op.f("ix_alert_change_alert_id"), "alert_change", ["alert", "id"], unique=False)

"""Reports by revisions, and the moments at which people considered an alert to be one for a report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From 0002 to 0003."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "report",
        sa.Column(
            "id", number, autoincrement=False, nullable=False, comment="shown as R-3: of one alert and obligation"
        ),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="from 1; every one is kept"),
        sa.Column("alert", number, nullable=False),
        sa.Column("obligation", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.BigInteger(), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column(
            "document", sa.JSON(), nullable=False, comment="the record, as its schema says; parties are pseudonyms"
        ),
        sa.CheckConstraint("status IN ('draft')", name=op.f("ck_report_status")),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_report_alert_alert")),
        sa.PrimaryKeyConstraint("id", "revision", name=op.f("pk_report")),
    )
    op.create_index(op.f("ix_report_alert_obligation"), "report", ["alert", "obligation"])
    op.create_table(
        "consideration",
        sa.Column(
            "id",
            number,
            autoincrement=True,
            nullable=False,
            comment="the first of an alert is the moment that counts",
        ),
        sa.Column("alert", number, nullable=False),
        sa.Column("obligation", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=True, comment="letter of a ground of the obligation"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_consideration_alert_alert")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consideration")),
    )
    op.create_index(op.f("ix_consideration_alert_id"), "consideration", ["alert", "id"])

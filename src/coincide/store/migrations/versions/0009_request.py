"""Recorded requests: on whose word it may be seen who was present."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """From 0008 to 0009."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "request",
        sa.Column("id", number, autoincrement=False, nullable=False, comment="shown as Q-2, for ever"),
        sa.Column("asker", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False, comment="of whoever asks"),
        sa.Column("offence", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False, comment="the legal basis, as a person gave it"),
        sa.Column("places", sa.JSON(), nullable=False, comment="stops, as the events name them"),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False, comment="pairs of times"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_login", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True, comment="of a second person; NULL: none yet"),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_login", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_because", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_login", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.CheckConstraint("asker IN ('authority', 'own-security')", name=op.f("ck_request_asker")),
        sa.CheckConstraint("answer IN ('confirmed', 'refused')", name=op.f("ck_request_answer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )

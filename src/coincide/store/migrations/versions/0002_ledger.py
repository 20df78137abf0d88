"""Entries on their way into the ledger, how far it is, and the salts of its commitments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """From 0001 to 0002."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ledger_entry",
        sa.Column("id", number, autoincrement=True, nullable=False, comment="the order in which entries are logged"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "content", sa.LargeBinary(), nullable=False, comment="canonical JSON, until it is in the ledger's files"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", number, autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="entries known to be in the ledger's files"),
        sa.Column("root", sa.LargeBinary(), nullable=False, comment="root hash of these"),
        sa.Column("last_at", sa.BigInteger(), nullable=False, comment="time of the newest entry, logged or not"),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_salt",
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column(
            "pseudonym",
            sa.Text(),
            nullable=False,
            comment="whose identifier was committed to; its seal is the datum",
        ),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_ledger_salt")),
    )
    op.create_index(op.f("ix_ledger_salt_pseudonym"), "ledger_salt", ["pseudonym"])

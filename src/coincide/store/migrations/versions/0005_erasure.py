"""Alerts that were erased but for their number, and the age of what opens a commitment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """From 0004 to 0005."""
    with op.batch_alter_table("alert") as alert:
        alert.add_column(
            sa.Column(
                "erased_at",
                sa.BigInteger(),
                nullable=True,
                comment="since when whom it was about is gone; its number, rule and end stay",
            )
        )
    with op.batch_alter_table("ledger_salt") as salt:
        salt.add_column(sa.Column("at", sa.BigInteger(), nullable=True, comment="time of the entry"))
    # Of those that are there the time is not known: they are at most as new as the newest entry.
    op.execute(sa.text("UPDATE ledger_salt SET at = (SELECT last_at FROM ledger_head WHERE id = 1)"))
    with op.batch_alter_table("ledger_salt") as salt:
        salt.alter_column("at", existing_type=sa.BigInteger(), nullable=False)

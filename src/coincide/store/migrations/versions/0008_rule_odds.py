"""Odds of rules, as backtests found them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """From 0007 to 0008."""
    op.create_table(
        "rule_odds",
        sa.Column(
            "fingerprint", sa.Text(), nullable=False, comment="of the plan: odds are of a meaning, not of a name"
        ),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False, comment="when the backtest ran"),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False, comment="counts alone: no row, no actor, no time of one"),
        sa.PrimaryKeyConstraint("fingerprint", "at", name=op.f("pk_rule_odds")),
    )

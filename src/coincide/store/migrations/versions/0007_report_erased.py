"""Reports whose record was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """From 0006 to 0007."""
    with op.batch_alter_table("report") as report:
        report.add_column(
            sa.Column(
                "erased_at",
                sa.BigInteger(),
                nullable=True,
                comment="since when the record is gone; the other columns stay",
            )
        )

"""Titles that carry a component, as scans found them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """From 0005 to 0006."""
    op.create_table(
        "title_tag",
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False, comment="of the catalog, on which it rests"),
        sa.Column("catalog", sa.Text(), nullable=False, comment="version of the catalog that says so"),
        sa.Column("first_at", sa.BigInteger(), nullable=False, comment="when a scan first found it tagged so"),
        sa.PrimaryKeyConstraint("title", "component", name=op.f("pk_title_tag")),
    )

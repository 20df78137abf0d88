"""Where a rule comes from: commit and author of its file's last change, as far as git knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """From 0003 to 0004."""
    op.add_column(
        "rule_version",
        sa.Column(
            "git_commit",
            sa.Text(),
            nullable=True,
            comment="the last change of the rule's file, when a scan first ran this meaning",
        ),
    )
    op.add_column(
        "rule_version",
        sa.Column("git_author", sa.Text(), nullable=True, comment="the name of who wrote it, no address"),
    )
    op.add_column(
        "rule_version",
        sa.Column(
            "git_dirty",
            sa.Boolean(create_constraint=False),
            nullable=True,
            comment="the file had been edited since",
        ),
    )

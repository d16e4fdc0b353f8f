"""What a tool found, in a few words for people, kept with its message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chat_messages", sa.Column("summary", sa.String()))


def downgrade() -> None:
    op.drop_column("chat_messages", "summary")

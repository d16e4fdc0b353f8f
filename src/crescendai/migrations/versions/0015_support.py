"""What the claims of an answer rest on, and how many of them held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chat_messages", sa.Column("supported_ratio", sa.Double()))
    op.add_column("chat_messages", sa.Column("support", sa.JSON()))


def downgrade() -> None:
    op.drop_column("chat_messages", "support")
    op.drop_column("chat_messages", "supported_ratio")

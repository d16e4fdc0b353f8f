"""The language in which a person is answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_contexts", sa.Column("language", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("user_contexts", "language")

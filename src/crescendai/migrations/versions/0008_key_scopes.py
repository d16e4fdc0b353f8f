"""API keys with scopes, an end, and the time of their last use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TIMES = ("expires_at", "revoked_at", "last_used_at")


def upgrade() -> None:
    everything = "admin library read write"  # what a key was allowed before there were scopes
    op.add_column(
        "api_keys", sa.Column("scopes", sa.String(), nullable=False, server_default=everything)
    )
    for name in _TIMES:
        op.add_column("api_keys", sa.Column(name, sa.BigInteger()))


def downgrade() -> None:
    for name in (*_TIMES, "scopes"):
        op.drop_column("api_keys", name)

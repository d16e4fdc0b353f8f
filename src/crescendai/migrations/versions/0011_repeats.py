"""Answers kept for requests with an Idempotency-Key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column(
            "owner_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String()),
        sa.Column("status", sa.Integer()),
        sa.Column("content_type", sa.String()),
        sa.Column("location", sa.String()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_idempotency_keys_claim", "idempotency_keys", ["claim"])
    op.create_index("ix_idempotency_keys_until", "idempotency_keys", ["until"])


def downgrade() -> None:
    op.drop_table("idempotency_keys")

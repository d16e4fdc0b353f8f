"""Conversations, what people tell about themselves, and feedback."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_chat()
    op.create_table(
        "user_contexts",
        sa.Column(
            "user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("goals", sa.JSON(), nullable=False),
        sa.Column("constraints", sa.JSON(), nullable=False),
        sa.Column("repertoire", sa.JSON(), nullable=False),
        sa.Column("experience_level", sa.String()),
        sa.Column("feedback_style", sa.String()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "owner_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column(
            "recording_id",
            sa.Uuid(),
            sa.ForeignKey("recordings.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_feedback_owner_id", "feedback", ["owner_id"])
    op.create_index(
        "ix_feedback_recording_id_created_at_id", "feedback", ["recording_id", "created_at", "id"]
    )


def _create_chat() -> None:
    op.create_table(
        "chat_sessions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "owner_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("recording_id", sa.Uuid(), sa.ForeignKey("recordings.id", ondelete="SET NULL")),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ix_chat_sessions_owner_id_created_at_id",
        "chat_sessions",
        ["owner_id", "created_at", "id"],
    )
    op.create_index("ix_chat_sessions_recording_id", "chat_sessions", ["recording_id"])
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "session_id",
            sa.Uuid(),
            sa.ForeignKey("chat_sessions.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("tool_calls", sa.JSON(), nullable=False),
        sa.Column("tool_call_id", sa.String()),
        sa.Column("citations", sa.JSON(), nullable=False),
        sa.Column("model", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("events", sa.JSON()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("session_id", "position", name="uq_chat_messages_session_id_position"),
    )


def downgrade() -> None:
    for table in ("feedback", "user_contexts", "chat_messages", "chat_sessions"):
        op.drop_table(table)

"""Turns as stored runs with numbered events, in place of a list on the answer's message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_turns",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "session_id",
            sa.Uuid(),
            sa.ForeignKey("chat_sessions.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "owner_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("runner", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ix_chat_turns_session_id_created_at", "chat_turns", ["session_id", "created_at"]
    )
    op.create_index("ix_chat_turns_owner_id", "chat_turns", ["owner_id"])
    op.create_index(
        "uq_chat_turns_running",
        "chat_turns",
        ["session_id"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "chat_turn_events",
        sa.Column(
            "turn_id",
            sa.Uuid(),
            sa.ForeignKey("chat_turns.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("first", sa.Integer(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sqlite_with_rowid=False,
    )
    _move_events()
    op.drop_column("chat_messages", "events")
    op.add_column("chat_messages", sa.Column("replaced_at", sa.BigInteger()))
    op.add_column("chat_messages", sa.Column("made_with", sa.JSON()))


def _move_events() -> None:
    """Make a turn that is over of every answer whose events are kept on its message."""
    op.execute(
        "INSERT INTO chat_turns (id, session_id, owner_id, runner, status, stop_asked, beat_at,"
        " created_at) SELECT m.id, m.session_id, s.owner_id, '', m.status, false, m.created_at,"
        " m.created_at FROM chat_messages m JOIN chat_sessions s ON s.id = m.session_id"
        " WHERE m.events IS NOT NULL"
    )
    op.execute(
        "INSERT INTO chat_turn_events (turn_id, first, last, events)"
        " SELECT id, 1, json_array_length(events), events FROM chat_messages"
        " WHERE events IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("chat_messages", "made_with")
    op.drop_column("chat_messages", "replaced_at")
    op.add_column("chat_messages", sa.Column("events", sa.JSON()))
    op.drop_table("chat_turn_events")
    op.drop_table("chat_turns")

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crescendai.kit.sql import Base


class ChatSessionRow(Base):
    """A conversation, about one recording at a time or none."""

    __tablename__ = "chat_sessions"
    __table_args__ = (
        Index("ix_chat_sessions_owner_id_created_at_id", "owner_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    recording_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("recordings.id", ondelete="SET NULL"), index=True
    )
    title: Mapped[str]
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class ChatMessageRow(Base):
    """``role``: user, assistant or tool; ``status``: complete, stopped or failed.

    ``position`` counts from 0 within the session. ``events`` is, for the message that ends a turn,
    everything the client was sent, as [event name or null, data] pairs, so that it can be resumed.
    ``summary`` is, for a tool's message, what people are shown of it.
    """

    __tablename__ = "chat_messages"
    __table_args__ = (
        UniqueConstraint("session_id", "position", name="uq_chat_messages_session_id_position"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("chat_sessions.id", ondelete="CASCADE"))
    position: Mapped[int]
    role: Mapped[str]
    content: Mapped[str]
    tool_calls: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    tool_call_id: Mapped[str | None]
    summary: Mapped[str | None]
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    model: Mapped[str | None]
    status: Mapped[str]
    events: Mapped[list[list[Any]] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    created_at: Mapped[int] = mapped_column(BigInteger)


class UserContextRow(Base):
    """What a person told the tutor about themselves."""

    __tablename__ = "user_contexts"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    goals: Mapped[list[str]] = mapped_column(JSON)
    constraints: Mapped[list[str]] = mapped_column(JSON)
    repertoire: Mapped[list[str]] = mapped_column(JSON)
    experience_level: Mapped[str | None]
    feedback_style: Mapped[str | None]
    updated_at: Mapped[int] = mapped_column(BigInteger)

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, UniqueConstraint, text
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

    ``position`` counts from 0 within the session. ``summary`` is, for a tool's message, what people
    are shown of it. ``made_with`` names, for an answer, the versions it came from; ``support`` is
    what its claims rest on, and ``supported_ratio`` the share of them that held. A message with
    ``replaced_at`` was written anew since, and is kept but no longer part of the conversation.
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
    created_at: Mapped[int] = mapped_column(BigInteger)
    replaced_at: Mapped[int | None] = mapped_column(BigInteger)
    made_with: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    supported_ratio: Mapped[float | None] = mapped_column(Double)
    support: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))


class ChatTurnRow(Base):
    """An answer being written, or written; its id is the answer's message id.

    ``status``: running, complete, stopped or failed. ``runner`` is the process that writes it,
    which says with ``beat_at`` that it still does, and ends it when ``stop_asked``.
    """

    __tablename__ = "chat_turns"
    __table_args__ = (
        Index("ix_chat_turns_session_id_created_at", "session_id", "created_at"),
        Index(
            "uq_chat_turns_running",  # one at a time in a conversation
            "session_id",
            unique=True,
            sqlite_where=text("status = 'running'"),
            postgresql_where=text("status = 'running'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("chat_sessions.id", ondelete="CASCADE"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    runner: Mapped[str]
    status: Mapped[str]
    stop_asked: Mapped[bool]
    beat_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class ChatTurnEventsRow(Base):
    """Events ``first`` to ``last`` of a turn as [event name or null, data] pairs.

    They are added in batches while the turn runs, and are one row once it is over.
    """

    __tablename__ = "chat_turn_events"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    turn_id: Mapped[UUID] = mapped_column(
        ForeignKey("chat_turns.id", ondelete="CASCADE"), primary_key=True
    )
    first: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
    events: Mapped[list[list[Any]]] = mapped_column(JSON)


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
    language: Mapped[str | None]
    updated_at: Mapped[int] = mapped_column(BigInteger)

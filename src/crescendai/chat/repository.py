"""Every SQL statement of the chat slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.chat.tables import ChatMessageRow, ChatSessionRow, UserContextRow
from crescendai.kit.paging import Position
from crescendai.kit.sql import on_postgresql, upsert

_sessions, _messages = (cast(Table, row.__table__) for row in (ChatSessionRow, ChatMessageRow))
_contexts = cast(Table, UserContextRow.__table__)
_INSERT_SESSION, _INSERT_MESSAGES = insert(_sessions), insert(_messages)
_LOCK = select(_sessions.c.id).where(_sessions.c.id == bindparam("session_id")).with_for_update()
_LAST_POSITION = select(func.max(_messages.c.position)).where(
    _messages.c.session_id == bindparam("session_id")
)
_LANGUAGE = select(_contexts.c.language).where(_contexts.c.user_id == bindparam("user_id"))
_TOUCH = (
    update(_sessions)
    .where(_sessions.c.id == bindparam("session_id"))
    .values(updated_at=bindparam("at"))
)


async def session_of(
    session: AsyncSession, owner_id: UUID, session_id: UUID, lock: bool = False
) -> ChatSessionRow | None:
    """``lock``: nobody else adds to it until this transaction is over."""
    query = select(ChatSessionRow).where(
        ChatSessionRow.id == session_id, ChatSessionRow.owner_id == owner_id
    )
    if lock:
        query = query.with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def sessions_page(
    session: AsyncSession, owner_id: UUID, limit: int, after: Position | None
) -> Sequence[ChatSessionRow]:
    query = select(ChatSessionRow).where(ChatSessionRow.owner_id == owner_id)
    if after is not None:
        key = tuple_(ChatSessionRow.created_at, ChatSessionRow.id)
        query = query.where(key < tuple_(after.created_at, after.id))
    query = query.order_by(ChatSessionRow.created_at.desc(), ChatSessionRow.id.desc())
    return (await session.execute(query.limit(limit))).scalars().all()


async def message_counts(session: AsyncSession, session_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many messages people wrote or read, by session."""
    query = (
        select(ChatMessageRow.session_id, func.count())
        .where(
            ChatMessageRow.session_id.in_(session_ids),
            ChatMessageRow.role != "tool",
            ChatMessageRow.content != "",
            ChatMessageRow.replaced_at.is_(None),
        )
        .group_by(ChatMessageRow.session_id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def add_session(session: AsyncSession, **values: object) -> None:
    await session.execute(_INSERT_SESSION, values)


async def add_messages(session: AsyncSession, rows: Sequence[dict[str, object]]) -> None:
    await session.execute(_INSERT_MESSAGES, rows)


async def touch(session: AsyncSession, session_id: UUID, at: int) -> None:
    await session.execute(_TOUCH, {"session_id": session_id, "at": at})


async def lock_session(session: AsyncSession, session_id: UUID) -> None:
    """Nobody else adds to it until this transaction is over; a single writer's is so already."""
    if on_postgresql(session):
        await session.execute(_LOCK, {"session_id": session_id})


async def delete_session(session: AsyncSession, session_id: UUID) -> None:
    await session.execute(delete(ChatSessionRow).where(ChatSessionRow.id == session_id))


async def next_position(session: AsyncSession, session_id: UUID) -> int:
    last = (await session.execute(_LAST_POSITION, {"session_id": session_id})).scalar_one()
    return 0 if last is None else last + 1


async def messages(session: AsyncSession, session_id: UUID) -> Sequence[ChatMessageRow]:
    query = (
        select(ChatMessageRow)
        .where(ChatMessageRow.session_id == session_id, ChatMessageRow.replaced_at.is_(None))
        .order_by(ChatMessageRow.position)
    )
    return (await session.execute(query)).scalars().all()


async def last_question(session: AsyncSession, session_id: UUID) -> ChatMessageRow | None:
    query = (
        select(ChatMessageRow)
        .where(
            ChatMessageRow.session_id == session_id,
            ChatMessageRow.role == "user",
            ChatMessageRow.replaced_at.is_(None),
        )
        .order_by(ChatMessageRow.position.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def replace_from(session: AsyncSession, session_id: UUID, position: int, at: int) -> None:
    """Take what stands at that position and after it out of the conversation."""
    query = update(ChatMessageRow).where(
        ChatMessageRow.session_id == session_id, ChatMessageRow.position >= position
    )
    await session.execute(query.values(replaced_at=at))


async def recent_talk(
    session: AsyncSession, session_id: UUID, limit: int
) -> Sequence[ChatMessageRow]:
    """The last messages that people wrote or read, oldest first."""
    query = (
        select(ChatMessageRow)
        .where(
            ChatMessageRow.session_id == session_id,
            ChatMessageRow.role != "tool",
            ChatMessageRow.content != "",
            ChatMessageRow.replaced_at.is_(None),
        )
        .order_by(ChatMessageRow.position.desc())
        .limit(limit)
    )
    return list(reversed((await session.execute(query)).scalars().all()))


async def context_of(session: AsyncSession, user_id: UUID) -> UserContextRow | None:
    return await session.get(UserContextRow, user_id)


async def language_of(session: AsyncSession, user_id: UUID) -> str | None:
    return (await session.execute(_LANGUAGE, {"user_id": user_id})).scalar_one_or_none()


async def put_context(session: AsyncSession, values: Mapping[str, Any]) -> None:
    await upsert(session, UserContextRow, values)

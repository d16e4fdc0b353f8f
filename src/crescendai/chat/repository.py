"""Every SQL statement of the chat slice."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from crescendai.chat.tables import ChatMessageRow, ChatSessionRow, UserContextRow
from crescendai.kit.paging import Position


async def session_of(
    session: AsyncSession, owner_id: UUID, session_id: UUID
) -> ChatSessionRow | None:
    query = select(ChatSessionRow).where(
        ChatSessionRow.id == session_id, ChatSessionRow.owner_id == owner_id
    )
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
        )
        .group_by(ChatMessageRow.session_id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def add(session: AsyncSession, row: ChatSessionRow | ChatMessageRow) -> None:
    session.add(row)
    await session.flush()


async def touch(
    session: AsyncSession, session_id: UUID, at: int, recording_id: UUID | None = None
) -> bool:
    """Note the time, and what the session is about now. False when the session is gone."""
    values: dict[str, object] = {"updated_at": at}
    if recording_id is not None:
        values["recording_id"] = recording_id
    query = update(ChatSessionRow).where(ChatSessionRow.id == session_id).values(**values)
    return bool((await session.execute(query.returning(ChatSessionRow.id))).first())


async def delete_session(session: AsyncSession, session_id: UUID) -> None:
    await session.execute(delete(ChatSessionRow).where(ChatSessionRow.id == session_id))


async def next_position(session: AsyncSession, session_id: UUID) -> int:
    query = select(func.max(ChatMessageRow.position)).where(ChatMessageRow.session_id == session_id)
    last = (await session.execute(query)).scalar_one()
    return 0 if last is None else last + 1


async def messages(session: AsyncSession, session_id: UUID) -> Sequence[ChatMessageRow]:
    query = select(ChatMessageRow).where(ChatMessageRow.session_id == session_id)
    return (await session.execute(query.order_by(ChatMessageRow.position))).scalars().all()


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
        )
        .order_by(ChatMessageRow.position.desc())
        .limit(limit)
    )
    return list(reversed((await session.execute(query)).scalars().all()))


async def answer_of(
    session: AsyncSession, owner_id: UUID, session_id: UUID | None, message_id: UUID | None
) -> ChatMessageRow | None:
    """A stored answer with its events: the one of that id, or the last one (in that session)."""
    query = (
        select(ChatMessageRow)
        .join(ChatSessionRow, ChatSessionRow.id == ChatMessageRow.session_id)
        .where(
            ChatSessionRow.owner_id == owner_id,
            ChatMessageRow.events.is_not(None),
        )
        .options(undefer(ChatMessageRow.events))
    )
    if session_id is not None:
        query = query.where(ChatSessionRow.id == session_id)
    if message_id is not None:
        query = query.where(ChatMessageRow.id == message_id)
    query = query.order_by(ChatMessageRow.created_at.desc(), ChatMessageRow.position.desc())
    return (await session.execute(query.limit(1))).scalar_one_or_none()


async def context_of(session: AsyncSession, user_id: UUID) -> UserContextRow | None:
    return await session.get(UserContextRow, user_id)


async def put_context(session: AsyncSession, row: UserContextRow) -> None:
    await session.merge(row)
    await session.flush()

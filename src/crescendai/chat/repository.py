"""Every SQL statement of the chat slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.chat.tables import ChatMessageRow, ChatSessionRow, UserContextRow
from crescendai.kit.paging import Position
from crescendai.kit.sql import first_unmapped, on_postgresql, unmapped, upsert

_sessions, _messages = (cast(Table, row.__table__) for row in (ChatSessionRow, ChatMessageRow))
_contexts = cast(Table, UserContextRow.__table__)
_INSERT_SESSION, _INSERT_MESSAGES = insert(_sessions), insert(_messages)
_SESSION = select(_sessions).where(
    _sessions.c.id == bindparam("session_id"), _sessions.c.owner_id == bindparam("owner_id")
)
_SESSION_LOCKED = _SESSION.with_for_update()
_SAID = (  # what people wrote or read
    _messages.c.role != "tool",
    _messages.c.content != "",
    _messages.c.replaced_at.is_(None),
)
_SAID_COUNT = (
    select(func.count())
    .where(_messages.c.session_id == _sessions.c.id, *_SAID)
    .correlate(_sessions)
    .scalar_subquery()
)
_SESSIONS = (
    select(_sessions, _SAID_COUNT.label("message_count"))
    .where(_sessions.c.owner_id == bindparam("owner_id"))
    .order_by(_sessions.c.created_at.desc(), _sessions.c.id.desc())
    .limit(bindparam("most"))
)
_TALK = (
    select(_messages)
    .where(_messages.c.session_id == bindparam("session_id"), *_SAID)
    .order_by(_messages.c.position.desc())
    .limit(bindparam("most"))
)
_LAST_QUESTION = (
    select(_messages)
    .where(
        _messages.c.session_id == bindparam("session_id"),
        _messages.c.role == "user",
        _messages.c.replaced_at.is_(None),
    )
    .order_by(_messages.c.position.desc())
    .limit(1)
)
_REPLACE = (
    update(_messages)
    .where(
        _messages.c.session_id == bindparam("of_session"),
        _messages.c.position >= bindparam("from_position"),
    )
    .values(replaced_at=bindparam("at"))
)
_CONTEXT = select(_contexts).where(_contexts.c.user_id == bindparam("user_id"))
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
_TURN_TO = _TOUCH.values(recording_id=bindparam("about"))


class CountedSession(Protocol):
    """A session's row with how many messages people wrote or read in it."""

    id: UUID
    recording_id: UUID | None
    title: str
    created_at: int
    updated_at: int
    message_count: int


async def session_of(
    session: AsyncSession, owner_id: UUID, session_id: UUID, lock: bool = False
) -> ChatSessionRow | None:
    """``lock``: nobody else adds to it until this transaction is over."""
    query = _SESSION_LOCKED if lock else _SESSION
    found = await session.execute(query, {"session_id": session_id, "owner_id": owner_id})
    return first_unmapped(found, ChatSessionRow)


async def sessions_page(
    session: AsyncSession, owner_id: UUID, limit: int, after: Position | None
) -> Sequence[CountedSession]:
    query = _SESSIONS
    if after is not None:
        key = tuple_(_sessions.c.created_at, _sessions.c.id)
        query = query.where(key < tuple_(after.created_at, after.id))
    found = await session.execute(query, {"owner_id": owner_id, "most": limit})
    return cast(Sequence[CountedSession], found.all())


async def add_session(session: AsyncSession, **values: object) -> None:
    await session.execute(_INSERT_SESSION, values)


async def add_messages(session: AsyncSession, rows: Sequence[dict[str, object]]) -> None:
    await session.execute(_INSERT_MESSAGES, rows)


async def touch(session: AsyncSession, session_id: UUID, at: int) -> None:
    await session.execute(_TOUCH, {"session_id": session_id, "at": at})


async def turn_to(session: AsyncSession, session_id: UUID, recording_id: UUID, at: int) -> None:
    """From now on the session is about that recording."""
    values = {"session_id": session_id, "about": recording_id, "at": at}
    await session.execute(_TURN_TO, values)


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
    found = await session.execute(_LAST_QUESTION, {"session_id": session_id})
    return first_unmapped(found, ChatMessageRow)


async def replace_from(session: AsyncSession, session_id: UUID, position: int, at: int) -> None:
    """Take what stands at that position and after it out of the conversation."""
    values = {"of_session": session_id, "from_position": position, "at": at}
    await session.execute(_REPLACE, values)


async def recent_talk(
    session: AsyncSession, session_id: UUID, limit: int
) -> Sequence[ChatMessageRow]:
    """The last messages that people wrote or read, oldest first."""
    found = await session.execute(_TALK, {"session_id": session_id, "most": limit})
    return list(reversed(unmapped(found, ChatMessageRow)))


async def context_of(session: AsyncSession, user_id: UUID) -> UserContextRow | None:
    found = await session.execute(_CONTEXT, {"user_id": user_id})
    return first_unmapped(found, UserContextRow)


async def language_of(session: AsyncSession, user_id: UUID) -> str | None:
    return (await session.execute(_LANGUAGE, {"user_id": user_id})).scalar_one_or_none()


async def put_context(session: AsyncSession, values: Mapping[str, Any]) -> None:
    await upsert(session, UserContextRow, values)

"""Every SQL statement of the identity slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.identity.tables import ApiKeyRow, UserRow
from crescendai.kit.sql import first_unmapped

_users, _keys = (cast(Table, row.__table__) for row in (UserRow, ApiKeyRow))
_INSERT_USER = insert(_users)
_KEY_BY_HASH = select(_keys).where(_keys.c.key_hash == bindparam("key_hash"))
_USER_NAMED = select(_users.c.id).where(_users.c.name == bindparam("name"))


async def user_named(session: AsyncSession, name: str) -> UUID | None:
    return (await session.execute(_USER_NAMED, {"name": name})).scalar_one_or_none()


async def add_user(session: AsyncSession, **values: object) -> None:
    await session.execute(_INSERT_USER, values)


async def key_by_hash(session: AsyncSession, key_hash: str) -> ApiKeyRow | None:
    found = await session.execute(_KEY_BY_HASH, {"key_hash": key_hash})
    return first_unmapped(found, ApiKeyRow)


async def keys_of(session: AsyncSession, user_id: UUID) -> Sequence[ApiKeyRow]:
    """Newest first."""
    query = (
        select(ApiKeyRow)
        .where(ApiKeyRow.user_id == user_id)
        .order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id.desc())
    )
    return (await session.execute(query)).scalars().all()


async def owned_key(session: AsyncSession, user_id: UUID, key_id: UUID) -> ApiKeyRow | None:
    query = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id, ApiKeyRow.id == key_id)
    return (await session.execute(query)).scalar_one_or_none()


async def note_use(session: AsyncSession, key_id: UUID, at: int) -> None:
    statement = update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(last_used_at=at)
    await session.execute(statement)


async def add(session: AsyncSession, row: ApiKeyRow) -> None:
    session.add(row)
    await session.flush()

"""Every SQL statement of the identity slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.identity.tables import ApiKeyRow, UserRow

_users = cast(Table, UserRow.__table__)
_USER_NAMED = select(_users.c.id).where(_users.c.name == bindparam("name"))


async def user_named(session: AsyncSession, name: str) -> UUID | None:
    return (await session.execute(_USER_NAMED, {"name": name})).scalar_one_or_none()


async def key_by_hash(session: AsyncSession, key_hash: str) -> ApiKeyRow | None:
    query = select(ApiKeyRow).where(ApiKeyRow.key_hash == key_hash)
    return (await session.execute(query)).scalar_one_or_none()


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


async def add(session: AsyncSession, row: UserRow | ApiKeyRow) -> None:
    session.add(row)
    await session.flush()

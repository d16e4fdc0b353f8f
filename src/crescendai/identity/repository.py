"""Every SQL statement of the identity slice."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.identity.tables import ApiKeyRow, UserRow


async def user_by_name(session: AsyncSession, name: str) -> UserRow | None:
    return (await session.execute(select(UserRow).where(UserRow.name == name))).scalar_one_or_none()


async def user_id_by_key_hash(session: AsyncSession, key_hash: str) -> UUID | None:
    query = select(ApiKeyRow.user_id).where(ApiKeyRow.key_hash == key_hash)
    return (await session.execute(query)).scalar_one_or_none()


async def add(session: AsyncSession, row: UserRow | ApiKeyRow) -> None:
    session.add(row)
    await session.flush()

"""Every SQL statement about kept answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.repeats.tables import RepeatRow


async def find(session: AsyncSession, owner_id: UUID, key: str) -> RepeatRow | None:
    return await session.get(RepeatRow, (owner_id, key))


async def add(session: AsyncSession, row: RepeatRow) -> None:
    session.add(row)
    await session.flush()


async def change(session: AsyncSession, claim: UUID, **values: Any) -> None:
    await session.execute(update(RepeatRow).where(RepeatRow.claim == claim).values(**values))


async def forget(session: AsyncSession, claim: UUID) -> None:
    await session.execute(delete(RepeatRow).where(RepeatRow.claim == claim))


async def forget_old(session: AsyncSession, now: int) -> None:
    await session.execute(delete(RepeatRow).where(RepeatRow.until <= now))

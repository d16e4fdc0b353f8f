"""Every SQL statement of the sharing slice."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.sharing.tables import ShareRow


async def add(session: AsyncSession, row: ShareRow) -> None:
    session.add(row)
    await session.flush()


async def by_hash(session: AsyncSession, token_hash: str) -> ShareRow | None:
    query = select(ShareRow).where(ShareRow.token_hash == token_hash)
    return (await session.execute(query)).scalar_one_or_none()


async def of_recording(
    session: AsyncSession, owner_id: UUID, recording_id: UUID
) -> Sequence[ShareRow]:
    """Newest first."""
    query = (
        select(ShareRow)
        .where(ShareRow.owner_id == owner_id, ShareRow.recording_id == recording_id)
        .order_by(ShareRow.created_at.desc(), ShareRow.id.desc())
    )
    return (await session.execute(query)).scalars().all()


async def remove(session: AsyncSession, owner_id: UUID, share_id: UUID) -> bool:
    """False when the owner has no such link."""
    statement = delete(ShareRow).where(ShareRow.id == share_id, ShareRow.owner_id == owner_id)
    return (await session.execute(statement.returning(ShareRow.id))).first() is not None

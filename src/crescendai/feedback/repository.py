"""Every SQL statement of the feedback slice."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.feedback.tables import FeedbackRow


async def add(session: AsyncSession, row: FeedbackRow) -> None:
    session.add(row)
    await session.flush()


async def history(
    session: AsyncSession, owner_id: UUID, recording_id: UUID, limit: int
) -> Sequence[FeedbackRow]:
    """Newest first."""
    query = (
        select(FeedbackRow)
        .where(FeedbackRow.owner_id == owner_id, FeedbackRow.recording_id == recording_id)
        .order_by(FeedbackRow.created_at.desc(), FeedbackRow.id.desc())
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()

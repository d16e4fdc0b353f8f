"""Every SQL statement about usage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.identity.tables import UserRow
from crescendai.kit.clock import DAY_MS
from crescendai.usage.tables import HeardAudioRow, UsageRow

_usage, _heard = (cast(Table, row.__table__) for row in (UsageRow, HeardAudioRow))
_INSERT_USAGE, _INSERT_AUDIO = insert(_usage), insert(_heard)
_TOKENS_SINCE = select(func.sum(_usage.c.prompt_tokens + _usage.c.completion_tokens)).where(
    _usage.c.owner_id == bindparam("owner_id"), _usage.c.created_at >= bindparam("since_ms")
)
_AUDIO_SINCE = select(func.sum(_heard.c.milliseconds)).where(
    _heard.c.owner_id == bindparam("owner_id"), _heard.c.created_at >= bindparam("since_ms")
)


async def add_usage(session: AsyncSession, rows: Sequence[dict[str, object]]) -> None:
    await session.execute(_INSERT_USAGE, rows)


async def add_audio(session: AsyncSession, **values: object) -> None:
    await session.execute(_INSERT_AUDIO, values)


async def lock_user(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction is over, whoever else asks for this waits."""
    query = select(UserRow.id).where(UserRow.id == user_id).with_for_update(key_share=True)
    await session.execute(query)


async def tokens_since(session: AsyncSession, owner_id: UUID, since_ms: int) -> int:
    found = await session.execute(_TOKENS_SINCE, {"owner_id": owner_id, "since_ms": since_ms})
    return int(found.scalar_one() or 0)


async def audio_ms_since(session: AsyncSession, owner_id: UUID, since_ms: int) -> int:
    found = await session.execute(_AUDIO_SINCE, {"owner_id": owner_id, "since_ms": since_ms})
    return int(found.scalar_one() or 0)


async def oldest_since(session: AsyncSession, owner_id: UUID, since_ms: int) -> int | None:
    found = [
        (
            await session.execute(
                select(func.min(row.created_at)).where(
                    row.owner_id == owner_id, row.created_at >= since_ms
                )
            )
        ).scalar_one()
        for row in (HeardAudioRow, UsageRow)
    ]
    return min((int(at) for at in found if at is not None), default=None)


async def by_day(
    session: AsyncSession, owner_id: UUID, since_ms: int
) -> Sequence[Row[int, str, str, int, int]]:
    """Days since the epoch, kind, model, and the tokens of each kind; newest first."""
    day = (UsageRow.created_at // DAY_MS).label("day")
    query = (
        select(
            day,
            UsageRow.kind,
            UsageRow.model,
            func.sum(UsageRow.prompt_tokens),
            func.sum(UsageRow.completion_tokens),
        )
        .where(UsageRow.owner_id == owner_id, UsageRow.created_at >= since_ms)
        .group_by(day, UsageRow.kind, UsageRow.model)
        .order_by(day.desc(), UsageRow.kind, UsageRow.model)
    )
    return (await session.execute(query)).all()

"""Every SQL statement of the recordings slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.kit.paging import Position
from crescendai.kit.sql import first_unmapped, unmapped
from crescendai.recordings.schemas import FINAL
from crescendai.recordings.tables import AnalysisRow, PendingUploadRow, RecordingRow

_recordings, _analyses = (cast(Table, row.__table__) for row in (RecordingRow, AnalysisRow))
_OWNED = select(_recordings).where(
    _recordings.c.id == bindparam("recording_id"), _recordings.c.owner_id == bindparam("owner_id")
)
_PAGE = (
    select(_recordings)
    .where(_recordings.c.owner_id == bindparam("owner_id"))
    .order_by(_recordings.c.created_at.desc(), _recordings.c.id.desc())
    .limit(bindparam("most"))
)
_ANALYSED = (
    select(_recordings.c.id, _recordings.c.filename, _recordings.c.created_at, _analyses.c.document)
    .join(_analyses, _analyses.c.recording_id == _recordings.c.id)
    .where(_recordings.c.owner_id == bindparam("owner_id"))
    .order_by(_recordings.c.created_at.desc(), _recordings.c.id.desc())
    .limit(bindparam("most"))
)
_NAMES_OF_READY = (
    select(_recordings.c.id, _recordings.c.filename)
    .where(_recordings.c.owner_id == bindparam("owner_id"), _recordings.c.status == "ready")
    .order_by(_recordings.c.created_at.desc(), _recordings.c.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True)
class Analysed:
    """A recording and its analysis, as they are stored."""

    id: UUID
    filename: str
    created_at: int
    document: dict[str, Any]


async def add(session: AsyncSession, row: RecordingRow) -> None:
    session.add(row)
    await session.flush()


async def by_id(session: AsyncSession, recording_id: UUID) -> RecordingRow | None:
    return await session.get(RecordingRow, recording_id)


async def owned(session: AsyncSession, owner_id: UUID, recording_id: UUID) -> RecordingRow | None:
    """To be read."""
    values = {"recording_id": recording_id, "owner_id": owner_id}
    return first_unmapped(await session.execute(_OWNED, values), RecordingRow)


async def owned_to_change(
    session: AsyncSession, owner_id: UUID, recording_id: UUID
) -> RecordingRow | None:
    """Nobody else changes it until this transaction is over."""
    query = select(RecordingRow).where(
        RecordingRow.id == recording_id, RecordingRow.owner_id == owner_id
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def is_owned(session: AsyncSession, owner_id: UUID, recording_id: UUID) -> bool:
    return await owned(session, owner_id, recording_id) is not None


async def names_of_ready(
    session: AsyncSession, owner_id: UUID, limit: int
) -> Sequence[tuple[UUID, str]]:
    """Ids and file names of the owner's analysed recordings, newest first."""
    rows = await session.execute(_NAMES_OF_READY, {"owner_id": owner_id, "most": limit})
    return [(row.id, row.filename) for row in rows]


async def by_hash(
    session: AsyncSession, owner_id: UUID, sha256: str, lock: bool = False
) -> RecordingRow | None:
    query = select(RecordingRow).where(
        RecordingRow.owner_id == owner_id, RecordingRow.sha256 == sha256
    )
    if lock:
        query = query.with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def page(
    session: AsyncSession, owner_id: UUID, after: Position | None, limit: int
) -> Sequence[RecordingRow]:
    """Newest first, at most ``limit`` rows."""
    query = _PAGE
    if after is not None:
        key = tuple_(_recordings.c.created_at, _recordings.c.id)
        query = query.where(key < (after.created_at, after.id))
    found = await session.execute(query, {"owner_id": owner_id, "most": limit})
    return unmapped(found, RecordingRow)


async def awaits_analysis(session: AsyncSession, recording_id: UUID) -> bool:
    """Whether the recording is still there, and its analysis neither over nor cancelled."""
    row = await session.get(RecordingRow, recording_id)
    return row is not None and row.status not in FINAL


async def change(session: AsyncSession, recording_id: UUID, **values: Any) -> bool:
    """Change a recording that awaits its analysis; False, and nothing changed, for any other."""
    statement = update(RecordingRow).where(
        RecordingRow.id == recording_id, RecordingRow.status.not_in(FINAL)
    )
    changed = await session.execute(statement.values(**values).returning(RecordingRow.id))
    return changed.scalar_one_or_none() is not None


async def remove(session: AsyncSession, recording_id: UUID) -> None:
    """Remove the row; its analysis and feedback go with it by foreign key."""
    await session.execute(delete(RecordingRow).where(RecordingRow.id == recording_id))


async def analysis(session: AsyncSession, recording_id: UUID) -> AnalysisRow | None:
    return await session.get(AnalysisRow, recording_id)


async def save_analysis(session: AsyncSession, row: AnalysisRow) -> None:
    """Store or replace, so that a repeated job leaves one result."""
    await session.merge(row)
    await session.flush()


async def analysed(session: AsyncSession, owner_id: UUID, limit: int) -> Sequence[Analysed]:
    """The owner's newest analysed recordings, newest first."""
    found = await session.execute(_ANALYSED, {"owner_id": owner_id, "most": limit})
    return [Analysed(*row) for row in found]


async def stored_bytes(session: AsyncSession, owner_id: UUID) -> int:
    query = select(func.sum(RecordingRow.size_bytes)).where(RecordingRow.owner_id == owner_id)
    return int((await session.execute(query)).scalar_one() or 0)


async def pending_uploads(session: AsyncSession, owner_id: UUID, now: int) -> int:
    """How many addresses are good to put something there."""
    query = select(func.count()).where(
        PendingUploadRow.owner_id == owner_id, PendingUploadRow.expires_at >= now
    )
    return int((await session.execute(query)).scalar_one())


async def pending_upload(
    session: AsyncSession, owner_id: UUID, upload_id: UUID
) -> PendingUploadRow | None:
    row = await session.get(PendingUploadRow, upload_id)
    return row if row is not None and row.owner_id == owner_id else None


async def promised(session: AsyncSession, upload_id: UUID) -> PendingUploadRow | None:
    return await session.get(PendingUploadRow, upload_id)


async def forget_upload(session: AsyncSession, upload_id: UUID) -> None:
    await session.execute(delete(PendingUploadRow).where(PendingUploadRow.id == upload_id))


async def forget_expired_uploads(session: AsyncSession, owner_id: UUID, now: int) -> Sequence[UUID]:
    """Their ids: what was put there is of no use any more."""
    expired = delete(PendingUploadRow).where(
        PendingUploadRow.owner_id == owner_id, PendingUploadRow.expires_at < now
    )
    return (await session.execute(expired.returning(PendingUploadRow.id))).scalars().all()

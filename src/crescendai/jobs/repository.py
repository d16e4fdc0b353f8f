"""Every SQL statement of the jobs room."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.jobs.tables import JobRow, WorkerSlotRow
from crescendai.kit.sql import upsert


async def queued(session: AsyncSession, limit: int) -> Sequence[tuple[UUID, int]]:
    """(id, priority) of jobs that no worker has handed over yet, the most urgent first."""
    query = (
        select(JobRow.id, JobRow.priority)
        .where(JobRow.state == "queued")
        .order_by(JobRow.priority, JobRow.created_at)
        .limit(limit)
    )
    return [(job_id, priority) for job_id, priority in (await session.execute(query)).all()]


async def newest(
    session: AsyncSession, limit: int, state: str | None, owner_id: UUID | None
) -> Sequence[JobRow]:
    query = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(limit)
    if owner_id is not None:
        query = query.where(JobRow.owner_id == owner_id)
    if state in ("queued", "running"):
        begun = JobRow.attempts > 0 if state == "running" else JobRow.attempts == 0
        query = query.where(JobRow.state.in_(("queued", "dispatched")), begun)
    elif state is not None:
        query = query.where(JobRow.state == state)
    return (await session.execute(query)).scalars().all()


async def is_promised(session: AsyncSession, kind: str) -> bool:
    query = select(JobRow.id).where(JobRow.kind == kind, JobRow.state.in_(("queued", "dispatched")))
    return (await session.execute(query.limit(1))).first() is not None


async def mark_dispatched(session: AsyncSession, ids: Sequence[UUID]) -> None:
    await session.execute(
        update(JobRow)
        .where(JobRow.id.in_(ids), JobRow.state == "queued")
        .values(state="dispatched")
    )


async def dispatched(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """The jobs that were handed over and are not over, the oldest first."""
    query = select(JobRow.id).where(JobRow.state == "dispatched").order_by(JobRow.created_at)
    return (await session.execute(query.limit(limit))).scalars().all()


async def hold_dispatched(session: AsyncSession, ids: Collection[UUID]) -> Sequence[UUID]:
    """Lock those of the jobs that are handed over and not over."""
    query = select(JobRow.id).where(JobRow.id.in_(ids), JobRow.state == "dispatched")
    return (await session.execute(query.with_for_update())).scalars().all()


async def queue_again(session: AsyncSession, ids: Collection[UUID]) -> None:
    await session.execute(update(JobRow).where(JobRow.id.in_(ids)).values(state="queued"))


async def begin_attempt(session: AsyncSession, job_id: UUID) -> JobRow | None:
    """Count one more attempt and return the job, unless it is over or gone."""
    job = await session.get(JobRow, job_id, with_for_update=True)
    if job is None or job.state in ("done", "failed"):
        return None
    job.attempts += 1
    await session.flush()
    return job


async def take_back_attempts(session: AsyncSession, ids: Collection[UUID]) -> None:
    """Undo :func:`begin_attempt` for jobs that were interrupted through no fault of theirs."""
    await session.execute(
        update(JobRow).where(JobRow.id.in_(ids)).values(attempts=JobRow.attempts - 1)
    )


async def finish(
    session: AsyncSession, job_id: UUID, attempt: int, error: str | None, at: int
) -> None:
    """Say how it ended; the word of an attempt that another has overtaken does not count."""
    await session.execute(
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.attempts == attempt, JobRow.finished_at.is_(None))
        .values(state="done" if error is None else "failed", error=error, finished_at=at)
    )


async def note_alive(session: AsyncSession, slot: str, at: int) -> None:
    await upsert(session, WorkerSlotRow, {"slot": slot, "seen_at": at})


async def note_gone(session: AsyncSession, slot: str) -> None:
    await session.execute(delete(WorkerSlotRow).where(WorkerSlotRow.slot == slot))


async def count_alive(session: AsyncSession, since: int) -> int:
    query = select(func.count()).select_from(WorkerSlotRow).where(WorkerSlotRow.seen_at >= since)
    return (await session.execute(query)).scalar_one()


async def alive_slots(session: AsyncSession, since: int) -> set[str]:
    query = select(WorkerSlotRow.slot).where(WorkerSlotRow.seen_at >= since)
    return set((await session.execute(query)).scalars())


async def forget(session: AsyncSession, state: str, before: int) -> None:
    """Delete the jobs in a final state that were over before that time (ms since the epoch)."""
    await session.execute(delete(JobRow).where(JobRow.state == state, JobRow.finished_at < before))

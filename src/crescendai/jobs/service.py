"""Enqueueing, and what a handler is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.errors import NotFound
from crescendai.jobs import repository
from crescendai.jobs.tables import JobRow
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions

SOMEBODY_WAITS = 10
NOBODY_WAITS = 100
HEARTBEAT_SEC = 5.0  # so often a worker gives a sign of life


@dataclass(frozen=True)
class Handler:
    """How one kind of job is done.

    ``run`` may be called again after a crash or an unexpected exception, so it must be idempotent:
    it re-reads by id and returns quietly when there is nothing left to do. ``gave_up`` is called
    once, with a sentence, when no further attempt follows.
    """

    run: Callable[[dict[str, Any]], Awaitable[None]]
    gave_up: Callable[[dict[str, Any], str], Awaitable[None]]


async def is_anybody_working(session: AsyncSession) -> bool:
    """Whether a worker has given a sign of life lately."""
    since = now_ms() - int(3 * HEARTBEAT_SEC * 1000)
    return await repository.count_alive(session, since) > 0


async def is_promised(session: AsyncSession, kind: str) -> bool:
    """Whether a job of that kind waits or runs."""
    return await repository.is_promised(session, kind)


async def enqueue(
    session: AsyncSession,
    kind: str,
    payload: dict[str, Any],
    priority: int = SOMEBODY_WAITS,
    owner_id: UUID | None = None,
) -> UUID:
    """Promise a job in the caller's transaction: it will be done if and only if that commits.

    Of the jobs that wait, those with the smallest ``priority`` are taken first. ``owner_id`` is
    whose thing it works on, who may see how it goes.
    """
    job = JobRow(
        id=new_id(),
        owner_id=owner_id,
        kind=kind,
        payload=payload,
        priority=priority,
        state="queued",
        attempts=0,
        created_at=now_ms(),
    )
    session.add(job)
    await session.flush()
    return job.id


JobState = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True)
class Job:
    """A promise as people see it; ``failed`` is given up, with the reason in ``error``.

    Times are in ms since the epoch. ``about`` holds the ids of what it works on.
    """

    id: UUID
    kind: str
    state: JobState
    attempts: int
    error: str | None
    about: dict[str, Any]
    owner_id: UUID | None
    created_at: int
    finished_at: int | None


class Jobs:
    """Looks at what was promised and what became of it."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def list(
        self, limit: int, state: JobState | None = None, owner_id: UUID | None = None
    ) -> list[Job]:
        """Newest first; only that owner's, where one is named."""
        async with self._transactions.read_once() as session:
            rows = await repository.newest(session, limit, state, owner_id)
        return [_job(row) for row in rows]

    async def get(self, job_id: UUID) -> Job:
        async with self._transactions.read_once() as session:
            row = await session.get(JobRow, job_id)
        if row is None:
            raise NotFound("job_missing", "There is no such job.")
        return _job(row)


def _job(row: JobRow) -> Job:
    begun: JobState = "running" if row.attempts else "queued"
    states: dict[str, JobState] = {"done": "done", "failed": "failed"}
    return Job(
        id=row.id,
        kind=row.kind,
        state=states.get(row.state, begun),
        attempts=row.attempts,
        error=row.error,
        about=row.payload,
        owner_id=row.owner_id,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )

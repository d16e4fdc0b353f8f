"""Enqueueing, and what a handler is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.jobs import repository
from crescendai.jobs.tables import JobRow
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id

SOMEBODY_WAITS = 10
NOBODY_WAITS = 100


@dataclass(frozen=True)
class Handler:
    """How one kind of job is done.

    ``run`` may be called again after a crash or an unexpected exception, so it must be idempotent:
    it re-reads by id and returns quietly when there is nothing left to do. ``gave_up`` is called
    once, with a sentence, when no further attempt follows.
    """

    run: Callable[[dict[str, Any]], Awaitable[None]]
    gave_up: Callable[[dict[str, Any], str], Awaitable[None]]


async def is_promised(session: AsyncSession, kind: str) -> bool:
    """Whether a job of that kind waits or runs."""
    return await repository.is_promised(session, kind)


async def enqueue(
    session: AsyncSession, kind: str, payload: dict[str, Any], priority: int = SOMEBODY_WAITS
) -> UUID:
    """Promise a job in the caller's transaction: it will be done if and only if that commits.

    Of the jobs that wait, those with the smallest ``priority`` are taken first.
    """
    job = JobRow(
        id=new_id(),
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

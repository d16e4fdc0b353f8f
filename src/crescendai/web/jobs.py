"""The caller's jobs over HTTP: what waits, runs, is done, or was given up and why."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from crescendai.identity.endpoints import CurrentCaller
from crescendai.jobs.service import Jobs, JobState
from crescendai.kit.paging import DEFAULT_LIMIT, MAX_LIMIT

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


class JobReport(BaseModel):
    """``about`` holds the ids of what it works on; ``error`` says why it was given up."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    state: JobState
    attempts: int
    error: str | None
    about: dict[str, Any]
    created_at: int
    finished_at: int | None


class JobList(BaseModel):
    items: list[JobReport]


@router.get("")
async def list_jobs(
    request: Request,
    caller: CurrentCaller,
    state: JobState | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> JobList:
    """The work on the caller's recordings and documents, newest first."""
    jobs: Jobs = request.app.state.jobs
    found = await jobs.list(limit, state, caller.user_id)
    return JobList(items=[JobReport.model_validate(job) for job in found])

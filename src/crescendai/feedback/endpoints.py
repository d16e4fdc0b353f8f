"""Feedback over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from crescendai.feedback.schemas import Feedback, FeedbackHistory
from crescendai.feedback.service import FeedbackService
from crescendai.identity.endpoints import CurrentCaller
from crescendai.kit.prose import Language

router = APIRouter(prefix="/api/feedback", tags=["feedback"])

InLanguage = Annotated[
    Language, Query(description="Of the built-in writer; a language model's stays English.")
]


def _service(request: Request) -> FeedbackService:
    service: FeedbackService = request.app.state.feedback
    return service


@router.post("/{recording_id}", status_code=201)
async def create_feedback(
    request: Request, caller: CurrentCaller, recording_id: UUID, language: InLanguage = "en"
) -> Feedback:
    """Write feedback on an analysed recording. Each call writes a new one."""
    return await _service(request).create(caller, recording_id, language)


@router.get("/{recording_id}")
async def list_feedback(
    request: Request, caller: CurrentCaller, recording_id: UUID
) -> FeedbackHistory:
    """Every feedback on a recording, newest first."""
    return await _service(request).history(caller, recording_id)

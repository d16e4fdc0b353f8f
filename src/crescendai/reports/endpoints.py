"""Reports over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from crescendai.identity.endpoints import CurrentCaller
from crescendai.kit.prose import Language
from crescendai.reports.html import policy
from crescendai.reports.service import ReportService

router = APIRouter(prefix="/api/recordings/{recording_id}", tags=["recordings"])

InLanguage = Annotated[Language, Query(description="Advice stays in the one it was written in.")]


def _service(request: Request) -> ReportService:
    service: ReportService = request.app.state.reports
    return service


@router.get("/report.html", response_class=HTMLResponse)
async def get_html_report(
    request: Request, caller: CurrentCaller, recording_id: UUID, language: InLanguage = "en"
) -> Response:
    """Scales, moments, advice and measurements as one HTML file, to be kept or printed."""
    content = await _service(request).as_html(caller, recording_id, language)
    return HTMLResponse(content, headers={"Content-Security-Policy": policy()})

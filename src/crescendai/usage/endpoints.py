"""Usage over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request

from crescendai.identity.endpoints import CurrentCaller
from crescendai.usage.quotas import Quotas
from crescendai.usage.schemas import UsageReport
from crescendai.usage.service import UsageService

router = APIRouter(prefix="/api/usage", tags=["usage"])


@router.get("")
async def get_usage(request: Request, caller: CurrentCaller) -> UsageReport:
    """The tokens that language models cost the caller over the last 31 days, and the quotas."""
    service: UsageService = request.app.state.usage
    quotas: Quotas = request.app.state.quotas
    report = await service.report(caller)
    return report.model_copy(update={"quotas": await quotas.state(caller)})

"""Job handlers of the recordings slice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crescendai.jobs.service import Handler
from crescendai.recordings.analyze import AnalysisService
from crescendai.recordings.service import ANALYZE


def handlers(service: AnalysisService) -> dict[str, Handler]:
    async def run(payload: dict[str, Any]) -> None:
        await service.analyze(UUID(payload["recording_id"]))

    async def gave_up(payload: dict[str, Any], reason: str) -> None:
        await service.give_up(UUID(payload["recording_id"]), reason)

    return {ANALYZE: Handler(run, gave_up)}

"""Job handlers of the library."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crescendai.jobs.service import Handler
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.service import INGEST


def handlers(service: IngestionService) -> dict[str, Handler]:
    async def run(payload: dict[str, Any]) -> None:
        await service.ingest(UUID(payload["document_id"]))

    async def gave_up(payload: dict[str, Any], reason: str) -> None:
        await service.give_up(UUID(payload["document_id"]), reason)

    return {INGEST: Handler(run, gave_up)}

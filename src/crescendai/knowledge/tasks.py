"""Job handlers of the library."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crescendai.jobs.service import Handler
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.reindexing import REINDEX, ReindexService
from crescendai.knowledge.service import INGEST


def handlers(service: IngestionService, reindexing: ReindexService) -> dict[str, Handler]:
    async def run(payload: dict[str, Any]) -> None:
        await service.ingest(UUID(payload["document_id"]))

    async def gave_up(payload: dict[str, Any], reason: str) -> None:
        await service.give_up(UUID(payload["document_id"]), reason)

    async def reindex(_payload: dict[str, Any]) -> None:
        await reindexing.run()

    async def reindexing_gave_up(_payload: dict[str, Any], _reason: str) -> None:
        """The old index goes on serving; the next start promises the work again."""

    return {
        INGEST: Handler(run, gave_up),
        REINDEX: Handler(reindex, reindexing_gave_up),
    }

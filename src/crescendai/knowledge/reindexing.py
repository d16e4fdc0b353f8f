"""Another model for the library: it embeds everything anew behind, while the old index serves."""

from __future__ import annotations

import structlog

from crescendai.jobs.service import NOBODY_WAITS, enqueue, is_promised
from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository, repository
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.schemas import IndexState
from crescendai.knowledge.tables import DocumentRow

REINDEX = "knowledge.reindex"
_BATCH_CHUNKS = 32  # embedded and stored at a time
_SWEEP_CHUNKS = 2000  # whose old data are forgotten in one transaction

log = structlog.get_logger(__name__)


class ReindexService:
    """Brings what is stored in line with the models that the settings name."""

    def __init__(self, *, transactions: Transactions, models: TextModels) -> None:
        self._transactions = transactions
        self._models = models

    async def state(self) -> IndexState:
        wanted = self._models.embedder.model_id
        async with self._transactions.read() as session:
            state = await index_repository.state(session)
            done, total = await index_repository.chunks_done(session, self._models.id)
            running = await is_promised(session, REINDEX)
        level = done == total and state.embedder_id in (None, wanted)
        return IndexState(
            serving=state.embedder_id,
            wanted=wanted,
            percent=100 if level else min(99, 100 * done // max(total, 1)),
            chunks_done=done,
            chunks_total=total,
            running=running,
        )

    async def ensure(self) -> bool:
        """Promise the job when it is needed and not promised yet; whether it is needed."""
        state = await self.state()
        if state.percent < 100 and not state.running:
            async with self._transactions.write() as session:
                await index_repository.state(session, lock=True)
                if not await is_promised(session, REINDEX):
                    await enqueue(session, REINDEX, {}, NOBODY_WAITS)
        return state.percent < 100

    async def run(self) -> None:
        """Read what the models have not read yet, then let them serve. May be called again."""
        while True:
            async with self._transactions.read() as session:
                document = await index_repository.outdated_document(session, self._models.id)
            if document is not None:
                await self._read(document)
            elif await self._serve():
                break
        await self._forget_others()

    async def _read(self, document: DocumentRow) -> None:
        while True:
            async with self._transactions.read() as session:
                lacking = await index_repository.chunks_without(
                    session, document.id, self._models.ids, _BATCH_CHUNKS
                )
            if not lacking:
                break
            made = await self._models.read(document.title or "", lacking)
            async with self._transactions.write() as session:
                numbers = await index_repository.existing(session, [c.number for c in lacking])
                await index_repository.add_model_data(
                    session,
                    {
                        chunk.number: data
                        for chunk, data in zip(lacking, made, strict=True)
                        if chunk.number in numbers
                    },
                    self._models.embedder,
                )
        async with self._transactions.write() as session:
            await repository.update_document(session, document.id, {"model_id": self._models.id})
        log.info("knowledge.document_reindexed", document=str(document.id))

    async def _serve(self) -> bool:
        """Let the new index answer. False when a document has become ready meanwhile."""
        async with self._transactions.write() as session:
            state = await index_repository.state(session, lock=True)
            if await index_repository.outdated_document(session, self._models.id) is not None:
                return False
            if state.embedder_id != self._models.embedder.model_id:
                await index_repository.next_revision(
                    session, {"embedder_id": self._models.embedder.model_id}
                )
                log.info("knowledge.index_changed", model=self._models.embedder.model_id)
        return True

    async def _forget_others(self) -> None:
        async with self._transactions.read() as session:
            last = await index_repository.last_number(session)
        for first in range(0, last + 1, _SWEEP_CHUNKS):
            async with self._transactions.write() as session:
                await index_repository.remove_other_data(
                    session, self._models.ids, first, first + _SWEEP_CHUNKS - 1
                )

"""Keeps the vector index level with the database, whichever process wrote to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository
from crescendai.knowledge.index_repository import DocumentVectors
from crescendai.knowledge.models import TextModels, read_vectors
from crescendai.ports.embedding import Embedder
from crescendai.ports.vectors import VectorBlock, VectorIndex


@dataclass(frozen=True)
class Serving:
    """An index and the embedder that made it. ``revisions`` are those of the documents it holds."""

    embedder: Embedder
    index: VectorIndex
    revisions: dict[UUID, int] = field(default_factory=dict)


class LibraryIndex:
    """Holds what is ready, embedded by the model that the database names."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        open_index: Callable[[], VectorIndex],
        models: TextModels,
    ) -> None:
        self._transactions = transactions
        self._open_index = open_index
        self._models = models
        self._revision = -1
        self._serving: Serving | None = None
        self._lock = asyncio.Lock()

    async def refresh(self) -> Serving | None:
        """Take over what has changed since the last time; one small query when nothing has.

        None when the index was made by a model that cannot be opened here.
        """
        async with self._transactions.read_briefly() as session:
            state = await index_repository.state(session)
        if state.revision != self._revision:
            async with self._lock:
                await self._catch_up()
        return self._serving

    async def _catch_up(self) -> None:
        async with self._transactions.read() as session:
            state = await index_repository.state(session)
            if state.revision == self._revision:
                return
            ready = await index_repository.ready_revisions(session)
            embedder = self._models.embedder_named(state.embedder_id)
            if embedder is None:
                self._serving, self._revision = None, state.revision
                return
            held = self._serving
            if held is None or held.embedder.model_id != embedder.model_id:
                held = Serving(embedder, self._open_index())
            blocks = []
            for document_id, changed_at in () if held.index.stored else ready.items():
                if held.revisions.get(document_id) != changed_at:
                    found = await index_repository.document_vectors(
                        session, document_id, embedder.model_id
                    )
                    blocks.append(
                        await asyncio.to_thread(_block, document_id, found, embedder.dimensions)
                    )
        await held.index.update(blocks, held.revisions.keys() - ready.keys())
        self._serving = Serving(embedder, held.index, ready)
        self._revision = state.revision


def _block(document_id: UUID, found: DocumentVectors, dimensions: int) -> VectorBlock:
    vectors = read_vectors(b"".join(found.data), dimensions)
    counts = [len(data) // (2 * dimensions) for data in found.data]
    numbers = np.repeat(np.asarray(found.numbers, dtype=np.int64), counts)
    return VectorBlock(document_id, found.owner_id, numbers, vectors)

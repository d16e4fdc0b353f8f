"""Keeps the vector index level with the database, whichever process wrote to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crescendai.kit.sql import Transactions
from crescendai.knowledge import repository
from crescendai.ports.vectors import VectorBlock, VectorIndex


def read_vectors(data: bytes, dimensions: int) -> npt.NDArray[np.float32]:
    """A chunk's vectors as they are stored, (n, dimensions)."""
    return np.frombuffer(data, dtype=np.float16).reshape(-1, dimensions).astype(np.float32)


class LibraryIndex:
    """Holds what is ready and embedded by ``model_id``. One instance an index."""

    def __init__(
        self, *, transactions: Transactions, index: VectorIndex, model_id: str, dimensions: int
    ) -> None:
        self._transactions = transactions
        self._index = index
        self._model_id = model_id
        self._dimensions = dimensions
        self._revision = -1
        self._held: dict[UUID, int] = {}
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Take over what has changed since the last time; one small query when nothing has."""
        async with self._transactions.read() as session:
            revision = await repository.revision(session)
        if revision == self._revision:
            return
        async with self._lock:
            await self._catch_up()

    async def _catch_up(self) -> None:
        async with self._transactions.read() as session:
            revision = await repository.revision(session)
            if revision == self._revision:
                return
            ready = await repository.ready_revisions(session, self._model_id)
            blocks = []
            for document_id, changed_at in ready.items():
                if self._held.get(document_id) != changed_at:
                    owner, rows = await repository.document_vectors(
                        session, document_id, self._model_id
                    )
                    blocks.append(
                        await asyncio.to_thread(_block, document_id, owner, rows, self._dimensions)
                    )
        await self._index.update(blocks, self._held.keys() - ready.keys())
        self._held = ready
        self._revision = revision


def _block(
    document_id: UUID,
    owner_id: UUID | None,
    rows: Sequence[tuple[UUID, bytes]],
    dimensions: int,
) -> VectorBlock:
    vectors = read_vectors(b"".join(data for _, data in rows), dimensions)
    counts = [len(data) // (2 * dimensions) for _, data in rows]
    chunk_of = np.repeat(np.arange(len(rows), dtype=np.int32), counts)
    return VectorBlock(
        document_id, owner_id, tuple(chunk_id for chunk_id, _ in rows), chunk_of, vectors
    )

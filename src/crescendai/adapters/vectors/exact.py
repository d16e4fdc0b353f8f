"""Exact nearest neighbours: every vector in memory, compared with every query."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crescendai.ports.vectors import Neighbour, VectorBlock

_VECTORS_A_CHUNK = 8  # more than almost every chunk has


@dataclass(frozen=True)
class _Shelf:
    """One owner's vectors in one matrix, replaced as a whole when a document comes or goes."""

    blocks: dict[UUID, VectorBlock] = field(default_factory=dict)
    vectors: npt.NDArray[np.float32] | None = None
    numbers: npt.NDArray[np.int64] | None = None


class ExactVectorIndex:
    """Memory: 4 bytes a dimension and vector. Searching and updating run in threads."""

    def __init__(self) -> None:
        self._shelves: dict[UUID | None, _Shelf] = {}
        self._lock = threading.Lock()

    async def update(self, blocks: Sequence[VectorBlock], removed: Collection[UUID]) -> None:
        await asyncio.to_thread(self._update, blocks, removed)

    async def nearest(
        self,
        query: npt.NDArray[np.float32],
        owner_id: UUID,
        limit: int,
        within: Collection[UUID] | None = None,
    ) -> list[Neighbour]:
        shelves = [
            shelf
            for shelf in (self._shelves.get(None), self._shelves.get(owner_id))
            if shelf is not None
        ]
        return await asyncio.to_thread(_nearest_within, shelves, query, limit, within)

    def _update(self, blocks: Sequence[VectorBlock], removed: Collection[UUID]) -> None:
        gone = set(removed) | {block.document_id for block in blocks}
        with self._lock:
            held = {owner: dict(shelf.blocks) for owner, shelf in self._shelves.items()}
            changed: set[UUID | None] = set()
            for owner, documents in held.items():
                for document_id in gone & documents.keys():
                    del documents[document_id]
                    changed.add(owner)
            for block in blocks:
                held.setdefault(block.owner_id, {})[block.document_id] = block
                changed.add(block.owner_id)
            for owner in changed:
                self._shelves[owner] = _fill(held[owner])


def _fill(blocks: dict[UUID, VectorBlock]) -> _Shelf:
    """Join the blocks; they go on as views of the joined matrix, so nothing is held twice."""
    filled = [block for block in blocks.values() if len(block.vectors)]
    if not filled:
        return _Shelf()
    vectors = np.concatenate([block.vectors for block in filled])
    views: dict[UUID, VectorBlock] = {}
    row = 0
    for block in filled:
        view = vectors[row : row + len(block.vectors)]
        views[block.document_id] = replace(block, vectors=view)
        row += len(block.vectors)
    return _Shelf(views, vectors, np.concatenate([block.numbers for block in filled]))


def _nearest_within(
    shelves: Sequence[_Shelf],
    query: npt.NDArray[np.float32],
    limit: int,
    within: Collection[UUID] | None,
) -> list[Neighbour]:
    if within is not None:
        shelves = [
            _fill({key: shelf.blocks[key] for key in shelf.blocks.keys() & set(within)})
            for shelf in shelves
        ]
    return _nearest(shelves, query, limit)


def _nearest(
    shelves: Sequence[_Shelf], query: npt.NDArray[np.float32], limit: int
) -> list[Neighbour]:
    best: list[Neighbour] = []
    for shelf in shelves:
        if shelf.vectors is None or shelf.numbers is None:
            continue
        similarities = shelf.vectors @ query
        wanted = min(limit * _VECTORS_A_CHUNK, len(similarities))
        rows = np.argpartition(similarities, len(similarities) - wanted)[-wanted:]
        rows = rows[np.argsort(-similarities[rows], kind="stable")]
        numbers, first = np.unique(shelf.numbers[rows], return_index=True)
        best.extend(
            Neighbour(int(numbers[at]), float(similarities[rows[first[at]]]))
            for at in np.argsort(first)[:limit]
        )
    best.sort(key=lambda one: -one.similarity)
    return best[:limit]

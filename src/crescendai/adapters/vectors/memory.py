"""Nearest neighbours in memory: one bit a dimension is compared for all, the nearest exactly.

The signs of a vector's components, 48 bytes of 384 dimensions, are compared with the query's for
every vector; those that differ least are compared again by their cosine, from components of 8 bits
(wrong by 0.0005 at most times). A shelf that is smaller than the second comparison needs no first
one and is searched exactly.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crescendai.kit.products import product
from crescendai.ports.vectors import Neighbour, VectorBlock

EXACT_ROWS = 12_000  # compared exactly at least; see docs/decisions/0006
_EXACT_SHARE = 250  # and one row of so many, for shelves of millions
_AT_A_TIME = 256
_SAMPLED = 40_000  # rows that tell how much the nearest differ
_FIRST_ROWS = 1024
_INT8_MOST, _TINY = 127, np.float32(1e-12)
_DEAD_SHARE = 0.25  # of a shelf may be removed rows before it is written anew


@dataclass
class _Shelf:
    """One owner's vectors. Rows are only ever added, so that a search may go on meanwhile.

    A vector is its row of ``components`` times its ``scale``. ``bits`` has a row of 64 dimensions,
    so that counting runs along the vectors. A removed row's number is -1.
    """

    components: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    bits: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.int64]
    rows: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    count: int = 0
    dead: int = 0

    @classmethod
    def of(cls, dimensions: int, capacity: int) -> _Shelf:
        return cls(
            np.zeros((capacity, dimensions), np.int8),
            np.zeros(capacity, np.float32),
            np.zeros((-(-dimensions // 64), capacity), np.uint64),
            np.full(capacity, -1, np.int64),
        )

    def remove(self, document_id: UUID) -> None:
        start, end = self.rows.pop(document_id, (0, 0))
        self.numbers[start:end] = -1
        self.dead += end - start

    def with_room(self, rows: int) -> _Shelf:
        """Itself, or a larger copy without the removed rows."""
        if self.count + rows <= len(self.numbers) and self.dead <= _DEAD_SHARE * self.count:
            return self
        alive = self.count - self.dead
        made = _Shelf.of(self.components.shape[1], max(_FIRST_ROWS, alive + rows + alive // 4))
        for document_id, (start, end) in self.rows.items():
            to = made.count + end - start
            made.components[made.count : to] = self.components[start:end]
            made.scales[made.count : to] = self.scales[start:end]
            made.bits[:, made.count : to] = self.bits[:, start:end]
            made.numbers[made.count : to] = self.numbers[start:end]
            made.rows[document_id] = (made.count, to)
            made.count = to
        return made

    def add(self, block: VectorBlock) -> None:
        to = self.count + len(block.vectors)
        scales = np.abs(block.vectors).max(axis=1) / _INT8_MOST
        scaled = block.vectors / np.maximum(scales, _TINY)[:, None]
        self.components[self.count : to] = np.round(scaled)
        self.scales[self.count : to] = scales
        self.bits[:, self.count : to] = _signs(block.vectors).T
        self.numbers[self.count : to] = block.numbers
        self.rows[block.document_id] = (self.count, to)
        self.count = to


class MemoryVectorIndex:
    """Memory: a byte and a bit a dimension and vector, and a quarter more while it grows.

    Searching and updating run in threads.
    """

    stored = False

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
        return await asyncio.to_thread(self._nearest, query, owner_id, limit, within)

    def _update(self, blocks: Sequence[VectorBlock], removed: Collection[UUID]) -> None:
        with self._lock:
            for document_id in {*removed, *(block.document_id for block in blocks)}:
                for shelf in self._shelves.values():
                    shelf.remove(document_id)
            for owner_id in {block.owner_id for block in blocks}:
                own = [one for one in blocks if one.owner_id == owner_id and len(one.vectors)]
                if not own:
                    continue
                held = self._shelves.get(owner_id) or _Shelf.of(own[0].vectors.shape[1], 0)
                shelf = held.with_room(sum(len(block.vectors) for block in own))
                for block in own:
                    shelf.add(block)
                self._shelves[owner_id] = shelf

    def _nearest(
        self,
        query: npt.NDArray[np.float32],
        owner_id: UUID,
        limit: int,
        within: Collection[UUID] | None,
    ) -> list[Neighbour]:
        with self._lock:
            shelves = [self._shelves.get(None), self._shelves.get(owner_id)]
            held = [(shelf, shelf.count, _rows(shelf, within)) for shelf in shelves if shelf]
        found: list[Neighbour] = []
        for shelf, count, rows in held:
            near = _candidates(shelf, count, query, rows)
            near = near[shelf.numbers[near] >= 0]
            found.extend(_best(shelf.numbers[near], _cosines(shelf, near, query), limit))
        return sorted(found, key=lambda one: -one.similarity)[:limit]


def _rows(shelf: _Shelf, within: Collection[UUID] | None) -> npt.NDArray[np.intp] | None:
    """The rows of those documents; None for all."""
    if within is None:
        return None
    ranges = [shelf.rows[one] for one in within if one in shelf.rows]
    parts = [np.arange(start, end) for start, end in ranges]
    return np.concatenate([np.zeros(0, np.intp), *parts])


def _cosines(
    shelf: _Shelf, rows: npt.NDArray[np.intp], query: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """A few rows at a time, so that they are still in the processor's cache when multiplied."""
    packed = np.empty((_AT_A_TIME, shelf.components.shape[1]), np.int8)
    components = np.empty(packed.shape, np.float32)
    made = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _AT_A_TIME):
        part = rows[start : start + _AT_A_TIME]
        np.take(shelf.components, part, axis=0, out=packed[: len(part)], mode="clip")
        components[: len(part)] = packed[: len(part)]
        made[start : start + len(part)] = product(components[: len(part)], query)
    return made * shelf.scales[rows]


def _best(
    numbers: npt.NDArray[np.int64], cosines: npt.NDArray[np.float32], limit: int
) -> list[Neighbour]:
    """The chunks of the nearest vectors, each once, nearest first."""
    vectors = limit
    while True:
        vectors = min(len(cosines), 4 * vectors)
        top = np.argpartition(-cosines, vectors - 1)[:vectors] if vectors else np.arange(0)
        top = top[np.argsort(-cosines[top], kind="stable")]
        firsts = np.sort(np.unique(numbers[top], return_index=True)[1])
        if len(firsts) >= limit or vectors == len(cosines):
            best = top[firsts[:limit]]
            pairs = zip(numbers[best].tolist(), cosines[best].tolist(), strict=True)
            return [Neighbour(number, similarity) for number, similarity in pairs]


def _candidates(
    shelf: _Shelf, count: int, query: npt.NDArray[np.float32], rows: npt.NDArray[np.intp] | None
) -> npt.NDArray[np.intp]:
    """The rows to compare exactly: those whose signs differ least from the query's."""
    wanted = max(EXACT_ROWS, count // _EXACT_SHARE)
    if rows is None and count <= wanted:
        return np.arange(count)
    if rows is not None and len(rows) <= wanted:
        return rows
    differing = np.zeros(count, np.uint16)
    for signs, of_query in zip(shelf.bits, _signs(query[None])[0], strict=True):
        differing += np.bitwise_count(signs[:count] ^ of_query)
    if rows is not None:
        differing = differing[rows]
    sample = differing[:: max(1, len(differing) // _SAMPLED)]
    share = wanted * len(sample) / len(differing)
    most = int(np.searchsorted(np.cumsum(np.bincount(sample)), share))
    near = np.flatnonzero(differing <= most)
    return near if rows is None else rows[near]


def _signs(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
    """(n, words): a bit a dimension, 64 of them a word, filled up with zeros."""
    packed = np.packbits(vectors > 0, axis=1)
    padded = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
    return np.ascontiguousarray(padded).view(np.uint64)

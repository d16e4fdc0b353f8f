"""The stage of search that looks by meaning: the query's vector, and what lies near it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
import structlog

from crescendai.errors import UpstreamFailed
from crescendai.kit.products import product
from crescendai.kit.sql import Transactions
from crescendai.knowledge.indexing import LibraryIndex
from crescendai.knowledge.models import TextModels, read_vectors
from crescendai.ports.cache import Cache
from crescendai.ports.embedding import Embedder
from crescendai.ports.vectors import Neighbour, VectorIndex

EMBEDDING_LIFE_SEC = 7 * 24 * 3600

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Near:
    """The query's vector by the embedder that made the index, and the chunks nearest to it.

    Some indexes round: a neighbour's similarity may be wrong by 0.001.
    """

    embedder: Embedder
    vector: npt.NDArray[np.float32]
    neighbours: list[Neighbour]

    def similarities(self, stored: Mapping[int, bytes]) -> dict[int, float]:
        """The cosine of the query and each chunk's nearest window, exactly.

        ``stored`` are the chunks' vectors as they are kept, by number.
        """
        vectors, firsts = self._windows(stored)
        if not len(vectors):
            return {}
        best = np.maximum.reduceat(product(vectors, self.vector), firsts)
        return dict(zip(_held(stored), best.tolist(), strict=True))

    def likeness(self, stored: Mapping[int, bytes], best: Sequence[int]) -> dict[int, float]:
        """The cosine of each chunk's nearest window and the ``best`` chunks' mean.

        Of those the windows that are nearest to the query are meant.
        """
        vectors, firsts = self._windows(stored)
        if not len(vectors):
            return {}
        numbers = _held(stored)
        parts = dict(zip(numbers, np.split(vectors, firsts[1:]), strict=True))
        nearest = [
            own[product(own, self.vector).argmax()]
            for own in map(parts.get, best)
            if own is not None
        ]
        if not nearest:
            return {}
        mean = np.sum(nearest, axis=0)
        mean /= np.linalg.norm(mean)
        alike = np.maximum.reduceat(product(vectors, mean), firsts)
        return dict(zip(numbers, alike.tolist(), strict=True))

    def _windows(
        self, stored: Mapping[int, bytes]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]:
        """All chunks' vectors, and where each one's begin."""
        data = [stored[number] for number in _held(stored)]
        sizes = [len(one) // (2 * self.embedder.dimensions) for one in data]
        firsts = np.cumsum([0, *sizes[:-1]])
        return read_vectors(b"".join(data), self.embedder.dimensions), firsts


def _held(stored: Mapping[int, bytes]) -> list[int]:
    return [number for number, data in stored.items() if data]


class Nearness:
    def __init__(
        self,
        *,
        transactions: Transactions,
        models: TextModels,
        open_index: Callable[[], VectorIndex],
        cache: Cache,
    ) -> None:
        self._transactions = transactions
        self._cache = cache
        self._library = LibraryIndex(
            transactions=transactions, open_index=open_index, models=models
        )

    async def warm_up(self) -> bool:
        """Open the model and read the vectors, so that the first search is as quick as the next.

        False while there is nothing to search. A model out of reach is the search's own matter.
        """
        serving = await self._library.refresh()
        if serving is not None:
            with suppress(UpstreamFailed):
                await serving.embedder.embed(["piano"])
        return serving is not None

    async def look(
        self, owner_id: UUID, query: str, limit: int, within: Collection[UUID] | None = None
    ) -> Near | None:
        """None when the model behind the index cannot be opened or reached just now.

        With ``within`` only those of these documents.
        """
        serving = await self._library.refresh()
        if serving is None:
            return None
        key = _key(serving.embedder, query)
        vector = await self._kept(key, serving.embedder.dimensions)
        if vector is not None:
            neighbours = await serving.index.nearest(vector, owner_id, limit, within)
            return Near(serving.embedder, vector, neighbours)
        try:
            [vector] = await serving.embedder.embed([serving.embedder.before_query + query])
        except UpstreamFailed as error:
            log.warning("knowledge.embedder_failed", reason=error.message)
            return None
        neighbours, _ = await asyncio.gather(
            serving.index.nearest(vector, owner_id, limit, within),
            self._cache.set(key, vector.tobytes(), EMBEDDING_LIFE_SEC),
        )
        return Near(serving.embedder, vector, neighbours)

    async def _kept(self, key: str, dimensions: int) -> npt.NDArray[np.float32] | None:
        kept = await self._cache.get(key)
        if kept is None or len(kept) != 4 * dimensions:
            return None
        return np.frombuffer(kept, dtype=np.float32)


def _key(embedder: Embedder, query: str) -> str:
    digest = hashlib.sha256(f"{embedder.model_id}\n{query}".encode()).hexdigest()
    return f"embedding:{digest}"

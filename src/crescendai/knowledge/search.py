"""Search: embed the query, look up by meaning and by words, fuse, rerank.

A passage's fused score is the cosine of the query and its nearest window plus its share of the
words' evidence (BM25). Adding scores keeps what ranks throw away: how much better the best one is.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crescendai.errors import SchemaError
from crescendai.identity.service import Caller
from crescendai.kit.sql import Transactions
from crescendai.knowledge import repository
from crescendai.knowledge.filters import EVERYTHING, Filters
from crescendai.knowledge.indexing import LibraryIndex, read_vectors
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.repository import Passage, TextMatch
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.ports.cache import Cache
from crescendai.ports.embedding import Embedder, Reranker
from crescendai.ports.vectors import Neighbour, VectorIndex

MAX_TOP_K = 50
MAX_QUERY_CHARACTERS = 2000
EMBEDDING_LIFE_SEC = 7 * 24 * 3600
STAGES = ("dense", "bm25", "fusion", "rerank")
_MIN_CANDIDATES = 40
_BM25_DEPTH = 300  # a passage near in meaning keeps its words' score though few words match


@dataclass(frozen=True)
class Weights:
    """What a passage's score is the sum of; chosen on the development questions (see ``bench``)."""

    cosine: float = 1.0
    bm25: float = 0.02  # a BM25 score is about 5 to 40
    reranker: float = 1.5


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True)
class _Candidate:
    passage: Passage
    similarity: float
    score: float


class KnowledgeSearch:
    """Searches the built-in library and the caller's own documents, and nothing else."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        embedder: Embedder,
        index: VectorIndex,
        cache: Cache,
        reranker: Reranker,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> None:
        self._transactions = transactions
        self._models = TextModels(embedder, reranker)
        self._index = index
        self._cache = cache
        self._weights = weights
        self._library = LibraryIndex(
            transactions=transactions,
            index=index,
            model_id=self._models.id,
            dimensions=embedder.dimensions,
        )

    async def warm_up(self) -> None:
        """Open the model and read the vectors, so that the first search is as quick as the next."""
        await self._models.embedder.embed(["piano"])
        await self._library.refresh()

    async def search(
        self, caller: Caller, query: str, top_k: int = 5, filters: Filters = EVERYTHING
    ) -> SearchAnswer:
        """The ``top_k`` passages that answer the query best; fewer when there are fewer.

        Raises SchemaError for an empty or overlong query, and for a ``top_k`` out of range.
        """
        began = time.perf_counter()
        query = " ".join(query.split())
        _check(query, top_k)
        await self._library.refresh()
        wanted = max(3 * top_k, _MIN_CANDIDATES)
        (vector, neighbours), matches = await asyncio.gather(
            self._near(caller, query, wanted, filters), self._matching(caller, query, filters)
        )
        bm25 = {match.chunk_id: match.score for match in matches}
        ids = {neighbour.chunk_id for neighbour in neighbours}
        ids.update(match.chunk_id for match in matches[:wanted])
        async with self._transactions.read() as session:
            passages = await repository.passages(session, ids, caller.user_id)
        candidates = self._fuse(vector, passages, bm25)
        candidates = await self._rerank(query, candidates[:wanted])
        hits = tuple(_hit(candidate) for candidate in candidates[:top_k])
        took_ms = (time.perf_counter() - began) * 1000
        return SearchAnswer(query, top_k, hits, STAGES, round(took_ms, 2))

    async def _near(
        self, caller: Caller, query: str, limit: int, filters: Filters
    ) -> tuple[npt.NDArray[np.float32], list[Neighbour]]:
        vector = await self._query_vector(query)
        within = None
        if filters != EVERYTHING:
            async with self._transactions.read() as session:
                within = await repository.matching_documents(session, caller.user_id, filters)
        return vector, await self._index.nearest(vector, caller.user_id, limit, within)

    async def _matching(self, caller: Caller, query: str, filters: Filters) -> list[TextMatch]:
        async with self._transactions.read() as session:
            return await repository.match_text(session, query, caller.user_id, _BM25_DEPTH, filters)

    async def _query_vector(self, query: str) -> npt.NDArray[np.float32]:
        digest = hashlib.sha256(f"{self._models.embedder.model_id}\n{query}".encode()).hexdigest()
        key = f"embedding:{digest}"
        cached = await self._cache.get(key)
        if cached is not None and len(cached) == 4 * self._models.dimensions:
            return np.frombuffer(cached, dtype=np.float32)
        vector: npt.NDArray[np.float32] = (await self._models.embedder.embed([query]))[0]
        await self._cache.set(key, vector.tobytes(), EMBEDDING_LIFE_SEC)
        return vector

    def _fuse(
        self,
        vector: npt.NDArray[np.float32],
        passages: Mapping[UUID, Passage],
        bm25: Mapping[UUID, float],
    ) -> list[_Candidate]:
        candidates = []
        for chunk_id, passage in passages.items():
            windows = read_vectors(passage.chunk.vectors, self._models.dimensions)
            similarity = float((windows @ vector).max())
            score = self._weights.cosine * similarity
            score += self._weights.bm25 * bm25.get(chunk_id, 0.0)
            candidates.append(_Candidate(passage, similarity, score))
        candidates.sort(key=lambda one: (-one.score, one.passage.chunk.number))
        return candidates

    async def _rerank(self, query: str, candidates: Sequence[_Candidate]) -> list[_Candidate]:
        """The reranker's score is added too: each of the three sees what the others miss."""
        ids = [one.passage.chunk.id for one in candidates]
        async with self._transactions.read() as session:
            prepared = await repository.rerank_data(session, ids)
        scores = await self._models.reranker.rerank(query, [prepared.get(one, b"") for one in ids])
        ranked = [
            replace(one, score=one.score + self._weights.reranker * score)
            for one, score in zip(candidates, scores, strict=True)
        ]
        return sorted(ranked, key=lambda one: -one.score)


def _check(query: str, top_k: int) -> None:
    if not query:
        raise SchemaError("query_empty", "Say what to look for; the query is empty.", "query.q")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise SchemaError(
            "query_too_long",
            f"The query may have at most {MAX_QUERY_CHARACTERS} characters.",
            "query.q",
        )
    if not 1 <= top_k <= MAX_TOP_K:
        raise SchemaError("top_k_range", f"top_k is from 1 to {MAX_TOP_K}.", "query.top_k")


def _hit(candidate: _Candidate) -> Hit:
    chunk, document = candidate.passage.chunk, candidate.passage.document
    return Hit(
        chunk_id=chunk.id,
        document_id=document.id,
        title=document.title or document.filename,
        author=document.author,
        type=document.type,
        level=document.level,
        section=chunk.section,
        dimensions=tuple(document.dimensions),
        page=chunk.page,
        heading_path=tuple(chunk.heading_path),
        start=chunk.start_char,
        end=chunk.end_char,
        text=chunk.text,
        score=round(candidate.score, 6),
        similarity=round(candidate.similarity, 6),
    )

"""Search: embed the query, look up by meaning and by words, fuse, rerank.

A passage's fused score is the cosine of the query and its nearest window plus its share of the
words' evidence (BM25). Adding scores keeps what ranks throw away: how much better the best one is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from crescendai.errors import SchemaError, UpstreamFailed
from crescendai.identity.service import Caller
from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository, repository
from crescendai.knowledge.filters import EVERYTHING, Filters
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.nearness import Nearness
from crescendai.knowledge.repository import Passage
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.ports.cache import Cache
from crescendai.ports.vectors import VectorIndex
from crescendai.ports.words import WordIndex

MAX_TOP_K = 50
MAX_QUERY_CHARACTERS = 2000
STAGES = ("dense", "bm25", "fusion", "rerank")
_MIN_CANDIDATES = 40
_BM25_DEPTH = 300  # a passage near in meaning keeps its words' score though few words match

log = structlog.get_logger(__name__)


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
        models: TextModels,
        open_index: Callable[[], VectorIndex],
        words: WordIndex,
        cache: Cache,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> None:
        self._transactions = transactions
        self._reranker = models.reranker
        self._weights = weights
        self._words = words
        self._nearness = Nearness(
            transactions=transactions, models=models, open_index=open_index, cache=cache
        )

    async def warm_up(self) -> None:
        """Open the model and read vectors and words, so that the first search is quick too."""
        await self._words.refresh()
        await self._nearness.warm_up()

    async def search(
        self, caller: Caller, query: str, top_k: int = 5, filters: Filters = EVERYTHING
    ) -> SearchAnswer:
        """The ``top_k`` passages that answer the query best; fewer when there are fewer.

        Raises SchemaError for an empty or overlong query, and for a ``top_k`` out of range.
        """
        began = time.perf_counter()
        query = " ".join(query.split())
        _check(query, top_k)
        wanted = max(3 * top_k, _MIN_CANDIDATES)
        within = await self._within(caller, filters)
        near, matches = await asyncio.gather(
            self._nearness.look(caller.user_id, query, wanted, within),
            self._words.match(query, caller.user_id, _BM25_DEPTH, within),
        )
        numbers = {match.number for match in matches[:wanted]}
        numbers.update(one.number for one in (near.neighbours if near else ()))
        similarities = await self._nearness.similarities(near, numbers)
        async with self._transactions.read() as session:
            passages = await repository.passages(session, numbers, caller.user_id)
        bm25 = {match.number: match.score for match in matches}
        candidates = self._fuse(passages, similarities, bm25)[:wanted]
        reranked = await self._rerank(query, candidates)
        hits = tuple(_hit(candidate) for candidate in (reranked or candidates)[:top_k])
        ran = {"dense": near, "bm25": True, "fusion": near, "rerank": reranked is not None}
        stages = tuple(stage for stage in STAGES if ran[stage])
        took_ms = (time.perf_counter() - began) * 1000
        return SearchAnswer(query, top_k, hits, stages, round(took_ms, 2))

    async def _within(self, caller: Caller, filters: Filters) -> set[UUID] | None:
        """The documents that the filters let through; None for all."""
        if filters == EVERYTHING:
            return None
        async with self._transactions.read() as session:
            return await repository.matching_documents(session, caller.user_id, filters)

    def _fuse(
        self,
        passages: Mapping[int, Passage],
        similarities: Mapping[int, float],
        bm25: Mapping[int, float],
    ) -> list[_Candidate]:
        candidates = []
        for number, passage in passages.items():
            similarity = similarities.get(number, 0.0)
            score = self._weights.cosine * similarity
            score += self._weights.bm25 * bm25.get(number, 0.0)
            candidates.append(_Candidate(passage, similarity, score))
        candidates.sort(key=lambda one: (-one.score, one.passage.chunk.number))
        return candidates

    async def _rerank(
        self, query: str, candidates: Sequence[_Candidate]
    ) -> list[_Candidate] | None:
        """The reranker's score is added too: each of the three sees what the others miss.

        None when the reranker has not been through all of them yet, or cannot be reached now.
        """
        if not self._weights.reranker:
            return None
        numbers = [one.passage.chunk.number for one in candidates]
        async with self._transactions.read() as session:
            prepared = await index_repository.model_data(session, numbers, self._reranker.model_id)
        if len(prepared) < len(numbers):
            return None
        try:
            scores = await self._reranker.rerank(query, [prepared[number] for number in numbers])
        except UpstreamFailed as error:
            log.warning("knowledge.reranker_failed", reason=error.message)
            return None
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

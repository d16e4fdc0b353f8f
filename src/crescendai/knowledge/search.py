"""Search: embed the query, look up by meaning and by words, fuse, rerank.

A passage's fused score is the cosine of the query and its nearest window plus its share of the
words' evidence (BM25). Adding scores keeps what ranks throw away: how much better the best one is.
"""

from __future__ import annotations

import asyncio
import math
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
from crescendai.knowledge.nearness import Near, Nearness
from crescendai.knowledge.note_values import with_british_names
from crescendai.knowledge.repository import Passage
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.ports.cache import Cache
from crescendai.ports.vectors import VectorIndex
from crescendai.ports.words import WordIndex, WordMatch

MAX_TOP_K = 50
MAX_QUERY_CHARACTERS = 2000
STAGES = ("dense", "bm25", "fusion", "rerank")
BUDGET_MS = 1000.0
_MIN_CANDIDATES = 100
_RERANKED_AT_A_TIME = 25  # between two looks at the clock
_BEST_PASSAGES = 10
_TRUSTED, _EXEMPLARY = 3, 5  # stay where they are; tell what else is looked for
_CONFIDENCE = (2.4, -14.1, -2.0)  # logistic regression, docs/decisions/0010; for these weights

_LOOK_SEC = 1.0  # between two looks at whether the library has changed
_NOBODY = Caller(UUID(int=0))
_WARM_UP = "How to warm up at the piano"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Weights:
    """What a passage's score is the sum of; chosen on questions of our own (see ``bench``)."""

    cosine: float = 1.0
    bm25: float = 0.02  # a BM25 score is about 5 to 40
    reranker: float = 3.0
    likeness: float = 0.3  # to the best ones, for those that come after them


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True)
class _Candidate:
    """A chunk's number and what speaks for it."""

    number: int
    similarity: float
    score: float


class KnowledgeSearch:
    """Searches the built-in library and the caller's own documents, and nothing else.

    Once a search has taken ``budget_ms`` nothing more is reranked: what was reranked until then
    comes first, the rest after it as fused, and the answer's stages say ``rerank_part``, or leave
    reranking out when it had not begun.
    """

    def __init__(
        self,
        *,
        transactions: Transactions,
        models: TextModels,
        open_index: Callable[[], VectorIndex],
        words: WordIndex,
        cache: Cache,
        weights: Weights = DEFAULT_WEIGHTS,
        budget_ms: float = BUDGET_MS,
    ) -> None:
        self._transactions = transactions
        self._reranker = models.reranker
        self._weights = weights
        self._budget_sec = budget_ms / 1000
        self._words = words
        self._nearness = Nearness(
            transactions=transactions, models=models, open_index=open_index, cache=cache
        )

    async def warm_up(self) -> None:
        """Open the model and read vectors and words, so that the first search is quick too."""
        await self._words.refresh()
        if await self._nearness.warm_up():
            await self.search(_NOBODY, _WARM_UP)

    async def keep_warm(self) -> None:
        """Warm up, now and whenever the library has changed and come to rest, without end."""
        warmed = seen = -1
        while True:
            try:
                async with self._transactions.read_briefly() as session:
                    revision = await index_repository.revision(session)
                if revision == seen != warmed or warmed == -1:
                    await self.warm_up()
                    warmed = revision
                seen = revision
            except Exception as error:  # noqa: BLE001 - tried again; the database may be back
                log.warning("search.not_warmed", cause=type(error).__name__)
            await asyncio.sleep(_LOOK_SEC)

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
        asked = query
        query = with_british_names(await self._words.spelt(query, caller.user_id))
        near, matches = await asyncio.gather(
            self._nearness.look(caller.user_id, query, wanted, within),
            self._words.match(query, caller.user_id, wanted, within),
        )
        candidates, made = await self._fuse(query, near, matches, wanted)
        prepared = made.get(self._reranker.model_id, {})
        candidates, reranked = await self._rerank(
            query, candidates, prepared, began + self._budget_sec
        )
        if near and reranked == len(candidates):
            candidates = self._drawn(candidates, near, made[near.embedder.model_id])
        confidence = await self._confidence(query, candidates, prepared) if reranked else None
        hits = await self._hits(caller, candidates, top_k)
        stages = _stages(near is not None, reranked, len(candidates))
        took_ms = (time.perf_counter() - began) * 1000
        return SearchAnswer(asked, top_k, hits, stages, round(took_ms, 2), confidence)

    async def _within(self, caller: Caller, filters: Filters) -> set[UUID] | None:
        """The documents that the filters let through; None for all."""
        if filters == EVERYTHING:
            return None
        async with self._transactions.read_once() as session:
            return await repository.matching_documents(session, caller.user_id, filters)

    async def _fuse(
        self, query: str, near: Near | None, matches: Sequence[WordMatch], wanted: int
    ) -> tuple[list[_Candidate], dict[str, dict[int, bytes]]]:
        """The best candidates of both stages, and what the models have made of each."""
        similarities = {one.number: one.similarity for one in near.neighbours} if near else {}
        bm25 = {match.number: match.score for match in matches}
        bm25 |= await self._words.scores(query, similarities.keys() - bm25.keys())
        if near:
            model_id = near.embedder.model_id
            far = bm25.keys() - similarities.keys()
            async with self._transactions.read_once() as session:
                made = await index_repository.model_data(session, far, [model_id])
            similarities |= near.similarities(made[model_id])
        candidates = self._best(bm25, similarities)[:wanted]
        if not self._weights.reranker:
            return candidates, {}
        model_ids = [self._reranker.model_id, *([near.embedder.model_id] if near else ())]
        numbers = [one.number for one in candidates]
        async with self._transactions.read_once() as session:
            return candidates, await index_repository.model_data(session, numbers, model_ids)

    def _best(
        self, bm25: Mapping[int, float], similarities: Mapping[int, float]
    ) -> list[_Candidate]:
        """What is near or holds the query's words, by the sum of both."""
        candidates = []
        for number in bm25.keys() | similarities.keys():
            similarity = similarities.get(number, 0.0)
            score = self._weights.cosine * similarity
            score += self._weights.bm25 * bm25.get(number, 0.0)
            candidates.append(_Candidate(number, similarity, score))
        return sorted(candidates, key=lambda one: (-one.score, one.number))

    async def _rerank(
        self,
        query: str,
        candidates: Sequence[_Candidate],
        prepared: Mapping[int, bytes],
        deadline: float,
    ) -> tuple[list[_Candidate], int | None]:
        """The reranker's score is added too: each of the three sees what the others miss.

        With how many it has been through by the deadline, on the clock of ``perf_counter``: None
        when it is not used, has not prepared all of them yet, or cannot be reached now.
        """
        if not self._weights.reranker or any(one.number not in prepared for one in candidates):
            return list(candidates), None
        ranked: list[_Candidate] = []
        while len(ranked) < len(candidates) and time.perf_counter() < deadline:
            batch = candidates[len(ranked) : len(ranked) + _RERANKED_AT_A_TIME]
            try:
                scores = await self._reranker.rerank(query, [prepared[one.number] for one in batch])
            except UpstreamFailed as error:
                log.warning("knowledge.reranker_failed", reason=error.message)
                return list(candidates), None
            ranked += [
                replace(one, score=one.score + self._weights.reranker * score)
                for one, score in zip(batch, scores, strict=True)
            ]
        rest = candidates[len(ranked) :]
        return [*sorted(ranked, key=lambda one: -one.score), *rest], len(ranked)

    def _drawn(
        self, candidates: Sequence[_Candidate], near: Near, vectors: Mapping[int, bytes]
    ) -> list[_Candidate]:
        """After the first three, what is like the first five comes before what is not.

        What is unlike them loses by it, so that scores still fall from hit to hit.
        """
        exemplary = [one.number for one in candidates[:_EXEMPLARY]]
        alike = near.likeness(vectors, exemplary)
        most = max(alike.values(), default=0.0)
        rest = [
            replace(
                one, score=one.score - self._weights.likeness * (most - alike.get(one.number, 0.0))
            )
            for one in candidates[_TRUSTED:]
        ]
        return [*candidates[:_TRUSTED], *sorted(rest, key=lambda one: -one.score)]

    async def _confidence(
        self, query: str, candidates: Sequence[_Candidate], prepared: Mapping[int, bytes]
    ) -> float | None:
        """From the best score, and from what of the query none of the best passages takes up."""
        kept = [prepared[one.number] for one in candidates[:_BEST_PASSAGES]]
        try:
            unmatched = await self._reranker.unmatched(query, kept)
        except UpstreamFailed:
            return None
        if unmatched is None:
            return None
        of_score, of_unmatched, offset = _CONFIDENCE
        evidence = of_score * candidates[0].score + of_unmatched * unmatched + offset
        return round(0.5 * (1 + math.tanh(evidence / 2)), 4)

    async def _hits(
        self, caller: Caller, candidates: Sequence[_Candidate], top_k: int
    ) -> tuple[Hit, ...]:
        """The first that are still there and that the caller may see."""
        hits: list[Hit] = []
        async with self._transactions.read() as session:
            for start in range(0, len(candidates), top_k):
                part = candidates[start : start + top_k]
                passages = await repository.passages(
                    session, [one.number for one in part], caller.user_id
                )
                hits += [_hit(one, passages[one.number]) for one in part if one.number in passages]
                if len(hits) >= top_k:
                    break
        return tuple(hits[:top_k])


def _stages(near: bool, reranked: int | None, candidates: int) -> tuple[str, ...]:
    *without, whole = STAGES if near else ("bm25", "rerank")
    if reranked is None:
        return tuple(without)
    if reranked == candidates:
        return (*without, whole)
    return (*without, "rerank_part") if reranked else tuple(without)


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


def _hit(candidate: _Candidate, passage: Passage) -> Hit:
    chunk, document = passage.chunk, passage.document
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

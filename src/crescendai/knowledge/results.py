"""What a search returns to people and to the tutor alike."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Hit:
    """A passage. ``start`` and ``end`` are character offsets of ``text`` in the document's text.

    ``page`` counts from 1 and is None for formats without pages; ``section`` is then the number of
    the section, else that of the page. ``score`` is comparable within
    one answer only, except ``similarity``: the cosine of query and passage, −1 to 1.
    """

    chunk_id: UUID
    document_id: UUID
    title: str
    author: str | None
    type: str | None
    dimensions: tuple[str, ...]
    page: int | None
    heading_path: tuple[str, ...]
    start: int
    end: int
    text: str
    score: float
    similarity: float
    level: str | None = None
    section: int | None = None


LEAST_CONFIDENCE = 0.2
"""Of questions that the handbook does not answer 82 % stay below, of those that it answers 2 %."""


@dataclass(frozen=True)
class SearchAnswer:
    """Hits best first, the stages that ran, and the time taken.

    The stages are dense, bm25, fusion and rerank; rerank_part where time ran out before the end.
    ``confidence`` is how likely it is, from 0 to 1, that the library answers the query at all; None
    where nothing was reranked, or by a reranker that cannot tell.
    """

    query: str
    top_k: int
    hits: tuple[Hit, ...]
    stages: tuple[str, ...]
    took_ms: float
    confidence: float | None = None

    @property
    def has_answer(self) -> bool:
        """False when the library hardly answers the query, whatever passages are nearest to it."""
        if self.confidence is None:
            return bool(self.hits)
        return bool(self.hits) and self.confidence >= LEAST_CONFIDENCE

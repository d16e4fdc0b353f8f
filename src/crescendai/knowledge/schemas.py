"""The wire: what the library's endpoints send."""

from __future__ import annotations

from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel

from crescendai.knowledge.results import Hit, SearchAnswer

Status = Literal["queued", "processing", "ready", "failed", "cancelled"]


class Problem(BaseModel):
    """Why a document could not be taken in."""

    code: str
    reason: str


class Document(BaseModel):
    """``percent`` is 0–100, times are milliseconds since the epoch.

    ``pages_done`` of ``pages_total`` are ready to be searched: pages, or the sections of a format
    without pages. ``hidden_characters`` were in the file, not to be seen, and have been left out.
    """

    document_id: UUID
    title: str
    author: str | None
    type: str | None
    level: str | None
    dimensions: list[str]
    filename: str
    format: Literal["pdf", "epub", "docx", "html", "markdown", "text"]
    size_bytes: int
    builtin: bool
    status: Status
    stage: str
    percent: int
    problem: Problem | None
    page_count: int | None
    pages_done: int
    pages_total: int | None
    hidden_characters: int
    chunk_count: int
    created_at: int
    updated_at: int


class DocumentPage(BaseModel):
    items: list[Document]
    next_cursor: str | None


class IndexState(BaseModel):
    """``serving`` is the model whose vectors are searched, ``wanted`` the one of the settings.

    Where they differ, ``chunks_done`` of ``chunks_total`` have been read by the wanted one;
    ``running`` while the job is promised that reads the rest.
    """

    serving: str | None
    wanted: str
    percent: int
    chunks_done: int
    chunks_total: int
    running: bool


class ChunkSpan(BaseModel):
    """``start`` and ``end`` are character offsets in the page's text: a chunk, or its part here."""

    chunk_id: UUID
    start: int
    end: int


class PageText(BaseModel):
    """``start`` and ``end`` are offsets in the document's text; ``total`` counts its units."""

    document_id: UUID
    title: str
    number: int
    unit: Literal["page", "section"]
    total: int
    start: int
    end: int
    text: str
    chunks: list[ChunkSpan]


class Citation(BaseModel):
    """A passage that a text refers to as ``[id]``, with the words quoted from it.

    ``section`` is the number under which the document's pages show it.
    """

    id: str
    chunk_id: UUID
    document_id: UUID
    title: str
    author: str | None
    page: int | None
    heading: str | None
    quote: str
    section: int | None = None

    @classmethod
    def of(cls, number: str, hit: Hit, quote: str, **more: str) -> Self:
        """``quote`` must stand word for word in the passage; ``more`` fills a subclass's fields."""
        return cls(
            id=number,
            chunk_id=hit.chunk_id,
            document_id=hit.document_id,
            title=hit.title,
            author=hit.author,
            page=hit.page,
            heading=hit.heading_path[-1] if hit.heading_path else None,
            quote=quote,
            section=hit.section,
            **more,
        )


class SearchResult(BaseModel):
    """``start`` and ``end`` are character offsets of ``text`` in the document's text."""

    chunk_id: UUID
    document_id: UUID
    title: str
    author: str | None
    type: str | None
    level: str | None
    dimensions: list[str]
    page: int | None
    section: int | None
    heading_path: list[str]
    start: int
    end: int
    text: str
    score: float


class SearchResults(BaseModel):
    """``stages`` are those that ran; ``took_ms`` is the server's own time.

    ``confidence`` is how likely it is, 0 to 1, that the library answers the question at all; null
    where that is not known.
    """

    query: str
    top_k: int
    results: list[SearchResult]
    stages: list[str]
    took_ms: float
    confidence: float | None


def search_results(answer: SearchAnswer) -> SearchResults:
    results = [
        SearchResult(
            chunk_id=hit.chunk_id,
            document_id=hit.document_id,
            title=hit.title,
            author=hit.author,
            type=hit.type,
            level=hit.level,
            dimensions=list(hit.dimensions),
            page=hit.page,
            section=hit.section,
            heading_path=list(hit.heading_path),
            start=hit.start,
            end=hit.end,
            text=hit.text,
            score=hit.score,
        )
        for hit in answer.hits
    ]
    return SearchResults(
        query=answer.query,
        top_k=answer.top_k,
        results=results,
        stages=list(answer.stages),
        took_ms=answer.took_ms,
        confidence=answer.confidence,
    )

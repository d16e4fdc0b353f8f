"""Every SQL statement of the library."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Float,
    Integer,
    String,
    Uuid,
    bindparam,
    cast,
    delete,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.kit.paging import Position
from crescendai.knowledge.filters import EVERYTHING, Filters
from crescendai.knowledge.stop_words import STOP_WORDS
from crescendai.knowledge.tables import ChunkRow, DocumentRow, PageRow

CONTEXT_WEIGHT = 0.5  # of a word in the title or a heading, against 1 in the text
_WORD = re.compile(r"\w+")


# Weighing all matches and looking up the visible ones among the best is many times quicker than
# looking all of them up first, which is left for callers whose own are crowded out by others'.
_BEST_THEN_VISIBLE = """
    SELECT best.number AS number, best.score AS score
    FROM (
        SELECT rowid AS number, -bm25(knowledge_chunks_fts, 1.0, :context_weight) AS score
        FROM knowledge_chunks_fts WHERE knowledge_chunks_fts MATCH :words
        ORDER BY score DESC LIMIT :limit
    ) AS best
    CROSS JOIN knowledge_chunks c ON c.number = best.number
    JOIN knowledge_documents d ON d.id = c.document_id
    WHERE d.status = 'ready' AND (d.owner_id IS NULL OR d.owner_id = :owner_id)
    ORDER BY best.score DESC
"""
_VISIBLE_THEN_BEST = """
    SELECT c.number AS number, -bm25(knowledge_chunks_fts, 1.0, :context_weight) AS score
    FROM knowledge_chunks_fts
    CROSS JOIN knowledge_chunks c ON c.number = knowledge_chunks_fts.rowid
    JOIN knowledge_documents d ON d.id = c.document_id
    WHERE knowledge_chunks_fts MATCH :words
      AND d.status = 'ready' AND (d.owner_id IS NULL OR d.owner_id = :owner_id)
    ORDER BY score DESC LIMIT :limit
"""
_FILTERED = """
      AND (:document_id IS NULL OR d.id = :document_id)
      AND (:type IS NULL OR d.type = :type)
      AND (:level IS NULL OR d.level IN (:level, 'all'))
      AND (:dimension IS NULL OR CAST(d.dimensions AS TEXT) LIKE '%"' || :dimension || '"%')
    ORDER BY"""
_FILTERED_THEN_BEST = _VISIBLE_THEN_BEST.replace("    ORDER BY", _FILTERED)
_MATCH_COUNT = "SELECT count(*) FROM knowledge_chunks_fts WHERE knowledge_chunks_fts MATCH :words"


@dataclass(frozen=True)
class TextMatch:
    """``score`` is BM25, higher is better; it depends on the whole library's word counts."""

    number: int
    score: float


@dataclass(frozen=True)
class Passage:
    chunk: ChunkRow
    document: DocumentRow


async def add_document(session: AsyncSession, row: DocumentRow) -> None:
    session.add(row)
    await session.flush()


async def document(session: AsyncSession, document_id: UUID) -> DocumentRow | None:
    return await session.get(DocumentRow, document_id)


async def visible_document(
    session: AsyncSession, document_id: UUID, owner_id: UUID
) -> DocumentRow | None:
    query = select(DocumentRow).where(DocumentRow.id == document_id, _visible(owner_id))
    return (await session.execute(query)).scalar_one_or_none()


async def own_document_by_hash(
    session: AsyncSession, owner_id: UUID, sha256: str
) -> DocumentRow | None:
    query = select(DocumentRow).where(
        DocumentRow.owner_id == owner_id, DocumentRow.sha256 == sha256
    )
    return (await session.execute(query)).scalar_one_or_none()


async def builtin_documents(session: AsyncSession) -> Sequence[DocumentRow]:
    query = select(DocumentRow).where(DocumentRow.owner_id.is_(None))
    return (await session.execute(query)).scalars().all()


async def builtin_document(session: AsyncSession, filename: str) -> DocumentRow | None:
    query = select(DocumentRow).where(
        DocumentRow.owner_id.is_(None), DocumentRow.filename == filename
    )
    return (await session.execute(query)).scalar_one_or_none()


async def visible_documents(
    session: AsyncSession, owner_id: UUID, after: Position | None, limit: int
) -> Sequence[DocumentRow]:
    """Newest first, the built-in ones among them."""
    key = tuple_(DocumentRow.created_at, DocumentRow.id)
    query = select(DocumentRow).where(_visible(owner_id))
    if after is not None:
        query = query.where(key < tuple_(after.created_at, after.id))
    query = query.order_by(DocumentRow.created_at.desc(), DocumentRow.id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def matching_documents(session: AsyncSession, owner_id: UUID, filters: Filters) -> set[UUID]:
    """The ready documents the owner may see that the filters let through."""
    query = select(DocumentRow.id).where(DocumentRow.status == "ready", _visible(owner_id))
    if filters.document_id is not None:
        query = query.where(DocumentRow.id == filters.document_id)
    if filters.type is not None:
        query = query.where(DocumentRow.type == filters.type)
    if filters.level is not None:
        query = query.where(DocumentRow.level.in_((filters.level, "all")))
    if filters.dimension is not None:
        held = cast(DocumentRow.dimensions, String)
        query = query.where(held.contains(f'"{filters.dimension}"'))
    return set((await session.execute(query)).scalars())


async def update_document(
    session: AsyncSession, document_id: UUID, values: Mapping[str, Any]
) -> bool:
    """False when the document is gone."""
    result = await session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id)
        .values(**values)
        .returning(DocumentRow.id)
    )
    return result.scalar_one_or_none() is not None


async def begin_run(
    session: AsyncSession, document_id: UUID, run_id: UUID, values: Mapping[str, Any]
) -> bool:
    """Give the document to a run. False when it is gone or nobody wants it taken in any more."""
    result = await session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id, DocumentRow.status.not_in(("ready", "cancelled")))
        .values(**values, run_id=run_id)
        .returning(DocumentRow.id)
    )
    return result.scalar_one_or_none() is not None


async def update_run(
    session: AsyncSession, document_id: UUID, run_id: UUID, values: Mapping[str, Any]
) -> bool:
    """False, and nothing is changed, when the document is no longer this run's."""
    result = await session.execute(
        update(DocumentRow)
        .where(
            DocumentRow.id == document_id,
            DocumentRow.run_id == run_id,
            DocumentRow.status == "processing",
        )
        .values(**values)
        .returning(DocumentRow.id)
    )
    return result.scalar_one_or_none() is not None


async def clear_document(session: AsyncSession, document_id: UUID) -> None:
    """Remove what a document's ingestion has stored so far."""
    await session.execute(delete(ChunkRow).where(ChunkRow.document_id == document_id))
    await session.execute(delete(PageRow).where(PageRow.document_id == document_id))


async def replace_pages(session: AsyncSession, document_id: UUID, rows: Sequence[PageRow]) -> None:
    await session.execute(delete(PageRow).where(PageRow.document_id == document_id))
    session.add_all(rows)
    await session.flush()


async def page(session: AsyncSession, document_id: UUID, number: int) -> PageRow | None:
    return await session.get(PageRow, (document_id, number))


async def chunk_spans(
    session: AsyncSession, document_id: UUID, start: int, end: int
) -> list[tuple[UUID, int, int]]:
    """(id, start, end) of the document's chunks that overlap a stretch of its text, in order."""
    query = (
        select(ChunkRow.id, ChunkRow.start_char, ChunkRow.end_char)
        .where(
            ChunkRow.document_id == document_id,
            ChunkRow.start_char < end,
            ChunkRow.end_char > start,
        )
        .order_by(ChunkRow.ordinal)
    )
    return [(row.id, row.start_char, row.end_char) for row in await session.execute(query)]


async def remove_document(session: AsyncSession, document_id: UUID) -> None:
    """Its chunks, vectors and full text go with it."""
    await session.execute(delete(DocumentRow).where(DocumentRow.id == document_id))


async def chunk_ids(session: AsyncSession, document_id: UUID) -> set[UUID]:
    query = select(ChunkRow.id).where(ChunkRow.document_id == document_id)
    return set((await session.execute(query)).scalars())


async def add_chunks(session: AsyncSession, rows: Sequence[ChunkRow]) -> None:
    session.add_all(rows)
    await session.flush()


async def remove_chunks(session: AsyncSession, ids: Collection[UUID]) -> None:
    for chunk_id in ids:
        await session.execute(delete(ChunkRow).where(ChunkRow.id == chunk_id))


async def match_text(
    session: AsyncSession, query: str, owner_id: UUID, limit: int, filters: Filters = EVERYTHING
) -> list[TextMatch]:
    """The chunks the owner may see that share words with the query, best first."""
    words = search_words(query)
    if not words:
        return []
    values = {
        "words": " OR ".join(f'"{word}"' for word in words),
        "context_weight": CONTEXT_WEIGHT,
        "owner_id": owner_id,
        "limit": limit,
    }
    if filters != EVERYTHING:
        return await _matches(session, _FILTERED_THEN_BEST, values | asdict(filters))
    matches = await _matches(session, _BEST_THEN_VISIBLE, values)
    if len(matches) < limit:
        count = await session.execute(text(_MATCH_COUNT), {"words": values["words"]})
        if count.scalar_one() > limit:
            matches = await _matches(session, _VISIBLE_THEN_BEST, values)
    return matches


async def _matches(
    session: AsyncSession, statement: str, values: Mapping[str, Any]
) -> list[TextMatch]:
    ids = [bindparam(name, type_=Uuid()) for name in ("owner_id", "document_id") if name in values]
    typed = text(statement).bindparams(*ids)
    rows = await session.execute(typed.columns(number=Integer(), score=Float()), values)
    return [TextMatch(row.number, row.score) for row in rows]


async def passages(
    session: AsyncSession, numbers: Collection[int], owner_id: UUID
) -> dict[int, Passage]:
    """Those of the chunks that still exist and that the owner may see, with their documents."""
    query = select(ChunkRow).where(ChunkRow.number.in_(numbers))
    chunks = (await session.execute(query)).scalars().all()
    wanted = {chunk.document_id for chunk in chunks}
    documents = (
        await session.execute(
            select(DocumentRow).where(
                DocumentRow.id.in_(wanted), DocumentRow.status == "ready", _visible(owner_id)
            )
        )
    ).scalars()
    shown = {row.id: row for row in documents}
    return {
        chunk.number: Passage(chunk, shown[chunk.document_id])
        for chunk in chunks
        if chunk.document_id in shown
    }


def search_words(query: str) -> list[str]:
    """The query's words without the commonest ones, each once; all of them if nothing else is left.

    What comes back holds letters, digits and underscores only: nothing that a full-text query
    language could take for an operator once it is quoted.
    """
    words = list(dict.fromkeys(_WORD.findall(query.lower())))
    return [word for word in words if word not in STOP_WORDS] or words


def _visible(owner_id: UUID) -> Any:
    return or_(DocumentRow.owner_id.is_(None), DocumentRow.owner_id == owner_id)

"""Every SQL statement of the library."""

from __future__ import annotations

import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import String, Table, bindparam, cast, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.kit.paging import Position
from crescendai.kit.sql import unmapped
from crescendai.knowledge.filters import Filters
from crescendai.knowledge.tables import ChunkRow, DocumentRow, PageRow

_documents: Table = typing.cast(Table, DocumentRow.__table__)


def _visible(owner_id: Any) -> Any:
    return or_(_documents.c.owner_id.is_(None), _documents.c.owner_id == owner_id)


_PAGE = (
    select(_documents)
    .where(_visible(bindparam("owner_id")))
    .order_by(_documents.c.created_at.desc(), _documents.c.id.desc())
    .limit(bindparam("most"))
)


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
    session: AsyncSession, document_id: UUID, owner_id: UUID, lock: bool = False
) -> DocumentRow | None:
    """``lock``: nobody else changes it until this transaction is over."""
    query = select(DocumentRow).where(DocumentRow.id == document_id, _visible(owner_id))
    if lock:
        query = query.with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def own_document_by_hash(
    session: AsyncSession, owner_id: UUID, sha256: str, lock: bool = False
) -> DocumentRow | None:
    query = select(DocumentRow).where(
        DocumentRow.owner_id == owner_id, DocumentRow.sha256 == sha256
    )
    if lock:
        query = query.with_for_update()
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
    query = _PAGE
    if after is not None:
        key = tuple_(_documents.c.created_at, _documents.c.id)
        query = query.where(key < tuple_(after.created_at, after.id))
    found = await session.execute(query, {"owner_id": owner_id, "most": limit})
    return unmapped(found, DocumentRow)


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
    """Its chunks, vectors and words go with it."""
    await session.execute(delete(DocumentRow).where(DocumentRow.id == document_id))


async def chunk_ids(session: AsyncSession, document_id: UUID) -> set[UUID]:
    query = select(ChunkRow.id).where(ChunkRow.document_id == document_id)
    return set((await session.execute(query)).scalars())


async def chunk_numbers(session: AsyncSession, document_id: UUID) -> dict[UUID, int]:
    """Number by id."""
    query = select(ChunkRow.id, ChunkRow.number).where(ChunkRow.document_id == document_id)
    return {row.id: row.number for row in await session.execute(query)}


async def add_chunks(session: AsyncSession, rows: Sequence[ChunkRow]) -> None:
    session.add_all(rows)
    await session.flush()


async def remove_chunks(session: AsyncSession, ids: Collection[UUID]) -> None:
    for chunk_id in ids:
        await session.execute(delete(ChunkRow).where(ChunkRow.id == chunk_id))


async def passages(
    session: AsyncSession, numbers: Collection[int], owner_id: UUID
) -> dict[int, Passage]:
    """Those of the chunks that still exist and that the owner may see, with their documents."""
    query = (
        select(ChunkRow, DocumentRow)
        .join(DocumentRow, DocumentRow.id == ChunkRow.document_id)
        .where(ChunkRow.number.in_(numbers), DocumentRow.status == "ready", _visible(owner_id))
    )
    rows = await session.execute(query)
    return {chunk.number: Passage(chunk, document) for chunk, document in rows}


async def stored_bytes(session: AsyncSession, owner_id: UUID) -> int:
    query = select(func.sum(DocumentRow.size_bytes)).where(DocumentRow.owner_id == owner_id)
    return int((await session.execute(query)).scalar_one() or 0)

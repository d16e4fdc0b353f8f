"""Every SQL statement about the index: its revision, its model, and what models have made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.kit.sql import insert_missing
from crescendai.knowledge.stored_vectors import add_vectors
from crescendai.knowledge.tables import (
    ChunkRow,
    DocumentRow,
    ModelDataRow,
    RevisionRow,
    WordCountsRow,
)
from crescendai.ports.embedding import Embedder

_revisions = RevisionRow.__table__
_REVISION = select(_revisions.c.value)
_made = ModelDataRow.__table__
_MODEL_DATA = select(_made.c.model_id, _made.c.number, _made.c.data).where(
    _made.c.number.in_(bindparam("numbers", expanding=True)),
    _made.c.model_id.in_(bindparam("model_ids", expanding=True)),
)
_STATE = select(_revisions.c.value, _revisions.c.embedder_id)
_STATE_LOCKED = _STATE.with_for_update()


@dataclass(frozen=True)
class IndexState:
    """``embedder_id`` names the model whose vectors are searched; None before the first ones."""

    revision: int = 0
    embedder_id: str | None = None


@dataclass(frozen=True)
class DocumentVectors:
    """``data`` are the vectors of the chunks ``numbers``, as they are stored."""

    owner_id: UUID | None
    numbers: Sequence[int]
    data: Sequence[bytes]


@dataclass(frozen=True)
class PackedWords:
    """``data`` are the document's ``WordCounts``, as they are stored."""

    document_id: UUID
    owner_id: UUID | None
    data: bytes


async def state(session: AsyncSession, lock: bool = False) -> IndexState:
    """``lock``: nobody else changes what can be found until this transaction is over."""
    row = (await session.execute(_STATE_LOCKED if lock else _STATE)).one_or_none()
    return IndexState() if row is None else IndexState(*row)


async def revision(session: AsyncSession) -> int:
    return (await session.execute(_REVISION)).scalar_one_or_none() or 0


async def next_revision(session: AsyncSession, values: Mapping[str, Any] | None = None) -> int:
    """Count the library's revision up, in the transaction that changes what can be found."""
    counted = await session.execute(
        update(RevisionRow)
        .values(value=RevisionRow.value + 1, **(values or {}))
        .returning(RevisionRow.value)
    )
    value = counted.scalar_one_or_none()
    if value is None:
        value = 1
        session.add(RevisionRow(id=1, value=value, **(values or {})))
        await session.flush()
    return value


async def ready_revisions(session: AsyncSession) -> dict[UUID, int]:
    query = select(DocumentRow.id, DocumentRow.revision).where(DocumentRow.status == "ready")
    return {row.id: row.revision for row in await session.execute(query)}


async def document_vectors(
    session: AsyncSession, document_id: UUID, embedder_id: str
) -> DocumentVectors:
    owner = await session.execute(select(DocumentRow.owner_id).where(DocumentRow.id == document_id))
    query = (
        select(ModelDataRow.number, ModelDataRow.data)
        .join(ChunkRow, ChunkRow.number == ModelDataRow.number)
        .where(ChunkRow.document_id == document_id, ModelDataRow.model_id == embedder_id)
        .order_by(ModelDataRow.number)
    )
    rows = (await session.execute(query)).all()
    return DocumentVectors(
        owner.scalar_one_or_none(), [row.number for row in rows], [row.data for row in rows]
    )


async def word_counts(session: AsyncSession, document_ids: Collection[UUID]) -> list[PackedWords]:
    query = (
        select(DocumentRow.id, DocumentRow.owner_id, WordCountsRow.data)
        .join(WordCountsRow, WordCountsRow.document_id == DocumentRow.id)
        .where(DocumentRow.id.in_(document_ids))
    )
    return [PackedWords(*row) for row in await session.execute(query)]


async def set_word_counts(session: AsyncSession, document_id: UUID, data: bytes) -> None:
    await session.merge(WordCountsRow(document_id=document_id, data=data))
    await session.flush()


async def model_data(
    session: AsyncSession, numbers: Collection[int], model_ids: Collection[str]
) -> dict[str, dict[int, bytes]]:
    """What each of the models has made of those chunks, where it has: by model, by number."""
    made: dict[str, dict[int, bytes]] = {model_id: {} for model_id in model_ids}
    wanted = {"numbers": list(numbers), "model_ids": list(model_ids)}
    for model_id, number, data in await session.execute(_MODEL_DATA, wanted):
        made[model_id][number] = data
    return made


async def add_model_data(
    session: AsyncSession, made: Mapping[int, Mapping[str, bytes]], embedder: Embedder
) -> None:
    """``made`` is data by model, by chunk number. What is there already stays."""
    rows = [
        {"number": number, "model_id": model_id, "data": data}
        for number, by_model in made.items()
        for model_id, data in by_model.items()
    ]
    if rows:
        await insert_missing(session, ModelDataRow, rows)
        await add_vectors(session, made, embedder.model_id, embedder.dimensions)


async def chunks_without(
    session: AsyncSession, document_id: UUID, model_ids: Sequence[str], limit: int
) -> Sequence[ChunkRow]:
    """The document's first chunks that one of the models has not been through."""
    query = select(ChunkRow).where(ChunkRow.document_id == document_id, _lacks(model_ids))
    return (await session.execute(query.order_by(ChunkRow.number).limit(limit))).scalars().all()


async def existing(session: AsyncSession, numbers: Collection[int]) -> set[int]:
    query = select(ChunkRow.number).where(ChunkRow.number.in_(numbers))
    return set((await session.execute(query)).scalars())


async def remove_chunks_without(
    session: AsyncSession, document_id: UUID, model_ids: Sequence[str]
) -> None:
    await session.execute(
        delete(ChunkRow).where(ChunkRow.document_id == document_id, _lacks(model_ids))
    )


async def outdated_document(session: AsyncSession, model_id: str) -> DocumentRow | None:
    """A ready document that these models have not been through; small ones first."""
    query = select(DocumentRow).where(*_outdated(model_id)).order_by(DocumentRow.chunk_count)
    return (await session.execute(query.limit(1))).scalar_one_or_none()


async def chunks_done(session: AsyncSession, model_id: str) -> tuple[int, int]:
    """How many chunks of ready documents these models have been through, and how many there are."""
    count = func.coalesce(func.sum(DocumentRow.chunk_count), 0)
    total = await session.execute(select(count).where(DocumentRow.status == "ready"))
    outdated = await session.execute(select(count).where(*_outdated(model_id)))
    whole = total.scalar_one()
    return whole - outdated.scalar_one(), whole


async def last_number(session: AsyncSession) -> int:
    return (await session.execute(select(func.max(ChunkRow.number)))).scalar_one() or 0


async def remove_other_data(
    session: AsyncSession, keep: Collection[str], first: int, last: int
) -> None:
    """Forget what other models have made of the chunks from ``first`` to ``last``."""
    await session.execute(
        delete(ModelDataRow).where(
            ModelDataRow.number.between(first, last), ModelDataRow.model_id.not_in(keep)
        )
    )


def _outdated(model_id: str) -> tuple[Any, ...]:
    other = or_(DocumentRow.model_id.is_(None), DocumentRow.model_id != model_id)
    return DocumentRow.status == "ready", other


def _lacks(model_ids: Sequence[str]) -> Any:
    return or_(
        *(
            ~exists().where(
                and_(ModelDataRow.number == ChunkRow.number, ModelDataRow.model_id == model_id)
            )
            for model_id in model_ids
        )
    )

"""Every vector index finds the nearest chunks that a caller may see, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import delete

from crescendai.adapters.database.engine import Database
from crescendai.adapters.vectors.memory import MemoryVectorIndex
from crescendai.adapters.vectors.pgvector import EXACT_CHUNKS, PgVectorIndex
from crescendai.identity.tables import UserRow
from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository
from crescendai.knowledge.models import write_vectors
from crescendai.knowledge.tables import ChunkRow, DocumentRow
from crescendai.ports.embedding import ScriptedEmbedder
from crescendai.ports.vectors import VectorBlock, VectorIndex
from tests.fixtures import vectors
from tests.fixtures.postgresql import PostgreSQL
from tests.fixtures.vectors import by_hand

DIMENSIONS = 384
CLARA, ROBERT = uuid4(), uuid4()
EMBEDDER = ScriptedEmbedder(DIMENSIONS)
block = partial(vectors.block, dimensions=DIMENSIONS)


@dataclass
class Shelf:
    """An index, and how it comes to hold something."""

    index: VectorIndex

    async def hold(self, blocks: Sequence[VectorBlock], removed: Collection[UUID]) -> None:
        await self.index.update(blocks, removed)


@dataclass
class StoredShelf(Shelf):
    """Holds what is stored in the tables, as an ingestion does."""

    transactions: Transactions
    held: set[UUID] = field(default_factory=set)

    async def hold(self, blocks: Sequence[VectorBlock], removed: Collection[UUID]) -> None:
        async with self.transactions.write() as session:
            gone = [*removed, *(one.document_id for one in blocks)]
            await session.execute(delete(DocumentRow).where(DocumentRow.id.in_(gone)))
            await index_repository.next_revision(session, {"embedder_id": EMBEDDER.model_id})
            for one in blocks:
                numbers = list(dict.fromkeys(one.numbers.tolist()))
                session.add(_document(one, len(numbers)))
                await session.flush()
                session.add_all(_chunk(one, number) for number in numbers)
                await session.flush()
                made = {
                    number: {EMBEDDER.model_id: write_vectors(one.vectors[one.numbers == number])}
                    for number in numbers
                }
                await index_repository.add_model_data(session, made, EMBEDDER)


def _document(block: VectorBlock, chunks: int) -> DocumentRow:
    return DocumentRow(
        id=block.document_id, owner_id=block.owner_id, dimensions=[], filename=str(uuid4()),
        format="text", size_bytes=1, sha256=str(uuid4()), status="ready", stage="done",
        percent=100, chunk_count=chunks, model_id="", revision=1, created_at=0, updated_at=0,
    )  # fmt: skip


def _chunk(block: VectorBlock, number: int) -> ChunkRow:
    return ChunkRow(
        number=number, id=uuid4(), document_id=block.document_id, ordinal=number, text="",
        context="", start_char=0, end_char=0, heading_path=[],
    )  # fmt: skip


@pytest.fixture(params=["memory", "pgvector: all", "pgvector: by graph"])
async def shelf(request: pytest.FixtureRequest) -> AsyncIterator[Shelf]:
    if request.param == "memory":
        yield Shelf(MemoryVectorIndex())
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    database = Database(server.emptied_database())
    async with database.transactions.write() as session:
        session.add_all(UserRow(id=who, name=str(who), created_at=0) for who in (CLARA, ROBERT))
    exact_chunks = 0 if request.param.endswith("graph") else EXACT_CHUNKS
    transactions = database.transactions
    yield StoredShelf(PgVectorIndex(transactions, exact_chunks), transactions)
    await database.close()


async def test_it_finds_what_comparing_everything_finds(shelf: Shelf) -> None:
    blocks = [block(None), block(CLARA), block(CLARA, vectors_each=5)]
    await shelf.hold([*blocks, block(ROBERT)], [])
    query = blocks[1].vectors[7]
    found = await shelf.index.nearest(query, CLARA, 12)
    expected = by_hand(query, blocks)
    assert {one.number for one in found[:10]} <= set(expected[:12])
    assert [one.number for one in found[:2]] == expected[:2]
    assert found[0].similarity == pytest.approx(1, abs=0.002)
    assert len(found) == 12 == len({one.number for one in found})


async def test_an_owner_never_sees_another_ones(shelf: Shelf) -> None:
    shared, claras, roberts = block(None), block(CLARA), block(ROBERT)
    await shelf.hold([shared, claras, roberts], [])
    found = {one.number for one in await shelf.index.nearest(roberts.vectors[0], CLARA, 100)}
    assert found == {*shared.numbers.tolist(), *claras.numbers.tolist()}


async def test_documents_are_replaced_and_removed(shelf: Shelf) -> None:
    first, second = block(None), block(None)
    await shelf.hold([first, second], [])
    shorter = VectorBlock(first.document_id, None, first.numbers[:3], first.vectors[:3])
    await shelf.hold([shorter], [second.document_id])
    found = await shelf.index.nearest(second.vectors[0], CLARA, 100)
    assert [one.number for one in found] == [first.numbers[0]]
    await shelf.hold([], [first.document_id])
    assert await shelf.index.nearest(second.vectors[0], CLARA, 100) == []


async def test_an_empty_index_and_a_document_without_vectors(shelf: Shelf) -> None:
    query = np.full(DIMENSIONS, DIMENSIONS**-0.5, np.float32)
    assert await shelf.index.nearest(query, CLARA, 5) == []
    empty = VectorBlock(uuid4(), None, np.zeros(0, np.int64), np.zeros((0, DIMENSIONS), np.float32))
    await shelf.hold([empty], [])
    assert await shelf.index.nearest(query, CLARA, 5) == []


async def test_only_the_documents_asked_for_are_found(shelf: Shelf) -> None:
    shared, claras, roberts = block(None), block(CLARA), block(ROBERT)
    await shelf.hold([shared, claras, roberts], [])
    asked = {claras.document_id, roberts.document_id}
    found = await shelf.index.nearest(shared.vectors[0], CLARA, 100, asked)
    assert {one.number for one in found} == set(claras.numbers.tolist())
    assert await shelf.index.nearest(shared.vectors[0], CLARA, 100, set()) == []


async def test_the_same_book_of_many_others_hides_nothing_of_ones_own(shelf: Shelf) -> None:
    claras = block(CLARA)
    copies = [
        VectorBlock(uuid4(), ROBERT, claras.numbers + 10_000 * n, claras.vectors)
        for n in range(1, 16)
    ]
    await shelf.hold([claras, *copies], [])
    found = await shelf.index.nearest(claras.vectors[4], CLARA, 10)
    expected = by_hand(claras.vectors[4], [claras])
    assert found[0].number == expected[0]
    assert len(found) == 10
    assert {one.number for one in found} <= set(expected[:12])  # stored halves may swap near ties

"""Nearest neighbours in PostgreSQL, where the vectors are stored in their chunk's transaction.

What everybody finds and what the caller alone finds are looked up one after the other, so that
nobody's books crowd out another's. Few vectors are all compared; of many, the graph that pgvector
keeps (HNSW) leads to the nearest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.kit.sql import Transactions
from crescendai.knowledge.stored_vectors import text_of
from crescendai.ports.vectors import Neighbour, VectorBlock

EXACT_CHUNKS = 5_000
"""So many are compared exactly: about 15,000 vectors."""
INDEXED_DIMENSIONS = (384, 768)
"""Those of which a graph is kept; vectors of others are always all compared."""
_WINDOWS_A_CHUNK = 4
_LEAST_EF, _MOST_EF = 400, 1000  # how far the graph is searched: see docs/decisions/0012

_COUNT = text("""
    SELECT coalesce(sum(chunk_count), 0) FROM knowledge_documents
    WHERE status = 'ready' AND owner_id IS NOT DISTINCT FROM :owner_id
""").bindparams(bindparam("owner_id", type_=Uuid()))
_EXACT = """
    SELECT v.number, -min(v.embedding <#> CAST(:query AS halfvec)) AS similarity
    FROM knowledge_documents d JOIN knowledge_vectors v ON v.document_id = d.id
    WHERE d.status = 'ready' AND d.owner_id IS NOT DISTINCT FROM :owner_id
      AND v.model_id = (SELECT embedder_id FROM knowledge_revision)
      {within}
    GROUP BY v.number ORDER BY similarity DESC, v.number LIMIT :limit
"""
_BY_GRAPH = """
    SELECT number, max(similarity) AS similarity FROM (
        SELECT v.number,
            -(v.embedding::halfvec({dimensions}) <#> CAST(:query AS halfvec({dimensions})))
            AS similarity
        FROM knowledge_vectors v JOIN knowledge_documents d ON d.id = v.document_id
        WHERE vector_dims(v.embedding) = {dimensions}
          AND d.status = 'ready' AND d.owner_id IS NOT DISTINCT FROM :owner_id
          AND v.model_id = (SELECT embedder_id FROM knowledge_revision)
        ORDER BY v.embedding::halfvec({dimensions}) <#> CAST(:query AS halfvec({dimensions}))
        LIMIT :windows
    ) AS near
    GROUP BY number ORDER BY similarity DESC, number LIMIT :limit
"""


class PgVectorIndex:
    """The VectorIndex port."""

    stored = True

    def __init__(self, transactions: Transactions, exact_chunks: int = EXACT_CHUNKS) -> None:
        self._transactions = transactions
        self._exact_chunks = exact_chunks

    async def update(self, blocks: Sequence[VectorBlock], removed: Collection[UUID]) -> None:
        """Nothing: what is stored is what is searched."""

    async def nearest(
        self,
        query: npt.NDArray[np.float32],
        owner_id: UUID,
        limit: int,
        within: Collection[UUID] | None = None,
    ) -> list[Neighbour]:
        values: dict[str, Any] = {"query": text_of(query), "limit": limit}
        if within is not None:
            values["within"] = list(within)
        found: list[Neighbour] = []
        async with self._transactions.read() as session:
            for owner in (None, owner_id):
                values["owner_id"] = owner
                if within is None and await self._are_many(session, len(query), owner):
                    found += await _by_graph(session, len(query), values)
                else:
                    found += await _exactly(session, values)
        return sorted(found, key=lambda one: -one.similarity)[:limit]

    async def _are_many(
        self, session: AsyncSession, dimensions: int, owner_id: UUID | None
    ) -> bool:
        if dimensions not in INDEXED_DIMENSIONS:
            return False
        chunks = await session.execute(_COUNT, {"owner_id": owner_id})
        return int(chunks.scalar_one()) > self._exact_chunks


async def _exactly(session: AsyncSession, values: Mapping[str, Any]) -> list[Neighbour]:
    if "within" not in values:
        return await _neighbours(session, text(_EXACT.format(within="")), values)
    statement = text(_EXACT.format(within="AND d.id = ANY(:within)"))
    statement = statement.bindparams(bindparam("within", type_=ARRAY(Uuid())))
    return await _neighbours(session, statement, values)


async def _by_graph(
    session: AsyncSession, dimensions: int, values: Mapping[str, Any]
) -> list[Neighbour]:
    windows = _WINDOWS_A_CHUNK * values["limit"]
    ef = min(_MOST_EF, max(_LEAST_EF, windows))
    for setting in (
        f"hnsw.ef_search = {ef}",
        "hnsw.iterative_scan = relaxed_order",  # goes on while others' vectors are passed over
        "hnsw.max_scan_tuples = 200000",
        "enable_seqscan = off",
        "enable_sort = off",
    ):
        await session.execute(text(f"SET LOCAL {setting}"))
    statement = text(_BY_GRAPH.format(dimensions=dimensions))
    return await _neighbours(session, statement, {**values, "windows": windows})


async def _neighbours(
    session: AsyncSession, statement: TextClause, values: Mapping[str, Any]
) -> list[Neighbour]:
    typed = statement.bindparams(bindparam("owner_id", type_=Uuid()))
    rows = await session.execute(typed, values)
    return [Neighbour(row.number, float(row.similarity)) for row in rows]

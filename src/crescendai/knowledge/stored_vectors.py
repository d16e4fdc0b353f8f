"""A chunk's vectors as PostgreSQL keeps them for pgvector: a row each, with the chunk itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.kit.sql import on_postgresql

_ADD = text("""
    INSERT INTO knowledge_vectors (number, model_id, window_number, document_id, embedding)
    SELECT :number, :model_id, :window_number, document_id, CAST(:embedding AS halfvec)
    FROM knowledge_chunks WHERE number = :number
    ON CONFLICT DO NOTHING
""")
_LACKING = text("""
    SELECT m.number, m.model_id, m.data, coalesce(json_array_length(c.windows), 1) AS windows
    FROM knowledge_model_data m
    JOIN knowledge_chunks c ON c.number = m.number
    JOIN knowledge_revision r ON r.embedder_id = m.model_id
    WHERE length(m.data) > 0 AND NOT EXISTS (
        SELECT 1 FROM knowledge_vectors v WHERE v.number = m.number AND v.model_id = m.model_id)
    ORDER BY m.number LIMIT :limit
""")


async def add_missing_vectors(session: AsyncSession, chunks: int) -> bool:
    """Add those of the serving embedder for so many chunks that have none; False when all have."""
    lacking = (await session.execute(_LACKING, {"limit": chunks})).all()
    rows = [
        row
        for one in lacking
        for row in rows_of(one.number, one.model_id, one.data, len(one.data) // 2 // one.windows)
    ]
    if rows:
        await session.execute(_ADD, rows)
    return bool(rows)


async def add_vectors(
    session: AsyncSession, made: Mapping[int, Mapping[str, bytes]], model_id: str, dimensions: int
) -> None:
    """Of what models made of chunks, by number, the embedder's. Elsewhere nothing is to be done."""
    if not on_postgresql(session):
        return
    rows = [
        row
        for number, by_model in made.items()
        for row in rows_of(number, model_id, by_model[model_id], dimensions)
    ]
    if rows:
        await session.execute(_ADD, rows)


def rows_of(number: int, model_id: str, data: bytes, dimensions: int) -> Iterator[dict[str, Any]]:
    """``data`` are a chunk's vectors as they are stored, float16; ``embedding`` is their text."""
    for window, vector in enumerate(np.frombuffer(data, np.float16).reshape(-1, dimensions)):
        yield {
            "number": number,
            "model_id": model_id,
            "window_number": window,
            "embedding": text_of(vector),
        }


def text_of(vector: np.ndarray[Any, Any]) -> str:
    return f"[{','.join(map(str, vector.tolist()))}]"

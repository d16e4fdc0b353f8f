"""The readings that come with the handbook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from sqlalchemy import select

from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM, MiniLMEmbedder
from crescendai.knowledge.models import TextModels, read_vectors
from crescendai.knowledge.tables import ChunkRow, DocumentRow
from tests.knowledge.conftest import opened_library


async def test_they_are_what_the_models_make(handbook_folder: Path) -> None:
    model = MiniLM()
    shipped = TextModels(MiniLMEmbedder(model), MaxSimReranker(model))
    made_now = replace(shipped, known={})
    wanted = select(ChunkRow, DocumentRow.title).join(
        DocumentRow, DocumentRow.id == ChunkRow.document_id
    )
    async with (
        opened_library(handbook_folder, shipped.embedder, shipped.reranker) as library,
        library.transactions.read() as session,
    ):
        rows = (await session.execute(wanted.order_by(ChunkRow.number))).all()[::150]
    assert len(rows) >= 3
    for chunk, title in rows:
        assert title is not None
        [one], [other] = await shipped.read(title, [chunk]), await made_now.read(title, [chunk])
        vectors = [read_vectors(made[shipped.embedder.model_id], 384) for made in (one, other)]
        assert np.einsum("nd,nd->n", *vectors).min() > 0.99
        passage = one[shipped.reranker.model_id]
        own, again = await shipped.reranker.rerank(
            chunk.text[:80], [passage, other[shipped.reranker.model_id]]
        )
        assert abs(own - again) < 0.02


async def test_what_is_not_among_them_is_read() -> None:
    model = MiniLM()
    models = TextModels(MiniLMEmbedder(model), MaxSimReranker(model))
    chunk = ChunkRow(text="A sentence that no article holds.", windows=[])
    [made] = await models.read("A title", [chunk])
    assert set(made) == set(models.ids)

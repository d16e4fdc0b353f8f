"""What every Embedder and every Reranker promises."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from crescendai.adapters.models import workers_ai
from crescendai.adapters.models.json_service import JSONService
from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM, MiniLMEmbedder
from crescendai.adapters.models.onnx_folder import FolderEmbedder, FolderReranker, OnnxFolder
from crescendai.adapters.models.remote_embedder import RemoteEmbedder, openai_embeddings
from crescendai.ports.embedding import Embedder, Reranker, ScriptedEmbedder, ScriptedReranker
from tests.adapters.models.embedding_server import DIMENSIONS, embedding_server
from tests.adapters.models.onnx_folders import cross_encoder_folder, minilm_folder

MODEL = MiniLM()
PEDAL = "Change the pedal with the harmony, or the bass will blur."
TRILL = "Practise the trill slowly with the second and third finger."


@asynccontextmanager
async def scripted() -> AsyncIterator[Embedder]:
    yield ScriptedEmbedder()


@asynccontextmanager
async def minilm() -> AsyncIterator[Embedder]:
    yield MiniLMEmbedder(MODEL)


@asynccontextmanager
async def openai() -> AsyncIterator[Embedder]:
    async with embedding_server() as server:
        service = JSONService(base_url=server.base_url, api_key="key", code="embedder_unavailable")
        protocol = openai_embeddings("m")
        yield RemoteEmbedder(service, protocol, model_id="openai:m", dimensions=DIMENSIONS)
        await service.close()


@asynccontextmanager
async def workers_ai_service() -> AsyncIterator[JSONService]:
    async with embedding_server() as server:
        url = workers_ai.account_url(server.workers_ai_url, "me")
        service = JSONService(base_url=url, api_key="key", code="down")
        yield service
        await service.close()


@asynccontextmanager
async def workers_ai_embedder() -> AsyncIterator[Embedder]:
    async with workers_ai_service() as service:
        protocol = workers_ai.workers_ai_embeddings(workers_ai.EMBEDDING_MODEL)
        yield RemoteEmbedder(service, protocol, model_id="workers-ai", dimensions=768)


@asynccontextmanager
async def workers_ai_reranker() -> AsyncIterator[Reranker]:
    async with workers_ai_service() as service:
        yield workers_ai.WorkersAIReranker(service)


@asynccontextmanager
async def folder_embedder() -> AsyncIterator[Embedder]:
    with TemporaryDirectory() as made:
        folder = minilm_folder(Path(made) / "m")
        yield FolderEmbedder(OnnxFolder(lambda: folder), model_id="folder", dimensions=384)


@asynccontextmanager
async def folder_reranker() -> AsyncIterator[Reranker]:
    with TemporaryDirectory() as made:
        folder = cross_encoder_folder(Path(made) / "m")
        yield FolderReranker(OnnxFolder(lambda: folder), model_id="folder")


@asynccontextmanager
async def scripted_reranker() -> AsyncIterator[Reranker]:
    yield ScriptedReranker()


@asynccontextmanager
async def maxsim() -> AsyncIterator[Reranker]:
    yield MaxSimReranker(MODEL)


EMBEDDERS = [scripted, minilm, openai, workers_ai_embedder, folder_embedder]
RERANKERS = [scripted_reranker, maxsim, workers_ai_reranker, folder_reranker]


@pytest.fixture(params=EMBEDDERS, ids=lambda opening: opening.__name__)
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    async with request.param() as opened:
        yield opened


@pytest.fixture(params=RERANKERS, ids=lambda opening: opening.__name__)
async def reranker(request: pytest.FixtureRequest) -> AsyncIterator[Reranker]:
    async with request.param() as opened:
        yield opened


async def test_rows_have_unit_length_and_the_promised_shape(embedder: Embedder) -> None:
    vectors = await embedder.embed([PEDAL, TRILL, "x", "", "   "])
    assert vectors.shape == (5, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert (await embedder.embed([])).shape == (0, embedder.dimensions)


async def test_a_text_has_the_same_vector_in_any_company(embedder: Embedder) -> None:
    [alone] = await embedder.embed([PEDAL])
    crowd = await embedder.embed([TRILL * 12, "short", PEDAL, ""])
    assert float(alone @ crowd[2]) > 0.999


async def test_order_is_kept_whatever_the_lengths(embedder: Embedder) -> None:
    texts = [PEDAL * n for n in (5, 1, 3)] + [TRILL]
    together = await embedder.embed(texts)
    for text, row in zip(texts, together, strict=True):
        [alone] = await embedder.embed([text])
        assert float(alone @ row) > 0.999


async def test_shared_words_are_nearer_than_none(embedder: Embedder) -> None:
    question, pedal, trill = await embedder.embed(["the pedal will blur the bass", PEDAL, TRILL])
    assert question @ pedal > question @ trill


async def test_a_text_of_any_length_is_taken(embedder: Embedder) -> None:
    vectors = await embedder.embed([PEDAL * 500, "\0 日本語 ♯ 🎹"])
    assert np.isfinite(vectors).all()


async def test_the_event_loop_goes_on(embedder: Embedder) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - began)

    watcher = asyncio.create_task(watch())
    began = time.perf_counter()
    await embedder.embed([f"{TRILL} {n}" for n in range(100)])
    took = time.perf_counter() - began
    watcher.cancel()
    assert longest < max(0.25, took / 2)


async def test_the_better_answer_scores_higher(reranker: Reranker) -> None:
    prepared = await reranker.prepare([[TRILL], [PEDAL], [TRILL, PEDAL]])
    scores = await reranker.rerank("pedal harmony blur", prepared)
    assert scores[1] > scores[0]
    assert scores[2] > scores[0]
    assert all(-1 <= score <= 1.0001 for score in scores)


async def test_what_no_passage_takes_up_is_told_where_it_can_be(reranker: Reranker) -> None:
    prepared = await reranker.prepare([[TRILL], [PEDAL]])
    taken_up = await reranker.unmatched("pedal harmony blur", prepared)
    strange = await reranker.unmatched("ukulele tablature", prepared)
    if taken_up is None or strange is None:
        assert taken_up is strange is None
    else:
        assert 0 <= taken_up < strange <= 1
        assert await reranker.unmatched("pedal", []) == 1


async def test_tokens_are_counted_or_estimated(embedder: Embedder) -> None:
    none, few, many = await embedder.count_tokens(["", PEDAL, PEDAL * 20])
    assert none == 0
    assert 8 <= few <= 30
    assert many > 10 * few


async def test_nothing_to_rerank_and_nothing_prepared(reranker: Reranker) -> None:
    assert await reranker.prepare([]) == []
    assert await reranker.rerank("pedal", []) == []
    assert await reranker.rerank("pedal", [b""]) == [0.0]


async def test_preparing_is_deterministic(reranker: Reranker) -> None:
    assert await reranker.prepare([[PEDAL]]) == await reranker.prepare([[PEDAL]])

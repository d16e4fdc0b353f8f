from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from crescendai.adapters.models.json_service import JSONService
from crescendai.adapters.models.remote_embedder import (
    BATCH_TEXTS,
    MAX_CHARACTERS,
    RemoteEmbedder,
    openai_embeddings,
)
from crescendai.errors import UpstreamFailed
from tests.adapters.models.embedding_server import DIMENSIONS, EmbeddingServer, embedding_server


@asynccontextmanager
async def connected(
    *, dimensions: int = DIMENSIONS, answer_sec: float = 5.0
) -> AsyncIterator[tuple[EmbeddingServer, RemoteEmbedder]]:
    async with embedding_server() as server:
        service = JSONService(
            base_url=server.base_url,
            api_key="key",
            code="embedder_unavailable",
            answer_sec=answer_sec,
        )
        protocol = openai_embeddings("m")
        yield (
            server,
            RemoteEmbedder(service, protocol, model_id="openai:m", dimensions=dimensions),
        )
        await service.close()


async def test_texts_go_in_batches_with_model_and_key() -> None:
    async with connected() as (server, embedder):
        await embedder.embed([f"text {number}" for number in range(2 * BATCH_TEXTS + 1)])
    assert [len(body["input"]) for body in server.requests] == [BATCH_TEXTS, BATCH_TEXTS, 1]
    assert {body["model"] for body in server.requests} == {"m"}
    assert set(server.keys) == {"Bearer key"}


async def test_what_services_refuse_is_not_sent() -> None:
    async with connected() as (server, embedder):
        await embedder.embed(["", " \n", "x" * 100_000])
    assert [len(text) for text in server.requests[0]["input"]] == [1, 1, MAX_CHARACTERS]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_passing_failure_is_repeated_with_doubling_waits(status: int) -> None:
    async with connected() as (server, embedder):
        server.faults = [(status, {})] * 3
        assert (await embedder.embed(["pedal"])).shape == (1, DIMENSIONS)
    waits = [later - at for at, later in zip(server.at, server.at[1:], strict=False)]
    for wait, least in zip(waits, (0.05, 0.1, 0.2), strict=True):
        assert least <= wait


async def test_retry_after_is_heeded() -> None:
    async with connected() as (server, embedder):
        server.faults = [(429, {"Retry-After": "0.5"})]
        await embedder.embed(["pedal"])
    assert server.at[1] - server.at[0] >= 0.5


@pytest.mark.parametrize(("status", "asked"), [(503, 4), (400, 1), (401, 1)])
async def test_a_lasting_failure_is_told_without_its_cause(status: int, asked: int) -> None:
    async with connected() as (server, embedder):
        server.faults = [(status, {})] * 4
        with pytest.raises(UpstreamFailed, match=r"^AI service unavailable$") as told:
            await embedder.embed(["pedal"])
    assert told.value.code == "embedder_unavailable"
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [{"index": 0}],
        [{"index": 0, "embedding": []}],
        [{"index": 0, "embedding": [0.0] * DIMENSIONS}],
        [{"index": 0, "embedding": "AACAPw=="}],
        [{"index": at, "embedding": [1.0] * DIMENSIONS} for at in range(2)],
    ],
)
async def test_what_is_no_answer_is_refused(data: Any) -> None:
    async with connected() as (server, embedder):
        server.faults = [{"data": data}]
        with pytest.raises(UpstreamFailed, match=r"^AI service unavailable$"):
            await embedder.embed(["pedal"])


async def test_a_width_that_was_not_set_is_refused_with_what_to_set() -> None:
    async with connected(dimensions=384) as (_, embedder):
        with pytest.raises(UpstreamFailed, match="CRESCENDAI_EMBEDDING_DIMENSIONS to 64") as told:
            await embedder.embed(["pedal"])
    assert told.value.code == "embedding_dimensions"


async def test_a_silent_service_is_given_up() -> None:
    async with connected(answer_sec=0.1) as (server, embedder):
        server.faults = [2.0]
        with pytest.raises(UpstreamFailed):
            await embedder.embed(["pedal"])


async def test_an_address_where_nobody_listens_is_told_alike() -> None:
    service = JSONService(base_url="http://127.0.0.1:9", api_key="k", code="embedder_unavailable")
    embedder = RemoteEmbedder(service, openai_embeddings("m"), model_id="m", dimensions=8)
    with pytest.raises(UpstreamFailed, match=r"^AI service unavailable$"):
        await embedder.embed(["pedal"])
    await service.close()

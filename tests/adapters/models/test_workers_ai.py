from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crescendai.adapters.models.workers_ai import BATCH_PASSAGES
from crescendai.bootstrap.floor import open_floor
from crescendai.errors import InvalidInput, UpstreamFailed
from crescendai.settings import read_settings
from tests.adapters.models.embedding_server import embedding_server

ACCOUNT = {"workers_ai_account_id": "me", "workers_ai_api_key": "token"}


async def test_the_settings_reach_both_models(tmp_path: Path) -> None:
    async with embedding_server() as server:
        settings = read_settings(
            data_dir=tmp_path,
            embedder="workers-ai",
            reranker="workers-ai",
            workers_ai_url=server.workers_ai_url,
            **ACCOUNT,
        )
        floor = open_floor(settings)
        models = floor.text_models
        assert models.id == (
            "workers-ai:@cf/baai/bge-base-en-v1.5+workers-ai:@cf/baai/bge-reranker-base"
        )
        assert (await models.embedder.embed(["pedal"])).shape == (1, 768)
        assert await models.reranker.rerank("pedal", [b"trill", b"pedal"]) == [0.0, 1.0]
        await floor.close()
    assert server.requests[0] == {"text": ["pedal"]}
    assert server.requests[1]["contexts"] == [{"text": "trill"}, {"text": "pedal"}]
    assert server.keys == ["Bearer token"] * 2


async def test_an_earlier_index_is_searched_by_it(tmp_path: Path) -> None:
    async with embedding_server() as server:
        floor = open_floor(
            read_settings(data_dir=tmp_path, workers_ai_url=server.workers_ai_url, **ACCOUNT)
        )
        earlier = floor.text_models.embedder_named("workers-ai:@cf/baai/bge-base-en-v1.5")
        assert earlier is not None
        assert (await earlier.embed(["pedal"])).shape == (1, 768)
        await floor.close()


async def test_every_passage_is_scored_in_its_place(tmp_path: Path) -> None:
    async with embedding_server() as server:
        settings = read_settings(
            data_dir=tmp_path,
            reranker="workers-ai",
            workers_ai_url=server.workers_ai_url,
            **ACCOUNT,
        )
        floor = open_floor(settings)
        passages = [b"pedal" if at % 3 else b"trill" for at in range(BATCH_PASSAGES + 5)]
        scores = await floor.text_models.reranker.rerank("pedal", [*passages, b""])
        await floor.close()
    assert scores == [*(float(at % 3 > 0) for at in range(BATCH_PASSAGES + 5)), 0.0]
    assert [len(body["contexts"]) for body in server.requests] == [BATCH_PASSAGES, 5]


@pytest.mark.parametrize(
    "body",
    [
        {"result": None, "success": False, "errors": [{"message": "a secret cause"}]},
        {"result": {"response": []}},
        {"result": {"response": [{"id": 1, "score": 0.5}]}},
    ],
)
async def test_what_is_no_answer_is_refused(body: dict[str, Any], tmp_path: Path) -> None:
    async with embedding_server() as server:
        settings = read_settings(
            data_dir=tmp_path,
            reranker="workers-ai",
            workers_ai_url=server.workers_ai_url,
            **ACCOUNT,
        )
        floor = open_floor(settings)
        server.faults = [body]
        with pytest.raises(UpstreamFailed, match=r"^AI service unavailable$") as told:
            await floor.text_models.reranker.rerank("pedal", [b"pedal"])
        await floor.close()
    assert told.value.code == "reranker_unavailable"


async def test_logits_become_scores_between_0_and_1(tmp_path: Path) -> None:
    async with embedding_server() as server:
        settings = read_settings(
            data_dir=tmp_path,
            reranker="workers-ai",
            workers_ai_url=server.workers_ai_url,
            **ACCOUNT,
        )
        floor = open_floor(settings)
        response = [{"id": 1, "score": 3.0}, {"id": 0, "score": -800.0}]
        server.faults = [{"result": {"response": response}, "success": True}]
        scores = await floor.text_models.reranker.rerank("pedal", [b"trill", b"pedal"])
        await floor.close()
    assert scores == pytest.approx([0.0, 0.9526], abs=1e-4)


@pytest.mark.parametrize("field", ["embedder", "reranker"])
def test_without_an_account_it_is_refused(field: str) -> None:
    with pytest.raises(InvalidInput, match="set CRESCENDAI_WORKERS_AI_ACCOUNT_ID"):
        read_settings(**{field: "workers-ai"})

from __future__ import annotations

from pathlib import Path

import pytest

from crescendai.adapters.models.library_models import LibraryModels
from crescendai.adapters.models.minilm import ORIGINAL_ID, MiniLMEmbedder
from crescendai.bootstrap.floor import open_floor
from crescendai.errors import InvalidInput
from crescendai.settings import read_settings
from tests.adapters.models.embedding_server import DIMENSIONS, embedding_server

MINILM = MiniLMEmbedder.model_id


async def test_without_settings_it_is_what_comes_with_the_installation() -> None:
    models = LibraryModels(read_settings()).text_models
    assert models.id == "minilm-piano-2+maxsim-minilm-piano-2"


async def test_the_settings_reach_the_service(tmp_path: Path) -> None:
    async with embedding_server() as server:
        floor = open_floor(
            read_settings(
                data_dir=tmp_path,
                embedder="openai",
                embedding_url=server.base_url,
                embedding_api_key="secret",
                embedding_model="a-model",
                embedding_dimensions=DIMENSIONS,
            )
        )
        assert floor.text_models.embedder.model_id == f"openai:a-model:{DIMENSIONS}"
        assert (await floor.text_models.embedder.embed(["pedal"])).shape == (1, DIMENSIONS)
        await floor.close()
    assert server.requests[0]["model"] == "a-model"
    assert server.keys == ["Bearer secret"]


async def test_an_earlier_embedder_is_opened_by_its_name() -> None:
    async with embedding_server() as server:
        opened = LibraryModels(read_settings(embedding_url=server.base_url))
        models = opened.text_models
        assert models.embedder.model_id == MINILM
        earlier = models.embedder_named(f"openai:old:model:{DIMENSIONS}")
        assert earlier is not None
        assert earlier is models.embedder_named(earlier.model_id)
        assert (await earlier.embed(["pedal"])).shape == (1, DIMENSIONS)
        await opened.close()
    assert server.requests[0]["model"] == "old:model"


async def test_what_cannot_be_opened_is_none() -> None:
    models = LibraryModels(read_settings()).text_models
    assert models.embedder_named("openai:m:768") is None
    assert models.embedder_named("some-other-model") is None
    assert models.embedder_named("minilm-piano-1") is None


async def test_an_index_of_the_model_as_it_was_before_is_searched_with_it() -> None:
    models = LibraryModels(read_settings()).text_models
    before = models.embedder_named(ORIGINAL_ID)
    assert before is not None
    assert before.model_id == ORIGINAL_ID
    [old], [new] = await before.embed(["pedal"]), await models.embedder.embed(["pedal"])
    assert 0.2 < float(old @ new) < 0.99


async def test_the_model_of_the_installation_is_the_earlier_one_of_a_service() -> None:
    models = LibraryModels(
        read_settings(embedder="openai", embedding_url="http://127.0.0.1:9")
    ).text_models
    earlier = models.embedder_named(MINILM)
    assert earlier is not None
    assert earlier.model_id == MINILM


def test_a_service_without_an_address_is_refused() -> None:
    with pytest.raises(InvalidInput, match="set CRESCENDAI_EMBEDDING_URL too"):
        read_settings(embedder="openai")
    with pytest.raises(InvalidInput, match="CRESCENDAI_EMBEDDING_URL must begin with http"):
        read_settings(embedder="openai", embedding_url="localhost:8080")

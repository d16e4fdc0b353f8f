from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crescendai.adapters.models.hub import ModelFolders
from crescendai.adapters.models.library_models import LibraryModels
from crescendai.adapters.models.minilm import DIMENSIONS, MAX_TOKENS, ORIGINAL, MiniLM
from crescendai.adapters.models.onnx_folder import FolderEmbedder, FolderReranker, OnnxFolder
from crescendai.errors import UpstreamFailed
from crescendai.settings import read_settings
from tests.adapters.models.onnx_folders import cross_encoder_folder, minilm_folder

PEDAL = "Change the pedal with the harmony."


async def test_a_folders_graph_gives_what_the_same_graph_gives_elsewhere(tmp_path: Path) -> None:
    folder = minilm_folder(tmp_path / "m")
    embedder = FolderEmbedder(OnnxFolder(lambda: folder), model_id="m", dimensions=DIMENSIONS)
    vectors = await embedder.embed([PEDAL, "x"])
    for row, states in zip(vectors, MiniLM(ORIGINAL).token_states([PEDAL, "x"]), strict=True):
        assert float(row @ states[0] / np.linalg.norm(states[0])) > 0.999


async def test_tokens_past_the_models_length_are_counted(tmp_path: Path) -> None:
    folder = minilm_folder(tmp_path / "m")
    embedder = FolderEmbedder(OnnxFolder(lambda: folder), model_id="m", dimensions=DIMENSIONS)
    assert await embedder.count_tokens(["pedal " * 4 * MAX_TOKENS]) == [4 * MAX_TOKENS]


async def test_query_and_passage_are_read_together(tmp_path: Path) -> None:
    folder = cross_encoder_folder(tmp_path / "r")
    reranker = FolderReranker(OnnxFolder(lambda: folder), model_id="r")
    prepared = await reranker.prepare([["trill"], ["soft pedal"], ["long word on the pedal"]])
    trill, soft, long = await reranker.rerank("pedal", prepared)
    # each text ends with [SEP], so two of its four pairs of like tokens are there without a word
    assert trill == pytest.approx(1 / (1 + np.exp(-2)))
    assert soft == pytest.approx(1 / (1 + np.exp(-4)))
    assert long == pytest.approx(soft)


async def test_the_settings_open_the_folders_that_are_there(tmp_path: Path) -> None:
    minilm_folder(tmp_path / "models" / "BAAI" / "bge-base-en-v1.5")
    cross_encoder_folder(tmp_path / "models" / "BAAI" / "bge-reranker-base")
    settings = read_settings(data_dir=tmp_path, embedder="bge-base", reranker="bge-base")
    models = LibraryModels(settings).text_models
    assert models.id == "BAAI/bge-base-en-v1.5+BAAI/bge-reranker-base"
    assert models.embedder.before_query.startswith("Represent this sentence")
    with pytest.raises(UpstreamFailed, match="vectors have 384 dimensions, not 768"):
        await models.embedder.embed([PEDAL])
    assert len(await models.reranker.rerank("pedal", [b"pedal"])) == 1


async def test_an_earlier_index_is_searched_by_the_folders_model(tmp_path: Path) -> None:
    minilm_folder(tmp_path / "models" / "BAAI" / "bge-base-en-v1.5")
    models = LibraryModels(read_settings(data_dir=tmp_path)).text_models
    assert models.embedder_named("BAAI/bge-base-en-v1.5") is not None


async def test_without_leave_nothing_is_fetched(tmp_path: Path) -> None:
    models = LibraryModels(read_settings(data_dir=tmp_path, embedder="bge-base")).text_models
    with pytest.raises(UpstreamFailed, match="or set CRESCENDAI_MODEL_DOWNLOADS=on") as told:
        await models.embedder.embed([PEDAL])
    assert told.value.code == "model_missing"


def test_a_hub_out_of_reach_is_told_once_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    folders = ModelFolders(tmp_path, may_fetch=True)
    for _ in range(2):
        with pytest.raises(UpstreamFailed, match="no hub that has it can be reached"):
            folders.find("BAAI/bge-base-en-v1.5")
    there = minilm_folder(tmp_path / "BAAI" / "other")
    assert folders.find("BAAI/other") == there

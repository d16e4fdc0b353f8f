"""Opens the embedder and the reranker that the settings name."""

from __future__ import annotations

from crescendai.adapters.models.hub import ModelFolders
from crescendai.adapters.models.json_service import JSONService
from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import ORIGINAL, ORIGINAL_ID, MiniLM, MiniLMEmbedder
from crescendai.adapters.models.onnx_folder import FolderEmbedder, FolderReranker, OnnxFolder
from crescendai.adapters.models.remote_embedder import RemoteEmbedder, openai_embeddings
from crescendai.adapters.models.workers_ai import (
    EMBEDDING_DIMENSIONS,
    EMBEDDING_MODEL,
    WorkersAIReranker,
    account_url,
    workers_ai_embeddings,
)
from crescendai.knowledge.models import TextModels
from crescendai.ports.embedding import Embedder, Reranker
from crescendai.settings import Settings

BGE_EMBEDDER = "BAAI/bge-base-en-v1.5"
BGE_DIMENSIONS = 768
BEFORE_BGE_QUERY = "Represent this sentence for searching relevant passages: "  # as it was trained
BGE_RERANKER = "BAAI/bge-reranker-base"
_WORKERS_AI = f"workers-ai:{EMBEDDING_MODEL}"


class LibraryModels:
    """:attr:`text_models` as the settings say; an earlier embedder is opened when it is asked for.

    A remote embedder's ``model_id`` tells all that is needed to open it once more, but the address
    and the key, which come from the settings as long as they are there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._minilm = MiniLM()
        self._folders = ModelFolders(
            settings.data_dir.resolve() / "models", may_fetch=settings.model_downloads == "on"
        )
        self._services: list[JSONService] = []
        self._earlier: dict[str, Embedder | None] = {}
        self.text_models = TextModels(self._embedder(), self._reranker(), self._embedder_named)

    async def close(self) -> None:
        for service in self._services:
            await service.close()

    def _embedder(self) -> Embedder:
        settings = self._settings
        if settings.embedder == "openai":
            return self._openai(settings.embedding_model, settings.embedding_dimensions)
        if settings.embedder == "workers-ai":
            return self._workers_ai()
        if settings.embedder == "bge-base":
            return self._bge()
        return MiniLMEmbedder(self._minilm)

    def _reranker(self) -> Reranker:
        if self._settings.reranker == "workers-ai":
            return WorkersAIReranker(self._workers_ai_service("reranker_unavailable"))
        if self._settings.reranker == "bge-base":
            return FolderReranker(self._folder(BGE_RERANKER), model_id=BGE_RERANKER)
        return MaxSimReranker(self._minilm)

    def _embedder_named(self, model_id: str) -> Embedder | None:
        if model_id not in self._earlier:
            self._earlier[model_id] = self._open(model_id)
        return self._earlier[model_id]

    def _open(self, model_id: str) -> Embedder | None:
        if model_id == MiniLMEmbedder.model_id:
            return MiniLMEmbedder(self._minilm)
        if model_id == ORIGINAL_ID:
            return MiniLMEmbedder(MiniLM(ORIGINAL), ORIGINAL_ID)
        if model_id == BGE_EMBEDDER:
            return self._bge()
        if model_id == _WORKERS_AI and self._settings.workers_ai_account_id is not None:
            return self._workers_ai()
        kind, _, rest = model_id.partition(":")
        model, _, dimensions = rest.rpartition(":")
        if kind == "openai" and self._settings.embedding_url is not None:
            return self._openai(model, int(dimensions))
        return None

    def _bge(self) -> Embedder:
        return FolderEmbedder(
            self._folder(BGE_EMBEDDER),
            model_id=BGE_EMBEDDER,
            dimensions=BGE_DIMENSIONS,
            before_query=BEFORE_BGE_QUERY,
        )

    def _folder(self, repository: str) -> OnnxFolder:
        return OnnxFolder(lambda: self._folders.find(repository))

    def _openai(self, model: str, dimensions: int) -> Embedder:
        settings = self._settings
        assert settings.embedding_url is not None, "the settings have been checked"
        return RemoteEmbedder(
            self._service(
                settings.embedding_url,
                settings.key_of(settings.embedding_api_key),
                "embedder_unavailable",
            ),
            openai_embeddings(model),
            model_id=f"openai:{model}:{dimensions}",
            dimensions=dimensions,
        )

    def _workers_ai(self) -> Embedder:
        return RemoteEmbedder(
            self._workers_ai_service("embedder_unavailable"),
            workers_ai_embeddings(EMBEDDING_MODEL),
            model_id=_WORKERS_AI,
            dimensions=EMBEDDING_DIMENSIONS,
            before_query=BEFORE_BGE_QUERY,
        )

    def _workers_ai_service(self, code: str) -> JSONService:
        settings = self._settings
        assert settings.workers_ai_account_id is not None, "the settings have been checked"
        url = account_url(settings.workers_ai_url, settings.workers_ai_account_id)
        return self._service(url, settings.key_of(settings.workers_ai_api_key), code)

    def _service(self, base_url: str, api_key: str, code: str) -> JSONService:
        service = JSONService(base_url=base_url, api_key=api_key, code=code)
        self._services.append(service)
        return service

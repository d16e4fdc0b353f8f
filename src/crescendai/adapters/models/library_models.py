"""Opens the embedder and the reranker that the settings name."""

from __future__ import annotations

from crescendai.adapters.models.json_service import JSONService
from crescendai.adapters.models.maxsim import MaxSimReranker
from crescendai.adapters.models.minilm import MiniLM, MiniLMEmbedder
from crescendai.adapters.models.remote_embedder import RemoteEmbedder, openai_embeddings
from crescendai.knowledge.models import TextModels
from crescendai.ports.embedding import Embedder
from crescendai.settings import Settings


class LibraryModels:
    """:attr:`text_models` as the settings say; an earlier embedder is opened when it is asked for.

    A remote embedder's ``model_id`` tells all that is needed to open it once more, but the address
    and the key, which come from the settings as long as they are there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._minilm = MiniLM()
        self._services: list[JSONService] = []
        self._earlier: dict[str, Embedder | None] = {}
        self.text_models = TextModels(
            self._embedder(), MaxSimReranker(self._minilm), self._embedder_named
        )

    async def close(self) -> None:
        for service in self._services:
            await service.close()

    def _embedder(self) -> Embedder:
        settings = self._settings
        if settings.embedder == "openai":
            return self._openai(settings.embedding_model, settings.embedding_dimensions)
        return MiniLMEmbedder(self._minilm)

    def _embedder_named(self, model_id: str) -> Embedder | None:
        if model_id not in self._earlier:
            self._earlier[model_id] = self._open(model_id)
        return self._earlier[model_id]

    def _open(self, model_id: str) -> Embedder | None:
        if model_id == MiniLMEmbedder.model_id:
            return MiniLMEmbedder(self._minilm)
        kind, _, rest = model_id.partition(":")
        model, _, dimensions = rest.rpartition(":")
        if kind == "openai" and self._settings.embedding_url is not None:
            return self._openai(model, int(dimensions))
        return None

    def _openai(self, model: str, dimensions: int) -> Embedder:
        service = self._service(
            self._settings.embedding_url, self._settings.key_of(self._settings.embedding_api_key)
        )
        return RemoteEmbedder(
            service,
            openai_embeddings(model),
            model_id=f"openai:{model}:{dimensions}",
            dimensions=dimensions,
        )

    def _service(self, base_url: str | None, api_key: str) -> JSONService:
        assert base_url is not None, "the settings have checked it"
        service = JSONService(base_url=base_url, api_key=api_key, code="embedder_unavailable")
        self._services.append(service)
        return service

"""Embeddings from an outside service, whichever of the known protocols it speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

from crescendai.adapters.models.json_service import JSONService
from crescendai.adapters.models.openai_wire import BrokenAnswer
from crescendai.errors import UpstreamFailed
from crescendai.ports.embedding import Vectors
from crescendai.ports.language_model import CHARS_A_TOKEN

BATCH_TEXTS = 32
MAX_CHARACTERS = 2000
"""About the 512 tokens that the smaller models read; some services refuse what is longer."""
_BLANK = "."  # stands for a text without words, which some services refuse

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Protocol:
    """How to ask for the vectors of some texts, and where they are in the answer."""

    path: str
    body: Callable[[list[str]], dict[str, Any]]
    rows: Callable[[dict[str, Any]], list[list[float]]]


class RemoteEmbedder:
    """``dimensions`` is what the model is known to have; an answer of another width is refused."""

    def __init__(
        self,
        service: JSONService,
        protocol: Protocol,
        *,
        model_id: str,
        dimensions: int,
        before_query: str = "",
    ) -> None:
        self._service = service
        self._protocol = protocol
        self.model_id = model_id
        self.dimensions = dimensions
        self.before_query = before_query

    async def embed(self, texts: Sequence[str]) -> Vectors:
        batches = [await self._batch(texts[at : at + BATCH_TEXTS]) for at in self._starts(texts)]
        return np.concatenate([np.zeros((0, self.dimensions), np.float32), *batches])

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [-(-len(text) // CHARS_A_TOKEN) for text in texts]

    @staticmethod
    def _starts(texts: Sequence[str]) -> range:
        return range(0, len(texts), BATCH_TEXTS)

    async def _batch(self, texts: Sequence[str]) -> Vectors:
        asked = [text[:MAX_CHARACTERS] if text.strip() else _BLANK for text in texts]
        with self._service.telling():
            answer = await self._service.post(self._protocol.path, self._protocol.body(asked))
            rows = _matrix(self._protocol, answer, len(asked))
        if rows.shape[1] != self.dimensions:
            log.error("embedder.dimensions", got=rows.shape[1], set=self.dimensions)
            raise UpstreamFailed(
                "embedding_dimensions",
                f"The embedding service answers with {rows.shape[1]} dimensions, but "
                f"{self.dimensions} are set; set CRESCENDAI_EMBEDDING_DIMENSIONS to "
                f"{rows.shape[1]}.",
            )
        return rows


def openai_embeddings(model: str) -> Protocol:
    """``POST {base}/embeddings`` as OpenAI, Ollama, vLLM, llama.cpp and others have it."""

    def body(texts: list[str]) -> dict[str, Any]:
        return {"model": model, "input": texts, "encoding_format": "float"}

    def rows(answer: dict[str, Any]) -> list[list[float]]:
        return [
            one["embedding"] for one in sorted(answer["data"], key=lambda one: one.get("index", 0))
        ]

    return Protocol("embeddings", body, rows)


def _matrix(protocol: Protocol, answer: dict[str, Any], count: int) -> npt.NDArray[np.float32]:
    """The rows at unit length. Raises BrokenAnswer unless there are ``count`` of them."""
    try:
        rows = np.array(protocol.rows(answer), dtype=np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenAnswer("an answer without vectors") from error
    if rows.ndim != 2 or len(rows) != count:
        raise BrokenAnswer(f"vectors of shape {rows.shape} for {count} texts")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise BrokenAnswer("a vector without a direction")
    scaled: npt.NDArray[np.float32] = rows / lengths
    return scaled

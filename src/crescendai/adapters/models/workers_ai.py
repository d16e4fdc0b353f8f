"""Cloudflare's Workers AI: ``POST {base}/accounts/{account}/ai/run/{model}``.

An answer is ``{"result": …, "success": true}``. Its documentation leaves open whether scores come
between 0 and 1 or as logits, so an answer with a score outside is taken for logits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from crescendai.adapters.models.json_service import JSONService
from crescendai.adapters.models.openai_wire import BrokenAnswer
from crescendai.adapters.models.remote_embedder import MAX_CHARACTERS, Protocol

EMBEDDING_MODEL = "@cf/baai/bge-base-en-v1.5"
EMBEDDING_DIMENSIONS = 768
RERANKING_MODEL = "@cf/baai/bge-reranker-base"
BATCH_PASSAGES = 50


def account_url(base_url: str, account_id: str) -> str:
    return f"{base_url.rstrip('/')}/accounts/{account_id}/ai/run"


def workers_ai_embeddings(model: str) -> Protocol:
    def body(texts: list[str]) -> dict[str, Any]:
        return {"text": texts}

    def rows(answer: dict[str, Any]) -> list[list[float]]:
        found: list[list[float]] = answer["result"]["data"]
        return found

    return Protocol(model, body, rows)


class WorkersAIReranker:
    """A cross-encoder reads query and passage together, so a passage is kept as its text."""

    def __init__(self, service: JSONService, model: str = RERANKING_MODEL) -> None:
        self._service = service
        self._model = model
        self.model_id = f"workers-ai:{model}"

    async def prepare(self, passages: Sequence[Sequence[str]]) -> list[bytes]:
        return ["\n".join(texts).encode() for texts in passages]

    async def rerank(self, query: str, prepared: Sequence[bytes]) -> list[float]:
        """A passage without text gets 0."""
        scores = [0.0] * len(prepared)
        worded = [at for at, text in enumerate(prepared) if text]
        for start in range(0, len(worded), BATCH_PASSAGES):
            batch = worded[start : start + BATCH_PASSAGES]
            texts = [prepared[at].decode()[:MAX_CHARACTERS] for at in batch]
            for at, score in zip(batch, await self._scores(query, texts), strict=True):
                scores[at] = score
        return scores

    async def unmatched(self, query: str, prepared: Sequence[bytes]) -> float | None:
        return None

    async def _scores(self, query: str, texts: Sequence[str]) -> list[float]:
        contexts = [{"text": text} for text in texts]
        body = {"query": query, "contexts": contexts, "top_k": len(contexts)}
        with self._service.telling():
            answer = await self._service.post(self._model, body)
            return _scores(answer, len(texts))


def _scores(answer: dict[str, Any], count: int) -> list[float]:
    try:
        found = {int(one["id"]): float(one["score"]) for one in answer["result"]["response"]}
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenAnswer("an answer without scores") from error
    if found.keys() != set(range(count)):
        raise BrokenAnswer(f"{len(found)} scores for {count} passages")
    scores = [found[at] for at in range(count)]
    if all(0 <= score <= 1 for score in scores):
        return scores
    return [0.5 * (1 + math.tanh(score / 2)) for score in scores]  # the logistic function

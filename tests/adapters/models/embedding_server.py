"""A small server on a real socket with the embedding protocols, faults as scripted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from crescendai.ports.embedding import ScriptedEmbedder, ScriptedReranker

DIMENSIONS = 64


@dataclass
class EmbeddingServer:
    """``faults`` are answered first, one a request: a status with headers, a body, or a wait in
    seconds. Vectors are not of unit length, and come in no order where the protocol has none."""

    faults: list[tuple[int, dict[str, str]] | dict[str, Any] | float] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    base_url: str = ""
    workers_ai_url: str = ""
    _model: ScriptedEmbedder = field(default_factory=lambda: ScriptedEmbedder(DIMENSIONS))

    async def openai(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        fault = await self._fault()
        if fault is not None:
            return fault
        if not all(body["input"]):
            return web.json_response({"error": {"message": "empty input"}}, status=400)
        rows = await self._vectors(body["input"])
        data = [
            {"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)
        ]
        return web.json_response({"object": "list", "data": data[::-1], "model": body["model"]})

    async def workers_ai_embedding(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        fault = await self._fault()
        if fault is not None:
            return fault
        rows = [row + [0.0] * (768 - DIMENSIONS) for row in await self._vectors(body["text"])]
        return _result({"shape": [len(rows), 768], "data": rows})

    async def workers_ai_reranking(self, request: web.Request) -> web.Response:
        """The best first, as many as ``top_k`` asks for."""
        body = await self._read(request)
        fault = await self._fault()
        if fault is not None:
            return fault
        texts = [context["text"].encode() for context in body["contexts"]]
        scores = await ScriptedReranker().rerank(body["query"], texts)
        response = [{"id": at, "score": score} for at, score in enumerate(scores)]
        response.sort(key=lambda one: -one["score"])
        return _result({"response": response[: body.get("top_k", 3)]})

    async def _vectors(self, texts: list[str]) -> list[list[float]]:
        rows: list[list[float]] = (3 * await self._model.embed(texts)).tolist()
        return rows

    async def _read(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("Authorization"))
        self.at.append(asyncio.get_running_loop().time())
        return body

    async def _fault(self) -> web.Response | None:
        match self.faults.pop(0) if self.faults else None:
            case (status, headers):
                body = {"error": {"message": "a secret cause"}}
                return web.json_response(body, status=status, headers=headers)
            case dict() as body:
                return web.json_response(body)
            case float() as seconds:
                await asyncio.sleep(seconds)
        return None


@asynccontextmanager
async def embedding_server() -> AsyncIterator[EmbeddingServer]:
    made = EmbeddingServer()
    app = web.Application()
    app.router.add_post("/v1/embeddings", made.openai)
    run = "/client/accounts/me/ai/run/@cf/baai"
    app.router.add_post(f"{run}/bge-base-en-v1.5", made.workers_ai_embedding)
    app.router.add_post(f"{run}/bge-reranker-base", made.workers_ai_reranking)
    async with TestServer(app) as server:
        made.base_url = str(server.make_url("/v1"))
        made.workers_ai_url = str(server.make_url("/client"))
        yield made


def _result(result: dict[str, Any]) -> web.Response:
    return web.json_response({"result": result, "success": True, "errors": [], "messages": []})

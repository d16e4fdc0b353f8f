"""An outside AI service that answers one JSON object with another."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from crescendai.adapters.models.breaker import Breaker
from crescendai.adapters.models.upstream import (
    Client,
    Refused,
    Telling,
    asked_wait_sec,
    repeating,
    whole,
)

CONNECT_SEC = 5.0
ANSWER_SEC = 30.0


class JSONService:
    """``code`` is that of the UpstreamFailed which every failure becomes."""

    def __init__(
        self, *, base_url: str, api_key: str, code: str, answer_sec: float = ANSWER_SEC
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._code = code
        self._answer_sec = answer_sec
        self._breaker = Breaker()
        self._client = Client(base_url, api_key, CONNECT_SEC)

    def telling(self) -> Telling:
        """A block in which failures of the service, BrokenAnswer too, become UpstreamFailed."""
        return Telling(self._breaker, self._code)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """To be called in a ``telling`` block."""
        return await repeating(lambda: self._ask(f"{self._base_url}/{path}", orjson.dumps(body)))

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, url: str, data: bytes) -> dict[str, Any]:
        async with (
            asyncio.timeout(self._answer_sec),
            self._client.session.post(url, data=data) as response,
        ):
            if response.status >= 400:
                raise Refused(response.status, asked_wait_sec(response))
            return await whole(response)

"""An outside AI service that answers one JSON object with another."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson

from crescendai.adapters.models.breaker import Breaker
from crescendai.adapters.models.upstream import (
    Refused,
    Telling,
    asked_wait_sec,
    repeating,
    session_of,
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
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._code = code
        self._answer_sec = answer_sec
        self._breaker = Breaker()
        self._opened: aiohttp.ClientSession | None = None

    def telling(self) -> Telling:
        """A block in which failures of the service, BrokenAnswer too, become UpstreamFailed."""
        return Telling(self._breaker, self._code)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """To be called in a ``telling`` block."""
        return await repeating(lambda: self._ask(f"{self._base_url}/{path}", orjson.dumps(body)))

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _ask(self, url: str, data: bytes) -> dict[str, Any]:
        async with (
            asyncio.timeout(self._answer_sec),
            self._session().post(url, data=data) as response,
        ):
            if response.status >= 400:
                raise Refused(response.status, asked_wait_sec(response))
            return await whole(response)

    def _session(self) -> aiohttp.ClientSession:
        """Opened at the first use: it belongs to the event loop."""
        if self._opened is None:
            self._opened = session_of(self._base_url, self._headers, CONNECT_SEC)
        return self._opened

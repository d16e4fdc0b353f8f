from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from openai import AsyncOpenAI

from tests.fixtures.in_process import in_process


@dataclass
class Guest:
    """A server that asks for keys, its plain client, and the makers' clients of two protocols."""

    http: httpx.AsyncClient
    app: Any
    keys: dict[str, str]

    def openai(self, who: str = "ada") -> AsyncOpenAI:
        key, wire = self.keys[who], self._wire()
        return AsyncOpenAI(api_key=key, base_url="http://127.0.0.1:8000/v1", http_client=wire)

    def wire(self, who: str = "ada") -> httpx2.AsyncClient:
        wire = self._wire()
        wire.headers["X-API-Key"] = self.keys[who]
        return wire

    def _wire(self) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


@pytest.fixture
async def guest(tmp_path: Path) -> AsyncIterator[Guest]:
    async with in_process(tmp_path / "data", auth="required") as http:
        app = http._transport.app  # type: ignore[attr-defined]
        identity = app.state.identity
        keys = {name: (await identity.create_key("all", name)).key for name in ("ada", "ben")}
        keys["reader"] = (await identity.create_key("reading", "ada", ["read"])).key
        yield Guest(http, app, keys)

from __future__ import annotations

import asyncio

import pytest

from crescendai.adapters.models.json_service import JSONService

_ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n{"ok":"1"}'


@pytest.mark.parametrize(("without", "reached"), [("", True), ("model.invalid", False)])
async def test_calls_take_the_proxy_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, without: str, reached: bool
) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(_ANSWER)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", without)
        service = JSONService(base_url="http://model.invalid/v1", api_key="k", code="down")
        if reached:
            assert await service.post("embeddings", {}) == {"ok": "1"}
            assert asked[0].startswith(b"POST http://model.invalid/v1/embeddings ")
        else:
            with pytest.raises(OSError, match=r"model\.invalid"):
                await service.post("embeddings", {})
            assert asked == []
        await service.close()

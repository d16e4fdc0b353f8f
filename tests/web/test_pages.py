"""The built web app, as it is served: compressed twins, entity tags, its first page for deep links."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.fixtures.in_process import in_process

SCRIPT = b"console.log('a script');"
AT = "/_app/immutable/one.js"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    build = tmp_path / "build"
    (build / "_app" / "immutable").mkdir(parents=True)
    (build / "index.html").write_text("<!doctype html><title>first</title>")
    (build / AT[1:]).write_bytes(SCRIPT)
    (build / f"{AT[1:]}.gz").write_bytes(gzip.compress(SCRIPT))
    async with in_process(tmp_path / "data") as opened:
        opened._transport.app.state.web_build = build  # type: ignore[attr-defined]
        yield opened


async def test_a_browser_gets_the_twin_that_it_reads(client: httpx.AsyncClient) -> None:
    packed = await client.get(AT, headers={"accept-encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == SCRIPT
    plain = await client.get(AT, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT
    for answer in (packed, plain):
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]
        assert "accept-encoding" in answer.headers["vary"].lower()
    assert packed.headers["etag"] != plain.headers["etag"]


async def test_what_a_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    tag = (await client.get("/recordings/1")).headers["etag"]
    again = await client.get("/chat", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    build: Path = client._transport.app.state.web_build  # type: ignore[attr-defined]
    (build / "index.html").write_text("<!doctype html><title>another</title>")
    fresh = await client.get("/chat", headers={"if-none-match": tag})
    assert fresh.status_code == 200
    assert "another" in fresh.text


async def test_head_tells_the_length_and_sends_nothing(client: httpx.AsyncClient) -> None:
    told = await client.head(AT, headers={"accept-encoding": "identity"})
    assert told.headers["content-length"] == str(len(SCRIPT))
    assert told.content == b""


async def test_a_missing_file_is_no_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/_app/immutable/two.js")).status_code == 404
    assert (await client.get("/%00.js")).status_code == 404

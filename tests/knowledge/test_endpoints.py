"""The library over HTTP, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from crescendai.identity.service import Caller
from crescendai.kit.sealing import Seal
from crescendai.knowledge import endpoints
from crescendai.web import middleware, problems
from tests.knowledge.conftest import Library

PEDAL = b"# Pedal\n\nChange the pedal with the harmony, or the bass will blur and turn muddy."


@pytest.fixture
async def client(library: Library, caller: Caller) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.identity = library.identity
    app.state.cursors = Seal(b"secret", "cursors")
    app.state.knowledge = library.service
    app.state.search = library.search
    problems.install(app, False)
    app.include_router(endpoints.router)
    app.add_middleware(middleware.RequestContext, production=False, registry=CollectorRegistry())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
        yield opened


async def test_from_upload_to_answer_to_removal(
    client: httpx.AsyncClient, library: Library
) -> None:
    sent = await client.post(
        "/api/knowledge/ingest",
        files={"file": ("pedal.md", PEDAL)},
        data={"title": "On pedals", "author": "Clara"},
    )
    assert sent.status_code == 202, sent.text
    document = sent.json()
    assert (document["title"], document["author"]) == ("On pedals", "Clara")
    again = await client.post("/api/knowledge/ingest", files={"file": ("x.md", PEDAL)})
    assert (again.status_code, again.json()["document_id"]) == (200, document["document_id"])

    await library.ingest_all(await library.identity.ensure_user())
    url = f"/api/knowledge/documents/{document['document_id']}"
    assert (await client.get(url)).json()["status"] == "ready"
    listed = (await client.get("/api/knowledge/documents")).json()
    assert [item["document_id"] for item in listed["items"]] == [document["document_id"]]
    assert listed["next_cursor"] is None

    found = (await client.get("/api/knowledge/search", params={"q": "muddy bass"})).json()
    assert found["query"] == "muddy bass"
    assert found["top_k"] == 5
    [result] = found["results"]
    assert result["title"] == "On pedals"
    assert result["heading_path"] == ["Pedal"]
    assert set(result) == {
        *("chunk_id", "document_id", "title", "author", "type", "level", "dimensions", "page"),
        *("section", "heading_path", "start", "end", "text", "score"),
    }
    page = (await client.get(f"{url}/pages/{result['section']}")).json()
    [span] = page["chunks"]
    assert span["chunk_id"] == result["chunk_id"]
    assert page["text"][span["start"] : span["end"]] == result["text"]
    assert (page["unit"], page["number"], page["total"]) == ("section", 1, 1)
    for number, status in (("2", 404), ("0", 422), ("-1", 422)):
        assert (await client.get(f"{url}/pages/{number}")).status_code == status
    for verb in ("cancel", "retry"):
        assert (await client.post(f"{url}/{verb}")).status_code == 409
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"q": ""},
        {"q": "  "},
        {},
        {"q": "a", "top_k": "0"},
        {"q": "a", "top_k": "51"},
        {"q": "a", "dimension": "loudness"},
        {"q": "a", "document": "x"},
    ],
)
async def test_wrong_questions(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await client.get("/api/knowledge/search", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_cancel_and_retry(client: httpx.AsyncClient, library: Library) -> None:
    files = {"file": ("pedal.md", PEDAL)}
    form = {"type": "technique", "dimensions": "pedal_clean_blurred"}
    sent = (await client.post("/api/knowledge/ingest", files=files, data=form)).json()
    assert (sent["type"], sent["dimensions"]) == ("technique", ["pedal_clean_blurred"])
    url = f"/api/knowledge/documents/{sent['document_id']}"
    assert (await client.get(f"{url}/pages/1")).status_code == 409
    assert (await client.post(f"{url}/cancel")).json()["status"] == "cancelled"
    await library.ingest_all(await library.identity.ensure_user())
    assert (await client.get(url)).json()["status"] == "cancelled"
    again = await client.post(f"{url}/retry")
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    await library.ingest_all(await library.identity.ensure_user())
    ready = (await client.get(url)).json()
    assert (ready["status"], ready["dimensions"]) == ("ready", ["pedal_clean_blurred"])
    wrong = {"file": ("x.md", PEDAL)}, {"dimensions": "loudness"}
    refused = await client.post("/api/knowledge/ingest", files=wrong[0], data=wrong[1])
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.dimensions"


async def test_wrong_uploads(client: httpx.AsyncClient) -> None:
    async def status(content: bytes) -> int:
        files = {"file": ("a", content)}
        return (await client.post("/api/knowledge/ingest", files=files)).status_code

    assert await status(b"") == 400
    assert await status(b"PK\x03\x04\x00") == 415
    assert await status(b"a" * (1 << 20) + b"b") == 413
    assert (await client.post("/api/knowledge/ingest", data={"title": "x"})).status_code in (
        400,
        422,
    )
    assert (await client.get("/api/knowledge/documents?cursor=%21")).status_code == 400

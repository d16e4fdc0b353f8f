"""How the server speaks HTTP: problems, tags, cursors, sizes, times, compression."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from crescendai.errors import UpstreamFailed
from crescendai.identity.service import IdentityService
from crescendai.web import bodies
from tests.conftest import MakeRecording
from tests.fixtures.in_process import in_process

NEVER = "/api/recordings/00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(tmp_path / "data", max_upload_mb=1) as opened:
        yield opened


def state(client: httpx.AsyncClient) -> Any:
    return client._transport.app.state  # type: ignore[attr-defined]


def is_problem(answer: httpx.Response) -> bool:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "request_id"}
    assert body["type"].startswith("urn:crescendai:problem:")
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["x-request-id"]
    assert " " in body["detail"]
    assert body["detail"] != body["title"] or body["status"] == 502
    return True


async def test_every_error_is_a_problem(
    tmp_path: Path, recording: MakeRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request for every status of the table in docs/guides/http.md, and for each layer."""
    audio = recording(".mp3", seconds=4).read_bytes()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1.5)
        yield b"}"

    def fail(error: Exception) -> Any:
        async def failing(*_: object, **__: object) -> None:
            raise error

        return failing

    settings: dict[str, Any] = {"auth": "required", "environment": "production"}
    async with in_process(tmp_path / "data", max_upload_mb=1, **settings) as client:
        identity: IdentityService = state(client).identity
        client.headers["x-api-key"] = (await identity.create_key("all")).key
        reading = (await identity.create_key("read", scopes=["read"])).key
        json = {"content-type": "application/json"}
        sent = await client.post("/api/upload", files={"file": ("a.mp3", audio)})
        own = f"/api/recordings/{sent.json()['recording_id']}"
        seen = {
            400: await client.post("/api/chat", content=b"{", headers=json),
            401: await client.get("/api/recordings", headers={"x-api-key": "wrong"}),
            403: await client.post("/api/chat", json={}, headers={"x-api-key": reading}),
            404: await client.get(NEVER),
            405: await client.patch("/api/recordings"),
            409: await client.get(f"{own}/analysis"),
            412: await client.put("/api/context", json={}, headers={"if-match": '"old"'}),
            413: await client.post("/api/chat", content=bytes(2 << 20), headers=json),
            415: await client.post("/api/upload", files={"file": ("a.mp3", b"OggS" * 99)}),
            416: await client.get(f"{own}/audio", headers={"range": "bytes=99999999-"}),
            422: await client.post("/api/chat", json={"message": ""}),
        }
        others = [
            await client.get("/api/recordings?cursor=made-up"),
            await client.get("/no/such.file"),
            await client.delete("/docs"),
            await client.get("/v1/nothing"),
            await client.post("/api/upload", headers={"origin": "https://elsewhere.example"}),
            await client.post("/api/upload", files={"file": ("a.mp3", bytes(1_200_000))}),
        ]
        for status, error in (
            (500, RuntimeError("a secret cause")),
            (502, UpstreamFailed("llm_failed", "a secret cause")),
            (503, OperationalError("a secret cause", None, Exception("a secret cause"))),
        ):
            with monkeypatch.context() as patched:
                patched.setattr(state(client).usage, "report", fail(error))
                seen[status] = await client.get("/api/usage")
                assert "secret" not in seen[status].text
        with monkeypatch.context() as patched:
            patched.setattr(bodies, "READ_WITHIN_SEC", 0.1)
            patched.setattr(state(client).usage, "report", lambda _: asyncio.sleep(5))
            others.append(await client.get("/api/usage"))
            assert others[-1].json()["type"] == "urn:crescendai:problem:timed_out"
    async with in_process(tmp_path / "slow", patience_sec=1) as client:
        seen[408] = await client.post("/api/chat", content=slowly(), headers=json)
    async with in_process(tmp_path / "local", rate_limit_per_minute=1) as client:
        await client.get("/api/context")
        seen[429] = await client.get("/api/context")
        others.append(await client.get("/", headers={"host": "rebound.example"}))
    for status, answer in seen.items():
        assert answer.status_code == status, answer.text
        assert is_problem(answer)
    for answer in others:
        assert answer.status_code >= 400
        assert is_problem(answer)


async def test_a_context_is_not_overwritten_unseen(client: httpx.AsyncClient) -> None:
    first = (await client.get("/api/context")).headers["etag"]
    one = {"goals": ["Für Elise – slowly"]}
    saved = await client.put("/api/context", json=one, headers={"if-match": first})
    assert saved.status_code == 200
    late = await client.put("/api/context", json={"goals": []}, headers={"if-match": first})
    assert late.status_code == 412
    assert late.json()["type"] == "urn:crescendai:problem:context_changed"
    now = await client.get("/api/context")
    assert now.json()["goals"] == one["goals"]
    for fitting in (f'"x", W/{now.headers["etag"]}', "*"):
        again = await client.put("/api/context", json=one, headers={"if-match": fitting})
        assert again.status_code == 200
    assert (await client.put("/api/context", json=one)).status_code == 200  # unconditionally


async def test_reads_are_tagged_and_not_sent_twice(client: httpx.AsyncClient) -> None:
    for path in ("/api/context", "/api/dimensions", "/api/recordings", "/openapi.json"):
        answer = await client.get(path, headers={"accept-encoding": "identity"})
        tag = answer.headers["etag"]
        same = await client.get(path, headers={"if-none-match": tag})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"].removeprefix("W/") == tag
        assert (await client.get(path, headers={"if-none-match": '"x"'})).status_code == 200


async def test_long_answers_are_compressed_and_streams_never(client: httpx.AsyncClient) -> None:
    wanting = {"accept-encoding": "gzip"}
    long = await client.get("/openapi.json", headers=wanting)
    assert long.headers["content-encoding"] == "gzip"
    assert long.headers["etag"].startswith('W/"')
    assert int(long.headers["content-length"]) < len(long.content) / 4
    assert "content-encoding" not in (await client.get("/api/context", headers=wanting)).headers
    turn = await client.post("/api/chat", json={"message": "What is rubato?"}, headers=wanting)
    assert turn.headers["content-type"].startswith("text/event-stream")
    assert len(turn.content) > 2000
    assert "content-encoding" not in turn.headers


async def test_cursors_open_for_their_caller_and_list_only(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data", auth="required") as client:
        identity: IdentityService = state(client).identity
        one, other = [
            {"x-api-key": (await identity.create_key("k", user)).key} for user in ("one", "other")
        ]
        for message in ("One?", "Two?", "Three?"):
            await client.post("/api/chat", json={"message": message}, headers=one)
        path = "/api/chat/sessions"
        titles: list[str] = []
        cursor = kept = None
        for _ in range(3):
            asked = {"limit": 1} if cursor is None else {"limit": 1, "cursor": cursor}
            page = (await client.get(path, params=asked, headers=one)).json()
            titles += [item["title"] for item in page["items"]]
            kept, cursor = cursor, page["next_cursor"]
        assert titles == ["Three?", "Two?", "One?"]
        assert cursor is None
        assert kept is not None
        for whose, where in ((other, path), (one, "/api/recordings")):
            wrong = await client.get(where, params={"cursor": kept}, headers=whose)
            assert wrong.json()["type"] == "urn:crescendai:problem:cursor_invalid"
    async with in_process(tmp_path / "data", auth="required") as client:  # after a restart
        page = await client.get(path, params={"cursor": kept}, headers=one)
        assert [item["title"] for item in page.json()["items"]] == ["One?"]


async def test_what_browsers_are_told(client: httpx.AsyncClient, tmp_path: Path) -> None:
    answer = await client.get("/api/context")
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "strict-transport-security" not in answer.headers
    secure = await client.get("https://127.0.0.1:8000/api/context")
    assert "max-age=31536000" in secure.headers["strict-transport-security"]


JSON = {"content-type": "application/json"}
HEAVY: dict[str, str | bytes] = {
    "nested lists": "[" * 100_000 + "]" * 100_000,
    "nested objects": '{"message":' * 50_000 + "1" + "}" * 50_000,
    "a number of 400,000 digits": '{"message": ' + "9" * 400_000 + "}",
    "a number without end": '{"goals": [1e999999], "message": 1e999999}',
    "no number": '{"goals": NaN, "message": Infinity}',
    "half a character": '{"goals": ["\\ud800"], "message": "\\ud800", "name": "\\ud800"}',
    "60,000 fields": "{" + ",".join(f'"k{n}": {n}' for n in range(60_000)) + "}",
    "another encoding": '{"message": "a"}'.encode("utf-16"),
    "no encoding": b'{"message": "\xff", "goals": ["\xff"], "name": "\xff"}',
}
TAKING_JSON = (
    ("PUT", "/api/context"),
    ("POST", "/api/chat"),
    ("POST", "/api/keys"),
    ("POST", "/api/shares"),
    ("POST", "/api/upload/url"),
    ("POST", "/v1/chat/completions"),
)


async def test_json_that_is_too_deep_too_large_or_no_text_does_no_harm(
    client: httpx.AsyncClient,
) -> None:
    for name, body in HEAVY.items():
        for method, path in TAKING_JSON:
            answer = await client.request(method, path, content=body, headers=JSON)
            assert answer.status_code < 500, (name, path)
            assert answer.is_success or is_problem(answer)
        asked = await client.post("/mcp", content=body, headers=JSON)
        assert asked.status_code == 400, name


async def test_no_shared_cache_may_keep_an_answer_and_no_browser_give_it_to_another_caller(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/api/context", "/api/recordings/x", "/api/nothing", "/v1/models", "/api/usage"):
        answer = await client.get(path)
        assert answer.headers["cache-control"] == "private, no-cache", path
        assert "X-API-Key" in answer.headers["vary"]
        assert "Authorization" in answer.headers["vary"]
    assert (await client.get("/api/recordings/")).status_code == 404  # never a redirect


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_foreign_page_may_link_to_an_answer_and_not_embed_it(
    client: httpx.AsyncClient, site: str
) -> None:
    embedding = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    following = {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
    for path in ("/api/context", "/api/account/export", "/api/knowledge/search?q=pedal"):
        refused = await client.get(path, headers=embedding)
        assert refused.json()["type"] == "urn:crescendai:problem:origin_not_allowed"
        followed = await client.get(path, headers=following)
        assert followed.status_code == 200
        assert followed.headers["cross-origin-resource-policy"] == "same-origin"
    own = await client.get("/api/context", headers=embedding | {"sec-fetch-site": "same-origin"})
    assert own.status_code == 200
    begun = (await client.post("/api/upload/url", json={"filename": "a.wav"})).json()
    signed = begun["url"].removeprefix(str(client.base_url).rstrip("/"))
    answer = await client.get(signed, headers=embedding)  # signed to be put there, not got
    assert answer.json()["type"] == "urn:crescendai:problem:address_not_signed"

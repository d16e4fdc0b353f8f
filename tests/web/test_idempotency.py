"""A POST with an Idempotency-Key happens once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crescendai.kit.clock import now_ms
from crescendai.kit.fingerprint import Fingerprint
from crescendai.repeats import service as repeats_service
from tests.fixtures.in_process import in_process

PAGE = b"# Pedal\n\nLift it with the harmony."


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(tmp_path / "data") as opened:
        yield opened


def key(name: str) -> dict[str, str]:
    return {"idempotency-key": name}


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


async def ingest(client: httpx.AsyncClient, name: str, page: bytes = PAGE) -> httpx.Response:
    files = {"file": ("a.md", page)}  # each time under another boundary
    return await client.post("/api/knowledge/ingest", files=files, headers=key(name))


async def test_an_upload_is_answered_again(client: httpx.AsyncClient) -> None:
    first, again = await ingest(client, "a"), await ingest(client, "a")
    assert (first.status_code, again.status_code) == (202, 202)  # not the 200 of known bytes
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    other = await ingest(client, "a", PAGE + b" Slowly.")
    assert (other.status_code, code(other)) == (422, "idempotency_key_reused")
    elsewhere = await client.post("/api/keys", json={"name": "k"}, headers=key("a"))
    assert (elsewhere.status_code, code(elsewhere)) == (422, "idempotency_key_reused")
    assert (await ingest(client, "b")).status_code == 200


async def test_a_turn_is_told_again_and_not_answered_twice(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as client:
        asked = {"message": "What is rubato?"}
        first = await client.post("/api/chat", json=asked, headers=key("t"))
        again = await client.post("/api/chat", json=asked, headers=key("t"))
        assert first.text.endswith("data: [DONE]\n\n")
    async with in_process(tmp_path / "data") as client:  # another process, later
        later = await client.post("/api/chat", json=asked, headers=key("t"))
        sessions = (await client.get("/api/chat/sessions")).json()["items"]
        session_id = sessions[0]["session_id"]
        path = f"/api/chat/sessions/{session_id}/regenerate"
        one, two = [await client.post(path, headers=key("r")) for _ in range(2)]
        detail = (await client.get(f"/api/chat/sessions/{session_id}")).json()
    assert events(first) == events(again) == events(later)
    assert later.headers["content-type"].startswith("text/event-stream")
    assert events(one) == events(two) != events(first)
    assert [s["session_id"] for s in sessions] == [session_id]
    assert [m["role"] for m in detail["messages"] if m["content"] and m["role"] != "tool"] == [
        "user",
        "assistant",
    ]


def events(answer: httpx.Response) -> list[str]:
    """Without comments; the same however they were cut."""
    return [line for line in answer.text.splitlines() if line and not line.startswith(":")]


async def test_a_second_one_must_wait_for_the_first(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"message": '
        begun.set()
        await go_on.wait()
        yield b'"What is rubato?"}'

    headers = key("w") | {"content-type": "application/json"}
    first = asyncio.create_task(client.post("/api/chat", content=slowly(), headers=headers))
    await begun.wait()
    body = {"message": "What is rubato?"}
    early = await client.post("/api/chat", json=body, headers=key("w"))
    assert (early.status_code, code(early)) == (409, "idempotency_key_running")
    go_on.set()
    assert (await first).status_code == 200
    content = b'{"message": "What is rubato?"}'
    late = await client.post("/api/chat", content=content, headers=headers)
    assert events(late) == events(await first)


async def test_a_dead_process_frees_its_key(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: Any = client._transport.app.state  # type: ignore[attr-defined]
    caller = await state.identity.ensure_user()
    await state.repeats.claim(caller, "d", "/api/knowledge/ingest?")
    assert (await ingest(client, "d")).status_code == 409
    monkeypatch.setattr(repeats_service, "now_ms", lambda: now_ms() + repeats_service.LEASE_MS)
    assert (await ingest(client, "d")).status_code == 202


async def test_no_secret_is_kept(client: httpx.AsyncClient, tmp_path: Path) -> None:
    made = await client.post("/api/keys", json={"name": "k"}, headers=key("s"))
    assert made.headers["cache-control"] == "no-store"
    again = await client.post("/api/keys", json={"name": "k"}, headers=key("s"))
    assert (again.status_code, code(again)) == (409, "idempotency_answer_withheld")
    assert len((await client.get("/api/keys")).json()["items"]) == 1
    secret = made.json()["key"].encode()
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if secret in path.read_bytes()]


async def test_what_was_refused_may_be_tried_again(client: httpx.AsyncClient) -> None:
    wrong = await client.post("/api/chat", json={}, headers=key("f"))
    assert wrong.status_code == 422
    right = await client.post("/api/chat", json={"message": "And now?"}, headers=key("f"))
    assert right.status_code == 200
    for bad in ("", "with space", "x" * 256):
        answer = await client.post("/api/chat", json={"message": "Hm?"}, headers=key(bad))
        assert (answer.status_code, code(answer)) == (400, "idempotency_key_invalid")


async def test_keys_of_users_do_not_meet(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data", auth="required") as client:
        state: Any = client._transport.app.state  # type: ignore[attr-defined]
        keys = [(await state.identity.create_key("k", user)).key for user in ("one", "other")]
        asked = {"message": "Hello?"}
        one, other = [
            await client.post("/api/chat", json=asked, headers=key("x") | {"x-api-key": k})
            for k in keys
        ]
        assert "idempotent-replayed" not in other.headers
        assert events(one)[0] != events(other)[0]


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_a_fingerprint_knows_no_chunks_and_no_boundary(
    parts: list[bytes], data: st.DataObject
) -> None:
    def digest(boundary: bytes) -> str:
        body = b"".join(b"--" + boundary + b"\r\n" + part for part in parts)
        print_ = Fingerprint(f"multipart/form-data; boundary={boundary.decode()}")
        while body:
            size = data.draw(st.integers(1, len(body)))
            print_.feed(body[:size])
            body = body[size:]
        return print_.digest()

    assert digest(b"one-boundary-0001") == digest(b"another-boundary-27")

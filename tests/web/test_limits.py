"""So many calls a minute, as callers see it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crescendai.identity.service import Caller, IdentityService
from crescendai.ports.language_model import Usage
from crescendai.settings import Settings
from crescendai.usage.schemas import QuotaStates
from crescendai.web.limits import network
from tests.conftest import MakeRecording
from tests.fixtures.in_process import in_process


def test_the_contracts_figure_is_the_default() -> None:
    assert Settings.model_fields["rate_limit_per_minute"].default == 100


async def test_the_call_beyond_the_limit_has_to_wait(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data", rate_limit_per_minute=5) as client:
        for left in (4, 3, 2, 1, 0):
            answer = await client.get("/api/recordings")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"calls";q=5;w=60'
            assert answer.headers["ratelimit"].startswith(f'"calls";r={left};t=')
        refused = await client.get("/api/nothing")
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "urn:crescendai:problem:rate_limited"
        assert refused.json()["request_id"] == refused.headers["x-request-id"]
        assert 0 < int(refused.headers["retry-after"]) <= 60
        for free in ("/api/health", "/", "/docs", "/metrics"):
            answer = await client.get(free)
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


async def test_keys_of_a_user_count_together_and_users_apart(tmp_path: Path) -> None:
    settings = {"auth": "required", "rate_limit_per_minute": 2}
    async with in_process(tmp_path / "data", **settings) as client:
        identity: IdentityService = client._transport.app.state.identity  # type: ignore[attr-defined]
        keys = [(await identity.create_key("k", user)).key for user in ("one", "one", "other")]
        statuses = [
            (await client.get("/api/context", headers={"x-api-key": key})).status_code
            for key in (keys[0], keys[1], keys[0], keys[1], keys[2])
        ]
        assert statuses == [200, 200, 429, 429, 200]
        guesses = [
            (await client.get("/api/context", headers={"x-api-key": f"cai_{n}"})).status_code
            for n in range(4)
        ]
        assert guesses == [401, 401, 429, 429]  # by address: keys cannot be guessed at leisure


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_customer_is_one_address(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


async def test_tighter_limits_count_beside_the_one_for_all(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"rate_limit_per_minute": 50, "turns_per_minute": 1, "uploads_per_minute": 2}
    async with in_process(tmp_path / "data", ingestions_per_minute=1, **settings) as client:
        told = [(await client.post("/api/chat", json={"message": "Hm?"})) for _ in range(2)]
        assert [answer.status_code for answer in told] == [200, 429]
        assert told[1].headers["ratelimit-policy"] == '"calls";q=50;w=60, "turns";q=1;w=60'
        state = r'"calls";r=48;t=\d+, "turns";r=0;t=\d+'
        assert re.fullmatch(state, told[1].headers["ratelimit"])
        assert 0 < int(told[1].headers["retry-after"]) <= 60
        assert "turns in a minute" in told[1].json()["detail"]
        uploads = [(await client.post("/api/upload")).status_code for _ in range(3)]
        assert uploads == [400, 400, 429]
        pages = [(await client.post("/api/knowledge/ingest")).status_code for _ in range(2)]
        assert pages == [400, 429]
        assert (await client.get("/api/context")).status_code == 200


async def test_quotas_of_a_day(tmp_path: Path, recording: MakeRecording) -> None:
    takes = [recording(".mp3", start_sec=at, seconds=25).read_bytes() for at in (0, 10, 20)]
    settings: dict[str, Any] = {"auth": "required", "daily_analysis_minutes": 1, "storage_mb": 2}
    async with in_process(tmp_path / "data", daily_llm_tokens=1000, **settings) as client:
        state = client._transport.app.state  # type: ignore[attr-defined]
        client.headers["x-api-key"] = (await state.identity.create_key("k", "one")).key
        sent = []
        for take in takes:
            sent.append(await client.post("/api/upload", files={"file": ("a.mp3", take)}))
        assert [answer.status_code for answer in sent] == [201, 201, 429]  # 25 s, then 50 s
        assert sent[2].json()["type"] == "urn:crescendai:problem:quota_analysis"
        assert 86_000 < int(sent[2].headers["retry-after"]) <= 86_400
        removed = f"/api/recordings/{sent[0].json()['recording_id']}"
        assert (await client.delete(removed)).status_code == 204
        again = await client.post("/api/upload", files={"file": ("a.mp3", takes[2])})
        assert again.status_code == 429  # what was heard stays heard
        big = await client.post("/api/knowledge/ingest", files={"file": ("a.md", b"# a" * 700_000)})
        assert big.json()["type"] == "urn:crescendai:problem:quota_storage"
        caller = await state.identity.known_user("one")
        assert (await client.post("/api/chat", json={"message": "Hm?"})).status_code == 200
        await state.usage.record(caller, "chat", [Usage(900, 100, "m")])
        for path in ("/api/chat", f"/api/feedback/{caller.user_id}"):
            spent = await client.post(path, json={"message": "Hm?"})
            assert spent.json()["type"] == "urn:crescendai:problem:quota_tokens"
        quotas = (await client.get("/api/usage")).json()["quotas"]
        assert quotas["analysis_minutes"] == {"used": pytest.approx(0.83, abs=0.05), "limit": 1}
        assert quotas["llm_tokens"] == {"used": 1000, "limit": 1000}
        assert 0 < quotas["storage_bytes"]["used"] < quotas["storage_bytes"]["limit"]
        client.headers["x-api-key"] = (await state.identity.create_key("k", "other")).key
        assert (await client.post("/api/chat", json={"message": "Hm?"})).status_code == 200


async def test_two_at_once_do_not_get_past_a_quota(
    tmp_path: Path, recording: MakeRecording, engine_settings: dict[str, str]
) -> None:
    takes = [recording(".mp3", start_sec=at, seconds=25).read_bytes() for at in range(0, 50, 10)]
    pages = [b"# %d\n\n" % n + bytes([97 + n]) * 700_000 for n in range(4)]
    settings = {"auth": "required", "daily_analysis_minutes": 1, "storage_mb": 4} | engine_settings
    async with in_process(tmp_path / "data", max_upload_mb=1, **settings) as client:
        state = client._transport.app.state  # type: ignore[attr-defined]
        client.headers["x-api-key"] = (await state.identity.create_key("k", "one")).key

        async def at_once(path: str, files: list[bytes]) -> list[int]:
            forms = [{"file": ("a.md", content)} for content in files]
            answers = await asyncio.gather(*(client.post(path, files=form) for form in forms))
            refused = [answer for answer in answers if answer.status_code == 429]
            assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
            return sorted(answer.status_code for answer in answers)

        assert await at_once("/api/upload", takes) == [201, 201, 429, 429, 429]  # 25 s each
        stored = (await client.get("/api/usage")).json()["quotas"]["storage_bytes"]["used"]
        assert await at_once("/api/knowledge/ingest", pages) == [202, 202, 202, 202]
        promises = [client.post("/api/upload/url", json={}) for _ in range(3)]
        told = sorted(answer.status_code for answer in await asyncio.gather(*promises))
        assert told == [429, 429, 429]  # each might bring 1 MB
        for document in (await client.get("/api/knowledge/documents")).json()["items"][:2]:
            await client.delete(f"/api/knowledge/documents/{document['document_id']}")
        promises = [client.post("/api/upload/url", json={}) for _ in range(3)]
        answers = await asyncio.gather(*promises)
        assert sorted(answer.status_code for answer in answers) == [201, 429, 429]
        quotas = (await client.get("/api/usage")).json()["quotas"]
        assert quotas["storage_bytes"]["used"] == stored + 2 * len(pages[0]) + (1 << 20)
        assert quotas["analysis_minutes"]["used"] == pytest.approx(0.83, abs=0.05)
        keys = [key async for key, _ in state.account._objects.list("audio-recordings")]
        assert len(keys) == 2  # nothing of what was refused


async def test_answers_that_are_being_given_count(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data", auth="required", daily_llm_tokens=15_000) as client:
        state = client._transport.app.state  # type: ignore[attr-defined]
        client.headers["x-api-key"] = (await state.identity.create_key("k", "one")).key
        caller = await state.identity.known_user("one")
        with state.quotas.answering(caller), state.quotas.answering(caller):
            refused = await client.post("/api/chat", json={"message": "Hm?"})
            assert refused.json()["type"] == "urn:crescendai:problem:quota_tokens"
        assert (await client.post("/api/chat", json={"message": "Hm?"})).status_code == 200
        assert not state.quotas._answering


async def test_tools_of_other_protocols_count_as_calls(tmp_path: Path) -> None:
    """One message a request: many calls cannot hide in a batch."""
    accepting = {"accept": "application/json, text/event-stream"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    async with in_process(tmp_path / "data", rate_limit_per_minute=3) as client:
        told = [
            await client.post("/mcp", json=sent, headers=accepting)
            for sent in (call, [call] * 500, call, call)
        ]
        assert [answer.status_code for answer in told] == [200, 400, 200, 429]


async def test_what_is_too_much_at_once_is_shed_at_once(tmp_path: Path) -> None:
    most: dict[str, Any] = {"max_requests": 2, "max_streams": 1, "max_uploads": 1}
    async with in_process(tmp_path / "data", **most) as client:
        state = client._transport.app.state  # type: ignore[attr-defined]
        go_on = asyncio.Event()

        states = state.quotas.state

        async def slow(caller: Caller) -> QuotaStates:
            await go_on.wait()
            assert (await client.get("/api/health")).status_code == 200  # health is never shed
            found: QuotaStates = await states(caller)
            return found

        async def trickle() -> AsyncIterator[bytes]:
            await go_on.wait()
            yield b"x"

        state.quotas.state = slow
        running = [asyncio.create_task(client.get("/api/usage")) for _ in range(2)]
        form = {"content-type": "multipart/form-data; boundary=x"}
        sending = client.post("/api/upload", content=trickle(), headers=form)
        running.append(asyncio.create_task(sending))
        await asyncio.sleep(0.2)
        for method, path in (("GET", "/api/context"), ("POST", "/api/upload")):
            shed = await client.request(method, path)
            assert shed.status_code == 503
            assert shed.json()["type"] == "urn:crescendai:problem:overloaded"
            assert int(shed.headers["retry-after"]) > 0
        assert (await client.post("/api/chat", json={"message": "Hm?"})).status_code == 200
        assert (await client.get("/api/health")).status_code == 200
        go_on.set()
        answers = await asyncio.gather(*running)
        assert [answer.status_code for answer in answers] == [200, 200, 400]
        assert (await client.get("/api/context")).status_code == 200
        assert 'shed_total{kind="uploads"} 1.0' in (await client.get("/metrics")).text

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from crescendai.chat import endpoints
from crescendai.chat.tutor.engine import BuiltinTutor
from crescendai.feedback import findings, passages
from crescendai.identity.service import IdentityService
from crescendai.kit.sealing import Seal
from crescendai.web import middleware, problems
from tests.chat.conftest import World
from tests.chat.reading import parse, text_of


@pytest.fixture
async def client(world: World) -> AsyncGenerator[httpx.AsyncClient, None]:
    app = FastAPI()
    problems.install(app, production=True)
    app.add_middleware(middleware.RequestContext, production=True, registry=CollectorRegistry())
    app.include_router(endpoints.router)
    app.state.identity = IdentityService(world.transactions, credentials_required=False)
    app.state.cursors = Seal(b"secret", "cursors")
    app.state.chat = world.chat
    app.state.turns = world.turns(BuiltinTutor(ear=findings, reader=passages, pace_sec=0))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def test_a_turn_over_http(client: httpx.AsyncClient, world: World) -> None:
    body = {"message": "Why is my pedal so blurred?", "recording_id": str(world.recording_id)}
    answer = await client.post("/api/chat", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    received = parse(answer.content)
    assert received[0].event == "session"
    assert "0.71" in text_of(received)
    assert any(r.event == "citation" for r in received)
    assert answer.content.endswith(b"data: [DONE]\n\n")

    again = await client.post(
        "/api/chat", json={"message": "ignored"}, headers={"Last-Event-ID": received[5].id}
    )
    assert parse(again.content) == received[6:]
    session_id = received[0].data["session_id"]
    resumed = await client.get(
        f"/api/chat/sessions/{session_id}/events", headers={"Last-Event-ID": received[5].id}
    )
    assert parse(resumed.content) == received[6:]

    listed = (await client.get("/api/chat/sessions")).json()
    assert [item["session_id"] for item in listed["items"]] == [session_id]
    assert listed["items"][0]["message_count"] == 2
    detail = (await client.get(f"/api/chat/sessions/{session_id}")).json()
    assert detail["messages"][-1]["content"] == text_of(received)
    cited = [r.data for r in received if r.event == "citation"]
    assert detail["messages"][-1]["citations"] == cited
    assert all(not message["citations"] for message in detail["messages"][:-1])
    assert (await client.post(f"/api/chat/sessions/{session_id}/stop")).status_code == 204
    assert (await client.delete(f"/api/chat/sessions/{session_id}")).status_code == 204
    assert (await client.get(f"/api/chat/sessions/{session_id}")).status_code == 404


async def test_refusals_come_before_the_stream(client: httpx.AsyncClient) -> None:
    for body, status in (
        ({"message": "Hi", "recording_id": str(uuid4())}, 404),
        ({"message": "Hi", "session_id": str(uuid4())}, 404),
        ({"message": " "}, 422),
        ({}, 422),
    ):
        answer = await client.post("/api/chat", json=body)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await client.get(f"/api/chat/sessions/{uuid4()}/events")).status_code == 404
    assert (await client.post(f"/api/chat/sessions/{uuid4()}/stop")).status_code == 404
    assert (await client.get("/api/chat/sessions?limit=0")).status_code == 422


async def test_the_context_over_http(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/context")).json()["goals"] == []
    body = {"goals": [" Chopin "], "constraints": [], "experience_level": "beginner"}
    saved = await client.put("/api/context", json=body)
    assert saved.json()["goals"] == ["Chopin"]
    assert (await client.get("/api/context")).json() == saved.json()
    wrong = await client.put("/api/context", json={"experience_level": "wizard"})
    assert wrong.status_code == 422


async def test_the_last_question_is_answered_again_or_put_in_other_words(
    client: httpx.AsyncClient,
) -> None:
    first = parse((await client.post("/api/chat", json={"message": "What is rubato?"})).content)
    session = f"/api/chat/sessions/{first[0].data['session_id']}"

    again = parse((await client.post(f"{session}/regenerate")).content)
    assert again[0].data["message_id"] != first[0].data["message_id"]
    assert text_of(again) == text_of(first)
    shown = (await client.get(session)).json()["messages"]
    assert [m["content"] for m in shown if m["role"] == "user"] == ["What is rubato?"]
    assert shown[-1]["message_id"] == again[0].data["message_id"]
    assert shown[-1]["made_with"] == {
        "model": "crescendai-tutor-1",
        "prompt": "builtin",
        "library": "0",
    }

    edited = parse((await client.post(f"{session}/edit", json={"message": "Thanks!"})).content)
    shown = (await client.get(session)).json()["messages"]
    assert [m["role"] for m in shown] == ["user", "assistant"]
    assert shown[0]["content"] == "Thanks!"
    assert shown[1]["content"] == text_of(edited) != text_of(first)

    foreign = f"/api/chat/sessions/{uuid4()}/regenerate"
    assert (await client.post(foreign)).status_code == 404


async def test_a_turn_is_resumed_after_a_bare_number(client: httpx.AsyncClient) -> None:
    whole = parse((await client.post("/api/chat", json={"message": "What is rubato?"})).content)
    events = f"/api/chat/sessions/{whole[0].data['session_id']}/events"
    assert parse((await client.get(events, params={"after": 3})).content) == whole[3:]
    assert parse((await client.get(events, params={"after": whole[2].id})).content) == whole[3:]
    assert (await client.get(events, params={"after": "soon"})).status_code == 400

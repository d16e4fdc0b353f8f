"""The whole server on S3, Redis and a language model; each is taken away and returned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.adapters.models.openai_server import Chunks, delta, openai_server_aside
from tests.conftest import MakeRecording
from tests.fixtures.gate import Gate
from tests.fixtures.running import Server, running, wait_until
from tests.fixtures.seaweedfs import S3Server
from tests.fixtures.streams import Event, read_events, said

ANSWER = "Play it slower, and listen."
MOST_ANSWERS = 20


@dataclass
class Stack:
    """A server, and the gates in front of what it depends on."""

    client: httpx.Client
    server: Server
    s3: Gate
    redis: Gate
    model: Gate

    def upload(self, content: bytes) -> httpx.Response:
        return self.client.post("/api/upload", files={"file": content})

    def ask(self, message: str) -> list[Event]:
        with self.client.stream("POST", "/api/chat", json={"message": message}) as answer:
            return list(read_events(answer))

    def part(self, name: str) -> str:
        return str(self.client.get("/api/ready").json()["parts"][name]["status"])


@pytest.fixture(scope="module")
def stack(
    s3: S3Server, redis_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    says = Chunks([delta(role="assistant"), delta(content=ANSWER)])
    with openai_server_aside(*[says] * MOST_ANSWERS) as upstream:
        objects, cache, model = Gate(s3.port), Gate(redis_port), Gate(upstream.port)
        settings = s3.settings | {
            "CRESCENDAI_S3_ENDPOINT": f"http://127.0.0.1:{objects.port}",
            "CRESCENDAI_CACHE_URL": f"redis://127.0.0.1:{cache.port}/5",
            "CRESCENDAI_LLM_URL": f"http://127.0.0.1:{model.port}/v1",
            "CRESCENDAI_LLM_MODEL": "a-model",
            "CRESCENDAI_RATE_LIMIT_PER_MINUTE": "100000",  # they are counted in Redis
        }
        with (
            running(tmp_path_factory.mktemp("stores"), **settings) as server,
            httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client,
        ):
            yield Stack(client, server, objects, cache, model)
        for gate in (objects, cache, model):
            gate.shut()


def test_a_recording_is_analysed_followed_and_played_back(
    stack: Stack, recording: MakeRecording
) -> None:
    content = recording(".mp3", seconds=4.0).read_bytes()
    sent = stack.upload(content)
    assert sent.status_code == 201
    address = f"/api/recordings/{sent.json()['recording_id']}"
    with stack.client.stream("GET", f"{address}/events", timeout=240) as stream:
        events = list(read_events(stream))
    assert events[-1].done
    assert events[-2].data["status"] == "ready"
    assert stack.client.get(f"{address}/audio").content == content
    part = stack.client.get(f"{address}/audio", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    for embedded in ("objects", "cache"):
        assert not (stack.server.data_dir / embedded).exists()
    assert stack.client.delete(address).status_code == 204


def test_without_its_objects_only_what_needs_them_fails(
    stack: Stack, recording: MakeRecording
) -> None:
    content = recording(".mp3", start_sec=4.0, seconds=4.0).read_bytes()
    stack.s3.shut()
    try:
        refused = stack.upload(content)
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:crescendai:problem:objects_down"
        assert stack.part("objects") == "down"
        assert stack.client.get("/api/recordings").json()["items"] == []
        assert stack.client.get("/api/knowledge/search?q=legato").status_code == 200
    finally:
        stack.s3.open()
    assert stack.upload(content).status_code == 201


def test_without_its_cache_everything_goes_on(stack: Stack, recording: MakeRecording) -> None:
    content = recording(".mp3", start_sec=8.0, seconds=4.0).read_bytes()
    stack.redis.shut()
    try:
        assert stack.client.get("/api/ready").status_code == 200
        assert stack.part("cache") == "down"
        sent = stack.upload(content)
        assert sent.status_code == 201
        assert stack.client.get("/api/knowledge/search?q=pedal").status_code == 200
        began = time.perf_counter()
        for _ in range(20):
            assert stack.client.get("/api/context").status_code == 200
        assert time.perf_counter() - began < 20 * 0.5  # nobody waits for it each time
        address = f"/api/recordings/{sent.json()['recording_id']}"
        stack.client.post(f"{address}/cancel")
        with stack.client.stream("GET", f"{address}/events", timeout=240) as stream:
            assert list(read_events(stream))[-1].done
    finally:
        stack.redis.open()
    wait_until(lambda: stack.part("cache") == "ok", 30)
    assert "redis.back" in stack.server.log


def test_without_its_language_model_only_the_tutor_says_so(stack: Stack) -> None:
    question = "How do I play {} evenly?"
    assert said(stack.ask(question.format("scales"))) == ANSWER
    stack.model.shut()
    try:
        events = stack.ask(question.format("trills"))
        assert [event.data["code"] for event in events if event.name == "error"] == [
            "llm_unavailable"
        ]
        assert events[-1].done
        session = stack.client.get(f"/api/chat/sessions/{events[0].data['session_id']}").json()
        assert [message["status"] for message in session["messages"]] == ["complete", "failed"]
        assert stack.client.get("/api/knowledge/search?q=trills").status_code == 200
        assert stack.client.get("/api/recordings").status_code == 200
    finally:
        stack.model.open()
    assert said(stack.ask(question.format("octaves"))) == ANSWER

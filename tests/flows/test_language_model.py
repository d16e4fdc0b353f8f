"""The tutor through an OpenAI-compatible server: the real product against a local one."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import httpx

from tests.adapters.models.openai_server import Chunks, Status, delta, openai_server, tool_part
from tests.fixtures.running import Server, free_port, running, wait_until
from tests.fixtures.streams import Event, read_events, said

SEARCH = '{"query": "muddy pedal", "top_k": 3}'


def ask(server: Server, message: str) -> list[Event]:
    body = {"message": message}
    with httpx.stream("POST", f"{server.url}/api/chat", json=body, timeout=60) as answer:
        return list(read_events(answer))


async def test_the_model_calls_a_tool_and_its_answer_streams(tmp_path: Path) -> None:
    calls = Chunks(
        [
            delta(role="assistant"),
            tool_part(0, "", id="c1", name="search_knowledge_base"),
            tool_part(0, SEARCH[:15]),
            tool_part(0, SEARCH[15:]),
        ]
    )
    says = Chunks(
        [delta(role="assistant"), delta(content="Change the pedal "), delta(content="later.")]
    )
    async with openai_server(calls, says, Status(401)) as upstream:
        settings = {
            "CRESCENDAI_LLM_URL": upstream.base_url,
            "CRESCENDAI_LLM_API_KEY": "key",
            "CRESCENDAI_LLM_MODEL": "a-model",
            "CRESCENDAI_WORKERS": "1",
        }

        def converse() -> tuple[list[Event], list[Event]]:
            with running(tmp_path / "data", **settings) as server:
                return ask(server, "My pedal is muddy."), ask(server, "And now?")

        first, second = await asyncio.to_thread(converse)

    called = next(event for event in first if event.name == "tool_call")
    assert called.data["name"] == "search_knowledge_base"
    assert called.data["arguments"] == {"query": "muddy pedal", "top_k": 3}
    assert said(first) == "Change the pedal later."
    assert first[-1].done

    asked, answered = upstream.requests[0], upstream.requests[1]
    assert asked["model"] == "a-model"
    assert asked["stream"] is True
    names = {tool["function"]["name"] for tool in asked["tools"]}
    assert names == {"search_knowledge_base", "get_performance_analysis", "get_user_context"}
    assert answered["messages"][-1]["role"] == "tool"
    assert answered["messages"][-1]["tool_call_id"] == "c1"

    assert [event.name for event in second if event.name == "error"] == ["error"]
    assert second[-1].done


async def test_a_killed_server_loses_no_word_it_has_shown(tmp_path: Path) -> None:
    words = [f"word{number} " for number in range(40)]
    says = Chunks([delta(role="assistant"), *(delta(content=word) for word in words)], "silent")
    async with openai_server(says) as upstream:
        settings = {"CRESCENDAI_LLM_URL": upstream.base_url, "CRESCENDAI_WORKERS": "0"}

        def converse() -> tuple[list[Event], list[Event], dict[str, Any]]:
            server = Server(tmp_path / "data", free_port(), settings)
            server.launch()
            wait_until(lambda: server.answers("/api/health"), 60, lambda: server.log[-2000:])
            seen: list[Event] = []
            body = {"message": "How?"}
            with httpx.stream("POST", f"{server.url}/api/chat", json=body, timeout=60) as answer:
                for event in read_events(answer):
                    seen.append(event)
                    if not event.done and event.data.get("token", "").endswith(words[-1]):
                        break  # tokens that arrive together come as one
                server.stop(signal.SIGKILL)
            server.launch()
            wait_until(lambda: server.answers("/api/health"), 60, lambda: server.log[-2000:])
            session = f"{server.url}/api/chat/sessions/{seen[0].data['session_id']}"
            after = {"Last-Event-ID": seen[-1].id or ""}
            with httpx.stream("GET", f"{session}/events", headers=after, timeout=60) as answer:
                rest = list(read_events(answer))
            stored = httpx.get(session).json()
            server.stop()
            return seen, rest, stored

        seen, rest, stored = await asyncio.to_thread(converse)

    assert "".join(e.data["token"] for e in seen if e.name == "") == "".join(words)
    assert [event.name for event in rest] == ["error", ""]
    assert rest[0].data["code"] == "turn_interrupted"
    assert rest[-1].done
    assert stored["messages"][-1]["content"] == "".join(words)
    assert stored["messages"][-1]["status"] == "failed"

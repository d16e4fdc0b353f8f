"""The tutor's tools as a client of the Model Context Protocol meets them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.interop.conftest import Guest

URL = "http://127.0.0.1:8000/mcp"


def client(guest: Guest, who: str, mode: str = "auto") -> Client:
    transport = streamable_http_client(URL, http_client=guest.wire(who))
    return Client(transport, mode=mode)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_three_tools_are_offered_to_new_and_old_clients(guest: Guest, mode: str) -> None:
    async with client(guest, "reader", mode) as tools:
        offered = (await tools.list_tools()).tools
        assert [tool.name for tool in offered] == [
            "search_knowledge_base",
            "get_performance_analysis",
            "get_user_context",
        ]
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in offered)
        found = await tools.call_tool("search_knowledge_base", {"query": "rubato", "top_k": 2})
        assert not found.is_error
        unfit = await tools.call_tool("search_knowledge_base", {"query": "rubato", "top_k": 99})
        assert unfit.is_error
        assert "top_k" in str(unfit.content)


async def test_tools_are_bound_to_whoever_calls(guest: Guest) -> None:
    own = {"x-api-key": guest.keys["ada"]}
    goals = {"goals": ["Play the Aria softly"]}
    assert (await guest.http.put("/api/context", json=goals, headers=own)).status_code == 200
    await guest.http.post("/api/chat", json={"message": "What is rubato?"}, headers=own)
    listed = (await guest.http.get("/api/chat/sessions", headers=own)).json()["items"]
    named = {"session_id": listed[0]["session_id"]}
    async with client(guest, "ada") as tools:
        mine = await tools.call_tool("get_user_context", named)
        assert "Play the Aria softly" in str(mine.content)
    async with client(guest, "ben") as tools:
        theirs = await tools.call_tool("get_user_context", named)
        assert theirs.is_error
        assert "Aria" not in str(theirs.content)
        nothing = await tools.call_tool("get_performance_analysis", {"recording_id": str(uuid4())})
        assert nothing.is_error


async def test_nobody_gets_in_and_nonsense_is_refused(guest: Guest) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert (await guest.http.post("/mcp", json=asked)).status_code == 401
    own = {"x-api-key": guest.keys["ada"], "accept": "application/json, text/event-stream"}
    nonsense = await guest.http.post("/mcp", content=b"{", headers=own)
    assert nonsense.status_code in (400, 415)
    assert (await guest.http.get("/mcp", headers=own)).status_code == 405

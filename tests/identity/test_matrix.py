"""Every address of the OpenAPI document, as everybody who may knock: who is let in to what.

``RULES`` is the whole of it, by hand. A new address has no rule, and the test fails until someone
has thought about who may call it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from crescendai.bootstrap import build_app
from crescendai.identity import keys as keys_module
from crescendai.identity.scopes import ALL_SCOPES
from crescendai.identity.service import IdentityService
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.settings import read_settings
from tests.conftest import MakeRecording
from tests.fixtures.in_process import in_process

RULES = {
    "GET /api/health": "open",
    "GET /api/ready": "open",
    "GET /metrics": "open",
    "GET /api/dimensions": "read",
    "GET /api/model-card": "read",
    "POST /api/upload": "write",
    "POST /api/upload/url": "write",
    "POST /api/recordings/{recording_id}/complete": "write",
    "GET /api/recordings/{recording_id}/audio/url": "read",
    "PUT /api/objects/{key}": "open",  # to whoever has an address signed for it
    "GET /api/objects/{key}": "open",
    "GET /api/recordings": "read",
    "GET /api/recordings/{recording_id}": "read",
    "DELETE /api/recordings/{recording_id}": "write",
    "POST /api/recordings/{recording_id}/cancel": "write",
    "POST /api/recordings/{recording_id}/retry": "write",
    "GET /api/recordings/{recording_id}/audio": "read",
    "GET /api/recordings/{recording_id}/analysis": "read",
    "GET /api/recordings/{recording_id}/events": "read",
    "GET /api/recordings/{recording_id}/performance": "read",
    "GET /api/recordings/{recording_id}/notes.mid": "read",
    "GET /api/recordings/{recording_id}/notes.csv": "read",
    "GET /api/recordings/{recording_id}/segments.csv": "read",
    "GET /api/progress": "read",
    "GET /api/recordings/{recording_id}/compare/{other}": "read",
    "POST /api/feedback/{recording_id}": "write",
    "GET /api/feedback/{recording_id}": "read",
    "POST /api/chat": "write",
    "GET /api/chat/sessions": "read",
    "GET /api/chat/sessions/{session_id}": "read",
    "DELETE /api/chat/sessions/{session_id}": "write",
    "GET /api/chat/sessions/{session_id}/events": "read",
    "POST /api/chat/sessions/{session_id}/stop": "write",
    "POST /api/chat/sessions/{session_id}/edit": "write",
    "POST /api/chat/sessions/{session_id}/regenerate": "write",
    "GET /v1/models": "read",
    "POST /v1/chat/completions": "write",
    "POST /mcp": "read",
    "GET /api/context": "read",
    "PUT /api/context": "write",
    "GET /api/usage": "read",
    "GET /api/jobs": "read",
    "POST /api/knowledge/ingest": "library",
    "GET /api/knowledge/documents": "read",
    "GET /api/knowledge/documents/{document_id}": "read",
    "DELETE /api/knowledge/documents/{document_id}": "library",
    "POST /api/knowledge/documents/{document_id}/cancel": "library",
    "POST /api/knowledge/documents/{document_id}/retry": "library",
    "GET /api/knowledge/documents/{document_id}/pages/{number}": "read",
    "GET /api/knowledge/search": "read",
    "GET /api/knowledge/index": "read",
    "POST /api/keys": "admin",
    "GET /api/keys": "admin",
    "DELETE /api/keys/{key_id}": "admin",
    "GET /api/account/export": "admin",
    "DELETE /api/account": "admin",
}


@dataclass
class Door:
    """A server with one user's things in it, and everybody else's keys."""

    client: httpx.AsyncClient
    keys: dict[str, str]
    ids: dict[str, str]

    async def knock(self, route: str, who: str | None) -> httpx.Response:
        method, path = route.split(" ")
        address = re.sub(r"\{(\w+)\}", lambda m: self.ids[m.group(1)], path)
        headers = {} if who is None else {"x-api-key": self.keys[who]}
        body = {"message": "Again?"} if path.endswith("/edit") else None
        return await self.client.request(method, address, headers=headers, json=body)


def offered(tmp_path: Path) -> set[str]:
    app = build_app(read_settings(data_dir=tmp_path, workers=0))
    paths = app.openapi()["paths"].items()
    return {f"{method.upper()} {path}" for path, methods in paths for method in methods}


@pytest.fixture
async def door(
    tmp_path: Path, recording: MakeRecording, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Door]:
    async with in_process(tmp_path / "data", auth="required") as client:
        identity: IdentityService = client._transport.app.state.identity  # type: ignore[attr-defined]
        keys: dict[str, str] = {
            scope: (await identity.create_key(scope, "one", [scope])).key for scope in ALL_SCOPES
        }
        keys["owner"] = (await identity.create_key("all", "one")).key
        keys["stranger"] = (await identity.create_key("all", "another")).key
        revoked = await identity.create_key("revoked", "one")
        await identity.keys.revoke(await identity.known_user("one"), revoked.id)
        keys["revoked"] = revoked.key
        with monkeypatch.context() as yesterday:
            yesterday.setattr(keys_module, "now_ms", lambda: now_ms() - 2 * DAY_MS)
            keys["expired"] = (await identity.create_key("expired", "one", ["read"], 1)).key
        yield Door(client, keys, await _things(client, keys["owner"], recording))


async def _things(client: httpx.AsyncClient, key: str, recording: MakeRecording) -> dict[str, str]:
    own = {"x-api-key": key}
    audio = recording(".mp3", seconds=4).read_bytes()
    sent = await client.post("/api/upload", files={"file": ("a.mp3", audio)}, headers=own)
    page = ("a.md", b"# Pedal\n\nLift it with the harmony.")
    document = await client.post("/api/knowledge/ingest", files={"file": page}, headers=own)
    turn = await client.post("/api/chat", json={"message": "What is rubato?"}, headers=own)
    assert turn.text.endswith("data: [DONE]\n\n")
    sessions = await client.get("/api/chat/sessions", headers=own)
    made = await client.post("/api/keys", json={"name": "spare"}, headers=own)
    return {
        "key": "audio-recordings/uploads/1",
        "recording_id": sent.json()["recording_id"],
        "other": sent.json()["recording_id"],
        "document_id": document.json()["document_id"],
        "session_id": sessions.json()["items"][0]["session_id"],
        "key_id": made.json()["id"],
        "number": "1",
    }


def test_every_address_has_a_rule(tmp_path: Path) -> None:
    assert offered(tmp_path) == set(RULES)


async def test_nobody_and_dead_keys_get_in_nowhere(door: Door) -> None:
    for route, rule in RULES.items():
        for who in (None, "expired", "revoked"):
            answer = await door.knock(route, who)
            assert (answer.status_code == 401) == (rule != "open"), (route, who, answer.text)


async def test_a_key_opens_what_its_scope_says(door: Door) -> None:
    """Somebody else's ids, so that nothing is destroyed on the way: 404 is past the door."""
    known = door.ids
    door.ids = {name: "1" if name == "number" else str(uuid4()) for name in known}
    for route, rule in RULES.items():
        for scope in sorted(ALL_SCOPES):
            answer = await door.knock(route, scope)
            refused = answer.status_code == 403
            assert refused == (rule not in ("open", scope)), (route, scope, answer.text)
            if refused:
                assert answer.json()["type"] == "urn:crescendai:problem:scope_missing"


async def test_somebody_elses_things_do_not_exist(door: Door) -> None:
    """The same answer, but for the request's id, as for an id that never was."""
    routes = [route for route in RULES if "_id}" in route]
    assert len(routes) > 15
    for route in routes:
        theirs = await door.knock(route, "stranger")
        known = door.ids
        door.ids = {name: "1" if name == "number" else str(uuid4()) for name in known}
        never = await door.knock(route, "stranger")
        door.ids = known
        assert theirs.status_code == never.status_code == 404, (route, theirs.text)
        assert _without_id(theirs) == _without_id(never), route
    for route in ("GET /api/recordings/{recording_id}", "GET /api/chat/sessions/{session_id}"):
        assert (await door.knock(route, "owner")).status_code == 200  # and nothing was removed


async def test_lists_hold_nothing_of_others(door: Door) -> None:
    for route in ("GET /api/recordings", "GET /api/chat/sessions"):
        assert (await door.knock(route, "owner")).json()["items"]
        assert (await door.knock(route, "stranger")).json()["items"] == []
    documents = (await door.knock("GET /api/knowledge/documents", "stranger")).json()["items"]
    assert door.ids["document_id"] not in [document["document_id"] for document in documents]


def _without_id(answer: httpx.Response) -> dict[str, object]:
    body: dict[str, object] = answer.json()
    return body | {"request_id": None}

"""Every address of the OpenAPI document, as everybody who may knock: who is let in to what.

``RULES`` is the whole of it, by hand. A new address has no rule, and the test fails until someone
has thought about who may call it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from crescendai.bootstrap.web import build_app
from crescendai.identity import keys as keys_module
from crescendai.identity.scopes import ALL_SCOPES
from crescendai.identity.service import IdentityService
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.music.dimensions import ALL_KEYS
from crescendai.music.notes import note_array, pedal_array
from crescendai.recordings import repository as recordings
from crescendai.recordings.analyze import _npy
from crescendai.recordings.tables import AnalysisRow
from crescendai.settings import read_settings
from tests.conftest import MakeRecording
from tests.fixtures.in_process import in_process
from tests.recordings.test_performance import analysis

RULES = {
    "GET /api/health": "open",
    "GET /api/ready": "open",
    "GET /metrics": "open",
    "GET /api/dimensions": "read",
    "GET /api/model-card": "read",
    "POST /api/upload": "write",
    "POST /api/upload/url": "write",
    "POST /api/recordings/{recording_id}/complete": "write",
    "PUT /api/uploads/{recording_id}/parts/{number}": "write",
    "GET /api/uploads/{recording_id}": "read",
    "DELETE /api/uploads/{recording_id}": "write",
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
    "GET /api/recordings/{recording_id}/report.html": "read",
    "GET /api/progress": "read",
    "GET /api/recordings/{recording_id}/compare/{other}": "read",
    "POST /api/feedback/{recording_id}": "write",
    "POST /api/feedback/{recording_id}/turn": "write",
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
    "POST /api/shares": "admin",
    "GET /api/shares": "admin",
    "DELETE /api/shares/{share_id}": "admin",
    "GET /api/shared/{token}": "open",  # to whoever has a link
    "GET /api/shared/{token}/performance": "open",
    "GET /api/shared/{token}/audio": "open",
    "GET /api/account/export": "admin",
    "DELETE /api/account": "admin",
}


HINT = {"message": "Hm?"}
SAID = {"messages": [{"role": "user", "content": "Hm?"}]}
BEYOND_PATHS: dict[str, dict[str, Any]] = {
    "GET /api/progress recording_id": {"params": {"recording_id": "ID", "against": "OWN"}},
    "GET /api/progress against": {"params": {"recording_id": "OWN", "against": "ID"}},
    "GET /api/knowledge/search document": {"params": {"q": "harmony", "document": "ID"}},
    "POST /api/shares recording_id": {"json": {"recording_id": "ID"}},
    "GET /api/shares recording_id": {"params": {"recording_id": "ID"}},
    "POST /api/chat session_id": {"json": HINT | {"session_id": "ID"}},
    "POST /api/chat recording_id": {"json": HINT | {"recording_id": "ID"}},
    "POST /v1/chat/completions session_id": {"json": SAID | {"metadata": {"session_id": "ID"}}},
    "POST /v1/chat/completions recording_id": {"json": SAID | {"metadata": {"recording_id": "ID"}}},
}
"""Every place of the document, but for paths, where an id may stand, and what is sent there."""
UNSAID: dict[str, dict[str, Any]] = {
    "POST /api/chat turn_id": {"json": HINT, "headers": {"last-event-id": "ID:0"}},
    "GET /api/chat/sessions/OWN_SESSION/events turn_id": {"headers": {"last-event-id": "ID:1"}},
    "GET /api/recordings/OWN/compare/ID recording_id": {},
    "POST /mcp recording_id": {"tool": "get_performance_analysis", "args": {"recording_id": "ID"}},
    "POST /mcp session_id": {"tool": "get_user_context", "args": {"session_id": "ID"}},
}
"""Places of ids that the document does not tell."""


@dataclass
class Door:
    """A server with one user's things in it, and everybody else's keys."""

    client: httpx.AsyncClient
    keys: dict[str, str]
    ids: dict[str, str]
    audio: bytes

    async def knock(self, route: str, who: str | None) -> httpx.Response:
        method, path = route.split(" ")
        address = re.sub(r"\{(\w+)\}", lambda m: self.ids[m.group(1)], path)
        headers = {} if who is None else {"x-api-key": self.keys[who]}
        body = {"message": "Again?"} if path.endswith("/edit") else None
        return await self.client.request(method, address, headers=headers, json=body)

    async def name(self, place: str, sent: dict[str, Any], words: dict[str, str]) -> httpx.Response:
        """Send, as the stranger, a request in which words such as ID stand for real ids."""
        if "tool" in sent:
            called = {"name": sent["tool"], "arguments": sent["args"]}
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}
            sent = {"json": call, "headers": {"accept": "application/json, text/event-stream"}}
        whole = json.dumps([place.rpartition(" ")[0], sent])
        for word in sorted(words, key=len, reverse=True):
            whole = re.sub(rf"\b{word}\b", words[word], whole)
        asked, filled = json.loads(whole)
        headers = {"x-api-key": self.keys["stranger"]} | filled.pop("headers", {})
        return await self.client.request(*asked.split(" "), headers=headers, **filled)


def offered(tmp_path: Path) -> dict[str, Any]:
    """What the OpenAPI document has for each method and address."""
    document = build_app(read_settings(data_dir=tmp_path, workers=0)).openapi()
    return {
        f"{method.upper()} {path}": _whole(operation, document)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def _whole(part: Any, document: dict[str, Any]) -> Any:
    """A part of the document with everything that it refers to."""
    if isinstance(part, dict) and "$ref" in part:
        return _whole(document["components"]["schemas"][part["$ref"].rpartition("/")[2]], document)
    if isinstance(part, dict):
        return {name: _whole(value, document) for name, value in part.items()}
    return [_whole(one, document) for one in part] if isinstance(part, list) else part


def _ids_in(part: Any, name: str = "") -> Iterator[str]:
    """The names of the fields in a schema that are ids."""
    if isinstance(part, dict):
        if part.get("format") == "uuid":
            yield name
        for key, value in part.get("properties", {}).items():
            yield from _ids_in(value, key)
        for key in part.keys() - {"properties"}:
            yield from _ids_in(part[key], name)
    elif isinstance(part, list):
        for one in part:
            yield from _ids_in(one, name)


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
        audio = recording(".mp3", seconds=4).read_bytes()
        yield Door(client, keys, await _things(client, keys["owner"], audio), audio)


async def _things(client: httpx.AsyncClient, key: str, audio: bytes) -> dict[str, str]:
    """Something of every kind: an analysed recording, a document, a conversation, a key."""
    own = {"x-api-key": key}
    sent = await client.post("/api/upload", files={"file": ("a.mp3", audio)}, headers=own)
    await _analyse(client, sent.json()["recording_id"])
    page = ("a.md", b"# Pedal\n\nLift it with the harmony.")
    document = await client.post("/api/knowledge/ingest", files={"file": page}, headers=own)
    turn = await client.post("/api/chat", json={"message": "What is rubato?"}, headers=own)
    assert turn.text.endswith("data: [DONE]\n\n")
    sessions = await client.get("/api/chat/sessions", headers=own)
    made = await client.post("/api/keys", json={"name": "spare"}, headers=own)
    link = {"recording_id": sent.json()["recording_id"]}
    shared = await client.post("/api/shares", json=link, headers=own)
    return {
        "key": "audio-recordings/uploads/1",
        "recording_id": sent.json()["recording_id"],
        "other": sent.json()["recording_id"],
        "document_id": document.json()["document_id"],
        "session_id": sessions.json()["items"][0]["session_id"],
        "turn_id": turn.text.partition("id: ")[2].partition(":")[0],
        "key_id": made.json()["id"],
        "share_id": shared.json()["share_id"],
        "token": shared.json()["token"],
        "number": "1",
    }


async def _analyse(client: httpx.AsyncClient, recording_id: str) -> None:
    """As a worker does in the end."""
    transactions = client._transport.app.state.recordings._transactions  # type: ignore[attr-defined]
    scores = dict.fromkeys(ALL_KEYS, 0.5)
    intervals = dict.fromkeys(ALL_KEYS, (0.4, 0.6))
    heard = analysis(recording_id=recording_id, scores=scores, intervals=intervals)
    row = AnalysisRow(
        recording_id=UUID(recording_id),
        model_version="1",
        document=heard.model_dump(mode="json"),
        notes=_npy(note_array([])),
        pedal=_npy(pedal_array([])),
        created_at=1,
    )
    async with transactions.write() as session:
        await recordings.change(session, row.recording_id, status="ready")
        session.add(row)


def test_every_address_has_a_rule(tmp_path: Path) -> None:
    assert set(offered(tmp_path)) == set(RULES)


def test_every_place_of_an_id_is_known(tmp_path: Path) -> None:
    found = set()
    for route, operation in offered(tmp_path).items():
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "path":
                found |= {f"{route} {name}" for name in _ids_in(parameter, parameter["name"])}
        found |= {f"{route} {name}" for name in _ids_in(operation.get("requestBody", {}))}
    assert found == set(BEYOND_PATHS)


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
        assert _told(theirs) == _told(never), route
    for route in ("GET /api/recordings/{recording_id}", "GET /api/chat/sessions/{session_id}"):
        assert (await door.knock(route, "owner")).status_code == 200  # and nothing was removed


async def test_an_id_names_nothing_of_others_wherever_it_stands(door: Door) -> None:
    mine = await _things(door.client, door.keys["stranger"], door.audio)
    words = {"OWN": mine["recording_id"], "OWN_SESSION": mine["session_id"]}
    for place, sent in (BEYOND_PATHS | UNSAID).items():
        of = place.rpartition(" ")[2]
        of = {"against": "recording_id", "document": "document_id"}.get(of, of)
        theirs = await door.name(place, sent, words | {"ID": door.ids[of]})
        never = await door.name(place, sent, words | {"ID": (unknown := str(uuid4()))})
        own = await door.name(place, sent, words | {"ID": mine[of]})
        assert _told(theirs, door.ids[of]) == _told(never, unknown), place
        if of != "document_id":  # which no worker has read
            assert _told(own, mine[of]) != _told(never, unknown), place  # the place was reached


async def test_lists_hold_nothing_of_others(door: Door) -> None:
    for route in ("GET /api/recordings", "GET /api/chat/sessions"):
        assert (await door.knock(route, "owner")).json()["items"]
        assert (await door.knock(route, "stranger")).json()["items"] == []
    documents = (await door.knock("GET /api/knowledge/documents", "stranger")).json()["items"]
    assert door.ids["document_id"] not in [document["document_id"] for document in documents]


def _told(answer: httpx.Response, asked: str = "-") -> tuple[int, dict[str, str], str]:
    """All that an answer says, but for its own id, the id it was asked for, and its time."""
    headers = dict(answer.headers)
    said = answer.text.replace(headers.pop("x-request-id"), "-").replace(asked, "-")
    for of_the_body in ("content-length", "etag"):
        headers.pop(of_the_body, None)
    return answer.status_code, headers, re.sub(r'_ms":[0-9.]+', "", said)

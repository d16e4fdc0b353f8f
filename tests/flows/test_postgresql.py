"""Two servers on one PostgreSQL: what one takes in the other shows, and neither loses anything."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.conftest import MakeRecording
from tests.fixtures.gate import Gate
from tests.fixtures.postgresql import PostgreSQL
from tests.fixtures.running import Server, free_port, running, wait_until
from tests.fixtures.streams import read_events
from tests.flows.test_recording_to_advice import follow, get, upload

NOTES = b"# Legato\n\nOverlap neighbouring fingers and let the wrist carry the line onwards.\n" * 8


def say(server: Server, message: str, **more: str) -> dict[str, Any]:
    """One turn of the tutor, to its end; the session's first event."""
    body = {"message": message, **more}
    with httpx.stream("POST", f"{server.url}/api/chat", json=body, timeout=90) as answer:
        events = list(read_events(answer))
    assert events[-1].done
    return next(event.data for event in events if event.name == "session")


def test_two_servers_share_everything(
    tmp_path: Path, postgresql: PostgreSQL, recording: MakeRecording
) -> None:
    environment = {"CRESCENDAI_DATABASE_URL": postgresql.new_database()}
    with running(tmp_path / "data", **environment) as one:
        # the folder of objects is shared; everything else of the second server is its own
        other = Server(one.data_dir, free_port(), environment | {"CRESCENDAI_WORKERS": "0"})
        other.start()
        try:
            sent = upload(one, recording(".wav", seconds=6))
            listening = f"/api/recordings/{sent['recording_id']}"
            wait_until(lambda: get(other, listening)["percent"] > 5, 90)
            one.stop(signal.SIGKILL)
            session = say(other, "How do I play legato?")["session_id"]
            one.start()
            assert follow(other, sent["recording_id"])[-2].data["status"] == "ready"
            assert get(one, f"{listening}/analysis") == get(other, f"{listening}/analysis")

            files = {"file": ("legato.md", NOTES)}
            taken = httpx.post(f"{other.url}/api/knowledge/ingest", files=files).json()
            document = f"/api/knowledge/documents/{taken['document_id']}"
            wait_until(lambda: get(one, document)["status"] == "ready", 60)
            found = get(one, "/api/knowledge/search?q=wrist+carries+the+line&top_k=3")["results"]
            assert found[0]["document_id"] == taken["document_id"]

            say(one, "And what of my recording?", session_id=session)
            messages = get(other, f"/api/chat/sessions/{session}")["messages"]
            assert [m["content"] for m in messages if m["role"] == "user"] == [
                "How do I play legato?",
                "And what of my recording?",
            ]
        finally:
            other.stop()
    assert not (one.data_dir / "crescendai.db").exists()
    assert not (one.data_dir / "jobs.db").exists()


def test_without_its_database_it_says_so_and_comes_back_by_itself(
    tmp_path: Path, postgresql: PostgreSQL
) -> None:
    url = urlsplit(postgresql.new_database())
    [folder] = parse_qs(url.query)["host"]
    gate = Gate(f"{folder}/.s.PGSQL.5432")
    through = f"postgresql://postgres@127.0.0.1:{gate.port}{url.path}"
    with running(tmp_path / "data", CRESCENDAI_DATABASE_URL=through) as server:
        session = say(server, "How do I play legato?")["session_id"]
        gate.shut()
        try:
            for path in ("/api/recordings", f"/api/chat/sessions/{session}"):
                refused = httpx.get(f"{server.url}{path}", timeout=30)
                assert refused.status_code == 503, path
                assert refused.json()["type"] == "urn:crescendai:problem:database_down"
            unsaid = httpx.post(f"{server.url}/api/chat", json={"message": "And now?"}, timeout=30)
            assert unsaid.status_code == 503
            assert httpx.get(f"{server.url}/api/health").status_code == 200
            assert httpx.get(f"{server.url}/").status_code == 200
            ready = httpx.get(f"{server.url}/api/ready", timeout=30).json()
            assert ready["parts"]["database"]["status"] == "down"
        finally:
            gate.open()
        wait_until(lambda: server.answers(f"/api/chat/sessions/{session}"), 30)
        say(server, "And staccato?", session_id=session)
        files = {"file": ("legato.md", NOTES)}
        taken = httpx.post(f"{server.url}/api/knowledge/ingest", files=files).json()
        document = f"/api/knowledge/documents/{taken['document_id']}"
        wait_until(lambda: get(server, document)["status"] == "ready", 60)  # the worker is back too
    gate.shut()

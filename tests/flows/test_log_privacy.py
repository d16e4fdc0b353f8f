"""After everything a person can do, the log names what happened and nothing of the person."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.conftest import MakeRecording
from tests.fixtures.running import running

MARK = "Quittenmus"
USER = "zwetschgenfrau@example.org"


def test_the_log_holds_nothing_of_a_person(tmp_path: Path, recording: MakeRecording) -> None:
    settings = {
        "CRESCENDAI_AUTH": "required",
        "CRESCENDAI_LOG_LEVEL": "debug",
        "CRESCENDAI_LLM_URL": "http://127.0.0.1:9",  # nobody is there: failures are logged too
    }
    data = tmp_path / "data"
    data.mkdir()
    made = subprocess.run(
        [sys.executable, "-m", "crescendai", "keys", "create", "--user", USER, "--name", MARK],
        env=os.environ | {"CRESCENDAI_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=True,
        cwd=data,
    )
    key = made.stdout.strip()
    audio = recording(".mp3", seconds=4).read_bytes()
    with running(data, **settings) as server:
        headers = {"x-api-key": key, "user-agent": MARK}
        with httpx.Client(base_url=server.url, headers=headers, timeout=120) as client:
            page = (f"{MARK}.md", f"# {MARK}\n\nLift the {MARK}.".encode())
            answers = [
                client.put("/api/context", json={"goals": [MARK]}),
                client.post("/api/keys", json={"name": MARK}, headers={"idempotency-key": MARK}),
                client.post("/api/knowledge/ingest", files={"file": page}, data={"author": MARK}),
                client.post("/api/knowledge/ingest", files={"file": (MARK, b"\x00" * 99)}),
                client.post("/api/upload", files={"file": (f"{MARK}.mp3", audio)}),
                client.post("/api/upload", files={"file": (f"{MARK}.mp3", audio[:3000])}),
                client.post("/api/chat", json={"message": f"How do I play {MARK}?"}),
                client.post("/api/chat", json={"message": f"And {MARK}?", "session_id": MARK}),
                client.get("/api/knowledge/search", params={"q": MARK, "dimension": MARK}),
                client.get("/api/knowledge/search", params={"q": f"{MARK} of the pedal"}),
                client.get("/api/recordings", params={"cursor": MARK}),
                client.post("/api/chat", content=MARK.encode()),
                client.get("/api/recordings", headers={"x-api-key": MARK}),
                client.get("/api/account/export"),
                client.delete("/api/account", params={"confirm": "erase"}),
            ]
        log = server.log
    statuses = {answer.status_code for answer in answers}
    assert {200, 201, 202, 204, 400, 401, 415, 422} <= statuses
    assert "request" in log
    assert "/api/knowledge/ingest" in log
    for word in (MARK, USER, "zwetschgenfrau", key[4:]):
        assert word not in log, word

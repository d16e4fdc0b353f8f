"""The clock of a machine is put on and back while its server works: nothing stops, nobody waits."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from tests.fixtures.running import running, wait_until
from tests.fixtures.sounds import silent_take
from tests.fixtures.streams import read_events

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def test_a_clock_that_jumps_stops_nothing(tmp_path: Path) -> None:
    assert LIBRARY is not None, "libfaketime is not installed; tools/install_system_packages.sh"
    clock = tmp_path / "clock"
    clock.write_text("+0")
    environment = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "CRESCENDAI_RATE_LIMIT_PER_MINUTE": "1000",
        "CRESCENDAI_UPLOADS_PER_MINUTE": "3",
    }
    chance = random.Random(1)
    with (
        running(tmp_path / "data", **environment) as server,
        httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client,
    ):
        for number, offset_sec in enumerate((7200, -7200, 86400 * 40, 0)):
            question = {"message": "How do I practise trills?"}
            with client.stream("POST", "/api/chat", json=question) as answer:
                events = read_events(answer)
                seen = [next(events), next(events)]
                clock.write_text(f"{offset_sec:+d}")
                seen += events
            assert seen[-1].done
            assert not [event for event in seen if event.name == "error"]
            wait_until(lambda sec=offset_sec: abs(_put_on_sec(client) - sec) < 60, 30)
            for _ in range(3):  # as many as are allowed in a minute, of any clock
                file = {"file": ("take.wav", silent_take(chance))}
                sent = client.post("/api/upload", files=file)
                assert sent.status_code == 201, (number, sent.text)
            where = f"/api/recordings/{sent.json()['recording_id']}"
            wait_until(lambda at=where: client.get(at).json()["status"] == "refused", 60)
            goals = {"goals": [f"number {number}"]}
            assert client.put("/api/context", json=goals).status_code == 200
            assert client.get("/api/ready").status_code == 200


def _put_on_sec(client: httpx.Client) -> float:
    """By how much the server's clock is ahead of ours."""
    told = client.get("/api/health").headers["date"]
    return parsedate_to_datetime(told).timestamp() - time.time()

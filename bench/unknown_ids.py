"""Whether a clock tells somebody else's id from one that never was.

``python -m bench.unknown_ids``

A stranger with a key of their own asks a real server, in turn and in random order, for another
user's real things and for ids that never were, over one connection. For each address it prints the
medians, their ratio, and beside it the ratio of two lots of ids that never were (what noise makes);
and how often an id of another user takes longer than one that never was (0.50: a coin).
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import httpx
from scipy.stats import mannwhitneyu

from tests.fixtures.running import Server, free_port, wait_until
from tests.fixtures.sounds import encode, piano
from tests.fuzz.test_api import new_key

ROUNDS = 600
PLACES = (
    ("GET", "/api/recordings/{recording}", None),
    ("GET", "/api/recordings/{recording}/analysis", None),
    ("GET", "/api/recordings/{recording}/audio", None),
    ("POST", "/api/recordings/{recording}/cancel", None),
    ("DELETE", "/api/recordings/{recording}", None),
    ("GET", "/api/feedback/{recording}", None),
    ("GET", "/api/chat/sessions/{session}", None),
    ("DELETE", "/api/chat/sessions/{session}", None),
    ("POST", "/api/chat", {"message": "Hm?", "session_id": "{session}"}),
    ("POST", "/api/chat", {"message": "Hm?", "recording_id": "{recording}"}),
    ("GET", "/api/knowledge/documents/{document}", None),
    ("DELETE", "/api/knowledge/documents/{document}", None),
)


def things(server: Server, key: str, folder: Path) -> dict[str, str]:
    """What another user has."""
    with httpx.Client(base_url=server.url, headers={"X-API-Key": key}, timeout=60) as client:
        take = encode(folder / "take.wav", piano(seconds=4.0), 44_100)
        sent = client.post("/api/upload", files={"file": take.read_bytes()}).json()
        page = {"file": ("a.md", b"# Pedal\n\nLift it with the harmony.")}
        document = client.post("/api/knowledge/ingest", files=page).json()
        client.post("/api/chat", json={"message": "What is rubato?"})
        session = client.get("/api/chat/sessions").json()["items"][0]
    return {
        "recording": sent["recording_id"],
        "document": document["document_id"],
        "session": session["session_id"],
    }


def asked_us(
    wire: http.client.HTTPConnection, key: str, place: tuple[str, str, object], ids: dict[str, str]
) -> float:
    """Microseconds until the whole answer was there."""
    method, path, body = place
    whole = json.dumps([path, body])
    for name, one in ids.items():
        whole = whole.replace(f"{{{name}}}", one)
    address, sent = json.loads(whole)
    content = None if sent is None else json.dumps(sent)
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    began = time.perf_counter_ns()
    wire.request(method, address, content, headers)
    answer = wire.getresponse()
    answer.read()
    took = time.perf_counter_ns() - began
    assert answer.status == 404, (place, answer.status)
    return took / 1000


def measure(server: Server, key: str, known: dict[str, str]) -> None:
    wire = http.client.HTTPConnection("127.0.0.1", server.port)
    print("| address | theirs | never was | ratio | never was, twice | theirs slower |")
    print("|---|---|---|---|---|---|")
    for place in PLACES:
        took: dict[str, list[float]] = {"theirs": [], "never": [], "again": []}
        for _ in range(ROUNDS):
            for lot in random.sample(sorted(took), 3):
                ids = known if lot == "theirs" else {name: str(uuid4()) for name in known}
                took[lot].append(asked_us(wire, key, place, ids))
        middle = {lot: statistics.median(times) for lot, times in took.items()}
        slower = mannwhitneyu(took["theirs"], took["never"]).statistic / ROUNDS**2
        where = f"{place[0]} {place[1]}" + (f" {list(place[2])[-1]}" if place[2] else "")
        print(
            f"| {where} | {middle['theirs']:.0f} µs | {middle['never']:.0f} µs "
            f"| {middle['theirs'] / middle['never']:.3f} "
            f"| {middle['again'] / middle['never']:.3f} | {slower:.2f} |",
            flush=True,
        )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"CRESCENDAI_WORKERS": "0", "CRESCENDAI_AUTH": "required"}
        server = Server(folder / "data", free_port(), settings)
        server.launch()
        try:
            wait_until(lambda: server.answers("/api/health"), 60, lambda: server.log[-2000:])
            known = things(server, new_key(server, "another"), folder)
            measure(server, new_key(server), known)
        finally:
            server.stop()


if __name__ == "__main__":
    main()

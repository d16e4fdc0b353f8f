"""A server that is stopped while it answers, behind a proxy that it trusts or does not."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx

from tests.fixtures.running import Server, free_port, wait_until
from tests.fixtures.streams import Event, read_events, said

LIMITS = {"CRESCENDAI_RATE_LIMIT_PER_MINUTE": "100000", "CRESCENDAI_UPLOADS_PER_MINUTE": "2"}
QUESTION = {"message": "How do I practise a passage with a muddy pedal?"}


def launched(data: Path, **settings: str) -> Server:
    server = Server(data, free_port(), {"CRESCENDAI_WORKERS": "0"} | settings)
    server.launch()
    wait_until(lambda: server.answers("/api/health"), 60, lambda: server.log[-2000:])
    return server


def stop_in_the_middle(server: Server) -> tuple[list[Event], int | None]:
    """The whole stream, and what another turn is told meanwhile."""
    assert server.process is not None
    seen: list[Event] = []
    refused: int | None = None
    with httpx.stream("POST", f"{server.url}/api/chat", json=QUESTION, timeout=60) as answer:
        for event in read_events(answer):
            seen.append(event)
            if event.name == "" and not event.done and refused is None:
                server.process.send_signal(signal.SIGTERM)
                refused = _told(server)
    server.process.wait(30)
    return seen, refused


def _told(server: Server) -> int:
    """SIGTERM reaches the process a moment after it was sent."""

    def asked() -> int | None:
        status = httpx.post(f"{server.url}/api/chat/sessions/{'0' * 32}/regenerate").status_code
        return status if status == 503 else None

    return int(wait_until(asked, 10))


def told(server: Server, *chains: str) -> list[int]:
    """What uploads with a made-up key are told, each said to come by way of such addresses."""
    return [
        httpx.post(
            f"{server.url}/api/upload",
            headers={"x-api-key": "cai_wrong", "x-forwarded-for": chain},
        ).status_code
        for chain in chains
    ]


def test_a_running_answer_is_let_come_to_its_end(tmp_path: Path) -> None:
    server = launched(
        tmp_path / "data", CRESCENDAI_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8", **LIMITS
    )
    one, other = "203.0.113.1", "203.0.113.2"
    assert told(server, one, one, one, other) == [401, 401, 429, 401]
    assert told(server, f"198.51.100.1, {one}") == [429]  # its own word before it is not believed
    assert told(server, f"{one}, 10.1.2.3") == [429]  # by way of two proxies of ours
    secure = httpx.get(f"{server.url}/api/health", headers={"x-forwarded-proto": "https"})
    assert "strict-transport-security" in secure.headers
    seen, refused = stop_in_the_middle(server)
    assert refused == 503
    assert seen[-1].done
    assert "error" not in [event.name for event in seen]
    assert [event.name for event in seen].count("usage") == 1  # a complete answer ends with it


def test_an_answer_that_takes_too_long_is_ended_and_kept(tmp_path: Path) -> None:
    server = launched(tmp_path / "data", CRESCENDAI_DRAIN_SEC="0", **LIMITS)
    assert told(server, "203.0.113.1", "203.0.113.2", "203.0.113.3") == [401, 401, 429]
    untrusted = httpx.get(f"{server.url}/api/health", headers={"x-forwarded-proto": "https"})
    assert "strict-transport-security" not in untrusted.headers
    with httpx.stream("POST", f"{server.url}/api/chat", json=QUESTION, timeout=60) as answer:
        events = read_events(answer)
        seen = [next(events)]
        while seen[-1].name != "":
            seen.append(next(events))
        server.stop()
        seen += list(events)
    assert seen[-1].done  # told, not cut off
    server = launched(tmp_path / "data")
    session = httpx.get(f"{server.url}/api/chat/sessions/{seen[0].data['session_id']}").json()
    server.stop()
    assert session["messages"][-1]["content"] == said(seen)
    assert session["messages"][-1]["status"] == "stopped"

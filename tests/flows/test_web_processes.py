"""Two web processes on one port are one server: whichever takes a connection."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
from pathlib import Path

import httpx

from tests.adapters.models.openai_server import Chunks, delta, openai_server
from tests.fixtures.running import Server, free_port, wait_until
from tests.fixtures.streams import Event, read_events

LIMIT = 60
WORDS = [f"word{number} " for number in range(5)]


async def test_two_processes_are_one_server(tmp_path: Path) -> None:
    says = Chunks([delta(role="assistant"), *(delta(content=word) for word in WORDS)], "silent")
    async with openai_server(says, says) as upstream:
        settings = {
            "CRESCENDAI_LLM_URL": upstream.base_url,
            "CRESCENDAI_WORKERS": "0",
            "CRESCENDAI_WEB_PROCESSES": "2",
            "CRESCENDAI_RATE_LIMIT_PER_MINUTE": str(LIMIT),
        }
        server = Server(tmp_path / "data", free_port(), settings)
        await asyncio.to_thread(_use, server)


def _use(server: Server) -> None:
    server.launch()
    try:
        wait_until(lambda: server.answers("/api/health"), 60, lambda: server.log[-2000:])
        wait_until(lambda: len(_web_processes(server)) == 2, 30)
        session_id = _a_turn_that_says_no_more(server)
        for _ in range(6):  # connections go to either process, and it is said to each
            assert _words_so_far(server, session_id) == "".join(WORDS)
        _stop_from_the_other_process(server, session_id)
        _kill_the_process_that_writes(server)
        _count_calls_together(server)
    finally:
        server.stop()
    assert not _web_processes(server)


def _a_turn_that_says_no_more(server: Server) -> str:
    with httpx.stream("POST", f"{server.url}/api/chat", json={"message": "How?"}) as answer:
        return str(next(read_events(answer)).data["session_id"])


def _words_so_far(server: Server, session_id: str) -> str:
    said = ""
    url = f"{server.url}/api/chat/sessions/{session_id}/events"
    with httpx.stream("GET", url, timeout=20) as answer:
        for event in read_events(answer):
            said += event.data.get("token", "") if not event.done else ""
            if event.done or said.endswith(WORDS[-1]):
                return said
    return said


def _stop_from_the_other_process(server: Server, session_id: str) -> None:
    answers = []
    for _ in range(6):
        url = f"{server.url}/api/chat/sessions/{session_id}"
        assert httpx.post(f"{url}/stop", timeout=20).status_code == 204
        answers.append(httpx.get(url).json()["messages"][-1])
    assert {(one["content"], one["status"]) for one in answers} == {("".join(WORDS), "stopped")}


def _kill_the_process_that_writes(server: Server) -> None:
    """The other one ends its turn; a new process takes its place."""
    before = set(_web_processes(server))
    session_id = _a_turn_that_says_no_more(server)
    assert _words_so_far(server, session_id) == "".join(WORDS)
    [writer] = [pid for pid in before if _writes_a_turn(server, pid)]
    os.kill(writer, signal.SIGKILL)
    events: list[Event] = []

    def ended() -> bool:
        events.clear()
        url = f"{server.url}/api/chat/sessions/{session_id}/events"
        try:
            with httpx.stream("GET", url, timeout=20) as answer:
                events.extend(read_events(answer))
        except httpx.TransportError:  # dealt to the socket of the dead process
            return False
        return events[-1].done

    wait_until(ended, 30)
    assert [event.name for event in events][-2:] == ["error", ""]
    wait_until(lambda: len(set(_web_processes(server)) - before) == 1, 30)
    wait_until(lambda: _answers_often(server), 60)


def _answers_often(server: Server) -> bool:
    return all(server.answers("/api/health") for _ in range(8))


def _count_calls_together(server: Server) -> None:
    asked = [httpx.get(f"{server.url}/api/dimensions", timeout=20) for _ in range(LIMIT + 5)]
    assert [answer.status_code for answer in asked[-5:]] == [429] * 5
    left = [int(re.findall(r"r=(\d+)", answer.headers["RateLimit"])[0]) for answer in asked]
    assert left == sorted(left, reverse=True)
    counted = 'crescendai_http_requests_total{method="GET",route="/api/dimensions",status="200"}'
    allowed = sum(answer.status_code == 200 for answer in asked)
    for _ in range(6):
        lines = httpx.get(f"{server.url}/metrics").text.splitlines()
        assert f"{counted} {float(allowed)}" in lines


def _web_processes(server: Server) -> list[int]:
    assert server.process is not None
    listing = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(server.process.pid)],
        capture_output=True,
        text=True,
    )
    return [int(line.split()[0]) for line in listing.stdout.splitlines() if "--beside" in line]


def _writes_a_turn(server: Server, pid: int) -> bool:
    """Whether a journal with something in it is open in that process."""
    open_files = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
    journals = [Path(name) for name in open_files if "/turns/" in name and name.endswith(".lock")]
    return any(_is_running_here(server, journal.stem) for journal in journals)


def _is_running_here(server: Server, runner: str) -> bool:
    with sqlite3.connect(server.data_dir / "crescendai.db") as database:
        query = "SELECT count(*) FROM chat_turns WHERE status = 'running' AND runner = ?"
        return bool(database.execute(query, (runner,)).fetchone()[0])

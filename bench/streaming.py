"""What a turn of the tutor adds to its language model: ``python -m bench.streaming``.

A real server speaks to a scripted model on this machine, beside the bare framework sending the same
tokens and, where ``--litellm`` names the program of an environment of its own, the LiteLLM proxy.
Prints the rows for ``bench/RESULTS.md``; takes about four minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import uvicorn
import uvloop

from bench import streams
from bench.streams import LONG, LONG_TOKENS, SILENT, Read, read_stream
from tests.fixtures.running import (
    Server,
    free_port,
    handbook_is_ready,
    resident_mb,
    wait_until,
)
from tests.fixtures.sounds import PRELUDE, encode, piano

STREAMS, ROUNDS, STEADY_SEC, RESUMES, STOPS, IDLE, FEEDBACKS = 100, 3, 10.0, 40, 20, 1000, 20
MANY, MANY_TOKENS, RAMP_SEC = 1000, 200, 5.0
_LITELLM_ALONE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
}


@dataclass(frozen=True)
class Peer:
    """Something that streams answers; ``body`` is how it is asked."""

    name: str
    port: int
    path: str = "/api/chat"

    def body(self, message: str) -> dict[str, object]:
        if self.path == "/api/chat":
            return {"message": message}
        messages = [{"role": "user", "content": message}]
        return {"model": "scripted", "stream": True, "messages": messages}

    async def ask(self, message: str, tokens: int) -> Read:
        read = (await read_stream(self.port, self.path, self.body(message))).read()
        assert read.tokens == tokens, f"{self.name}: {read.tokens} of {tokens} tokens"
        return read


async def beginning_together(peer: Peer) -> list[float]:
    times: list[float] = []
    for _ in range(ROUNDS):
        asked = (peer.ask("Please say 50 words.", 50) for _ in range(STREAMS))
        times += [read.first_over_own_ms for read in await asyncio.gather(*asked)]
    return times


async def steady(peer: Peer, streams_at_once: int) -> list[float]:
    """Streams of 200 tokens begin evenly, so that so many run at any moment once all have begun."""
    lasts_sec = streams.FIRST_SEC + MANY_TOKENS * streams.EVERY_SEC
    tasks, began = [], time.perf_counter()
    for number in range(int(streams_at_once * (lasts_sec + STEADY_SEC) / lasts_sec)):
        due = began + number * lasts_sec / streams_at_once
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked = peer.ask(f"Please say {MANY_TOKENS} words.", MANY_TOKENS)
        tasks.append(asyncio.create_task(asked))
    reads = await asyncio.gather(*tasks)
    return [read.first_over_own_ms for read in reads[streams_at_once:]]


async def many(peer: Peer) -> tuple[int, list[float]]:
    """How many of a thousand streams were not whole, and how late each token was, in ms."""

    async def one(number: int) -> Read | None:
        await asyncio.sleep(number * RAMP_SEC / MANY)
        try:
            return await peer.ask(f"Please say {MANY_TOKENS} words.", MANY_TOKENS)
        except (AssertionError, OSError):
            return None

    reads = await asyncio.gather(*(one(number) for number in range(MANY)))
    whole = [read for read in reads if read is not None]
    return MANY - len(whole), [late for read in whole for late in read.late_ms]


async def resume_ms(peer: Peer, url: str) -> tuple[list[float], int]:
    stream = await read_stream(peer.port, peer.path, peer.body(LONG))
    session = _session_of(stream.text)
    times = []
    async with httpx.AsyncClient(timeout=60) as client:
        for _ in range(RESUMES):
            began = time.perf_counter()
            text = (await client.get(f"{url}/api/chat/sessions/{session}/events")).text
            times.append((time.perf_counter() - began) * 1000)
            assert text.count("z") >= LONG_TOKENS
    return times, text.count("data: {")


async def stop_ms(peer: Peer, url: str, model: str) -> list[float]:
    """From asking to stop until the model has lost its reader."""
    times = []
    async with httpx.AsyncClient(timeout=60) as client:
        for _ in range(STOPS):
            asked = client.stream("POST", f"{url}/api/chat", json=peer.body(SILENT))
            async with asked as answer:
                async for line in answer.aiter_lines():
                    if line.startswith('data: {"session_id"'):
                        session = _session_of(line.encode())
                    if line.startswith('data: {"token"'):
                        break
                began = streams.now_us()
                await client.post(f"{url}/api/chat/sessions/{session}/stop")
            closed = 0
            while closed < began:
                closed = int((await client.get(model)).text)
                await asyncio.sleep(0.01)
            times.append((closed - began) / 1000)
    return times


async def idle_mb(peer: Peer, server: Server) -> float:
    """What streams add that follow a turn in which nothing happens."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        async with client.stream(
            "POST", f"{server.url}{peer.path}", json=peer.body(SILENT)
        ) as turn:
            async for line in turn.aiter_lines():
                if line.startswith('data: {"session_id"'):
                    session = _session_of(line.encode())
                    break
        assert server.process is not None
        before = resident_mb(server.process.pid)
        url = f"{server.url}/api/chat/sessions/{session}/events"
        opened = [client.build_request("GET", url) for _ in range(IDLE)]
        answers = await asyncio.gather(*(client.send(one, stream=True) for one in opened))
        assert all(answer.status_code == 200 for answer in answers)
        after = resident_mb(server.process.pid)
        for answer in answers:
            await answer.aclose()
    return after - before


def feedback_ms(server: Server, folder: Path) -> list[float]:
    wait_until(lambda: handbook_is_ready(server), 120)
    with httpx.Client(base_url=server.url, timeout=120) as client:
        path = encode(folder / "prelude.wav", piano(PRELUDE, 0, 12))
        sent = client.post("/api/upload", files={"file": path.open("rb")}).json()
        recording = f"/api/recordings/{sent['recording_id']}"
        wait_until(lambda: client.get(recording).json()["status"] == "ready", 240)
        times = []
        for _ in range(FEEDBACKS):
            began = time.perf_counter()
            assert client.post(f"/api/feedback/{sent['recording_id']}").status_code < 300
            times.append((time.perf_counter() - began) * 1000)
    return times


def _session_of(text: bytes) -> str:
    return text.partition(b'"session_id":"')[2].partition(b'"')[0].decode()


def _row(what: str, figures: list[float], limit: str = "") -> None:
    p50, p95 = np.percentile(figures, [50, 95])
    print(f"| {what} | p50 {p50:.1f} ms, p95 {p95:.1f} ms | {limit} |", flush=True)


async def compare(peers: list[Peer]) -> None:
    for peer in peers:
        await peer.ask("Please say 50 words.", 50)  # so that none pays for its first turn
    for peer in peers:
        times = await beginning_together(peer)
        _row(f"first token over the model's own, {STREAMS} beginning at once: {peer.name}", times)
    for peer in peers:
        times = await steady(peer, STREAMS)
        _row(f"first token over the model's own, {STREAMS} streams at any moment: {peer.name}",
             times, "p50 5, p95 15")  # fmt: skip


@contextmanager
def server_of(folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    server = Server(folder, free_port(), environment)
    server.launch()
    try:
        wait_until(lambda: server.answers("/api/health"), 120)
        wait_until(lambda: all(server.answers("/api/health") for _ in range(8)), 60)
        yield server
    finally:
        server.stop()


@contextmanager
def program(*command: str) -> Iterator[None]:
    environment = os.environ | _LITELLM_ALONE
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def helper(name: str) -> Iterator[int]:
    port = free_port()
    with program(sys.executable, "-m", "bench.streaming", "--serve", name, "--port", str(port)):
        wait_until(lambda: _listens(port), 60)
        yield port


@contextmanager
def litellm(path: str, model: str, folder: Path) -> Iterator[Peer]:
    config, port = folder / "litellm.yaml", free_port()
    config.write_text(
        "model_list:\n  - model_name: scripted\n    litellm_params:\n"
        f"      model: openai/scripted\n      api_base: {model}\n      api_key: none\n"
    )
    with program(path, "--config", str(config), "--port", str(port), "--host", "127.0.0.1"):
        wait_until(lambda: _listens(port), 180)
        yield Peer("the LiteLLM proxy", port, "/v1/chat/completions")


def _listens(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=5).status_code < 600
    except httpx.TransportError:
        return False


def first_tokens(folder: Path, litellm_path: str | None) -> None:
    with ExitStack() as opened:
        model = f"http://127.0.0.1:{opened.enter_context(helper('model'))}/v1"
        peers = [Peer("the bare framework", opened.enter_context(helper("bare")))]
        if litellm_path:
            peers.append(opened.enter_context(litellm(litellm_path, model, folder)))
        server = opened.enter_context(server_of(folder / "first", _settings(model)))
        uvloop.run(compare([*peers, Peer("CrescendAI Server", server.port)]))


def following(folder: Path, _: str | None) -> None:
    with ExitStack() as opened:
        model = f"http://127.0.0.1:{opened.enter_context(helper('model'))}/v1"
        server = opened.enter_context(server_of(folder / "following", _settings(model)))
        ours = Peer("CrescendAI Server", server.port)
        times, events = uvloop.run(resume_ms(ours, server.url))
        _row(f"resume of a turn of {events} events", times, "p95 100")
        _row("stop, until the model has lost its reader",
             uvloop.run(stop_ms(ours, server.url, model)), "250")  # fmt: skip
        print(f"| {IDLE} idle streams | {uvloop.run(idle_mb(ours, server)):.0f} MB | 300 |")


def thousand(folder: Path, _: str | None) -> None:
    with ExitStack() as opened:
        model = f"http://127.0.0.1:{opened.enter_context(helper('model'))}/v1"
        two = _settings(model) | {"CRESCENDAI_WEB_PROCESSES": "2"}
        bare = Peer("the bare framework, one process", opened.enter_context(helper("bare")))
        server = opened.enter_context(server_of(folder / "thousand", two))
        for peer in (bare, Peer("CrescendAI Server, two processes", server.port)):
            lost, late = uvloop.run(many(peer))
            _row(f"lateness of a token, {MANY} streams of {MANY_TOKENS} tokens: {peer.name}, "
                 f"{lost} streams lost", late, "p95 20")  # fmt: skip


def feedback(folder: Path, _: str | None) -> None:
    with server_of(folder / "feedback", {"CRESCENDAI_WORKERS": "1"}) as server:
        times = feedback_ms(server, folder)
        _row("grounded feedback of a stored analysis", times, "p95 300")
        print(f"| of these the first, which asks the library | {times[0]:.0f} ms | |")


def _settings(model: str) -> dict[str, str]:
    return {"CRESCENDAI_LLM_URL": model, "CRESCENDAI_WORKERS": "0"}


PARTS = {
    "first": first_tokens,
    "following": following,
    "thousand": thousand,
    "feedback": feedback,
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--litellm", help="The `litellm` program of an environment that has it.")
    arguments.add_argument("--only", nargs="+", choices=PARTS, help="Some of the figures.")
    arguments.add_argument("--serve", choices=["model", "bare"], help=argparse.SUPPRESS)
    arguments.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if chosen.serve == "model":
        uvloop.run(streams.serve_model(chosen.port))
    elif chosen.serve == "bare":
        uvicorn.run(streams.bare_app(), port=chosen.port, log_level="error")
    else:
        with tempfile.TemporaryDirectory() as folder:
            for name in chosen.only or PARTS:
                PARTS[name](Path(folder), chosen.litellm)


if __name__ == "__main__":
    main()

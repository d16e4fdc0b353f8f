"""What a turn of the tutor adds to its language model: ``python -m bench.streaming``.

A real server speaks to a scripted model on this machine, which says its first token 200 ms after it
was asked and one every 20 ms from then on. The same tokens come from the bare framework in another
process. Prints, over all streams at once, the time to the first token beyond those 200 ms; the time
to resume a turn of 2,000 events; and what 1,000 idle streams add to the server's memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import numpy as np
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from tests.fixtures.running import Server, free_port, wait_until

STREAMS, ROUNDS, RESUMES, IDLE = 100, 3, 40, 1000
FIRST_SEC, EVERY_SEC, TOKENS, LONG_TOKENS = 0.2, 0.02, 50, 2000
UNLIMITED = aiohttp.ClientTimeout(total=None)
SILENT, LONG = "say nothing", "say much"


def model_app() -> FastAPI:
    """A scripted model that speaks the OpenAI protocol."""
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def complete(asked: dict[str, object]) -> StreamingResponse:
        return StreamingResponse(_said(json.dumps(asked)), media_type="text/event-stream")

    return app


async def _said(asked: str) -> AsyncIterator[bytes]:
    token = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
    if SILENT in asked:
        yield token
        await asyncio.sleep(25)
    elif LONG in asked:
        for _ in range(LONG_TOKENS):
            yield token
            await asyncio.sleep(0.004)  # so that each arrives by itself
    else:
        await asyncio.sleep(FIRST_SEC)
        for _ in range(TOKENS):
            yield token
            await asyncio.sleep(EVERY_SEC)
    yield b"data: [DONE]\n\n"


def bare_app() -> FastAPI:
    """The framework alone, sending the same tokens at the same times."""
    app = FastAPI()

    @app.post("/api/chat")
    async def chat(_: dict[str, object]) -> StreamingResponse:
        return StreamingResponse(_words(), media_type="text/event-stream")

    return app


async def _words() -> AsyncIterator[bytes]:
    await asyncio.sleep(FIRST_SEC)
    for number in range(TOKENS):
        yield b'id: %d\ndata: {"token":"word "}\n\n' % number
        await asyncio.sleep(EVERY_SEC)
    yield b"data: [DONE]\n\n"


async def first_token_sec(client: aiohttp.ClientSession, url: str, message: str) -> float:
    """From asking to the first token; the stream is read to its end and must be whole."""
    began = time.perf_counter()
    first, tokens = None, 0
    async with client.post(f"{url}/api/chat", json={"message": message}) as answer:
        assert answer.status == 200, await answer.text()
        async for line in answer.content:
            if line.startswith(b'data: {"token"'):
                first = first or time.perf_counter()
                tokens += line.count(b"word ")  # what arrives together is sent together
    assert first is not None
    assert tokens == TOKENS, tokens
    return first - began


async def added_ms(client: aiohttp.ClientSession, url: str) -> np.ndarray:
    times: list[float] = []
    for _ in range(ROUNDS):
        asked = (first_token_sec(client, url, "How was it?") for _ in range(STREAMS))
        times += await asyncio.gather(*asked)
    return (np.array(times) - FIRST_SEC) * 1000


async def session_of(client: aiohttp.ClientSession, url: str, message: str, whole: bool) -> str:
    async with client.post(f"{url}/api/chat", json={"message": message}) as answer:
        async for line in answer.content:
            if line.startswith(b'data: {"session_id"'):
                session = str(json.loads(line[6:])["session_id"])
                if not whole:
                    return session
    return session


async def resume_ms(client: aiohttp.ClientSession, url: str) -> tuple[np.ndarray, int]:
    session = await session_of(client, url, LONG, whole=True)
    times = []
    for _ in range(RESUMES):
        began = time.perf_counter()
        async with client.get(f"{url}/api/chat/sessions/{session}/events") as answer:
            text = await answer.read()
        times.append((time.perf_counter() - began) * 1000)
        assert text.count(b"word ") == LONG_TOKENS
    return np.array(times), text.count(b"data: {")


async def idle_mb(client: aiohttp.ClientSession, server: Server) -> float:
    """What streams add that follow a turn in which nothing happens."""
    session = await session_of(client, server.url, SILENT, whole=False)
    before = _resident_mb(server)
    url = f"{server.url}/api/chat/sessions/{session}/events"
    answers = await asyncio.gather(*(client.get(url) for _ in range(IDLE)))
    assert all(answer.status == 200 for answer in answers)
    after = _resident_mb(server)
    for answer in answers:
        answer.close()
    return after - before


def _resident_mb(server: Server) -> float:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def measure(server: Server, bare: str) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=UNLIMITED) as client:
        for name, url in (("the bare framework", bare), ("CrescendAI Server", server.url)):
            await first_token_sec(client, url, "Warm up.")
            p50, p95 = np.percentile(await added_ms(client, url), [50, 95])
            print(f"| first token over the upstream's own, {STREAMS} streams: {name} "
                  f"| p50 {p50:.1f} ms, p95 {p95:.1f} ms |", flush=True)  # fmt: skip
        times, events = await resume_ms(client, server.url)
        p95 = np.percentile(times, 95)
        print(f"| resume of a turn of {events} events | p95 {p95:.1f} ms (limit 100) |", flush=True)
        print(f"| {IDLE} idle streams | {await idle_mb(client, server):.0f} MB (limit 300) |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--serve", choices=["model", "bare"], help=argparse.SUPPRESS)
    arguments.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if chosen.serve:
        app = model_app() if chosen.serve == "model" else bare_app()
        uvicorn.run(app, port=chosen.port, log_level="error")
        return
    ports = {name: free_port() for name in ("model", "bare")}
    peers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.streaming", "--serve", name, "--port", str(port)]
        )
        for name, port in ports.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "CRESCENDAI_LLM_URL": f"http://127.0.0.1:{ports['model']}/v1",
            "CRESCENDAI_WORKERS": "0",
            "CRESCENDAI_RATE_LIMIT_PER_MINUTE": "0",
        }
        server = Server(Path(folder) / "data", free_port(), environment)
        server.launch()
        try:
            wait_until(lambda: server.answers("/api/health"), 60)
            asyncio.run(measure(server, f"http://127.0.0.1:{ports['bare']}"))
        finally:
            server.stop()
            for peer in peers:
                peer.terminate()


if __name__ == "__main__":
    main()

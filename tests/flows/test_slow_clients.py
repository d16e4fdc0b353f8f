"""Clients that keep a server waiting, by raw connections: each is closed in time, others go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.fixtures.running import Server, free_port, wait_until
from tests.fixtures.sounds import RATE, encode

PATIENCE_SEC = 1
CLOSED_WITHIN_SEC = 6.0  # on a busy machine
POST = b"POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
GET = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
Sent = Callable[[], Iterator[bytes]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"CRESCENDAI_WORKERS": "0", "CRESCENDAI_PATIENCE_SEC": str(PATIENCE_SEC)}
    server = Server(tmp_path_factory.mktemp("slow"), free_port(), settings)
    server.launch()
    wait_until(lambda: server.answers("/api/health"), 60, lambda: server.log[-2000:])
    yield server
    server.stop()


def nothing() -> Iterator[bytes]:
    yield b""


def half_a_head() -> Iterator[bytes]:
    yield GET


def dripping_head() -> Iterator[bytes]:
    yield GET
    for number in range(1000):
        yield b"X-%d: y\r\n" % number


def next_head_dripping() -> Iterator[bytes]:
    yield GET + b"\r\n"
    yield from dripping_head()


def half_a_body() -> Iterator[bytes]:
    yield POST + b"Content-Length: 500\r\n\r\n{"


def dripping_body() -> Iterator[bytes]:
    yield POST + b"Content-Length: 500000\r\n\r\n{"
    for _ in range(1000):
        yield b" "


def dripping_chunks() -> Iterator[bytes]:
    yield POST + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(1000):
        yield b"1\r\n \r\n"


def dripping_after_the_answer() -> Iterator[bytes]:
    yield POST + b"Content-Length: 40000000\r\n\r\n"  # too large: answered at once
    for _ in range(1000):
        yield b" "


def endless_head() -> Iterator[bytes]:
    yield GET
    for number in range(40):
        yield b"X-%d: %s\r\n" % (number, b"y" * 30_000)


def endless_address() -> Iterator[bytes]:
    yield b"GET /"
    for _ in range(40):
        yield b"y" * 30_000


def nonsense() -> Iterator[bytes]:
    yield b"\x16\x03\x01 hello\r\n\r\n"


async def talk(server: Server, sent: Sent) -> tuple[str, float]:
    """What the server said until it closed the connection, and after how many seconds that was."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    began = time.monotonic()
    dripping = asyncio.create_task(_drip(writer, sent()))
    try:
        said = await asyncio.wait_for(_all(reader), CLOSED_WITHIN_SEC)
    finally:
        dripping.cancel()
        writer.close()
    return said.decode(), time.monotonic() - began


async def _drip(writer: asyncio.StreamWriter, parts: Iterator[bytes]) -> None:
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.05)


async def _all(reader: asyncio.StreamReader) -> bytes:
    said = b""
    try:
        while more := await reader.read(65536):
            said += more
    except ConnectionResetError:
        pass
    return said


async def test_nobody_is_waited_for_longer_than_patience_allows(server: Server) -> None:
    expected: dict[Sent, str] = {
        nothing: "",
        half_a_head: "408",
        dripping_head: "408",
        next_head_dripping: "200",
        half_a_body: "408",
        dripping_body: "408",
        dripping_chunks: "408",
        dripping_after_the_answer: "413",
        endless_head: "431",
        endless_address: "431",
        nonsense: "400",
    }
    began = time.monotonic()
    told = await asyncio.gather(*(talk(server, sent) for sent in expected))
    for (sent, status), (said, after_sec) in zip(expected.items(), told, strict=True):
        head, _, body = said.partition("\r\n\r\n")
        assert head[9:12] == status, (sent.__name__, said)
        if status not in ("", "200"):
            assert "application/problem+json" in head, (sent.__name__, said)
            assert body.startswith('{"type":"urn:crescendai:problem:'), (sent.__name__, said)
        at_once = status in ("431", "400")
        assert at_once or after_sec >= PATIENCE_SEC * 0.9, sent.__name__
    assert time.monotonic() - began < CLOSED_WITHIN_SEC
    assert "Traceback" not in server.log


async def test_an_answer_that_is_not_taken_is_cut_off(server: Server, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 10 << 20).astype(np.float32)
    take = encode(tmp_path / "noise.wav", noise, RATE).read_bytes()
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        sent = (await client.post("/api/upload", files={"file": take})).json()
        address = f"/api/recordings/{sent['recording_id']}/audio"
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=4096)
        writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await asyncio.sleep(PATIENCE_SEC + 1.5)  # and take nothing meanwhile
        assert (await client.get("/api/health")).status_code == 200
        assert len(await asyncio.wait_for(_all(reader), 10)) < len(take)
        writer.close()

        async def slowly() -> AsyncIterator[bytes]:  # slow, but quick enough
            for at in range(0, 1_000_000, 100_000):
                await asyncio.sleep(0.15)
                yield take[at : at + 100_000]

        form = {"content-type": "multipart/form-data; boundary=x"}
        slow = await client.post("/api/upload", content=slowly(), headers=form)
        assert slow.status_code == 400  # it is no form, but was let come to its end
        whole = await client.get(address)
        assert whole.content == take

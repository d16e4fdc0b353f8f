"""What ``bench.streaming`` measures with: a scripted model, a bare server, and a client of streams.

Each token carries the time at which its model sent it, in letters (digits would look like a claim
to check). The clock is the machine's, so that any process can tell how late a token is. The model
and the client speak HTTP on the plain transport: at 50,000 tokens a second they must not be what is
measured.
"""

from __future__ import annotations

import asyncio
import bisect
import heapq
import itertools
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

FIRST_SEC, EVERY_SEC = 0.2, 0.02
SILENT, LONG = "say nothing", "say much"
LONG_TOKENS = 2000
_TOKENS = re.compile(r"say (\d+) words")
_STAMP = re.compile(rb"z([a-p]{16})([a-p]{16})? ")
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def now_us() -> int:
    return time.perf_counter_ns() // 1000


def stamp(got_us: int | None = None) -> str:
    """A token that tells when it is sent (to 0.1 ms, not later than it was) and, the first one,
    when the request was there."""
    sent = _letters(now_us() // 100 * 100)
    return f"z{sent} " if got_us is None else f"z{sent}{_letters(got_us)} "


@lru_cache(maxsize=1024)
def _letters(at_us: int) -> str:
    return f"{at_us:016x}".translate(_LETTERS)


_LETTERS = {ord(digit): chr(97 + int(digit, 16)) for digit in "0123456789abcdef"}
_DIGITS = {ord(letter): chr(digit) for digit, letter in _LETTERS.items()}


def _time(letters: bytes) -> int:
    return int(letters.decode().translate(_DIGITS), 16)


class Model(asyncio.Protocol):
    """A model of the OpenAI protocol: one first token after 200 ms, then one every 20 ms."""

    due: list[tuple[float, int, Model]] = []  # noqa: RUF012 - of all connections, for one ticker
    order = itertools.count()
    closed_us = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._heard, self._got_us = b"", 0
        self._left, self._every = 0, EVERY_SEC

    def connection_lost(self, error: Exception | None) -> None:
        if self._left:
            Model.closed_us = now_us()
        self._left = 0

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if length is None or len(body) >= int(length.group(1)):
            self._got_us, self._heard = now_us(), b""
            self._begin(head, body.decode())

    def _begin(self, head: bytes, body: str) -> None:
        if head.startswith(b"GET"):  # when did the last unfinished answer lose its reader?
            told = str(Model.closed_us).encode()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(told), told)
            )
            return
        self._transport.write(_OK)
        asked = _TOKENS.search(body)
        self._left = int(asked.group(1)) if asked else LONG_TOKENS if LONG in body else 50
        self._every = 0.004 if LONG in body else 3600 if SILENT in body else EVERY_SEC
        wait_sec = 0.0 if SILENT in body else FIRST_SEC
        self._schedule(time.perf_counter() + wait_sec)

    def _schedule(self, at: float) -> None:
        self._due_at = at
        heapq.heappush(Model.due, (at, next(Model.order), self))

    def say(self) -> None:
        if not self._left:
            return
        self._left -= 1
        chunk = _chunk_of(stamp(self._got_us or None))
        self._got_us = 0
        if self._left:
            self._transport.write(chunk)
            self._schedule(self._due_at + self._every)
        else:
            self._transport.write(chunk + _END)


@lru_cache(maxsize=16)
def _chunk_of(text: str) -> bytes:
    return _chunk(b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % text.encode())


def _chunk(payload: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(payload), payload)


_END = (
    _chunk(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')
    + _chunk(b"data: [DONE]\n\n")
    + b"0\r\n\r\n"
)


async def serve_model(port: int) -> None:
    await asyncio.get_running_loop().create_server(Model, "127.0.0.1", port, backlog=2048)
    while True:
        while Model.due and Model.due[0][0] <= time.perf_counter():
            heapq.heappop(Model.due)[2].say()
        await asyncio.sleep(0.001)


def bare_app() -> FastAPI:
    """The framework alone, sending the same tokens at the same times."""
    app = FastAPI()

    @app.post("/api/chat")
    async def chat(asked: dict[str, object]) -> StreamingResponse:
        count = _TOKENS.search(json.dumps(asked))
        words = _words(int(count.group(1)) if count else 50)
        return StreamingResponse(words, media_type="text/event-stream")

    return app


async def _words(count: int) -> AsyncIterator[bytes]:
    got_us = now_us()
    due = time.perf_counter() + FIRST_SEC
    for number in range(count):
        await asyncio.sleep(due - time.perf_counter())
        token = stamp(None if number else got_us)
        yield b'id: %d\ndata: {"token":"%s"}\n\n' % (number, token.encode())
        due += EVERY_SEC
    yield b"data: [DONE]\n\n"


@dataclass
class Stream(asyncio.Protocol):
    """One answer being read: what came, and when."""

    request: bytes
    began_us: int = 0
    parts: list[bytes] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.over = asyncio.get_running_loop().create_future()
        self._transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.at_us.append(now_us())
        self.parts.append(data)
        if data.endswith(b"0\r\n\r\n"):
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    @property
    def text(self) -> bytes:
        return b"".join(self.parts)

    def read(self) -> Read:
        ends = list(itertools.accumulate(len(part) for part in self.parts))
        late, over_own = [], 0.0
        for number, found in enumerate(_STAMP.finditer(self.text)):
            came_us = self.at_us[bisect.bisect_left(ends, found.end())]
            late.append((came_us - _time(found.group(1))) / 1000)
            if number == 0 and found.group(2):
                own_us = _time(found.group(1)) - _time(found.group(2))
                over_own = (came_us - self.began_us - own_us) / 1000
        return Read(len(late), over_own, late)


@dataclass(frozen=True)
class Read:
    """``first_over_own_ms``: from asking to the first token, without the model's share of it.
    ``late_ms``: of each token, how long after the model sent it it was here."""

    tokens: int
    first_over_own_ms: float
    late_ms: list[float]


async def read_stream(
    port: int, path: str, body: dict[str, object], token: str | None = None
) -> Stream:
    raw = json.dumps(body).encode()
    who = f"authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"{who}content-length: {len(raw)}\r\nconnection: close\r\n\r\n"
    )
    stream = Stream(head.encode() + raw, now_us())
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: stream, "127.0.0.1", port)
    await stream.over
    return stream

"""A tiny server on a real socket that speaks the OpenAI chat protocol, as scripted."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
Reply: TypeAlias = "Status | Chunks | Whole | Slow | Bytes"


@dataclass(frozen=True)
class Status:
    """An error answer, or with 200 an error in an answer that looks fine."""

    code: int
    headers: str = ""


@dataclass(frozen=True)
class Chunks:
    """A streamed answer. ``then`` says how it ends: properly, by a reset, or by falling silent."""

    chunks: list[dict[str, Any]]
    then: str = "done"


@dataclass(frozen=True)
class Whole:
    """An answer in one piece."""

    content: str


@dataclass(frozen=True)
class Slow:
    """No headers for that long, in seconds, and then nothing."""

    seconds: float


@dataclass(frozen=True)
class Bytes:
    """A streamed answer written exactly so, piece by piece; ``endless`` repeats the last one."""

    pieces: list[bytes]
    endless: bool = False


@dataclass
class OpenAIServer:
    replies: list[Reply] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    base_url: str = ""
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length:")[1].split("\r\n")[0])
            self.requests.append(json.loads(await reader.readexactly(length)))
            self.at.append(asyncio.get_running_loop().time())
            await self._answer(self.replies.pop(0), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match reply:
            case Status(code, headers):
                error = {"error": {"message": "a secret cause", "type": "x"}}
                _plain(writer, code, error, headers)
            case Slow(seconds):
                await asyncio.sleep(seconds)
            case Bytes(pieces, endless):
                await self._pieces(pieces, endless, writer)
            case Whole(content):
                message = {"role": "assistant", "content": content}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                _plain(writer, 200, _envelope("chat.completion", [choice]))
            case Chunks(chunks, then):
                await self._stream(chunks, then, reader, writer)
        await writer.drain()

    async def _pieces(
        self, pieces: list[bytes], endless: bool, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(_STREAM_HEAD)
        for piece in pieces:
            _write_chunk(writer, piece)
            await writer.drain()
            await asyncio.sleep(0.01)  # so that each arrives by itself
        try:
            while endless:
                _write_chunk(writer, pieces[-1])
                await writer.drain()
        except ConnectionError:
            self.hung_up.set()
            raise
        writer.write(b"0\r\n\r\n")

    async def _stream(
        self,
        chunks: list[dict[str, Any]],
        then: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        writer.write(_STREAM_HEAD)
        for chunk in chunks:
            _write_chunk(writer, b"data: " + json.dumps(chunk).encode() + b"\n\n")
            await writer.drain()
            await asyncio.sleep(0)
        if then == "reset":
            writer.transport.abort()
        elif then == "silent":
            try:
                await reader.read()
            finally:
                self.hung_up.set()
        else:
            _write_chunk(writer, b"data: [DONE]\n\n")
            writer.write(b"0\r\n\r\n")


@asynccontextmanager
async def openai_server(*replies: Reply) -> AsyncIterator[OpenAIServer]:
    made = OpenAIServer(list(replies))
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    made.base_url = f"http://127.0.0.1:{made.port}/v1"
    try:
        yield made
    finally:
        server.close()


@contextmanager
def openai_server_aside(*replies: Reply) -> Iterator[OpenAIServer]:
    """The same for a test that waits in its own thread: it runs in another."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = openai_server(*replies)
    try:
        yield asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(10)
    finally:
        ended = running.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(ended, loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def delta(**fields: Any) -> dict[str, Any]:
    """A chunk with one choice."""
    choice = {"index": 0, "delta": fields, "finish_reason": None}
    return _envelope("chat.completion.chunk", [choice])


def tool_part(
    index: int, arguments: str, *, id: str | None = None, name: str | None = None
) -> dict[str, Any]:
    """A piece of a tool call."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    part: dict[str, Any] = {"index": index, "function": function}
    if id:
        part |= {"id": id, "type": "function"}
    return delta(tool_calls=[part])


def usage(prompt: int, completion: int) -> dict[str, Any]:
    counted = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    return _envelope("chat.completion.chunk", []) | {"usage": counted}


def _envelope(kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "c1", "object": kind, "created": 1, "model": "m", "choices": choices}


def _plain(
    writer: asyncio.StreamWriter, status: int, body: dict[str, Any], headers: str = ""
) -> None:
    raw = json.dumps(body).encode()
    writer.write(
        f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(raw)}\r\n{headers}Connection: close\r\n\r\n".encode()
        + raw
    )


def _write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from crescendai.kit.event_stream import PUSH, EventStream, PushedFrames


class Client:
    """An ASGI client that asks without a body, and may go."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.gone = asyncio.Event()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.got.append(message)


class Frames:
    """One frame, then silence unless ``ends``; ``closed`` once nobody reads any more."""

    def __init__(self, ends: bool) -> None:
        self.closed = False
        self.waiting = asyncio.Event()
        self._ends = ends

    async def all(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b"data: 1\n\n"
            self.waiting.set()
            if not self._ends:
                await asyncio.Event().wait()
        finally:
            self.closed = True


async def test_a_stream_is_sent_to_its_end() -> None:
    client, frames = Client(), Frames(ends=True)
    await EventStream(frames.all(), headers={"X-Where": "here"})({}, client.receive, client.send)
    start, *bodies = client.got
    assert start["status"] == 200
    headers = dict(start["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert (headers[b"cache-control"], headers[b"x-where"]) == (b"no-cache", b"here")
    assert [(one["body"], one["more_body"]) for one in bodies] == [
        (b"data: 1\n\n", True),
        (b"", False),
    ]
    assert frames.closed


async def test_a_client_that_goes_ends_the_reading_and_no_more() -> None:
    client, frames = Client(), Frames(ends=False)
    serving = asyncio.create_task(EventStream(frames.all())({}, client.receive, client.send))
    await frames.waiting.wait()
    client.gone.set()
    await asyncio.wait_for(serving, 5)  # returns, uncancelled
    assert frames.closed
    assert client.got[-1]["more_body"]


async def test_a_server_that_ends_is_not_kept_by_a_stream() -> None:
    client, frames = Client(), Frames(ends=False)
    serving = asyncio.create_task(EventStream(frames.all())({}, client.receive, client.send))
    await frames.waiting.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert frames.closed


class News(PushedFrames):
    """One frame for whoever waits, then what is pushed until it ends."""

    def __init__(self) -> None:
        self.ends = asyncio.Event()
        self.waiting = asyncio.Event()
        self._begun = False

    async def __anext__(self) -> bytes:
        if not self._begun:
            self._begun = True
            return b"data: 1\n\n"
        self.waiting.set()
        await self.ends.wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        pass


async def test_frames_are_pushed_once_the_first_was_sent_where_the_server_offers_it() -> None:
    client, news, pushed = Client(), News(), list[bytes]()

    def push(body: bytes) -> bool:
        pushed.append(body)
        return True

    scope = {"extensions": {PUSH: push}}
    serving = asyncio.create_task(EventStream(news)(scope, client.receive, client.send))
    await news.waiting.wait()
    assert news.push is push
    assert news.push(b"data: 2\n\n")
    news.ends.set()
    await serving
    assert pushed == [b"data: 2\n\n"]
    assert [one["body"] for one in client.got[1:]] == [b"data: 1\n\n", b""]

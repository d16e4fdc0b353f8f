"""Server-sent events over HTTP, from bytes that are ready."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crescendai.kit import sse

Push: TypeAlias = Callable[[bytes], bool]
"""Sends more of a body that has begun; False when it has to go through ``send``, which may wait."""
PUSH = "crescendai.push"
"""The extension of a request's scope under which a server offers its ``Push``."""


class PushedFrames(ABC, AsyncIterator[bytes]):
    """Frames for one reader, which may hand those that come while he waits to ``push`` instead."""

    push: Push | None = None

    @abstractmethod
    async def aclose(self) -> None: ...


Frames: TypeAlias = AsyncGenerator[bytes, None] | PushedFrames


class EventStream(Response):
    """Sends frames until they end or the client is gone; either way they are closed.

    The framework's own streams run a group of two tasks each; this one has the request's task and
    one that waits for the client to go. A pushed frame wakes neither.
    """

    def __init__(
        self,
        frames: Frames,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status_code = status_code  # FastAPI reads its default for the OpenAPI document …
        self.media_type = "text/event-stream"  # … and of a class's type it would say: one string
        self.background = None
        self._frames = frames
        self.init_headers(sse.HEADERS | dict(headers or {}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.current_task()
        assert sending is not None
        over = False
        left = asyncio.create_task(_left(receive), name="stream-client")
        left.add_done_callback(lambda _: None if over else sending.cancel())
        try:
            async with aclosing(self._frames):
                await send(
                    {
                        "type": "http.response.start",
                        "status": self.status_code,
                        "headers": self.raw_headers,
                    }
                )
                async for frame in self._frames:
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
                    if isinstance(self._frames, PushedFrames):  # whoever holds headers has let go
                        self._frames.push = scope.get("extensions", {}).get(PUSH)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            if not left.done() or sending.uncancel():  # the server's own end
                raise
        finally:
            over = True
            left.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""How much a request may bring, and how long it and its answer may take."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crescendai.web.problems import Refusal, problem
from crescendai.web.routes import carries_file

MAX_BODY_BYTES = 1024 * 1024
FORM_BYTES = 64 * 1024
"""What the rest of a form may add to its file."""
LEAST_BYTES_PER_SEC = 16 * 1024
READ_WITHIN_SEC = 30.0
WRITE_WITHIN_SEC = 300.0

log = structlog.get_logger(__name__)


@dataclass
class _Arriving:
    """One request's body."""

    limit: int
    pause_sec: float
    began: float
    received: int = 0
    ended: bool = False

    async def next(self, receive: Receive) -> Message:
        if self.ended:  # only the end of the connection can still come
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), self.pause_sec)
        except TimeoutError:
            raise _slow() from None
        self.received += len(message.get("body", b""))
        if self.received > self.limit:
            raise _large(self.limit)
        within = self.pause_sec + self.received / LEAST_BYTES_PER_SEC
        if message.get("more_body") and time.monotonic() - self.began > within:
            raise _slow()
        self.ended = not message.get("more_body", False)
        return message


class BodyLimits:
    """Refuses bodies that are too large (413) or trickle in (408), and gives up on answers.

    A body may pause for ``pause_sec``, and takes that and its length at LEAST_BYTES_PER_SEC at most.
    An answer has to begin within READ_WITHIN_SEC, to a write within WRITE_WITHIN_SEC (a language
    model may be thinking); what has begun may take as long as it likes.
    """

    def __init__(self, app: ASGIApp, *, max_upload_bytes: int, pause_sec: float) -> None:
        self._app = app
        self._max_upload_bytes = max_upload_bytes
        self._pause_sec = pause_sec

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._max_upload_bytes + FORM_BYTES if carries_file(scope["path"]) else MAX_BODY_BYTES
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            await _large(limit).answer(scope)(scope, receive, send)
            return
        arriving = _Arriving(limit, self._pause_sec, time.monotonic())
        within = READ_WITHIN_SEC if scope["method"] in ("GET", "HEAD") else WRITE_WITHIN_SEC
        if carries_file(scope["path"]):
            within += limit / LEAST_BYTES_PER_SEC

        async def receiving() -> Message:
            return await arriving.next(receive)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                deadline.reschedule(None)
            await send(message)

        deadline = asyncio.timeout(within)
        try:
            async with deadline:
                await self._app(scope, receiving, sending)
        except TimeoutError:
            if not deadline.expired():
                raise
            log.error("request.timed_out", within_sec=within)
            answer = problem(
                scope["state"]["request_id"],
                503,
                "timed_out",
                "A part of the server is down",
                "The answer took too long and was given up; try again in a moment.",
            )
            await answer(scope, receive, send)


def _large(limit: int) -> Refusal:
    size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit >> 10} KB"
    return Refusal(413, "body_too_large", "Too large", f"The request is larger than {size}.")


def _slow() -> Refusal:
    return Refusal(
        408, "body_too_slow", "The request took too long", "The request's body came too slowly."
    )

"""Connections that wait for their client no longer than is polite."""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from collections.abc import Callable
from functools import partial

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from crescendai.kit.event_stream import PUSH
from crescendai.kit.ids import new_id
from crescendai.web.bodies import LEAST_BYTES_PER_SEC
from crescendai.web.problems import problem

HEAD_BYTES = 64 * 1024


def patient(patience_sec: float) -> type[asyncio.Protocol]:
    """HTTP/1.1 that closes a connection when its client keeps it waiting for longer than that.

    Waiting is for a request's head, to its end, for room to write when the client does not take
    what it asked for, and for the rest of a body that was answered before its end. A body that is
    read is :mod:`crescendai.web.bodies`' to look after. A head of more than HEAD_BYTES is refused.
    """

    class Patient(HttpToolsProtocol):
        _in_head = True
        _came_bytes = 0  # of this head, or of a body's rest lately
        _steps = 0  # heads and bodies that have ended
        _next_due: TimerHandle | None = None
        _taken_due: TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._await_next()

        def connection_lost(self, exc: Exception | None) -> None:
            _cancel(self._next_due, self._taken_due)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            steps = self._steps
            super().data_received(data)
            if steps == self._steps:
                self._came_bytes += len(data)
                if self._in_head and self._came_bytes > HEAD_BYTES:
                    self._refuse(431, "head_too_large", "The request's headers are too long.")

        def on_headers_complete(self) -> None:
            _cancel(self._next_due)
            self._step(in_head=False)
            super().on_headers_complete()
            self.scope["extensions"] = {PUSH: partial(_push, self.cycle)}  # type: ignore[dict-item]

        def on_message_complete(self) -> None:
            self._step(in_head=True)
            super().on_message_complete()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.cycle.response_complete and not self.transport.is_closing():
                self._await_next()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._taken_due = self._later(self.transport.abort)

        def resume_writing(self) -> None:
            _cancel(self._taken_due)
            super().resume_writing()

        def send_400_response(self, msg: str) -> None:
            self._refuse(400, "http_malformed", "This is not a well-formed HTTP request.")

        def _await_next(self) -> None:
            _cancel(self._next_due)
            self._next_due = self._later(self._give_up)

        def _step(self, in_head: bool) -> None:
            self._in_head = in_head
            self._came_bytes = 0
            self._steps += 1

        def _give_up(self) -> None:
            if not self._in_head and self._came_bytes > LEAST_BYTES_PER_SEC * patience_sec:
                self._came_bytes = 0
                self._await_next()
            elif self._in_head and self._came_bytes:
                self._refuse(408, "head_too_slow", "The request's headers came too slowly.")
            else:
                self.transport.close()

        def _later(self, action: Callable[[], None]) -> TimerHandle:
            return self.loop.call_later(patience_sec, action)

        def _refuse(self, status: int, code: str, detail: str) -> None:
            """Answer before there is a request, and close."""
            answer = problem(str(new_id()), status, code, "The input cannot be used", detail)
            lines = [STATUS_LINE[status], *(b"%s: %s\r\n" % pair for pair in answer.raw_headers)]
            self.transport.write(b"".join([*lines, b"connection: close\r\n\r\n", bytes(answer.body)]))
            self.transport.close()

    return Patient


def _push(answer: RequestResponseCycle, body: bytes) -> bool:
    """Send more of a chunked answer at once, unless the client is slow, or gone."""
    if answer.flow.write_paused or answer.disconnected or not answer.chunked_encoding:
        return False
    answer.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
    return True


def _cancel(*timers: TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()

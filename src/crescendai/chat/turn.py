"""One answer being written: its events as they happen, for whoever follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from crescendai.chat import events
from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import TurnEvent
from crescendai.chat.transcript import Transcript
from crescendai.kit import sse

PING_SEC = 15.0


class Turn:
    """One answer being written. ``frames`` are its events as bytes; the first is number 1."""

    def __init__(self, brief: TurnBrief) -> None:
        self.brief = brief
        self.transcript = Transcript()
        self.frames: list[bytes] = []
        self.ended = False
        self.stoppable = True
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def add(self, event: TurnEvent) -> None:
        """Write an event down without showing it yet."""
        self.transcript.add(event)

    def show(self) -> None:
        """Show everything written down so far to whoever follows."""
        for sent in self.transcript.sent[len(self.frames) :]:
            number = len(self.frames) + 1
            self.frames.append(events.as_bytes(self.brief.message_id, number, sent))
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, after: int = 0) -> AsyncGenerator[bytes, None]:
        """Every event after that number, as they come, then ``[DONE]``."""
        at = after
        while True:
            news = self._news
            if len(self.frames) > at:
                frames = self.frames[at:]
                at = len(self.frames)
                yield b"".join(frames)
            elif self.ended:
                yield events.done(self.brief.message_id, len(self.frames) + 1)
                return
            else:
                try:
                    async with asyncio.timeout(PING_SEC):
                        await news.wait()
                except TimeoutError:
                    yield sse.PING

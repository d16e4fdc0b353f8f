"""One answer being written: its events as they happen, for whoever follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from crescendai.chat import events
from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import Sent, TurnEvent
from crescendai.chat.transcript import Transcript
from crescendai.kit import sse


class Turn:
    """One answer being written. ``frames`` are its events as bytes; the first is number 1."""

    def __init__(self, brief: TurnBrief) -> None:
        self.brief = brief
        self.transcript = Transcript()
        self.frames: list[bytes] = []
        self.ended = False
        self.stoppable = True
        self.task: asyncio.Task[None] | None = None
        self._said = 0
        self._head = f"{brief.message_id}:"
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def id(self) -> UUID:
        return self.brief.message_id

    def add(self, event: TurnEvent) -> None:
        """Write an event down without showing it yet."""
        self.transcript.add(event)

    def say(self) -> None:
        """Let everything written down so far be shown next."""
        self._said = len(self.transcript.sent)

    def unshown(self) -> Sequence[Sent]:
        return self.transcript.sent[len(self.frames) : self._said]

    def show(self) -> None:
        """Show what was said to whoever follows."""
        frames, head = self.frames, self._head
        for sent in self.unshown():
            number = len(frames) + 1
            frames.append(sse.encode(sent[1], event=sent[0], id=f"{head}{number}"))
        self.nudge()

    def nudge(self) -> None:
        """Wake whoever follows; one who finds no news keeps the connection alive instead."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def stop(self) -> None:
        if self.stoppable and self.task is not None:
            self.task.cancel()

    async def sent(self) -> AsyncGenerator[Sent | None, None]:
        """Every event from the first one as it is shown; None for a while without news."""
        at = 0
        async for _ in self.follow():
            if at == len(self.frames) and not self.ended:
                yield None
            while at < len(self.frames):
                yield self.transcript.sent[at]
                at += 1

    async def follow(self, after: int = 0) -> AsyncGenerator[bytes, None]:
        """Every event after that number, as they come, then ``[DONE]``."""
        at, nudged = after, False
        while True:
            if len(self.frames) > at:
                frames = self.frames[at:]
                at = len(self.frames)
                nudged = False
                yield frames[0] if len(frames) == 1 else b"".join(frames)
            elif self.ended:
                yield events.done(self.id, len(self.frames) + 1)
                return
            elif nudged:
                nudged = False
                yield sse.PING
            else:
                news = asyncio.get_running_loop().create_future()
                self._waiting.append(news)
                await news
                nudged = True

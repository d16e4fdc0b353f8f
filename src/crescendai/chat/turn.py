"""One answer being written: its events as they happen, for whoever follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from crescendai.chat import events
from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import Sent, TurnEvent
from crescendai.chat.transcript import Transcript
from crescendai.chat.turn_repository import Batch
from crescendai.kit import sse
from crescendai.kit.event_stream import PushedFrames


class Turn:
    """One answer being written. ``frames`` are its events as bytes; the first is number 1."""

    def __init__(self, brief: TurnBrief) -> None:
        self.brief = brief
        self.id = brief.message_id
        self.transcript = Transcript()
        self.frames: list[bytes] = []
        self.stored = 0  # so many of them
        self.ended = False
        self.stoppable = True
        self.task: asyncio.Task[None] | None = None
        self.waiting: set[Following] = set()
        self._said = 0
        self._head = f"{brief.message_id}:"

    def add(self, event: TurnEvent) -> None:
        """Write an event down without showing it yet."""
        self.transcript.add(event)

    def say(self) -> None:
        """Let everything written down so far be shown next."""
        self._said = len(self.transcript.sent)

    def unshown(self) -> Batch:
        first = len(self.frames)
        return Batch(self.id, first + 1, self.transcript.sent[first : self._said])

    def unstored(self) -> Batch:
        """What was shown since it was last stored."""
        shown = len(self.frames)
        return Batch(self.id, self.stored + 1, self.transcript.sent[self.stored : shown])

    def show(self, batch: Batch) -> None:
        """Show what was said, which is what was :meth:`unshown`, to whoever follows."""
        for number, sent in enumerate(batch.events, batch.first):
            self.frames.append(sse.encode(sent[1], event=sent[0], id=f"{self._head}{number}"))
        for one in self.waiting:
            one.tell()

    def ping(self) -> None:
        """Keep the connections of those alive who wait."""
        for one in self.waiting:
            one.ping()

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

    def follow(self, after: int = 0) -> Following:
        """Every event after that number, as they come, then ``[DONE]``."""
        return Following(self, after)


class Following(PushedFrames):
    """What one reader gets of a turn."""

    def __init__(self, turn: Turn, after: int) -> None:
        self._turn = turn
        self._at = after
        self._over = False
        self._news: asyncio.Future[bool] | None = None

    async def __anext__(self) -> bytes:
        turn = self._turn
        while not self._over:
            new = self._new()
            if turn.ended:
                self._over = True
                return new + events.done(turn.id, len(turn.frames) + 1)
            if new:
                self._at = len(turn.frames)
                return new
            self._news = asyncio.get_running_loop().create_future()
            turn.waiting.add(self)
            try:
                if await self._news:
                    return sse.PING
            finally:
                turn.waiting.discard(self)
        raise StopAsyncIteration

    def tell(self) -> None:
        """There is something new, or the end, while the reader waits."""
        if self.push is None or self._turn.ended or not self.push(self._new()):
            self._wake(ping=False)
        else:
            self._at = len(self._turn.frames)

    def ping(self) -> None:
        if self.push is None or not self.push(sse.PING):
            self._wake(ping=True)

    async def aclose(self) -> None:
        self._over = True

    def _new(self) -> bytes:
        new = self._turn.frames[self._at :]
        return new[0] if len(new) == 1 else b"".join(new)

    def _wake(self, ping: bool) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(ping)

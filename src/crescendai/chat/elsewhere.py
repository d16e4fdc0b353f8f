"""Turns that another process writes, read once for all who follow them in this one."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import UUID

from crescendai.chat import events
from crescendai.chat.events import Sent
from crescendai.chat.ledger import PING_SEC, topic_of
from crescendai.chat.service import ChatService
from crescendai.kit import sse
from crescendai.ports.changes import Changes


class Elsewhere:
    """``changes`` tells when the other process has stored more."""

    def __init__(self, chat: ChatService, changes: Changes) -> None:
        self._chat = chat
        self._changes = changes
        self._copies: dict[UUID, _Copy] = {}

    async def follow(self, turn_id: UUID, runner: str, after: int) -> AsyncGenerator[bytes, None]:
        """The events after that number as they are stored, until the turn is over."""
        copy = self._copies.get(turn_id)
        if copy is None:
            running = await self._chat.is_running(turn_id)  # first, so that no event is missed
            found = await self._chat.turn_events(turn_id, 0 if running else after)
            if not running:
                if found:
                    yield b"".join(events.as_bytes(turn_id, n, sent) for n, sent in found)
                yield events.done(turn_id, (found[-1][0] if found else after) + 1)
                return
            copy = self._copies.setdefault(turn_id, _Copy(turn_id))
            copy.add(found)
        copy.followers += 1
        if copy.reading is None:
            copy.reading = asyncio.create_task(self._read(copy, runner), name="turn-elsewhere")
        try:
            async for frames in copy.follow(after):
                yield frames
        finally:
            copy.followers -= 1
            if not copy.followers:
                copy.reading.cancel()
                self._copies.pop(turn_id, None)

    async def _read(self, copy: _Copy, runner: str) -> None:
        try:
            async with self._changes.watch(topic_of(runner)) as watch:
                while True:
                    running = await self._chat.is_running(copy.turn_id)
                    copy.add(await self._chat.turn_events(copy.turn_id, copy.last))
                    if not running:
                        break
                    await watch.news()
            copy.end()
        except Exception as error:  # noqa: BLE001 - whoever follows has to meet it
            copy.end(error)


class _Copy:
    """The events that are known of a turn, by number; after a crash the numbers have a gap."""

    def __init__(self, turn_id: UUID) -> None:
        self.turn_id = turn_id
        self.followers = 0
        self.reading: asyncio.Task[None] | None = None
        self._numbers: list[int] = []
        self._frames: list[bytes] = []
        self._over = False
        self._failure: Exception | None = None
        self._news = asyncio.Event()

    @property
    def last(self) -> int:
        return self._numbers[-1] if self._numbers else 0

    def add(self, found: list[tuple[int, Sent]]) -> None:
        new = [(number, sent) for number, sent in found if number > self.last]
        if not new:
            return
        self._frames += [events.as_bytes(self.turn_id, number, sent) for number, sent in new]
        self._numbers += [number for number, _ in new]
        self._tell()

    def end(self, failure: Exception | None = None) -> None:
        self._over, self._failure = True, failure
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def follow(self, after: int) -> AsyncGenerator[bytes, None]:
        while True:
            news = self._news
            if self.last > after:
                frames = self._frames[bisect_right(self._numbers, after) :]
                after = self.last
                yield b"".join(frames)
            elif self._failure is not None:
                raise self._failure
            elif self._over:
                yield events.done(self.turn_id, max(self.last, after) + 1)
                return
            else:
                told = False
                with suppress(TimeoutError):
                    told = await asyncio.wait_for(news.wait(), PING_SEC)
                if not told:
                    yield sse.PING

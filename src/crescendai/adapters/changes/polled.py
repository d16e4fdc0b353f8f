"""The embedded way to hear of changes: whoever waits looks again a few times a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOOK_EVERY_SEC = 0.25


class PolledChanges:
    """The Changes port, and its own Watch."""

    def __init__(self, look_every_sec: float = LOOK_EVERY_SEC) -> None:
        self._look_every_sec = look_every_sec

    async def announce(self, topic: str) -> None:
        pass

    @asynccontextmanager
    async def watch(self, topic: str) -> AsyncIterator[PolledChanges]:
        yield self

    async def news(self) -> None:
        await asyncio.sleep(self._look_every_sec)

    async def close(self) -> None:
        pass

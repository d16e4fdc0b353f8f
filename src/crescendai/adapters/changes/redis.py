"""Word of changes through one channel of a Redis or Valkey server, one connection a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from redis.exceptions import RedisError

from crescendai.adapters.redis.link import RedisLink
from crescendai.errors import Unavailable

_CHANNEL = "crescendai:changes"
_LISTENING_SEC = 5.0  # how long to trust that word would have come
_DEAF_SEC = 0.5
_AGAIN_SEC = 1.0

log = structlog.get_logger(__name__)


class RedisChanges:
    """The Changes port. While the server is away, whoever watches looks again twice a second."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._watches: dict[str, set[_Watch]] = {}
        self._listening: asyncio.Task[None] | None = None
        self.hears = False

    async def announce(self, topic: str) -> None:
        with suppress(Unavailable):
            await self._link.ask(lambda redis: redis.publish(_CHANNEL, topic))

    @asynccontextmanager
    async def watch(self, topic: str) -> AsyncIterator[_Watch]:
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="changes")
        watch = _Watch(self)
        self._watches.setdefault(topic, set()).add(watch)
        try:
            yield watch
        finally:
            watching = self._watches[topic]
            watching.discard(watch)
            if not watching:
                del self._watches[topic]

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._link.client.pubsub(ignore_subscribe_messages=False) as channel:
                    await channel.subscribe(_CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "subscribe":
                            self.hears = True
                            self._wake(*self._watches)  # what came while nobody listened
                        elif message["type"] == "message":
                            self._wake(message["data"].decode())
            except (RedisError, OSError):
                self.hears = False
            await asyncio.sleep(_AGAIN_SEC)

    def _wake(self, *topics: str) -> None:
        for topic in topics:
            for watch in self._watches.get(topic, ()):
                watch.told.set()


class _Watch:
    def __init__(self, changes: RedisChanges) -> None:
        self.told = asyncio.Event()
        self._changes = changes

    async def news(self) -> None:
        within_sec = _LISTENING_SEC if self._changes.hears else _DEAF_SEC
        with suppress(TimeoutError):
            await asyncio.wait_for(self.told.wait(), within_sec)
        self.told.clear()

"""The cache in a Redis or Valkey server. Values are plain bytes there, never pickles."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from crescendai.adapters.redis.link import PREFIX, RedisLink
from crescendai.errors import Unavailable

_OWED_AT_MOST = 10_000


class RedisCache:
    """The Cache port. While the server is away every value is a miss.

    What was deleted meanwhile is deleted as soon as the server is back, before anything is read.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._owed: set[str] = set()

    async def get(self, key: str) -> bytes | None:
        with suppress(Unavailable):
            await self._settle()
            value: bytes | None = await self._link.ask(lambda redis: redis.get(PREFIX + key))
            return value
        return None

    async def set(self, key: str, value: bytes, expire_sec: float) -> None:
        self._owed.discard(key)
        with suppress(Unavailable):
            life_ms = max(1, int(expire_sec * 1000))
            await self._link.ask(lambda redis: redis.set(PREFIX + key, value, px=life_ms))

    async def delete(self, key: str) -> None:
        try:
            await self._link.ask(lambda redis: redis.delete(PREFIX + key))
        except Unavailable:
            if len(self._owed) < _OWED_AT_MOST:
                self._owed.add(key)

    async def clear(self, kind: str) -> None:
        """Raises Unavailable while the server is away: what was to go would come back."""

        async def cleared(redis: Any) -> None:
            async for key in redis.scan_iter(match=f"{PREFIX}{kind}:*", count=1000):
                await redis.delete(key)

        await self._link.ask(cleared)

    async def ping(self) -> None:
        await self._link.ask(lambda redis: redis.ping())

    async def close(self) -> None:
        """The connection belongs to whoever opened it."""

    async def _settle(self) -> None:
        if self._owed:
            owed = list(self._owed)
            await self._link.ask(lambda redis: redis.delete(*(PREFIX + key for key in owed)))
            self._owed.difference_update(owed)

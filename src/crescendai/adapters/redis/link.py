"""The connection to a Redis or Valkey server that may be away at any time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from crescendai.errors import Unavailable

PREFIX = "crescendai:"
_WITHIN_SEC = 0.5
_REST_SEC = 1.0

T = TypeVar("T")
log = structlog.get_logger(__name__)


class RedisLink:
    """Asks the server. After a failure it is left alone for a second, so that nobody waits."""

    def __init__(self, url: str) -> None:
        self.client: Redis = Redis.from_url(
            url,
            socket_timeout=_WITHIN_SEC,
            socket_connect_timeout=_WITHIN_SEC,
            retry=Retry(NoBackoff(), 1),  # a connection that a restart of the server has cut
        )
        self._rests_until = 0.0
        self._away = False

    async def ask(self, command: Callable[[Redis], Awaitable[T] | Any]) -> T:
        """Raises Unavailable (``redis_down``) when there is no answer in half a second."""
        if time.monotonic() < self._rests_until:
            raise _down()
        try:
            answer: T = await command(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = time.monotonic() + _REST_SEC
            if not self._away:
                log.warning("redis.away", cause=f"{type(error).__name__}: {error}")
            self._away = True
            raise _down() from error
        if self._away:
            log.info("redis.back")
        self._away = False
        return answer

    async def close(self) -> None:
        await self.client.aclose()


def _down() -> Unavailable:
    return Unavailable("redis_down", "The cache server cannot be reached.")

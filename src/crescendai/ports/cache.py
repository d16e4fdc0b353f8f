"""The key-value cache. What is in it may vanish at any time; nothing depends on it being there."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """Values are bytes; lives are seconds. A cache that cannot be reached answers as if empty."""

    async def get(self, key: str) -> bytes | None: ...

    async def set(self, key: str, value: bytes, expire_sec: float) -> None: ...

    async def delete(self, key: str) -> None: ...

    async def ping(self) -> None:
        """Raise Unavailable when the cache cannot be used."""


class ClearedCache(Cache, Protocol):
    """A cache of which a whole kind can be deleted."""

    async def clear(self, kind: str) -> None:
        """Delete every key that begins with ``kind`` and a colon. Raises Unavailable."""

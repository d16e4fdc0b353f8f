"""A cache that counts how often it helped, for ``/metrics``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from crescendai.ports.cache import ClearedCache


class CountedCache:
    """The Cache port over another one. A key's kind is what stands before its first colon."""

    def __init__(self, cache: ClearedCache) -> None:
        self._cache = cache
        self.registry = CollectorRegistry()
        self._lookups = Counter(
            "crescendai_cache_lookups",
            "Values looked for",
            ["kind", "result"],
            registry=self.registry,
        )

    async def get(self, key: str) -> bytes | None:
        value = await self._cache.get(key)
        self._lookups.labels(key.partition(":")[0], "miss" if value is None else "hit").inc()
        return value

    async def set(self, key: str, value: bytes, expire_sec: float) -> None:
        await self._cache.set(key, value, expire_sec)

    async def delete(self, key: str) -> None:
        await self._cache.delete(key)

    async def clear(self, kind: str) -> None:
        await self._cache.clear(kind)

    async def ping(self) -> None:
        await self._cache.ping()

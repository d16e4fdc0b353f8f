"""A cache that counts how often it helped, for ``/metrics``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily

from crescendai.ports.cache import Cache


class CountedCache:
    """The Cache port over another one. A key's kind is what stands before its first colon."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._lookups: Counter[tuple[str, str]] = Counter()

    async def get(self, key: str) -> bytes | None:
        value = await self._cache.get(key)
        self._lookups[key.partition(":")[0], "miss" if value is None else "hit"] += 1
        return value

    async def set(self, key: str, value: bytes, expire_sec: float) -> None:
        await self._cache.set(key, value, expire_sec)

    async def delete(self, key: str) -> None:
        await self._cache.delete(key)

    async def ping(self) -> None:
        await self._cache.ping()

    def collect(self) -> Iterator[CounterMetricFamily]:
        """What Prometheus asks a collector."""
        family = CounterMetricFamily(
            "crescendai_cache_lookups", "Values looked for", labels=["kind", "result"]
        )
        for labels, count in self._lookups.items():
            family.add_metric(labels, count)
        yield family

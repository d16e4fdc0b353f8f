"""What every cache promises."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crescendai.adapters.cache.counted import CountedCache
from crescendai.adapters.cache.disk import DiskCache
from crescendai.adapters.cache.redis import RedisCache
from crescendai.adapters.redis.link import RedisLink
from crescendai.errors import Unavailable
from crescendai.ports.cache import Cache, ClearedCache
from tests.fixtures.gate import Gate


@pytest.fixture(params=["disk", "counted", "redis"])
async def cache(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cache]:
    if request.param == "redis":
        link = RedisLink(f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}/1")
        await link.client.flushdb()
        yield RedisCache(link)
        await link.close()
        return
    opened = DiskCache(tmp_path / "cache")
    yield opened if request.param == "disk" else CountedCache(opened)
    await opened.close()


async def test_a_value_comes_back_as_it_was(cache: Cache) -> None:
    await cache.set("k", b"\x00\xffvalue", 60)
    assert await cache.get("k") == b"\x00\xffvalue"


async def test_an_unknown_key_is_none(cache: Cache) -> None:
    assert await cache.get("never") is None


async def test_a_value_ends_with_its_life(cache: Cache) -> None:
    await cache.set("k", b"v", 0.2)
    await asyncio.sleep(0.4)
    assert await cache.get("k") is None


async def test_a_deleted_value_is_gone(cache: Cache) -> None:
    await cache.set("k", b"v", 60)
    await cache.delete("k")
    await cache.delete("k")
    assert await cache.get("k") is None


async def test_a_kind_is_cleared_and_no_other(cache: ClearedCache) -> None:
    for key in ("llm:a", "llm:b", "llmx:a", "metadata:llm:a"):
        await cache.set(key, b"v", 60)
    await cache.clear("llm")
    left = [key for key in ("llm:a", "llm:b", "llmx:a", "metadata:llm:a") if await cache.get(key)]
    assert left == ["llmx:a", "metadata:llm:a"]


async def test_it_says_when_it_is_usable(cache: Cache) -> None:
    await cache.ping()


async def test_the_embedded_cache_survives_a_restart(tmp_path: Path) -> None:
    first = DiskCache(tmp_path / "cache")
    await first.set("k", b"v", 60)
    await first.close()
    second = DiskCache(tmp_path / "cache")
    assert await second.get("k") == b"v"
    await second.close()


async def test_a_server_that_is_away_is_an_empty_cache_and_comes_back(redis_port: int) -> None:
    gate = Gate(redis_port)
    link = RedisLink(f"redis://127.0.0.1:{gate.port}/1")
    cache = RedisCache(link)
    await cache.set("kept", b"v", 60)
    await cache.set("removed", b"v", 60)
    gate.shut()
    assert await cache.get("kept") is None
    await cache.set("kept", b"lost", 60)
    await cache.delete("removed")
    with pytest.raises(Unavailable):
        await cache.ping()
    began = time.perf_counter()
    for _ in range(100):
        assert await cache.get("kept") is None
    assert time.perf_counter() - began < 1.0  # it is not asked anew each time
    gate.open()
    await asyncio.sleep(1.1)
    assert await cache.get("kept") == b"v"
    assert await cache.get("removed") is None  # a deletion is not forgotten
    await link.close()
    gate.shut()

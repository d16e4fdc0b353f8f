"""What every cache promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crescendai.adapters.cache.counted import CountedCache
from crescendai.adapters.cache.disk import DiskCache
from crescendai.ports.cache import Cache


@pytest.fixture(params=["disk", "counted"])
async def cache(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cache]:
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


async def test_it_says_when_it_is_usable(cache: Cache) -> None:
    await cache.ping()


async def test_the_embedded_cache_survives_a_restart(tmp_path: Path) -> None:
    first = DiskCache(tmp_path / "cache")
    await first.set("k", b"v", 60)
    await first.close()
    second = DiskCache(tmp_path / "cache")
    assert await second.get("k") == b"v"
    await second.close()

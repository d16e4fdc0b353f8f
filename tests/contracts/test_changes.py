"""What every way to hear of changes promises."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from crescendai.adapters.changes.polled import PolledChanges
from crescendai.adapters.changes.redis import RedisChanges
from crescendai.adapters.redis.link import RedisLink
from crescendai.errors import Unavailable
from crescendai.ports.changes import Changes
from tests.fixtures.gate import Gate


@pytest.fixture(params=["polled", "redis"])
async def changes(request: pytest.FixtureRequest) -> AsyncIterator[Changes]:
    if request.param == "polled":
        yield PolledChanges()
        return
    link = RedisLink(f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}/0")
    opened = RedisChanges(link)
    async with opened.watch("first"):
        await listening(opened)
    yield opened
    await opened.close()
    await link.close()


async def listening(changes: RedisChanges, hears: bool = True) -> None:
    for _ in range(100):
        if changes.hears == hears:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"This did not become {hears}.")


async def seconds_until_news(changes: Changes, topic: str, announced: str) -> float:
    async with changes.watch(topic) as watch:
        await changes.announce(announced)
        began = time.perf_counter()
        await watch.news()
        return time.perf_counter() - began


async def test_word_comes_at_once(changes: Changes) -> None:
    assert await seconds_until_news(changes, "a", "a") < 1.0


async def test_news_come_after_a_while_without_word(changes: Changes) -> None:
    assert await seconds_until_news(changes, "a", "another") < 7.0


async def test_redis_wakes_nobody_for_another_topic(redis_port: int) -> None:
    """Without word the database is asked every 5 seconds, not 4 times a second."""
    link = RedisLink(f"redis://127.0.0.1:{redis_port}/0")
    changes = RedisChanges(link)
    async with changes.watch("a"):
        await listening(changes)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(seconds_until_news(changes, "b", "c"), 1.0)
    await changes.close()
    await link.close()


async def answered(link: RedisLink) -> None:
    async with asyncio.timeout(10):
        while True:
            with suppress(Unavailable):
                await link.ask(lambda redis: redis.ping())
                return
            await asyncio.sleep(0.05)


async def test_without_its_server_whoever_watches_looks_again(redis_port: int) -> None:
    gate = Gate(redis_port)
    link = RedisLink(f"redis://127.0.0.1:{gate.port}/0")
    changes = RedisChanges(link)
    async with changes.watch("a"):
        await listening(changes)
        gate.shut()
        await listening(changes, False)
        assert await seconds_until_news(changes, "a", "a") < 1.5
        gate.open()
        await listening(changes)
        await answered(link)  # who found it away leaves it alone for a second
        assert await seconds_until_news(changes, "a", "a") < 1.0
    await changes.close()
    await link.close()
    gate.shut()

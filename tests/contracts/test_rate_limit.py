"""The promises of the RateLimiter port."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from array import array
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from crescendai.adapters.rate_limits import sqlite
from crescendai.adapters.rate_limits.redis import RedisRateLimiter
from crescendai.adapters.rate_limits.sqlite import SqliteRateLimiter
from crescendai.adapters.redis.link import PREFIX, RedisLink
from crescendai.kit.clock import now_ms
from crescendai.ports.rate_limit import RateLimiter, Verdict
from tests.fixtures.gate import Gate


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[SqliteRateLimiter]:
    opened = SqliteRateLimiter(tmp_path / "limits.db")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "redis"])
async def limiter(
    request: pytest.FixtureRequest, embedded: SqliteRateLimiter
) -> AsyncIterator[RateLimiter]:
    if request.param == "sqlite":
        yield embedded
        return
    link = RedisLink(redis_url(request.getfixturevalue("redis_port")))
    await link.client.flushdb()
    yield RedisRateLimiter(link, Refusing())
    await link.close()


class Refusing:
    """Whoever asks it has not reached the server."""

    async def hit(self, key: str, limit: int, window_sec: float) -> Verdict:
        raise AssertionError("The server was not asked.")


def redis_url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/2"


async def test_a_clock_that_is_put_back_locks_nobody_out(
    limiter: RateLimiter, embedded: SqliteRateLimiter
) -> None:
    later_ms = now_ms() + 7_200_000
    assert (await limiter.hit("again", 2, 60.0)).allowed
    if isinstance(limiter, RedisRateLimiter):
        times = {f"call {n}": (later_ms + n) * 1000 for n in range(2)}
        await limiter._link.client.zadd(f"{PREFIX}calls:again", times)
    else:
        stored = array("q", [later_ms, later_ms + 1]).tobytes()
        embedded._connection.execute("UPDATE calls SET times = ?, over_at = ?", (stored, later_ms))
    verdict = await limiter.hit("again", 2, 60.0)
    assert verdict.allowed
    assert 0 < verdict.reset_sec <= 60


async def test_the_window_slides(limiter: RateLimiter) -> None:
    """Not so many a clock second, but so many in any second."""
    allowed = []
    for pause_sec in (0.0, 0.5, 0.0, 0.0, 0.6, 0.0):
        await asyncio.sleep(pause_sec)
        allowed.append((await limiter.hit("slides", 3, 1.0)).allowed)
    assert allowed == [True, True, True, False, True, False]  # the call at 0 counts no more


async def test_it_says_what_is_left_and_when_the_first_is_free(limiter: RateLimiter) -> None:
    first = await limiter.hit("told", 2, 60.0)
    assert (first.allowed, first.remaining, first.reset_sec) == (True, 1, 60.0)
    await asyncio.sleep(0.3)
    second = await limiter.hit("told", 2, 60.0)
    assert (second.allowed, second.remaining) == (True, 0)
    third = await limiter.hit("told", 2, 60.0)
    assert (third.allowed, third.remaining) == (False, 0)
    assert 55.0 < third.reset_sec <= second.reset_sec <= 59.7


async def test_calls_at_the_same_time_get_no_more_through(limiter: RateLimiter) -> None:
    verdicts = await asyncio.gather(*(limiter.hit("together", 10, 60.0) for _ in range(40)))
    assert sum(verdict.allowed for verdict in verdicts) == 10


async def test_the_embedded_window_slides_to_the_millisecond(
    embedded: SqliteRateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = embedded
    answers = []
    for at_sec in (0, 50, 55, 59, 61, 62, 111):
        monkeypatch.setattr(sqlite, "now_ms", lambda at_sec=at_sec: 1_000_000 + at_sec * 1000)
        verdict = await limiter.hit("a", 3, 60.0)
        answers.append((verdict.allowed, verdict.remaining, verdict.reset_sec))
    assert answers == [
        (True, 2, 60.0),
        (True, 1, 10.0),
        (True, 0, 5.0),
        (False, 0, 1.0),
        (True, 0, 49.0),  # the call at 0 counts no more
        (False, 0, 48.0),
        (True, 0, 4.0),
    ]


async def test_keys_do_not_disturb_each_other(limiter: RateLimiter) -> None:
    assert (await limiter.hit("a", 1, 60.0)).allowed
    assert not (await limiter.hit("a", 1, 60.0)).allowed
    assert (await limiter.hit("b", 1, 60.0)).allowed


_SQLITE = """
from crescendai.adapters.rate_limits.sqlite import SqliteRateLimiter
limiter = SqliteRateLimiter(pathlib.Path(sys.argv[1]))
"""
_REDIS = """
from crescendai.adapters.rate_limits.redis import RedisRateLimiter
from crescendai.adapters.redis.link import PREFIX, RedisLink
from crescendai.kit.clock import now_ms
limiter = RedisRateLimiter(RedisLink(sys.argv[1]), None)
"""
_HITS = """
async def main():
    print(sum([(await limiter.hit('shared', 100, 600.0)).allowed for _ in range(60)]))
asyncio.run(main())
"""


@pytest.mark.parametrize("engine", ["sqlite", "redis"])
def test_processes_share_one_count(engine: str, tmp_path: Path, redis_port: int) -> None:
    """Four processes at the same time get no more through than one would."""
    opening = _SQLITE if engine == "sqlite" else _REDIS
    where = str(tmp_path / "limits.db") if engine == "sqlite" else redis_url(redis_port)
    program = "import asyncio, pathlib, sys\n" + opening + _HITS
    running = [
        subprocess.Popen([sys.executable, "-c", program, where], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert sum(int(process.communicate()[0]) for process in running) == 100


async def test_without_its_server_each_machine_counts_by_itself(
    embedded: SqliteRateLimiter, redis_port: int
) -> None:
    gate = Gate(redis_port)
    link = RedisLink(f"redis://127.0.0.1:{gate.port}/2")
    limiter = RedisRateLimiter(link, embedded)
    assert (await limiter.hit("away", 2, 60.0)).remaining == 1
    gate.shut()
    allowed = [(await limiter.hit("away", 2, 60.0)).allowed for _ in range(3)]
    assert allowed == [True, True, False]
    gate.open()
    await asyncio.sleep(1.1)
    verdict = await limiter.hit("away", 2, 60.0)
    assert (verdict.allowed, verdict.remaining) == (True, 0)
    await link.close()
    gate.shut()

"""The promises of the RateLimiter port."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crescendai.adapters.rate_limits import sqlite
from crescendai.adapters.rate_limits.sqlite import SqliteRateLimiter


@pytest.fixture
def limiter(tmp_path: Path) -> Iterator[SqliteRateLimiter]:
    opened = SqliteRateLimiter(tmp_path / "limits.db")
    yield opened
    opened.close()


async def test_the_window_slides(
    limiter: SqliteRateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not so many a clock minute, but so many in any 60 seconds."""
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


async def test_keys_do_not_disturb_each_other(limiter: SqliteRateLimiter) -> None:
    assert (await limiter.hit("a", 1, 60.0)).allowed
    assert not (await limiter.hit("a", 1, 60.0)).allowed
    assert (await limiter.hit("b", 1, 60.0)).allowed


def test_processes_share_one_count(tmp_path: Path) -> None:
    """Four processes at the same time get no more through than one would."""
    program = (
        "import asyncio, pathlib, sys\n"
        "from crescendai.adapters.rate_limits.sqlite import SqliteRateLimiter\n"
        "async def main():\n"
        "    limiter = SqliteRateLimiter(pathlib.Path(sys.argv[1]))\n"
        "    print(sum([(await limiter.hit('a', 100, 600.0)).allowed for _ in range(60)]))\n"
        "asyncio.run(main())\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "limits.db")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    assert sum(int(process.communicate()[0]) for process in running) == 100

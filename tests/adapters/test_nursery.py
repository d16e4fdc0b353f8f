"""Forked children: each file has its own, none outlives the one who waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from crescendai.adapters.audio.files import FileAudioProbe
from crescendai.adapters.nursery import Nursery
from crescendai.errors import InvalidInput
from tests.conftest import MakeRecording
from tests.fixtures.running import wait_until

CHILD = "crescendai.adapters.audio.child"


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    opened = Nursery(CHILD)
    yield opened
    opened.close()


def _pid(nursery: Nursery) -> int:
    assert nursery._process is not None
    return nursery._process.pid


def _children(nursery: Nursery) -> list[int]:
    pid = _pid(nursery)
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_many_files_at_once_and_one_that_is_damaged(
    nursery: Nursery, recording: MakeRecording
) -> None:
    path = recording(seconds=4.0)
    found = await asyncio.gather(*(nursery.run("probe", str(path), wall_sec=20) for _ in range(12)))
    assert {one["duration_sec"] for one in found} == {found[0]["duration_sec"]}
    assert (await FileAudioProbe().probe(path)).duration_sec == found[0]["duration_sec"]
    with pytest.raises(InvalidInput, match="damaged"):
        await nursery.run("no such task", "", wall_sec=20)


async def test_whoever_stops_waiting_ends_the_child(nursery: Nursery, tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.wav"
    os.mkfifo(fifo)
    with pytest.raises(InvalidInput) as refused:
        await nursery.run("probe", str(fifo), wall_sec=0.5)
    assert refused.value.code == "file_too_complex"
    waiting = asyncio.create_task(nursery.run("probe", str(fifo), wall_sec=60))
    await asyncio.to_thread(wait_until, lambda: _children(nursery), 20)
    waiting.cancel()
    await asyncio.to_thread(wait_until, lambda: not _children(nursery), 20)


async def test_a_nursery_that_is_killed_is_replaced(
    nursery: Nursery, recording: MakeRecording
) -> None:
    path = str(recording(seconds=4.0))
    before = await nursery.run("probe", path, wall_sec=20)
    os.kill(_pid(nursery), signal.SIGKILL)
    assert nursery._process is not None
    nursery._process.wait()
    assert await nursery.run("probe", path, wall_sec=20) == before

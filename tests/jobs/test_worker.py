"""The Worker with its real engine, each in a process of its own: done once, retried, given up."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from crescendai.jobs.service import NOBODY_WAITS, Jobs, enqueue
from crescendai.jobs.tables import JobRow
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from tests.fixtures.running import wait_until

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What no engine of a database makes a difference to."""

PROGRAM = textwrap.dedent(
    '''
    """A worker whose handlers write what they do to a file.

    Arguments: folder, slot, the database's URL, the engine's URL.
    """
    import asyncio, os, signal, sys, time
    from pathlib import Path
    from crescendai.adapters.database.engine import Database
    from crescendai.jobs.service import Handler
    from crescendai.jobs.worker import Worker

    folder = Path(sys.argv[1])

    def note(line):
        with (folder / "done.txt").open("a") as file:
            file.write(line + "\\n")

    async def quick(payload):
        note(f"quick {payload['n']}")

    async def slow(payload):
        note("slow began")
        await asyncio.sleep(payload["sec"])
        note("slow ended")

    async def failing(payload):
        note("failing tried")
        raise ValueError("no luck")

    async def deadly(payload):
        note("deadly tried")
        os.kill(os.getpid(), signal.SIGKILL)

    async def escaping(payload):
        note("escaping tried")
        if not (folder / "escaped").exists():
            (folder / "escaped").touch()
            raise asyncio.CancelledError  # which ends the work for the engine

    async def gave_up(payload, reason):
        note(f"gave up: {reason}")

    async def main():
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        database = Database(sys.argv[3])
        handlers = {
            "quick": Handler(quick, gave_up),
            "slow": Handler(slow, gave_up),
            "failing": Handler(failing, gave_up),
            "deadly": Handler(deadly, gave_up),
            "escaping": Handler(escaping, gave_up),
        }
        await Worker(
            database.transactions, handlers, sys.argv[4], sys.argv[2], lost_after_sec=2
        ).run(stop)
        await database.close()

    asyncio.run(main())
    '''
)


class Workshop:
    """A data folder, a worker process on it, and what its handlers wrote."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.urls = [database_url, database_url]
        if database_url.startswith("sqlite"):
            self.urls[1] = f"sqlite:///{folder / 'jobs.db'}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, slot: str = "worker-0") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.folder), slot, *self.urls]
        )

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(20)

    @property
    def lines(self) -> list[str]:
        written = self.folder / "done.txt"
        return written.read_text().splitlines() if written.exists() else []

    async def until(self, condition: Callable[[list[str]], bool], within_sec: float = 40) -> None:
        await asyncio.to_thread(
            wait_until, lambda: condition(self.lines), within_sec, lambda: json.dumps(self.lines)
        )


@pytest.fixture
def workshop(tmp_path: Path, database_url: str) -> Iterator[Workshop]:
    opened = Workshop(tmp_path, database_url)
    yield opened
    if opened.process is not None and opened.process.poll() is None:
        opened.stop()


async def promise(transactions: Transactions, kind: str, **payload: float) -> None:
    async with transactions.write() as session:
        await enqueue(session, kind, payload)


async def wait_for_states(transactions: Transactions, states: list[str]) -> None:
    """Until the jobs are in those states (sorted)."""
    deadline = time.monotonic() + 30
    while (found := await _states(transactions)) != states:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)


async def _states(transactions: Transactions) -> list[str]:
    async with transactions.read() as session:
        return sorted((await session.execute(select(JobRow.state))).scalars())


async def test_promised_jobs_are_each_done_once(
    transactions: Transactions, workshop: Workshop
) -> None:
    for n in range(10):
        await promise(transactions, "quick", n=n)
    workshop.start()
    await wait_for_states(transactions, ["done"] * 10)
    workshop.kill()
    workshop.start()
    await promise(transactions, "quick", n=10)
    await workshop.until(lambda lines: "quick 10" in lines)
    assert sorted(workshop.lines) == sorted(f"quick {n}" for n in range(11))


@ON_SQLITE
async def test_a_promise_that_is_rolled_back_is_never_kept(
    transactions: Transactions, workshop: Workshop
) -> None:
    async def promise_and_fail() -> None:
        async with transactions.write() as session:
            await enqueue(session, "quick", {"n": 1})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await promise_and_fail()
    await promise(transactions, "quick", n=2)
    workshop.start()
    await workshop.until(lambda lines: bool(lines))
    assert workshop.lines == ["quick 2"]


async def test_a_job_outlives_a_killed_worker(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "slow", sec=4)
    workshop.start()
    await workshop.until(lambda lines: "slow began" in lines)
    workshop.kill()
    workshop.start()
    await workshop.until(lambda lines: "slow ended" in lines)
    assert workshop.lines == ["slow began", "slow began", "slow ended"]
    await wait_for_states(transactions, ["done"])


async def test_the_jobs_of_a_slot_that_never_returns_are_taken_over(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "slow", sec=1)
    workshop.start("worker-1")
    await workshop.until(lambda lines: "slow began" in lines)
    workshop.kill()
    workshop.start("worker-0")
    await workshop.until(lambda lines: "slow ended" in lines)
    assert workshop.lines == ["slow began", "slow began", "slow ended"]
    await wait_for_states(transactions, ["done"])


async def test_a_worker_that_comes_back_after_it_was_given_up_changes_nothing(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "slow", sec=3)
    workshop.start("worker-1")
    await workshop.until(lambda lines: "slow began" in lines)
    lost = workshop.process
    assert lost is not None
    lost.send_signal(signal.SIGSTOP)  # as a machine that is cut off from the database
    try:
        workshop.start("worker-0")
        await wait_for_states(transactions, ["done"])
        (done,) = await Jobs(transactions).list(10)
    finally:
        lost.send_signal(signal.SIGCONT)
    await workshop.until(lambda lines: lines.count("slow ended") == 2)
    lost.terminate()
    lost.wait(20)
    assert await Jobs(transactions).list(10) == [done]
    assert done.attempts == 2


async def test_a_job_that_the_engine_has_lost_is_done(
    transactions: Transactions, workshop: Workshop
) -> None:
    async with transactions.write() as session:
        session.add(_job("dispatched"))  # of which the engine has never heard
    await promise(transactions, "escaping")
    workshop.start()
    await wait_for_states(transactions, ["done", "done"])
    assert sorted(workshop.lines) == ["escaping tried", "escaping tried", "quick 0"]


@ON_SQLITE
async def test_a_job_that_a_worker_is_wrongly_held_to_run_is_done(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "quick", n=1)
    workshop.start()
    await wait_for_states(transactions, ["done"])
    with closing(sqlite3.connect(workshop.folder / "jobs.db")) as engine, engine:
        engine.execute("UPDATE workflow_status SET status = 'PENDING'")
    async with transactions.write() as session:
        await session.execute(update(JobRow).values(state="dispatched", finished_at=None))
    await wait_for_states(transactions, ["done"])
    assert workshop.lines == ["quick 1", "quick 1"]


@ON_SQLITE
async def test_jobs_that_were_over_long_ago_are_forgotten(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "quick", n=1)
    async with transactions.write() as session:
        session.add(_job("done", finished_days_ago=8))
        session.add(_job("done", finished_days_ago=6))
        session.add(_job("failed", finished_days_ago=8))
    workshop.start()
    await wait_for_states(transactions, ["done", "done", "failed"])


def _job(state: str, finished_days_ago: int | None = None) -> JobRow:
    at = now_ms() - (finished_days_ago or 0) * DAY_MS
    return JobRow(
        id=new_id(),
        kind="quick",
        payload={"n": 0},
        priority=10,
        state=state,
        created_at=at,
        finished_at=None if finished_days_ago is None else at,
    )


@ON_SQLITE
async def test_a_failing_job_is_tried_three_times_and_given_up(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "failing")
    workshop.start()
    await workshop.until(lambda lines: any("gave up" in line for line in lines))
    assert workshop.lines[:3] == ["failing tried"] * 3
    assert len(workshop.lines) == 4
    await wait_for_states(transactions, ["failed"])
    assert "no luck" not in workshop.lines[3]


@ON_SQLITE
async def test_a_job_that_kills_its_worker_is_given_up(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "deadly")
    for tries in range(1, 4):
        workshop.start()
        await workshop.until(_at_least(tries))
        assert workshop.process is not None
        workshop.process.wait(20)
    workshop.start()
    await workshop.until(lambda lines: any("gave up" in line for line in lines))
    assert workshop.lines[:3] == ["deadly tried"] * 3


def _at_least(count: int) -> Callable[[list[str]], bool]:
    return lambda lines: len(lines) >= count


async def test_somebody_who_waits_comes_before_a_batch(
    transactions: Transactions, workshop: Workshop
) -> None:
    async with transactions.write() as session:
        for _ in range(8):
            await enqueue(session, "slow", {"sec": 0.3}, NOBODY_WAITS)
        await enqueue(session, "quick", {"n": 1})
    workshop.start()
    await workshop.until(lambda lines: lines.count("slow ended") == 8)
    assert workshop.lines.index("quick 1") <= 3


@ON_SQLITE
async def test_stopping_the_worker_does_not_use_up_a_jobs_attempts(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "slow", sec=2)
    for tries in range(1, 5):
        workshop.start()
        await workshop.until(_at_least(tries))
        workshop.stop()
    workshop.start()
    await workshop.until(lambda lines: len(lines) > 5)
    assert workshop.lines == ["slow began"] * 5 + ["slow ended"]
    await wait_for_states(transactions, ["done"])


@ON_SQLITE
async def test_a_database_that_cannot_be_written_for_a_while_loses_no_job(
    transactions: Transactions, workshop: Workshop
) -> None:
    await promise(transactions, "slow", sec=2)
    workshop.start()
    await workshop.until(lambda lines: "slow began" in lines)
    async with transactions.write() as session:
        await session.execute(text("PRAGMA user_version = 1"))
        await asyncio.sleep(14)  # longer than SQLite waits for a lock
    await wait_for_states(transactions, ["done"])

"""Fifty writers at once: ``python -m bench.writers``.

Fifty tasks each add messages to a conversation as fast as they can, a transaction each, as the
server does when it stores a turn: spread over one process and over five, on SQLite in WAL mode and
on PostgreSQL. Beside it, in the same run, the same rows by one writer alone, so that the ratio says
what waiting for each other costs. Errors are counted; a "database is locked" would be one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.bootstrap.tables import SCHEMA
from crescendai.chat import repository
from crescendai.chat.tables import ChatSessionRow
from crescendai.identity.tables import UserRow
from crescendai.kit.ids import new_id
from tests.fixtures.postgresql import started

assert SCHEMA  # knows every table

WRITERS = 50
WRITES_EACH = 40
LIMIT_P99_MS = 100
OWNER = UUID(int=1)

Times = tuple[list[float], int]


def message(session_id: UUID, position: int) -> dict[str, object]:
    return {
        "id": new_id(), "session_id": session_id, "position": position, "role": "user",
        "content": "How? " * 20, "tool_calls": [], "citations": [], "status": "complete",
        "created_at": position,
    }  # fmt: skip


async def write(database: Database, count: int) -> Times:
    """One conversation's messages: the milliseconds of each, and how many failed."""
    session_id, times, failed = new_id(), [], 0
    async with database.transactions.write() as session:
        row = ChatSessionRow(id=session_id, owner_id=OWNER, title="", created_at=0, updated_at=0)
        session.add(row)
    for position in range(count):
        began = time.perf_counter()
        try:
            async with database.transactions.write_briefly() as session:
                await repository.lock_session(session, session_id)
                await repository.add_messages(session, [message(session_id, position)])
                await repository.touch(session, session_id, position)
        except DBAPIError:
            failed += 1
        times.append((time.perf_counter() - began) * 1000)
    return times, failed


async def writers(url: str, count: int) -> Times:
    database = Database(url)
    made = await asyncio.gather(*(write(database, WRITES_EACH) for _ in range(count)))
    await database.close()
    return [ms for times, _ in made for ms in times], sum(failed for _, failed in made)


def in_process(arguments: tuple[str, int]) -> Times:
    return asyncio.run(writers(*arguments))


def in_processes(url: str, processes: int) -> tuple[Times, float]:
    share = WRITERS // processes
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(in_process, [(url, 0)] * processes)  # imported and connected before the clock runs
        began = time.perf_counter()
        made = pool.map(in_process, [(url, share)] * processes, chunksize=1)
        elapsed = time.perf_counter() - began
    return ([ms for times, _ in made for ms in times], sum(f for _, f in made)), elapsed


async def prepare(url: str) -> list[float]:
    """An empty schema with one person; and one writer's times, alone."""
    database = Database(url)
    await migrate(database)
    async with database.transactions.write() as session:
        session.add(UserRow(id=OWNER, name="one", created_at=0))
    alone, _ = await write(database, 200)
    await database.close()
    return alone


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder, started() as server:
        yield {"SQLite": sqlite_url(Path(folder)), "PostgreSQL": server.new_database()}


def main() -> None:
    print("| engine | writers | writes/s | p50 | p99 | worst | limit p99 | alone p50 | errors |")
    print("|---|---|---|---|---|---|---|---|---|")
    with databases() as urls:
        for engine, url in urls.items():
            alone = asyncio.run(prepare(url))
            for processes in (1, 5):
                (times, failed), elapsed = in_processes(url, processes)
                cuts = statistics.quantiles(times, n=100)
                print(
                    f"| {engine} | {WRITERS} in {processes} | {len(times) / elapsed:.0f} "
                    f"| {cuts[49]:.1f} ms | {cuts[98]:.1f} ms | {max(times):.0f} ms "
                    f"| {LIMIT_P99_MS} ms | {statistics.median(alone):.1f} ms | {failed} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()

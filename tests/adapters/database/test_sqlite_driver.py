from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crescendai.adapters.database.engine import BRIEF_TRIES, Database, sqlite_url
from crescendai.adapters.database.in_place import InPlace, InPlaceSession


async def test_statements_tell_what_they_did(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.transactions.write() as session:
        await session.execute(text("CREATE TABLE notes (pitch INTEGER PRIMARY KEY, name TEXT)"))
        insert = text("INSERT INTO notes VALUES (:pitch, :name)")
        await session.execute(insert, [{"pitch": 60, "name": "C"}, {"pitch": 62, "name": "D"}])
        moved = await session.execute(text("UPDATE notes SET name = name || '4' RETURNING pitch"))
        assert sorted(moved.scalars()) == [60, 62]
        removed = await session.execute(text("DELETE FROM notes WHERE pitch < 62"))
        assert removed.rowcount == 1  # type: ignore[attr-defined]
    with pytest.raises(IntegrityError):
        async with database.transactions.write() as session:
            await session.execute(text("INSERT INTO notes VALUES (64, 'E4'), (62, 'D4')"))
    async with database.transactions.read() as session:
        rows = (await session.execute(text("SELECT * FROM notes"))).all()
    assert [tuple(row) for row in rows] == [(62, "D4")]
    await database.close()


async def test_a_brief_write_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.transactions.write_briefly() as session:
        await session.execute(text("CREATE TABLE notes (pitch INTEGER PRIMARY KEY)"))
        await session.execute(text("INSERT INTO notes VALUES (60)"))

    async def write_twice() -> None:
        async with database.transactions.write_briefly() as session:
            await session.execute(text("INSERT INTO notes VALUES (62)"))
            await session.execute(text("INSERT INTO notes VALUES (60)"))

    with pytest.raises(IntegrityError):
        await write_twice()
    async with database.transactions.read() as session:
        assert (await session.execute(text("SELECT pitch FROM notes"))).scalars().all() == [60]
    await database.close()


async def test_a_brief_write_waits_for_another_process_without_holding_anybody_up(
    tmp_path: Path,
) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.transactions.write() as session:
        await session.execute(text("CREATE TABLE notes (pitch INTEGER PRIMARY KEY)"))
    other = sqlite3.connect(tmp_path / "crescendai.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with database.transactions.write_briefly() as session:
            await session.execute(text("INSERT INTO notes VALUES (60)"))

    writing = asyncio.create_task(write())
    for _ in range(5):
        await asyncio.sleep(0.01)  # the loop goes on
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing
    async with database.transactions.read() as session:
        assert (await session.execute(text("SELECT pitch FROM notes"))).scalars().all() == [60]
    await database.close()


async def test_a_brief_read_sees_what_is_committed_and_nothing_else(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))

    async def pitches() -> list[int]:
        async with database.transactions.read_briefly() as session:
            return list((await session.execute(text("SELECT pitch FROM notes"))).scalars())

    async with database.transactions.write() as session:
        await session.execute(text("CREATE TABLE notes (pitch INTEGER PRIMARY KEY)"))
    assert await pitches() == []
    for number, way in enumerate(
        (database.transactions.write, database.transactions.write_briefly)
    ):
        async with way() as session:
            await session.execute(text("INSERT INTO notes VALUES (:n)"), {"n": number})
            assert await pitches() == list(range(number))
        assert await pitches() == list(range(number + 1))
    await database.close()


@pytest.mark.parametrize("tries", [3, BRIEF_TRIES + 1])
async def test_a_brief_write_waits_for_another_process_in_place_and_then_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.transactions.write() as session:
        await session.execute(text("CREATE TABLE notes (pitch INTEGER PRIMARY KEY)"))
    await database.engine.dispose()
    other = sqlite3.connect(tmp_path / "crescendai.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begin, failed = InPlace.begin, 0

    def counted(in_place: InPlace) -> InPlaceSession | None:
        nonlocal failed
        session = begin(in_place)
        failed += session is None
        if failed == min(tries, BRIEF_TRIES):
            other.close()
        return session

    monkeypatch.setattr(InPlace, "begin", counted)
    async with database.transactions.write_briefly() as session:
        assert isinstance(session, InPlaceSession) == (tries < BRIEF_TRIES)
        await session.execute(text("INSERT INTO notes VALUES (60)"))
    async with database.transactions.read_briefly() as session:
        assert (await session.execute(text("SELECT pitch FROM notes"))).scalars().all() == [60]
    await database.close()


async def test_many_writers_take_turns(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.transactions.write() as session:
        await session.execute(text("CREATE TABLE counted (value INTEGER)"))
        await session.execute(text("INSERT INTO counted VALUES (0)"))

    async def count(number: int) -> None:
        ways = (database.transactions.write, database.transactions.write_briefly)
        async with ways[number % 2]() as session:
            value = (await session.execute(text("SELECT value FROM counted"))).scalar_one()
            await asyncio.sleep(0)
            await session.execute(text("UPDATE counted SET value = :v"), {"v": value + 1})

    await asyncio.gather(*(count(number) for number in range(60)))
    async with database.transactions.read() as session:
        assert (await session.execute(text("SELECT value FROM counted"))).scalar_one() == 60
    await database.close()


async def test_a_query_that_is_cancelled_again_and_again_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    database = Database(sqlite_url(tmp_path))

    async def asking() -> None:
        while True:
            async with database.transactions.read() as session:
                await session.execute(text("SELECT 1"))

    await database.ping()
    for n in range(20):
        task = asyncio.create_task(asking())
        await asyncio.sleep(0.001 + n % 7 * 0.0005)
        for _ in range(4):  # as when both a closed stream and the server's end cancel it
            task.cancel()
            await asyncio.sleep(0)
    await database.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=5)
    assert not left

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crescendai.adapters.database.engine import Database, sqlite_url


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


async def test_many_writers_take_turns(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.transactions.write() as session:
        await session.execute(text("CREATE TABLE counted (value INTEGER)"))
        await session.execute(text("INSERT INTO counted VALUES (0)"))

    async def count() -> None:
        async with database.transactions.write() as session:
            value = (await session.execute(text("SELECT value FROM counted"))).scalar_one()
            await asyncio.sleep(0)
            await session.execute(text("UPDATE counted SET value = :v"), {"v": value + 1})

    await asyncio.gather(*(count() for _ in range(60)))
    async with database.transactions.read() as session:
        assert (await session.execute(text("SELECT value FROM counted"))).scalar_one() == 60
    await database.close()

"""SQLite beside an event loop: each statement is one trip to its connection's thread.

SQLAlchemy's adapter of aiosqlite makes four (open a cursor, execute, fetch, close), and a trip
costs more than most of our statements do. BEGIN goes along with the statement after it, and nobody
waits for a ROLLBACK.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

import aiosqlite


def connect(*args: Any, **options: Any) -> aiosqlite.Connection:
    """As ``aiosqlite.connect``, for SQLAlchemy's ``async_creator_fn``."""
    connection = OneTripConnection(partial(sqlite3.connect, *args, **options), iter_chunk_size=64)
    connection._thread.daemon = True
    return connection


class OneTripConnection(aiosqlite.Connection):
    _begin: str | None = None
    _stopped: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        if self._stopped is None:
            self._stopped = super().stop()
        return self._stopped

    async def close(self) -> None:
        """Close, once all that was asked for is done.

        Whoever closes it while another does waits for the same end. With aiosqlite's own each
        would wait for an end of its own, of which a thread has only one: a query that is cancelled
        twice would keep the event loop from ever ending.
        """
        if self._connection is not None or self._stopped is not None:
            stopped = self.stop()
            if stopped is not None:
                await asyncio.shield(stopped)

    async def rollback(self) -> None:
        self._begin = None
        self._tx.put_nowait((None, self._conn.rollback))

    async def commit(self) -> None:
        if self._begin is None:
            await super().commit()
        self._begin = None

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    async def run(self, many: bool, sql: str, parameters: Any) -> _Ran:
        if sql.startswith("BEGIN"):
            self._begin = sql
            return _NOTHING
        begin, self._begin = self._begin, None
        ran: _Ran = await self._execute(self._run, begin, many, sql, parameters)  # type: ignore[no-untyped-call]
        return ran

    def _run(self, begin: str | None, many: bool, sql: str, parameters: Any) -> _Ran:
        """In the connection's thread: execute, and fetch all there is."""
        if begin is not None:
            self._conn.execute(begin)
        execute = self._conn.executemany if many else self._conn.execute
        cursor = execute(sql, parameters)
        rows = cursor.fetchall() if cursor.description else []
        ran = _Ran(cursor.description, rows, cursor.rowcount, cursor.lastrowid)
        cursor.close()
        return ran


class _Ran:
    """What a statement left behind."""

    def __init__(
        self, description: Any, rows: list[Any], rowcount: int, lastrowid: int | None
    ) -> None:
        self.description, self.rows = description, rows
        self.rowcount, self.lastrowid = rowcount, lastrowid


_NOTHING = _Ran(None, [], -1, None)


class _Cursor:
    """What SQLAlchemy uses of a cursor; its rows are fetched when it has executed."""

    arraysize = 1

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._ran = _NOTHING

    async def __aenter__(self) -> _Cursor:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        self._ran = await self._connection.run(False, sql, parameters)

    async def executemany(self, sql: str, parameters: Any) -> None:
        self._ran = await self._connection.run(True, sql, parameters)

    async def fetchall(self) -> Sequence[Any]:
        return self._ran.rows

    async def close(self) -> None:
        pass

    @property
    def description(self) -> Any:
        return self._ran.description

    @property
    def rowcount(self) -> int:
        return self._ran.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._ran.lastrowid

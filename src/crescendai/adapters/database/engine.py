"""Opens the database that the settings name and hands out transactions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    nullcontext,
)
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from crescendai.adapters.database import postgresql, sqlite_driver
from crescendai.adapters.database.direct import Direct
from crescendai.adapters.database.in_place import InPlace, InPlaceSession, dumped
from crescendai.errors import Unavailable
from crescendai.kit.sql import Transactions

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",  # readers go on while the one writer writes
    "PRAGMA synchronous=NORMAL",  # with WAL: safe against a crash of the process
    "PRAGMA busy_timeout=10000",  # ms a writer waits for the other one
    "PRAGMA foreign_keys=ON",  # off by default in SQLite
    "PRAGMA cache_size=-16384",  # 16 MiB of pages a connection
)
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Every statement of a reading transaction sees the same moment, as in SQLite."""
BRIEF_TRIES, BRIEF_WAIT_SEC = 20, 0.001
"""Brief writes of two processes meet for a moment; a thread for one would take longer."""


def sqlite_url(data_dir: Path) -> str:
    return f"sqlite+aiosqlite:///{data_dir / 'crescendai.db'}"


class Database:
    """An engine and its transactions. Open until :meth:`close`.

    ``url`` is :func:`sqlite_url`'s, or that of a PostgreSQL database as libpq knows it; to that
    twice ``connections`` may open, half of them for brief statements, and stay open.
    """

    def __init__(self, url: str, connections: int = 10) -> None:
        self._writing: AbstractAsyncContextManager[Any] = nullcontext()
        self._reading: dict[str, Any] = {}
        self._in_place: InPlace | None = None
        self._direct: Direct | None = None
        if url.startswith("sqlite"):
            self.engine = _open_sqlite(url)
            self._in_place = InPlace(url, _PRAGMAS)
            self._writing = asyncio.Lock()  # writers of a process queue here, not in SQLite's sleep
        else:
            self.engine = postgresql.connect(url, connections)
            self._reading = _SNAPSHOT
            self._direct = Direct(self.engine, postgresql.connect_directly(url), connections)
        self.transactions = Transactions(
            self._read, self._read_once, self._read_briefly, self._write, self._write_briefly
        )

    @asynccontextmanager
    async def _read_once(self) -> AsyncIterator[AsyncSession]:
        if self._direct is not None:
            async with self._direct.reading() as direct:
                yield direct
            return
        async with self.engine.connect() as connection, _session(connection) as session:
            yield session

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[AsyncSession]:
        async with self.engine.connect() as connection:
            await connection.execution_options(**self._reading)
            async with _session(connection) as session:
                yield session

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncSession]:
        async with self._writing, self._threaded() as session:
            yield session

    @asynccontextmanager
    async def _read_briefly(self) -> AsyncIterator[AsyncSession]:
        if self._in_place is None:
            async with self._read_once() as session:
                yield session
        else:
            with self._in_place.reading() as reading:
                yield reading

    @asynccontextmanager
    async def _write_briefly(self) -> AsyncIterator[AsyncSession]:
        if self._direct is not None:
            async with self._direct.writing() as direct:
                yield direct
            return
        in_place = self._in_place
        session = None if in_place is None else await _begun(in_place)
        if in_place is not None and session is not None:  # nobody else's turn until it is over
            with in_place.writing(session):
                yield session
            return
        async with self._writing, self._threaded() as waiting:
            yield waiting

    @asynccontextmanager
    async def _threaded(self) -> AsyncIterator[AsyncSession]:
        async with self.engine.connect() as connection:
            await connection.execution_options(crescendai_write=True)
            async with _session(connection) as session, session.begin():
                yield session

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the database's files.

        PostgreSQL's own vacuum does that in its time; SQLite would keep it in free pages.
        """
        if self.engine.dialect.name != "sqlite":
            return
        async with self._writing, self.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                await (await driver.execute(statement)).close()

    async def ping(self) -> None:
        try:
            async with self._read() as session:
                await session.execute(text("SELECT 1"))
        except (DBAPIError, OSError) as error:
            raise Unavailable("database_down", "The database cannot be reached.") from error

    async def close(self) -> None:
        if self._in_place is not None:
            self._in_place.close()
        if self._direct is not None:
            await self._direct.close()
        await self.engine.dispose()


async def _begun(in_place: InPlace) -> InPlaceSession | None:
    """In its turn with whoever else writes; None when somebody keeps writing.

    No lock of ours is held meanwhile: handing it on costs a pass of the event loop each time.
    """
    for _ in range(BRIEF_TRIES):
        session = in_place.begin()
        if session is not None:
            return session
        await asyncio.sleep(BRIEF_WAIT_SEC)
    return None


def _session(connection: AsyncConnection) -> AsyncSession:
    return AsyncSession(bind=connection, expire_on_commit=False, autoflush=False)


def _open_sqlite(url: str) -> AsyncEngine:
    """The connection used last is used next, for its pages and statements are at hand."""
    engine = create_async_engine(
        url,
        connect_args={"async_creator_fn": sqlite_driver.connect},
        pool_size=15,
        max_overflow=0,
        pool_use_lifo=True,
        json_serializer=dumped,
        hide_parameters=True,  # they are people's own words
    )
    _prepare_sqlite(engine)
    return engine


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        write = connection.get_execution_options().get("crescendai_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

"""PostgreSQL straight through the driver, for the few statements that every request makes.

A statement over tables (not over mapped classes) that a repository has made once is compiled once
and then handed to psycopg, on connections of their own: 0.1 ms of processor time where the engine
with its pool and its greenlets takes 0.7.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine
from sqlalchemy.engine.result import IteratorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from crescendai.adapters.database.plans import Plan, Plans, Values
from crescendai.adapters.database.postgresql import TRUSTED_SEC

_WAIT_SEC = 30.0

Connection = psycopg.AsyncConnection[Any]


class Direct:
    """Sessions whose plain statements take the short way; at most ``most`` connections are open."""

    def __init__(
        self, engine: AsyncEngine, connect: Callable[[], Awaitable[Connection]], most: int
    ) -> None:
        self.engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.plans = Plans(engine.dialect)
        self.connections = _Connections(partial(self._connected, connect), most)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """For one statement, which sees one moment by itself; any other goes through the engine."""
        session = _Reading(self)
        try:
            yield cast(AsyncSession, session)
        finally:
            await session.close()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Commits at the end of the block, or undoes all of it. For plain statements only."""
        async with self.connections.one() as connection:
            with _translated("BEGIN"):
                await connection.execute("BEGIN")
            try:
                yield cast(AsyncSession, _Writing(self, connection))
                with _translated("COMMIT"):
                    await connection.commit()
            except BaseException:
                await _undo(connection)
                raise

    async def _connected(self, connect: Callable[[], Awaitable[Connection]]) -> Connection:
        with _translated("connect"):
            return await connect()

    async def close(self) -> None:
        await self.connections.close()


class _Reading:
    """What repositories know as a session; a real one is opened for what is no plain statement."""

    def __init__(self, direct: Direct) -> None:
        self._direct = direct
        self._whole: AsyncSession | None = None

    async def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        plan = self._direct.plans.of(statement, params)
        if plan is None:
            return await self.whole.execute(statement, params, **options)
        async with self._direct.connections.one() as connection:
            return await _carried_out(connection, plan, params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    @property
    def whole(self) -> AsyncSession:
        if self._whole is None:
            self._whole = AsyncSession(self._direct.engine, expire_on_commit=False, autoflush=False)
        return self._whole

    async def close(self) -> None:
        if self._whole is not None:
            await self._whole.close()


class _Writing:
    """Has nothing but this: what is no plain statement fails instead of going another way."""

    def __init__(self, direct: Direct, connection: Connection) -> None:
        self._direct = direct
        self._connection = connection

    def get_bind(self) -> Engine:
        return self._direct.engine.sync_engine

    async def execute(self, statement: Any, params: Any = None) -> Any:
        plan = self._direct.plans.of(statement, params)
        if plan is None:
            raise TypeError("A brief transaction takes statements over tables, not over classes.")
        return await _carried_out(self._connection, plan, params)


class _Connections:
    """The one used last is used next; one that lay idle is asked whether it is still there."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], most: int) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(most)
        self._idle: list[tuple[Connection, float]] = []
        self._closed = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Connection]:
        await self._wait()
        try:
            connection = await self._take()
            try:
                yield connection
            finally:
                await self._give_back(connection)
        finally:
            self._free.release()

    async def close(self) -> None:
        self._closed = True
        await self._close_idle()

    async def _wait(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            await asyncio.wait_for(self._free.acquire(), _WAIT_SEC)
        except TimeoutError as error:
            raise PoolTimeoutError("Every connection to the database is in use.") from error

    async def _take(self) -> Connection:
        while self._idle:
            connection, used_at = self._idle.pop()
            if time.monotonic() - used_at < TRUSTED_SEC:
                return connection
            try:
                await connection.execute("")
            except psycopg.Error:
                await connection.close()
                await self._close_idle()  # they have been cut with it
            else:
                return connection
        return await self._connect()

    async def _give_back(self, connection: Connection) -> None:
        ready = connection.info.transaction_status == TransactionStatus.IDLE
        if ready and not self._closed:
            self._idle.append((connection, time.monotonic()))
        else:
            await connection.close()

    async def _close_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            await connection.close()


async def _carried_out(
    connection: Connection, plan: Plan, values: Values | Sequence[Values] | None
) -> IteratorResult[Any]:
    rows = values if isinstance(values, Sequence) else [values or {}]
    found: Sequence[Any] = ()
    with _translated(plan.sql):
        async with connection.cursor() as cursor:
            if len(rows) == 1:
                await cursor.execute(plan.sql.encode(), plan.bound(rows[0]))
            else:
                await cursor.executemany(plan.sql.encode(), [plan.bound(row) for row in rows])
            if plan.answers:
                found = await cursor.fetchall()
    return plan.result(found)


@contextmanager
def _translated(sql: str) -> Iterator[None]:
    """The driver's errors become what the engine would have made of them."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(sql, None, error, psycopg.Error, hide_parameters=True) from error


async def _undo(connection: Connection) -> None:
    """What cannot be undone in this way is undone by closing the connection."""
    try:
        await connection.rollback()
    except psycopg.Error:
        await connection.close()

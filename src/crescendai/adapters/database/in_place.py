"""Brief transactions of SQLite on the event loop itself.

A few rows by their keys cost less than one trip to a connection's thread, and much less than the
wait for the interpreter's lock on the way back. What could take long is somebody else's: the loop
waits for no other process's write, and leaves checkpoints, which wait for the disk, to the others.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import Connection, IteratorResult, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.adapters.database.plans import Plan, Plans, Values

_PRAGMAS = ("PRAGMA wal_autocheckpoint=0",)
_AT_ONCE = "PRAGMA busy_timeout=0"


class InPlace:
    """Two connections: one for one writer at a time, one for readers of a single statement.

    They stay in SQLAlchemy's hands as they are; BEGIN and COMMIT go to the driver itself.
    """

    def __init__(self, url: str, pragmas: Sequence[str]) -> None:
        self._engine = create_engine(
            url.replace("+aiosqlite", ""),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False},
            json_serializer=dumped,
            hide_parameters=True,
        )

        self._plans = Plans(self._engine.dialect)

        @event.listens_for(self._engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            for pragma in (*pragmas, *_PRAGMAS):
                connection.execute(pragma).close()

    def begin(self) -> InPlaceSession | None:
        """A session in a transaction, for :meth:`writing`; None while another one writes."""
        try:
            _driver(self._writer).execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return None
        return InPlaceSession(self._writer, self._plans)

    @contextmanager
    def writing(self, session: InPlaceSession) -> Iterator[None]:
        """Commits at the end of the block, or undoes all of it."""
        driver = _driver(self._writer)
        try:
            yield
            session.sync_session.flush()
            driver.execute("COMMIT")
        except sqlite3.Error as error:
            raise OperationalError("COMMIT", None, error) from error
        finally:
            if driver.in_transaction:
                driver.rollback()
            session.sync_session.close()

    @contextmanager
    def reading(self) -> Iterator[InPlaceSession]:
        """For one statement, which sees one moment by itself."""
        session = InPlaceSession(self._reader, self._plans)
        with session.sync_session:
            yield session

    def close(self) -> None:
        for name in ("_writer", "_reader"):
            if name in vars(self):
                vars(self).pop(name).close()
        self._engine.dispose()

    @cached_property
    def _writer(self) -> Connection:
        connection = self._engine.connect()
        _driver(connection).execute(_AT_ONCE).close()
        return connection

    @cached_property
    def _reader(self) -> Connection:
        return self._engine.connect()


class InPlaceSession(AsyncSession):
    """What a slice's repositories know as a session, without the way through another greenlet."""

    def __init__(self, connection: Connection, plans: Plans) -> None:
        super().__init__(expire_on_commit=False, autoflush=False)
        self.sync_session.bind = connection
        self._connection = connection
        self._plans = plans

    async def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        if not options and self._plans.knows(statement):
            plan = self._plans.of(statement, params)
            if plan is not None:
                return _carried_out(_driver(self._connection), plan, params)
        return self.sync_session.execute(statement, params, **options)


def _carried_out(
    driver: sqlite3.Connection, plan: Plan, values: Values | Sequence[Values] | None
) -> IteratorResult[Any]:
    try:
        if isinstance(values, Sequence):
            driver.executemany(plan.sql, [plan.bound(row) for row in values]).close()
            return plan.result([])
        cursor = driver.execute(plan.sql, plan.bound(values or {}))
        rows = cursor.fetchall()
        cursor.close()
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            plan.sql, None, error, sqlite3.Error, hide_parameters=True
        ) from error
    return plan.result(rows)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def dumped(document: Any) -> str:
    try:
        return orjson.dumps(document).decode()
    except TypeError:  # keys that are no texts, halves of characters
        return json.dumps(document)

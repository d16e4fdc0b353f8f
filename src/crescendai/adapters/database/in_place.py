"""Brief writes to SQLite on the event loop itself.

A few rows by their keys cost less than one trip to a connection's thread, and much less than the
wait for the interpreter's lock on the way back. What could take long is somebody else's: the loop
waits for no other process's write, and leaves checkpoints, which wait for the disk, to the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import orjson
from sqlalchemy import StaticPool, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

_PRAGMAS = ("PRAGMA busy_timeout=0", "PRAGMA wal_autocheckpoint=0")


class InPlace:
    """One connection, for one writer at a time."""

    def __init__(self, url: str, pragmas: Sequence[str]) -> None:
        self._engine = create_engine(
            url.replace("+aiosqlite", ""),
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            json_serializer=dumped,
            hide_parameters=True,
        )

        @event.listens_for(self._engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            for pragma in (*pragmas, *_PRAGMAS):
                connection.execute(pragma).close()

        @event.listens_for(self._engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def begin(self, opened: ExitStack) -> AsyncSession | None:
        """A session in a transaction that ends with ``opened``; None while another one writes."""
        connection = opened.enter_context(self._engine.connect())
        try:
            opened.enter_context(connection.begin())
        except OperationalError:
            return None
        session = _InPlaceSession(expire_on_commit=False, autoflush=False)
        session.sync_session.bind = connection
        opened.enter_context(session.sync_session)
        opened.enter_context(session.sync_session.begin())
        return session

    def close(self) -> None:
        self._engine.dispose()


class _InPlaceSession(AsyncSession):
    """What a slice's repositories know as a session, without the way through another greenlet."""

    async def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        return self.sync_session.execute(statement, params, **options)


def dumped(document: Any) -> str:
    try:
        return orjson.dumps(document).decode()
    except TypeError:  # keys that are no texts, halves of characters
        return json.dumps(document)

"""PostgreSQL beside an event loop, through psycopg, which the job engine brings."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper
from sqlalchemy import event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_CONNECT_WITHIN_SEC = 5
TRUSTED_SEC = 1.0


def connect(url: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=connections,  # what is opened under load is kept: each costs a fork there
        max_overflow=0,
        pool_use_lifo=True,  # the one used last need not be asked whether it is alive
        hide_parameters=True,  # what people write is in no log
        connect_args={"connect_timeout": _CONNECT_WITHIN_SEC},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.driver_connection.adapters.register_dumper(str, _WithoutNul)

    @event.listens_for(engine.sync_engine, "checkin")
    def _checkin(_connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _checkout(connection: Any, record: Any, _proxy: Any) -> None:
        """A database that was away costs nobody a failed request: those that lay idle are asked."""
        if time.monotonic() - record.info.get("used_at", math.inf) < TRUSTED_SEC:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the others have been cut with it

    return engine


def connect_directly(url: str) -> Callable[[], Awaitable[psycopg.AsyncConnection[Any]]]:
    """Opens connections outside the engine: each statement is a transaction unless one is begun."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    async def connect() -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(
            plain, autocommit=True, connect_timeout=_CONNECT_WITHIN_SEC
        )
        connection.adapters.register_dumper(str, _WithoutNul)
        return connection

    return connect


class _WithoutNul(StrDumper):
    """PostgreSQL's texts hold every character but NUL, which SQLite's hold too."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

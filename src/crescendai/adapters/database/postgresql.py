"""PostgreSQL beside an event loop, through psycopg, which the job engine brings."""

from __future__ import annotations

from typing import Any

from psycopg.abc import Buffer
from psycopg.types.string import StrDumper
from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_CONNECT_WITHIN_SEC = 5


def connect(url: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=connections,
        hide_parameters=True,  # what people write is in no log
        pool_pre_ping=True,  # a database that was away costs nobody a failed request
        connect_args={"connect_timeout": _CONNECT_WITHIN_SEC},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.driver_connection.adapters.register_dumper(str, _WithoutNul)

    return engine


class _WithoutNul(StrDumper):
    """PostgreSQL's texts hold every character but NUL, which SQLite's hold too."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

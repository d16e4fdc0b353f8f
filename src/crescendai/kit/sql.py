"""What every slice's tables and repositories share: the declarative base and the ways in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import MetaData, Result
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

R = TypeVar("R", bound="Base")
Transaction = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


@dataclass(frozen=True)
class Transactions:
    """The ways to a database: ``write`` commits at the end of its block, ``read`` never writes.

    A ``read`` block sees one moment of the database. On an engine with a single writer a ``write``
    block takes the lock when it begins; on others it runs beside others, so that what it reads in
    order to write is to be locked (``FOR UPDATE``; a single writer ignores that). Rows are locked
    from the outside in (session before turn, document before revision), so that none deadlock.
    Keep slow work outside.

    ``read_once`` is a ``read`` of one statement, which sees one moment by itself: a server need not
    be told where it begins and ends.

    ``read_briefly`` is a ``read_once`` of a few rows that are found by their keys: an embedded
    engine carries it out on the event loop itself.

    ``write_briefly`` is a ``write`` of a few rows that are found by their keys, and awaits nothing
    but them: an embedded engine carries it out on the event loop itself. Its statements are plain.

    Statements are plain when they are made of tables, not of mapped classes. On a server those of
    a ``read_once``, ``read_briefly`` or ``write_briefly`` go straight to the driver, and quickly
    when they are made once, as a constant of their repository.
    """

    read: Transaction
    read_once: Transaction
    read_briefly: Transaction
    write: Transaction
    write_briefly: Transaction


def unmapped(found: Result[Any], table: type[R]) -> Sequence[R]:
    """Rows of all columns of a table, to be read: they have its attributes, and no session."""
    return cast(Sequence[R], found.all())


def first_unmapped(found: Result[Any], table: type[R]) -> R | None:
    return cast(R | None, found.first())


async def upsert(session: AsyncSession, table: type[Base], values: Mapping[str, Any]) -> None:
    """Insert a row, or replace the values of the one with its primary key, in one step."""
    keys = [column.key for column in table.__table__.primary_key]
    statement = _insert(session, table).values(**values)
    changed = {name: statement.excluded[name] for name in values if name not in keys}
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


async def insert_missing(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert those rows whose keys are not there yet; the others stay as they are."""
    await session.execute(_insert(session, table).on_conflict_do_nothing(), rows)


def on_postgresql(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _insert(session: AsyncSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if on_postgresql(session) else sqlite.insert(table)

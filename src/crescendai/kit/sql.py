"""What every slice's tables and repositories share: the declarative base and the two ways in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

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
    """The two ways to a database: ``write`` commits at the end of its block, ``read`` never writes.

    A ``write`` block takes the write lock when it begins, so that two of them never deadlock on
    an engine with a single writer; keep slow work outside it.
    """

    read: Transaction
    write: Transaction

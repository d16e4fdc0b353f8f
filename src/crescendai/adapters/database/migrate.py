"""Brings a database's schema up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

import crescendai
from crescendai.adapters.database.engine import Database
from crescendai.errors import Unavailable

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('crescendai.migrate'))")
_SCRIPTS = Path(crescendai.__file__).parent / "migrations"


async def migrate(database: Database) -> tuple[str | None, str]:
    """Apply every missing version in one transaction; returns (before, after).

    Of several processes that start together one migrates and the others wait.
    Raises Unavailable when the database is damaged, locked or may not be written.
    """
    try:
        async with database.engine.connect() as connection:
            await connection.execution_options(crescendai_write=True)
            async with connection.begin():
                return await connection.run_sync(_upgrade)
    except DatabaseError as error:
        raise Unavailable(
            "database_unusable",
            f"The database {database.engine.url.database} cannot be used: {error.orig}.",
        ) from error


async def is_current(database: Database) -> bool:
    async with database.engine.connect() as connection:
        return await connection.run_sync(_revision) == _head()


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE has locked already
        connection.execute(_LOCK)
    before = _revision(connection)
    head = _head()
    if before != head:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("There are no migrations.")
    return head


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()

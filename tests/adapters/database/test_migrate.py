"""From every earlier schema, with rows in all its tables, to the present one: on both engines."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, func, select
from sqlalchemy.sql.sqltypes import JSON, LargeBinary, String, Uuid

from crescendai.adapters.database import migrate as migrations
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.bootstrap.tables import SCHEMA
from crescendai.kit.sql import Base
from tests.fixtures.postgresql import PostgreSQL

assert SCHEMA  # knows every table

REVISIONS = [
    script.revision for script in ScriptDirectory.from_config(migrations._config()).walk_revisions()
][::-1]
TEXTS = {"model_id": "m-1+r-1", "embedder_id": "m-1", "status": "ready", "state": "done"}
JSONS = {"events": [["session", {}], [None, {"token": "Slowly."}]], "windows": [[0, 1]]}
DERIVED = {"alembic_version", "knowledge_vectors"}

DIES = textwrap.dedent(
    """
    import asyncio, os, signal, sys
    from sqlalchemy import event
    from crescendai.adapters.database.engine import Database
    from crescendai.adapters.database.migrate import migrate

    database = Database(sys.argv[1])

    @event.listens_for(database.engine.sync_engine, "after_cursor_execute")
    def _kill(connection, cursor, statement, *_):
        if "CREATE TABLE idempotency_keys" in statement:
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(migrate(database))
    """
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_an_earlier_version_stored_is_still_there(url: str, revision: str) -> None:
    database = Database(url)
    before = await _at(database, revision)
    await migrations.migrate(database)
    async with database.engine.connect() as connection:
        after = await connection.run_sync(_counts)
        assert await connection.run_sync(_differences) == []
    await database.close()
    assert {name: after.get(name, 0) for name in before} == before


async def test_a_migration_that_is_killed_half_way_is_as_if_it_had_not_begun(url: str) -> None:
    database = Database(url)
    before = await _at(database, "0005")
    await database.close()
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", DIES, url])
    assert killed.returncode == -signal.SIGKILL
    database = Database(url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(migrations._revision) == "0005"
        assert await connection.run_sync(_counts) == before
    assert await migrations.migrate(database) == ("0005", REVISIONS[-1])
    await database.close()


async def _at(database: Database, revision: str) -> dict[str, int]:
    """Migrate to a revision and put a row into each of its tables; how many there are."""
    async with database.engine.connect() as connection:
        await connection.execution_options(crescendai_write=True)
        async with connection.begin():
            await connection.run_sync(_upgrade, revision)
            await connection.run_sync(_fill)
            return await connection.run_sync(_counts)


def _upgrade(connection: Connection, revision: str) -> None:
    config = migrations._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _reflected(connection: Connection) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: name not in DERIVED and "_fts" not in name)
    return metadata.sorted_tables


def _fill(connection: Connection) -> None:
    for table in _reflected(connection):
        if table.name != "knowledge_revision":
            values = {column.name: _value(column) for column in table.columns}
            connection.execute(table.insert().values(values))


def _value(column: Any) -> Any:
    """The same id in every table, so that each row refers to those of the others."""
    kind = column.type
    if isinstance(kind, Uuid):
        return UUID(int=7)
    if isinstance(kind, JSON):
        return JSONS.get(column.name, [])
    if isinstance(kind, LargeBinary):
        return b"\x00\x3c"  # one number of 16 bits
    if isinstance(kind, String):
        if getattr(kind, "length", None) == 32 and re.search(r"(^|_)id$", column.name):
            return UUID(int=7).hex  # SQLite keeps ids as text
        return TEXTS.get(column.name, "text")
    return False if kind.python_type is bool else 1


def _counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _reflected(connection)
    }


def _differences(connection: Connection) -> list[Any]:
    """Between the tables as declared and as migrated, but for those of one engine alone."""

    def is_common(name: str | None, kind: str, _: Any) -> bool:
        return kind != "table" or name not in DERIVED

    options = {"include_name": is_common, "compare_type": False}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, Base.metadata))

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.chat import tables as chat_tables
from crescendai.feedback import tables as feedback_tables
from crescendai.kit.sql import Base

MINE = {
    chat_tables.ChatSessionRow.__tablename__,
    chat_tables.ChatMessageRow.__tablename__,
    chat_tables.UserContextRow.__tablename__,
    feedback_tables.FeedbackRow.__tablename__,
}


async def test_the_migrations_make_the_tables_as_declared(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    await migrate(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await database.close()


def _differences(connection: Connection) -> list[Any]:
    def is_mine(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
        table = name if kind == "table" else thing.table.name
        return table in MINE

    context = MigrationContext.configure(connection, opts={"include_object": is_mine})
    return list(compare_metadata(context, Base.metadata))

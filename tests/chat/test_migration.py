from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import crescendai
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.chat import tables as chat_tables
from crescendai.chat import turn_repository
from crescendai.feedback import tables as feedback_tables
from crescendai.kit.sql import Base
from crescendai.usage import tables as usage_tables

MINE = {
    chat_tables.ChatSessionRow.__tablename__,
    chat_tables.ChatMessageRow.__tablename__,
    chat_tables.ChatTurnRow.__tablename__,
    chat_tables.ChatTurnEventsRow.__tablename__,
    chat_tables.UserContextRow.__tablename__,
    feedback_tables.FeedbackRow.__tablename__,
    usage_tables.UsageRow.__tablename__,
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


async def test_answers_from_before_turns_were_stored_can_still_be_resumed(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.engine.connect() as connection:
        await connection.execution_options(crescendai_write=True)
        async with connection.begin():
            await connection.run_sync(lambda sync: _upgrade_to(sync, "0005"))
            for statement in _AN_OLD_ANSWER:
                await connection.exec_driver_sql(statement)
    await migrate(database)
    async with database.transactions.read() as session:
        turn = await turn_repository.turn_of(session, UUID(int=1), UUID(int=2), None)
        assert turn is not None
        assert (turn.id, turn.status) == (UUID(int=3), "complete")
        assert await turn_repository.events_after(session, turn.id, 1) == [
            (2, [None, {"token": "Slowly."}])
        ]
    await database.close()


_AN_OLD_ANSWER = (
    f"INSERT INTO users (id, name, created_at) VALUES ('{UUID(int=1).hex}', 'owner', 1)",
    "INSERT INTO chat_sessions (id, owner_id, title, created_at, updated_at)"
    f" VALUES ('{UUID(int=2).hex}', '{UUID(int=1).hex}', 'How?', 1, 1)",
    "INSERT INTO chat_messages (id, session_id, position, role, content, tool_calls, citations,"
    f" status, events, created_at) VALUES ('{UUID(int=3).hex}', '{UUID(int=2).hex}', 0,"
    " 'assistant', 'Slowly.', '[]', '[]', 'complete',"
    ' \'[["session", {}], [null, {"token": "Slowly."}]]\', 1)',
)


def _upgrade_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(crescendai.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.chat.tables import ChatMessageRow, ChatSessionRow
from crescendai.identity.tables import UserRow

_users, _sessions, _messages = (row.__table__ for row in (UserRow, ChatSessionRow, ChatMessageRow))
_ADD_USER = insert(_users)  # type: ignore[arg-type]
_ADD_SESSION = insert(_sessions)  # type: ignore[arg-type]
_ADD_MESSAGES = insert(_messages)  # type: ignore[arg-type]
_RENAME = (
    update(_users)  # type: ignore[arg-type]
    .where(_users.c.id == bindparam("whose"), _users.c.name != "kept")
    .values(name=bindparam("called"))
    .returning(_users.c.id, _users.c.name)
)
_FORGET = delete(_users).where(_users.c.name == bindparam("called"))  # type: ignore[arg-type]
_COUNT = select(func.count()).select_from(_users).where(_users.c.name == bindparam("called"))
_OF_SESSION = (
    select(_messages.c.id, _messages.c.tool_calls, _messages.c.made_with, _messages.c.position)
    .where(_messages.c.session_id == bindparam("session_id"))
    .order_by(_messages.c.position)
)
_AMONG = select(_users.c.name).where(_users.c.id.in_(bindparam("ids", expanding=True)))
ROUNDS = 3  # the first one is SQLAlchemy's, the others are the driver's


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database, None]:
    opened = Database(sqlite_url(tmp_path))
    await migrate(opened)
    yield opened
    await opened.close()


def _user(name: str) -> dict[str, object]:
    return {"id": uuid4(), "name": name, "created_at": 1}


async def test_the_same_comes_of_a_statement_each_time(database: Database) -> None:
    for number in range(ROUNDS):
        user = _user(f"person-{number}")
        async with database.transactions.write_briefly() as session:
            await session.execute(_ADD_USER, user)
            renamed = await session.execute(_RENAME, {"whose": user["id"], "called": "again"})
            assert renamed.all() == [(user["id"], "again")]
            nobody = await session.execute(_RENAME, {"whose": uuid4(), "called": "again"})
            assert nobody.first() is None
            assert (await session.execute(_COUNT, {"called": "again"})).scalar_one() == 1
            found = await session.execute(_AMONG, {"ids": [user["id"], uuid4()]})
            assert found.scalars().all() == ["again"]
            await session.execute(_FORGET, {"called": "again"})
            assert (await session.execute(_COUNT, {"called": "again"})).scalar_one() == 0


async def test_rows_keep_their_types(database: Database) -> None:
    owner, documents = _user("owner"), [{"name": "é", "n": [1, None]}]
    async with database.transactions.write_briefly() as session:
        await session.execute(_ADD_USER, owner)
    for _ in range(ROUNDS):
        async with database.transactions.write_briefly() as session:
            row = _session_row(owner["id"])
            await session.execute(_ADD_SESSION, row)
            await session.execute(
                _ADD_MESSAGES, [_message(row["id"], n, documents) for n in range(3)]
            )
        async with database.transactions.read_briefly() as session:
            found = (await session.execute(_OF_SESSION, {"session_id": row["id"]})).all()
        assert [one.position for one in found] == [0, 1, 2]
        assert all(isinstance(one.id, UUID) for one in found)
        assert [(one.tool_calls, one.made_with) for one in found] == [(documents, None)] * 3


async def test_what_is_refused_is_refused_in_the_same_words_of_sqlalchemy(
    database: Database,
) -> None:
    for _ in range(ROUNDS):
        async with database.transactions.write_briefly() as session:
            user = _user(str(uuid4()))
            await session.execute(_ADD_USER, user)
            with pytest.raises(IntegrityError) as refused:
                await session.execute(_ADD_USER, user)
            assert str(user["name"]) not in str(refused.value)


async def test_a_parameter_that_is_missing_is_no_null(database: Database) -> None:
    for _ in range(ROUNDS):
        with pytest.raises(Exception, match="called"):
            async with database.transactions.write_briefly() as session:
                await session.execute(_RENAME, {"whose": uuid4()})


def _session_row(owner_id: object) -> dict[str, object]:
    named = {"id": uuid4(), "owner_id": owner_id, "recording_id": None, "title": "t"}
    return named | {"created_at": 1, "updated_at": 1}


def _message(session_id: object, position: int, calls: object) -> dict[str, object]:
    return {
        "id": uuid4(),
        "session_id": session_id,
        "position": position,
        "role": "assistant",
        "content": "said",
        "tool_calls": calls,
        "tool_call_id": None,
        "summary": None,
        "citations": [],
        "model": None,
        "status": "complete",
        "created_at": 1,
        "replaced_at": None,
        "made_with": None,
        "supported_ratio": 0.5,
        "support": None,
    }

"""The short way to PostgreSQL: what it keeps, undoes, refuses, and how it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.adapters.database.engine import Database
from crescendai.chat.tables import UserContextRow
from crescendai.identity.tables import UserRow
from crescendai.kit.ids import new_id
from crescendai.kit.sql import unmapped
from tests.fixtures.postgresql import PostgreSQL

_users, _contexts = UserRow.__table__, UserContextRow.__table__
_ADD = insert(_users)  # type: ignore[arg-type]
_NAMED = select(_users).where(_users.c.name == bindparam("name"))
_COUNT = select(func.count()).select_from(_users)
_BACKEND = select(func.pg_backend_pid())


@pytest.fixture
async def database(postgresql: PostgreSQL) -> AsyncIterator[Database]:
    opened = Database(postgresql.emptied_database(), connections=2)
    yield opened
    await opened.close()


def _user(name: str) -> dict[str, object]:
    return {"id": new_id(), "name": name, "created_at": 1}


async def _count(database: Database) -> int:
    async with database.transactions.read_briefly() as session:
        return (await session.execute(_COUNT)).scalar_one()


async def test_rows_come_back_as_the_engine_would_give_them(database: Database) -> None:
    user = _user("with a NUL \0 in it")
    context = {
        "user_id": user["id"],
        "goals": ["trills", "é"],
        "constraints": [],
        "repertoire": ["Op. 28"],
        "updated_at": 2,
    }
    async with database.transactions.write_briefly() as session:
        await session.execute(_ADD, [user, _user("another")])
        await session.execute(_ADD, user | {"id": new_id(), "name": "third"})
    async with database.transactions.write() as session:
        session.add(UserContextRow(**context))
    async with database.transactions.read_once() as session:
        found = await session.execute(
            _NAMED, {"name": "with a NUL \N{REPLACEMENT CHARACTER} in it"}
        )
        (row,) = unmapped(found, UserRow)
    assert (row.id, row.created_at) == (user["id"], 1)
    async with database.transactions.read_once() as session:
        straight = (await session.execute(select(_contexts))).one()
    async with database.transactions.read_once() as session:
        mapped = (await session.execute(select(UserContextRow))).scalar_one()
    assert straight.goals == ["trills", "é"]
    assert {name: getattr(mapped, name) for name in straight._fields} == straight._asdict()


async def test_a_list_of_any_length_is_one_value(database: Database) -> None:
    users = [_user(f"one of {number}") for number in range(3)]
    async with database.transactions.write_briefly() as session:
        await session.execute(_ADD, users)
    among = select(_users.c.name).where(_users.c.id.in_(bindparam("ids", expanding=True)))
    for wanted in (users, users[:1], []):
        async with database.transactions.read_briefly() as session:
            found = await session.execute(among, {"ids": [user["id"] for user in wanted]})
            assert set(found.scalars()) == {user["name"] for user in wanted}
    no_plan = select(_users.c.name).where(_users.c.id.not_in([users[0]["id"], users[1]["id"]]))
    async with database.transactions.read_briefly() as session:
        assert (await session.execute(no_plan)).scalars().all() == [users[2]["name"]]


async def test_a_transaction_is_undone_as_a_whole(database: Database) -> None:
    before = await _count(database)
    user = _user("twice")

    async def write(then: Callable[[AsyncSession], Awaitable[object]]) -> None:
        async with asyncio.timeout(0.2), database.transactions.write_briefly() as session:
            await session.execute(_ADD, user)
            await then(session)

    async def fail(_: AsyncSession) -> None:
        raise ZeroDivisionError

    with pytest.raises(IntegrityError):
        await write(lambda session: session.execute(_ADD, user))
    with pytest.raises(ZeroDivisionError):
        await write(fail)
    with pytest.raises(TimeoutError):
        await write(lambda session: session.execute(select(func.pg_sleep(30))))
    assert await _count(database) == before


async def test_what_is_mapped_takes_no_part_in_a_brief_transaction(database: Database) -> None:
    async with database.transactions.write_briefly() as session:
        with pytest.raises(TypeError, match="not over classes"):
            await session.execute(select(UserRow))
        with pytest.raises(AttributeError):
            session.add(UserRow(**_user("mapped")))


async def test_connections_are_few_and_a_cut_one_costs_nobody_anything(
    database: Database,
) -> None:
    async def backend() -> int:
        async with database.transactions.read_briefly() as session:
            return (await session.execute(_BACKEND)).scalar_one()  # type: ignore[no-any-return]

    backends = set(await asyncio.gather(*(backend() for _ in range(50))))
    assert len(backends) <= 2
    async with database.transactions.write() as session:
        for one in backends:
            await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": one})
    await asyncio.sleep(1.1)  # lay idle long enough to be asked first
    assert await backend() not in backends


async def test_a_database_that_is_away_is_an_error_of_the_engines_kind() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing", connections=1)
    with pytest.raises(DBAPIError):
        await _count(away)
    with pytest.raises(DBAPIError):
        async with away.transactions.write_briefly():
            pass
    await away.close()

"""What the ways to a database promise, on both engines."""

from __future__ import annotations

from sqlalchemy import func, select

from crescendai.identity.tables import UserRow
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions

_COUNT = select(func.count()).select_from(UserRow)


async def add_user(transactions: Transactions) -> None:
    async with transactions.write() as session:
        session.add(UserRow(id=new_id(), name=new_id().hex, created_at=1))


async def count(transactions: Transactions) -> int:
    async with transactions.read_once() as session:
        return (await session.execute(_COUNT)).scalar_one()


async def test_a_read_sees_one_moment_and_a_read_of_one_statement_the_present(
    transactions: Transactions,
) -> None:
    for _ in range(12):  # often enough for each connection to have served both kinds
        before = await count(transactions)
        async with transactions.read() as session:
            seen = (await session.execute(_COUNT)).scalar_one()
            await add_user(transactions)
            assert await count(transactions) == before + 1
            assert (await session.execute(_COUNT)).scalar_one() == seen == before

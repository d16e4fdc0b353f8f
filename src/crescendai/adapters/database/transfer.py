"""Copies everything relational from one database to another, and compares the two.

Rows go in the order of their keys, a batch a transaction, and those that are there already stay;
so a transfer that was killed goes on where it was when it is begun again. Two tables hold the same
when they have as many rows and their rows' digests add up to the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Table, func, select, text, true
from sqlalchemy.dialects import postgresql

from crescendai.adapters.database.engine import Database
from crescendai.kit.sql import Base
from crescendai.knowledge import service as knowledge
from crescendai.knowledge.stored_vectors import add_missing_vectors
from crescendai.knowledge.tables import DocumentRow
from crescendai.recordings import service as recordings
from crescendai.recordings.tables import RecordingRow

Report = Callable[[str, int, int], None]
"""Is told a table, how many of its rows are there, and how many there will be."""

_SKIPPED = frozenset({"worker_slots"})  # signs of life of workers that are not moved
_BATCH_ROWS = 200
_SEQUENCE = text(
    "SELECT setval(pg_get_serial_sequence('knowledge_chunks', 'number'),"
    " (SELECT coalesce(max(number), 0) + 1 FROM knowledge_chunks), false)"
)


@dataclass(frozen=True)
class Contents:
    """How many rows a table holds, and the sum of their digests (mod 2^128)."""

    rows: int
    digest: int


def tables() -> list[Table]:
    """What is moved, each table after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in _SKIPPED]


async def strangers(source: Database, target: Database) -> int:
    """How many users the target has that the source does not know."""
    users = Base.metadata.tables["users"]
    async with source.transactions.read() as one, target.transactions.read() as other:
        known = set((await one.execute(select(users.c.id))).scalars())
        return len(set((await other.execute(select(users.c.id))).scalars()) - known)


async def copy(source: Database, target: Database, report: Report) -> None:
    for table in tables():
        total, done = await _count(source, table), 0
        async for rows in _batches(source, table, await _last_key(target, table)):
            done += len(rows)
            async with target.transactions.write() as session:
                # the one row that every database is made with gives way to the source's
                statement = postgresql.insert(table)
                if table.name == "knowledge_revision":
                    values = {c.name: statement.excluded[c.name] for c in table.c if c.name != "id"}
                    await session.execute(
                        statement.on_conflict_do_update(index_elements=["id"], set_=values), rows
                    )
                else:
                    await session.execute(statement.on_conflict_do_nothing(), rows)
            report(table.name, await _count(target, table), total)
    async with target.transactions.write() as session:
        await session.execute(_SEQUENCE)
    while True:
        async with target.transactions.write() as session:
            if not await add_missing_vectors(session, _BATCH_ROWS):
                break


async def stored_objects(database: Database) -> dict[str, str]:
    """SHA-256 by key of all audio and documents that the rows speak of."""
    async with database.transactions.read() as session:
        audio = await session.execute(
            select(RecordingRow.id, RecordingRow.format, RecordingRow.sha256)
        )
        files = await session.execute(
            select(DocumentRow.id, DocumentRow.filename, DocumentRow.sha256)
        )
        return {recordings.object_key(i, ending): sha for i, ending, sha in audio} | {
            knowledge.object_key(i, name): sha for i, name, sha in files
        }


async def contents(database: Database, table: Table) -> Contents:
    rows = digest = 0
    async for batch in _batches(database, table, None):
        rows += len(batch)
        digest += sum(_digest(row) for row in batch)
    return Contents(rows, digest % (1 << 128))


async def _batches(
    database: Database, table: Table, after: Any | None
) -> AsyncIterator[list[dict[str, Any]]]:
    """All rows in the order of their keys, those with ``after`` as the key's first part included.

    Of a key's parts only the first is a number or an id, which both engines put in one order.
    """
    first = table.primary_key.columns[0]
    wanted = true() if after is None else first >= after
    async with database.transactions.read() as session:
        while True:
            query = select(table).where(wanted).order_by(first).limit(_BATCH_ROWS)
            rows = [dict(row) for row in (await session.execute(query)).mappings()]
            if not rows:
                return
            last = rows[-1][first.name]
            if len(rows) == _BATCH_ROWS:  # the last key's rows may go on behind the limit
                rows = [row for row in rows if row[first.name] != last]
                of_last = await session.execute(select(table).where(first == last))
                rows += [dict(row) for row in of_last.mappings()]
            yield [_as_moved(table, row) for row in rows]
            wanted = first > last


def _as_moved(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A job that an engine had taken waits again: the engine's own state is not moved."""
    if table.name == "jobs" and row["state"] == "dispatched":
        return row | {"state": "queued"}
    return row


async def _last_key(database: Database, table: Table) -> Any | None:
    first = table.primary_key.columns[0]
    query = select(first).order_by(first.desc()).limit(1)
    async with database.transactions.read() as session:
        return (await session.execute(query)).scalar_one_or_none()


async def _count(database: Database, table: Table) -> int:
    async with database.transactions.read() as session:
        return int((await session.execute(select(func.count()).select_from(table))).scalar_one())


def _digest(row: Mapping[str, Any]) -> int:
    plain = orjson.dumps({name: _plain(row[name]) for name in sorted(row)})
    return int.from_bytes(hashlib.sha256(plain).digest()[:16], "big")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list | dict):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return cast(Any, value)

"""Every SQL statement about whole accounts, made from the tables themselves.

A table that is added with a key to ``users``, or to such a table, belongs to accounts by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.kit.sql import Base

SECRETS = frozenset({("api_keys", "key_hash"), ("share_links", "token_hash")})
_DERIVED = frozenset({"idempotency_keys"})
"""Tables that hold copies of what stands elsewhere."""


def owned_tables(user_id: UUID) -> dict[Table, ColumnElement[bool]]:
    """Every table with rows of users, and which rows are this one's."""
    owned: dict[Table, ColumnElement[bool]] = {}
    for table in Base.metadata.sorted_tables:
        if table.name == "users":
            owned[table] = table.c.id == user_id
            continue
        parents = {fk.column.table.name: fk for fk in table.foreign_keys if not fk.parent.nullable}
        parents |= {fk.column.table.name: fk for fk in table.foreign_keys}
        if "users" in parents:
            owned[table] = parents["users"].parent == user_id
            continue
        if "owner_id" in table.c:  # outlives its owner unless it is removed with them
            owned[table] = table.c.owner_id == user_id
            continue
        for parent, condition in list(owned.items()):
            if parent.name in parents:
                key = parents[parent.name]
                owned[table] = key.parent.in_(select(key.column).where(condition))
                break
    return owned


async def rows_of(
    session: AsyncSession, user_id: UUID
) -> AsyncIterator[tuple[str, Sequence[dict[str, Any]]]]:
    """Each table's name and the user's rows in it, without secrets and vectors."""
    for table, condition in owned_tables(user_id).items():
        if table.name in _DERIVED:
            continue
        columns = [
            column
            for column in table.c
            if (table.name, column.name) not in SECRETS and not isinstance(column.type, LargeBinary)
        ]
        found = await session.execute(select(*columns).where(condition))
        yield table.name, [dict(row) for row in found.mappings()]


async def arrays_of(session: AsyncSession, user_id: UUID) -> AsyncIterator[tuple[str, bytes]]:
    """The notes and the pedal that were heard in each of the user's recordings, as .npy files."""
    heard = Base.metadata.tables["analysis_results"]
    ids = select(heard.c.recording_id).where(owned_tables(user_id)[heard])
    for one in (await session.execute(ids)).scalars().all():
        columns = select(heard.c.notes, heard.c.pedal).where(heard.c.recording_id == one)
        for notes, pedal in await session.execute(columns):
            yield f"{one}-notes.npy", notes
            yield f"{one}-pedal.npy", pedal


async def ids_of(session: AsyncSession, table: str, user_id: UUID) -> Sequence[UUID]:
    """The ids of the user's own rows in a table."""
    rows, condition = next(
        (one, condition) for one, condition in owned_tables(user_id).items() if one.name == table
    )
    return (await session.execute(select(rows.c.id).where(condition))).scalars().all()


async def remove_user(session: AsyncSession, user_id: UUID) -> None:
    """The user, and through the keys of the tables all that is theirs."""
    users = Base.metadata.tables["users"]
    for table in Base.metadata.sorted_tables:
        if "owner_id" in table.c and not table.c.owner_id.foreign_keys:
            await session.execute(delete(table).where(table.c.owner_id == user_id))
    await session.execute(delete(users).where(users.c.id == user_id))


async def object_names(session: AsyncSession, folder: str) -> frozenset[str]:
    """The ids that objects in that folder are named after."""
    tables = {
        "audio-recordings/recordings": "recordings",
        "audio-recordings/uploads": "pending_uploads",
        "knowledge-documents/documents": "knowledge_documents",
    }
    rows = Base.metadata.tables[tables[folder]]
    return frozenset(str(found) for found in (await session.execute(select(rows.c.id))).scalars())

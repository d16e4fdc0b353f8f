"""A library of before lives on: its vectors move to where each model has its own."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from alembic import command
from sqlalchemy import Connection, text

from crescendai.adapters.database import migrate as migrations
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.words.memory import MemoryWordIndex
from crescendai.knowledge import index_repository

_DOCUMENT = text("""
    INSERT INTO knowledge_documents (id, dimensions, filename, format, size_bytes, sha256, status,
        stage, percent, chunk_count, model_id, revision, created_at, updated_at)
    VALUES (:id, '[]', 'a.md', 'markdown', 1, '', 'ready', 'done', 100, 1, 'm-1+r-1', 3, 0, 0)
""")
_CHUNK = text("""
    INSERT INTO knowledge_chunks (number, id, document_id, ordinal, text, context, start_char,
        end_char, heading_path, model_id, vectors, rerank_data)
    VALUES (1, :chunk, :id, 0, 'The wrist.', '', 0, 10, '[]', 'm-1+r-1', x'0102', x'03')
""")


def _to_version_5(connection: Connection) -> None:
    config = migrations._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0005")


async def test_vectors_of_before_are_still_searched(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    async with database.engine.begin() as connection:
        await connection.run_sync(_to_version_5)
    document_id = uuid4()
    async with database.transactions.write() as session:
        await session.execute(_DOCUMENT, {"id": document_id.hex})
        await session.execute(_CHUNK, {"id": document_id.hex, "chunk": uuid4().hex})
    await migrations.migrate(database)
    async with database.transactions.read() as session:
        assert (await index_repository.state(session)).embedder_id == "m-1"
        found = await index_repository.document_vectors(session, document_id, "m-1")
        kept = await index_repository.model_data(session, [1], ["r-1"])
    assert (found.numbers, found.data) == ([1], [b"\1\2"])
    assert kept == {"r-1": {1: b"\3"}}
    found_by_word = await MemoryWordIndex(database.transactions).match("wrists", uuid4(), 5)
    assert [one.number for one in found_by_word] == [1]
    await database.close()

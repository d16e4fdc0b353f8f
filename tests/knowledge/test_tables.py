"""The tables as declared and the schema as migrated are the same."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.kit.sql import Base
from crescendai.knowledge import tables

_SCHEMA = """
    SELECT type, name, sql FROM sqlite_master
    WHERE tbl_name LIKE 'knowledge_%' AND sql IS NOT NULL
"""


async def _schema(database: Database) -> dict[str, str]:
    async with database.transactions.read() as session:
        rows = list(await session.execute(text(_SCHEMA)))
    await database.close()
    return {f"{row.type} {row.name}": _in_one_order(row.sql) for row in rows}


def _in_one_order(sql: str) -> str:
    """Columns and constraints, whatever order and spacing they were written in."""
    words = " ".join(sql.replace("(", " ( ").replace(")", " ) ").replace('"', "").split())
    return ",".join(sorted(part.strip() for part in words.split(",")))


async def test_the_migration_makes_what_the_tables_declare(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    migrated = Database(sqlite_url(tmp_path / "a"))
    await migrate(migrated)
    declared = Database(sqlite_url(tmp_path / "b"))
    async with declared.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    one, other = await _schema(migrated), await _schema(declared)
    assert one.keys() == other.keys()
    assert f"table {tables.ChunkRow.__tablename__}" in one
    assert "table knowledge_word_counts" in one
    for name in one:
        if not name.startswith("table knowledge_documents"):
            continue
        assert one[name].count("NOT NULL") == other[name].count("NOT NULL")

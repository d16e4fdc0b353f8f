"""A consistent copy of the embedded database, made while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

from crescendai.errors import InvalidInput
from crescendai.knowledge.service import object_key as document_key
from crescendai.recordings.service import object_key as recording_key

_COUNT = 'SELECT count(*) FROM "{}"'
_ROWS_WITH_OBJECTS = (
    ("SELECT id FROM recordings", "DELETE FROM recordings WHERE id = ?"),
    ("SELECT id FROM knowledge_documents", "DELETE FROM knowledge_documents WHERE id = ?"),
)


def copy_database(source: Path, target: Path) -> None:
    """One read transaction over the whole: readers and writers of the source go on meanwhile.

    Work that was handed to the job engine is promised anew in the copy: the engine's own state is
    not part of it.
    """
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("UPDATE jobs SET state = 'queued' WHERE state = 'dispatched'")
        copy.execute("DELETE FROM worker_slots")
        copy.commit()


def objects_of(path: Path) -> dict[str, str]:
    """The key of each object that the rows speak of, and its SHA-256."""
    with closing(sqlite3.connect(path)) as database:
        recordings = database.execute("SELECT id, format, sha256 FROM recordings").fetchall()
        documents = database.execute(
            "SELECT id, filename, sha256 FROM knowledge_documents"
        ).fetchall()
    known = {recording_key(UUID(id_), form): sha256 for id_, form, sha256 in recordings}
    known |= {document_key(UUID(id_), name): sha256 for id_, name, sha256 in documents}
    return known


def forget_objects(path: Path, keys: set[str]) -> None:
    """Remove the rows whose objects were removed while the copy was made."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA foreign_keys=ON")
        for listing, removal in _ROWS_WITH_OBJECTS:
            for (id_,) in database.execute(listing).fetchall():
                if any(str(UUID(id_)) in key for key in keys):
                    database.execute(removal, (id_,))
        database.commit()


def check_database(path: Path) -> None:
    """Raises InvalidInput when SQLite finds it damaged."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            found = database.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError as error:
        found = [(str(error),)]
    if found != [("ok",)]:
        raise InvalidInput(
            "backup_damaged", f"The database in the backup is damaged: {found[0][0]}."
        )


def rows_of(path: Path) -> dict[str, int]:
    """How many rows each table holds."""
    with closing(sqlite3.connect(path)) as database:
        names = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            name: database.execute(_COUNT.format(name)).fetchone()[0] for (name,) in sorted(names)
        }

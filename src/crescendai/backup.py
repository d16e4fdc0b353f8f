"""``crescendai backup``, ``restore`` and ``verify``: everything of an embedded server in a folder.

crescendai.db       the database, as it was at one moment
objects/            audio and documents, from the data folder or the S3 store
secret.key          what cursors and addresses are sealed with, if the server made one
manifest.json       the size and SHA-256 of every file, written last
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

import crescendai
from crescendai.adapters.database import snapshot
from crescendai.adapters.secret import NAME as SECRET
from crescendai.bootstrap.floor import open_objects
from crescendai.errors import Conflict, InvalidInput, NotFound
from crescendai.kit.clock import now_ms
from crescendai.ports.objects import ObjectStore
from crescendai.settings import Settings

DATABASE = "crescendai.db"
MANIFEST = "manifest.json"
OBJECTS = "objects"
_BLOCK_BYTES = 1 << 20

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Summary:
    """What a backup holds: rows by table, objects, and the bytes of all its files."""

    rows: dict[str, int]
    objects: int
    size_bytes: int
    created_at: int


async def back_up(settings: Settings, to: Path, report: Report) -> Summary:
    """Make a backup while the server runs. The folder appears when it is complete.

    Raises Conflict when it is there already, InvalidInput when there is nothing to back up or the
    database is not the embedded one, NotFound when an object is missing in the store.
    """
    if settings.postgresql_url is not None:
        raise InvalidInput(
            "backup_elsewhere",
            "The database is PostgreSQL: back it up with pg_dump, and the objects with the means "
            "of their store (docs/guides/production.md).",
        )
    live = settings.data_dir / DATABASE
    if not live.exists():
        raise InvalidInput("backup_empty", f"There is no database in {settings.data_dir}.")
    _refuse_existing(to)
    unfinished = to.with_name(f"{to.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    copy = unfinished / DATABASE
    await asyncio.to_thread(snapshot.copy_database, live, copy)
    removed = await _copy_objects(open_objects(settings), copy, unfinished / OBJECTS, report)
    if removed:
        still_there = removed & snapshot.objects_of(live).keys()
        if still_there:
            raise NotFound("object_missing", f"The object {min(still_there)} is not in the store.")
        await asyncio.to_thread(snapshot.forget_objects, copy, removed)
    if (settings.data_dir / SECRET).exists():
        shutil.copy2(settings.data_dir / SECRET, unfinished / SECRET)
    manifest = await asyncio.to_thread(_describe, unfinished)
    _write(unfinished / MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    unfinished.rename(to)
    return await verify(to)


async def verify(backup: Path) -> Summary:
    """Compare a backup with its manifest and its database with its objects.

    Raises InvalidInput with the first difference.
    """
    manifest = _read_manifest(backup)
    files: dict[str, dict[str, Any]] = manifest["files"]
    found = {path.relative_to(backup).as_posix() for path in _files(backup)} - {MANIFEST}
    for name in sorted(found ^ files.keys()):
        what = "is missing" if name in files else "does not belong"
        raise InvalidInput("backup_damaged", f"{name} {what} in the backup.")
    for name, described in files.items():
        if await asyncio.to_thread(_sha256, backup / name) != described["sha256"]:
            raise InvalidInput("backup_damaged", f"{name} is not what was backed up.")
    snapshot.check_database(backup / DATABASE)
    for key, sha256 in snapshot.objects_of(backup / DATABASE).items():
        if files.get(f"{OBJECTS}/{key}", {}).get("sha256") != sha256:
            raise InvalidInput("backup_damaged", f"The object {key} is not the one in its row.")
    return Summary(
        rows=snapshot.rows_of(backup / DATABASE),
        objects=sum(name.startswith(f"{OBJECTS}/") for name in files),
        size_bytes=sum(described["size_bytes"] for described in files.values()),
        created_at=manifest["created_at"],
    )


async def restore(settings: Settings, backup: Path, report: Report) -> Summary:
    """Put a verified backup into an empty data folder (and its objects into the S3 store, if set).

    Raises Conflict when the data folder holds anything: nothing is ever overwritten.
    """
    summary = await verify(backup)
    data = settings.data_dir
    if data.exists() and any(data.iterdir()):
        raise Conflict(
            "restore_occupied",
            f"The data folder {data} is not empty; nothing is overwritten. Move it away, or set "
            "CRESCENDAI_DATA_DIR to a new one.",
        )
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = open_objects(settings)
    keys = list(snapshot.objects_of(backup / DATABASE))
    for number, key in enumerate(keys, 1):
        await store.put(key, _blocks(backup / OBJECTS / key))
        report(number, len(keys))
    for name in (SECRET, DATABASE):  # the database last: with it the folder is a server's
        if (backup / name).exists():
            unfinished = data / f"{name}.unfinished"
            await asyncio.to_thread(shutil.copy2, backup / name, unfinished)
            unfinished.rename(data / name)
    return summary


async def _copy_objects(store: ObjectStore, database: Path, to: Path, report: Report) -> set[str]:
    """Copy what the rows speak of; returns the keys that are not in the store (any more)."""
    known = snapshot.objects_of(database)
    missing = set()
    for number, key in enumerate(known, 1):
        path = to / key
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("wb") as file:
                async for chunk in store.read(key):
                    file.write(chunk)
        except NotFound:
            path.unlink()
            missing.add(key)
        report(number, len(known))
    return missing


def _refuse_existing(to: Path) -> None:
    if to.exists():
        raise Conflict("backup_exists", f"{to} is there already; name a new folder.")


def _describe(folder: Path) -> dict[str, Any]:
    return {
        "version": crescendai.__version__,
        "created_at": now_ms(),
        "files": {
            path.relative_to(folder).as_posix(): {
                "size_bytes": path.stat().st_size,
                "sha256": _sha256(path),
            }
            for path in sorted(_files(folder))
        },
    }


def _read_manifest(backup: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = orjson.loads((backup / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InvalidInput(
            "backup_incomplete", f"{backup} is no complete backup: it has no {MANIFEST}."
        ) from error
    return manifest


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block

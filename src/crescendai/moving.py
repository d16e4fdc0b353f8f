"""``crescendai migrate-data``: everything of an embedded server into the stores of production."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from pydantic import SecretStr

from crescendai.adapters.database import transfer
from crescendai.adapters.database.engine import Database, sqlite_url
from crescendai.adapters.database.migrate import migrate
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.bootstrap.floor import open_floor, open_objects
from crescendai.bootstrap.services import build_services
from crescendai.chat.recovery import recover
from crescendai.errors import Conflict, InvalidInput, NotFound
from crescendai.jobs.service import is_anybody_working
from crescendai.ports.objects import ObjectStore
from crescendai.settings import Settings

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Moved:
    """What is in both places and the same: rows by table, and objects with their bytes."""

    rows: dict[str, int]
    objects: int
    object_bytes: int


async def move(settings: Settings, to: str, objects_to: str | None, report: Report) -> Moved:
    """Copy, then compare by counts and checksums. May be begun again after it was killed.

    Raises InvalidInput or Conflict before anything is written when the one side is in use or the
    other holds data of its own, and Conflict when the two differ in the end.
    """
    if not (settings.data_dir / "crescendai.db").exists():
        raise InvalidInput(
            "nothing_to_move", f"There is no embedded database in {settings.data_dir}."
        )
    given = {"database_url": None, "objects_url": None, "s3_endpoint": None}
    source_settings = settings.model_copy(update=given)
    target_settings = settings.model_copy(
        update={"database_url": SecretStr(to), "objects_url": objects_to or settings.objects_url}
    )
    source = Database(sqlite_url(settings.data_dir.resolve()))
    target = Database(to)
    try:
        await migrate(source)
        await _refuse_running(source)
        await _end_turns(source_settings)
        await migrate(target)
        if await transfer.strangers(source, target):
            raise Conflict(
                "target_in_use",
                "The database to move to holds people of its own; name an empty one.",
            )
        await transfer.copy(source, target, report)
        files = await _copy_objects(source, source_settings, target_settings, report)
        return Moved(await _compare(source, target), *files)
    finally:
        await source.close()
        await target.close()


async def _refuse_running(source: Database) -> None:
    async with source.transactions.read_once() as session:
        if await is_anybody_working(session):
            raise Conflict(
                "server_running", "A server or worker uses this data folder; stop it first."
            )


async def _end_turns(settings: Settings) -> None:
    """Complete from their journals the answers that a killed server was writing."""
    floor = open_floor(settings)
    try:
        await recover(build_services(floor).chat, settings.data_dir.resolve() / "turns")
    finally:
        await floor.close()


async def _compare(source: Database, target: Database) -> dict[str, int]:
    rows = {}
    for table in transfer.tables():
        here = await transfer.contents(source, table)
        there = await transfer.contents(target, table)
        if here != there:
            raise Conflict(
                "moved_differently",
                f"The table {table.name} differs: {here.rows} rows here, {there.rows} there. "
                "Nothing here was changed; stop whatever uses either and begin again.",
            )
        rows[str(table.name)] = here.rows
    return rows


async def _copy_objects(
    source: Database, here: Settings, there: Settings, report: Report
) -> tuple[int, int]:
    """Each object's SHA-256 is in its row: what arrives is read back and compared with that."""
    if there.objects_url is None:
        return 0, 0
    folder = FolderObjectStore(here.data_dir.resolve() / "objects")
    store = open_objects(there)
    known = await transfer.stored_objects(source)
    moved_bytes = 0
    for number, (key, sha256) in enumerate(known.items(), 1):
        size = await _size(folder, key)
        if size is None:
            raise NotFound("object_missing", f"The object {key} is missing in the data folder.")
        if await _size(store, key) != size:
            await store.put(key, folder.read(key))
        if await _sha256(store.read(key)) != sha256:
            await store.put(key, folder.read(key))
            if await _sha256(store.read(key)) != sha256:
                raise Conflict("moved_differently", f"The object {key} did not arrive as it was.")
        moved_bytes += size
        report("objects", number, len(known))
    return len(known), moved_bytes


async def _size(store: ObjectStore, key: str) -> int | None:
    try:
        return await store.size(key)
    except NotFound:
        return None


async def _sha256(chunks: AsyncIterator[bytes]) -> str:
    digest = hashlib.sha256()
    async for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()

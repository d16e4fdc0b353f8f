"""Use cases of a whole account."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol
from uuid import UUID

import orjson

from crescendai.account import repository
from crescendai.errors import NotFound
from crescendai.identity.service import Caller
from crescendai.kit.sql import Transactions
from crescendai.ports.cache import ClearedCache
from crescendai.ports.objects import ListedStore

Remove = Callable[[Caller, UUID], Awaitable[None]]
OBJECT_KEYS: dict[str, Callable[[dict[str, Any]], str]] = {
    "recordings": lambda row: f"audio-recordings/recordings/{row['id']}.{row['format']}",
    "pending_uploads": lambda row: f"audio-recordings/uploads/{row['id']}",
    "knowledge_documents": lambda row: (
        f"knowledge-documents/documents/{row['id']}/{row['filename']}"
    ),
}
"""Where the object of a row lies (the contract's section 5)."""
PARTS = "audio-recordings/uploads/{id}.parts"
"""Where the parts of an upload lie that was begun."""
_CACHED = ("llm", "embedding")


class Scrubbed(Protocol):
    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the database's files."""


@dataclass(frozen=True)
class Removers:
    """How each slice removes one thing with all that belongs to it, objects and index too."""

    recordings: Remove
    knowledge_documents: Remove
    chat_sessions: Remove
    pending_uploads: Remove


class AccountService:
    def __init__(
        self,
        *,
        transactions: Transactions,
        objects: ListedStore,
        cache: ClearedCache,
        removers: Removers,
        forget: Callable[[Caller], None],
        database: Scrubbed,
        scratch: Path,
    ) -> None:
        self._transactions = transactions
        self._objects = objects
        self._cache = cache
        self._removers = removers
        self._forget = forget
        self._database = database
        self._scratch = scratch

    @asynccontextmanager
    async def exported(self, caller: Caller) -> AsyncIterator[Path]:
        """A ZIP archive for as long as the block lasts.

        It holds ``tables/*.json``, ``arrays/*.npy`` and ``objects/…``.
        """
        self._scratch.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._scratch, suffix=".zip") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                async with self._transactions.read() as session:
                    tables = [found async for found in repository.rows_of(session, caller.user_id)]
                    async for name, array in repository.arrays_of(session, caller.user_id):
                        archive.writestr(f"arrays/{name}", array)
                for name, rows in tables:
                    text = orjson.dumps(rows, option=orjson.OPT_INDENT_2)
                    archive.writestr(f"tables/{name}.json", text)
                    for row in rows if name in OBJECT_KEYS else []:
                        await self._add_object(archive, OBJECT_KEYS[name](row))
                    for row in rows if name == "pending_uploads" else []:
                        async for key, _ in self._objects.list(PARTS.format(id=row["id"])):
                            await self._add_object(archive, key)
            file.flush()
            yield Path(file.name)

    async def _add_object(self, archive: zipfile.ZipFile, key: str) -> None:
        try:
            async with self._objects.as_file(key) as path:
                await asyncio.to_thread(archive.write, path, f"objects/{key}")
        except NotFound:
            return  # being removed at this moment, or lost: the row tells of it

    async def erase(self, caller: Caller) -> None:
        """Remove everything of the user's, and the user: database, objects, index, cache, memory.

        Whatever fails can be done again; nobody is left without an owner meanwhile.
        """
        for table, remove in vars(self._removers).items():
            async with self._transactions.read() as session:
                ids = await repository.ids_of(session, table, caller.user_id)
            for one in ids:
                try:
                    await remove(caller, one)
                except NotFound:
                    continue  # removed by another request meanwhile
        async with self._transactions.write() as session:
            await repository.remove_user(session, caller.user_id)
        for kind in _CACHED:  # answers and questions are cached by their hash alone, so all of them
            await self._cache.clear(kind)
        self._forget(caller)
        await self._database.scrub()

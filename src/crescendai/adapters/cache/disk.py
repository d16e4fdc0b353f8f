"""The embedded cache: a folder on disk that survives a restart.

The library keeps pickles there, so the folder is the server's alone (mode 0700).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import structlog
from cashews import Cache as Cashews

from crescendai.errors import Unavailable

log = structlog.get_logger(__name__)


class DiskCache:
    """The Cache port over cashews' disk backend, shared by the processes of one machine."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._cache = Cashews()
        self._cache.setup(f"disk://?directory={folder}&shards=0")

    async def get(self, key: str) -> bytes | None:
        value = None
        with _no_disk_no_cache():
            value = await self._cache.get(key)
        return value if isinstance(value, bytes) else None

    async def set(self, key: str, value: bytes, expire_sec: float) -> None:
        with _no_disk_no_cache():
            await self._cache.set(key, value, expire=expire_sec)

    async def delete(self, key: str) -> None:
        await self._cache.delete(key)

    async def clear(self, kind: str) -> None:
        await self._cache.delete_match(f"{kind}:*")
        await asyncio.to_thread(_scrub, self._folder)

    async def ping(self) -> None:
        await self.set("ping", b"1", 60)
        if await self.get("ping") != b"1":
            raise Unavailable("cache_down", "The cache cannot be written.")

    async def close(self) -> None:
        await self._cache.close()


@contextmanager
def _no_disk_no_cache() -> Iterator[None]:
    """A disk that is full or gone makes the cache empty, not the request fail."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        log.warning("cache.trouble", cause=str(error))


def _scrub(folder: Path) -> None:
    """Leave nothing of deleted values in the free pages of the cache's own databases."""
    for path in folder.rglob("cache.db"):
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

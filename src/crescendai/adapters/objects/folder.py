"""Objects as files in a folder."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from crescendai.errors import NotFound, Unavailable

_CHUNK_BYTES = 1 << 20
_PART_BYTES = 5 << 20
_UNFINISHED = re.compile(r".*#\d+")  # how the store names a file until it is whole
_ABANDONED_AFTER_SEC = 3600.0


class FolderObjectStore:
    """The embedded ObjectStore. Keys are paths below ``root``; ``..`` is rejected by the store."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._store = LocalStore(str(root), mkdir=True)

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        if ".." in key.split("/"):
            raise ValueError(f"{key!r} would leave the store.")
        size = 0
        failure: BaseException | None = None

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size, failure
            try:
                async for chunk in chunks:
                    size += len(chunk)
                    yield chunk
            except BaseException as error:
                failure = error
                raise

        try:
            await obstore.put_async(
                self._store, key, counted(), chunk_size=_PART_BYTES, use_multipart=True
            )
        except BaseException as error:
            await self.delete(key)
            if failure is not None:
                raise failure from None
            if isinstance(error, (BaseError, OSError)):
                raise _unavailable() from error
            raise
        return size

    async def size(self, key: str) -> int:
        try:
            return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError as error:
            raise _missing(key) from error

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        stop = await self.size(key) if end is None else end
        for at in range(start, stop, _CHUNK_BYTES):
            try:
                part = await obstore.get_range_async(
                    self._store, key, start=at, end=min(at + _CHUNK_BYTES, stop)
                )
            except FileNotFoundError as error:
                raise _missing(key) from error
            yield bytes(part)

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        await self.size(key)
        yield self._root / key

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _unavailable() from error

    async def remove_unfinished(self) -> None:
        """Remove the parts that a killed process left: those that nobody writes any more."""
        await asyncio.to_thread(_remove_unfinished, self._root, time.time() - _ABANDONED_AFTER_SEC)

    async def ping(self) -> None:
        writable = await asyncio.to_thread(_is_writable, self._root)
        if not writable:
            raise _unavailable()


def _remove_unfinished(root: Path, before: float) -> None:
    for path in root.rglob("*#*"):
        if _UNFINISHED.fullmatch(path.name) and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def _is_writable(root: Path) -> bool:
    probe = root / ".ping"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError:
        return False
    return True


def _missing(key: str) -> NotFound:
    return NotFound("object_missing", f"There is no stored object {key}.")


def _unavailable() -> Unavailable:
    return Unavailable("objects_down", "The object store cannot be written; is the disk full?")

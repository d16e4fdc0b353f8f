"""What a folder and an S3 store have in common: both are spoken to through obstore."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore as Store

from crescendai.errors import CrescendError, NotFound, StorageFull, Unavailable

CHUNK_BYTES = 1 << 20
_PART_BYTES = 5 << 20  # the least that S3 takes as a part of a larger object


class StoredObjects(ABC):
    """Most of the ObjectStore port. Whoever inherits says where a key lies."""

    @abstractmethod
    def _place(self, key: str) -> tuple[Store, str]:
        """The store that holds a key, and the key in it."""

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        store, path = self._checked(key)
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
                store, path, counted(), chunk_size=_PART_BYTES, use_multipart=True
            )
        except BaseException as error:
            if failure is not None:
                raise failure from None
            if isinstance(error, (BaseError, OSError)):
                raise trouble(error) from error
            raise
        return size

    async def list(self, folder: str) -> AsyncIterator[tuple[str, int]]:
        """The keys below a folder, and when each was written (ms)."""
        store, path = self._place(f"{folder}/")
        try:
            async for page in obstore.list(store, prefix=path or None):
                for found in page:
                    key = f"{folder}/{found['path'].removeprefix(path)}"
                    yield key, int(found["last_modified"].timestamp() * 1000)
        except (BaseError, OSError) as error:
            raise trouble(error) from error

    async def size(self, key: str) -> int:
        store, path = self._place(key)
        try:
            return int((await obstore.head_async(store, path))["size"])
        except FileNotFoundError as error:
            raise _missing(key) from error
        except (BaseError, OSError) as error:
            raise trouble(error) from error

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        store, path = self._place(key)
        stop = await self.size(key) if end is None else end
        for at in range(start, stop, CHUNK_BYTES):
            try:
                part = await obstore.get_range_async(
                    store, path, start=at, end=min(at + CHUNK_BYTES, stop)
                )
            except FileNotFoundError as error:
                raise _missing(key) from error
            except (BaseError, OSError) as error:
                raise trouble(error) from error
            yield bytes(part)

    async def delete(self, key: str) -> None:
        store, path = self._place(key)
        try:
            await obstore.delete_async(store, path)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise trouble(error) from error

    def _checked(self, key: str) -> tuple[Store, str]:
        if ".." in key.split("/"):
            raise ValueError(f"{key!r} would leave the store.")
        return self._place(key)


def trouble(error: Exception) -> CrescendError:
    """What to say of a store that did not do what it was asked for."""
    if "os error 28" in str(error) or "os error 122" in str(error):  # no space, over quota
        return StorageFull(
            "storage_full", "The disk is full: nothing can be stored until there is room."
        )
    return Unavailable("objects_down", "The object store cannot be used now; try again later.")


def _missing(key: str) -> NotFound:
    return NotFound("object_missing", f"There is no stored object {key}.")

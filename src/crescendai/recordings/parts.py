"""An upload in parts, so that a connection that breaks costs one part and not the whole.

All parts but the last hold ``PART_BYTES``. They may come in any order and more than once; a part
whose stream broke off is not stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from crescendai.errors import Conflict, InvalidInput, NotFound, TooLarge
from crescendai.ports.objects import ListedStore

PART_BYTES = 1024 * 1024


class UploadParts:
    """The parts of pending uploads, each upload's in a folder beside its key."""

    def __init__(self, objects: ListedStore, folder: str, max_upload_bytes: int) -> None:
        self._objects = objects
        self._folder = folder
        self._most = -(-max_upload_bytes // PART_BYTES)

    async def put(self, upload_id: UUID, number: int, chunks: AsyncIterator[bytes]) -> None:
        """Raises TooLarge beyond what an upload may hold, InvalidInput for nothing."""
        if number >= self._most:
            raise TooLarge("upload_too_large", "The file is larger than is accepted.")
        key = self._key(upload_id, number)
        if await self._objects.put(key, _capped(chunks)) == 0:
            await self._objects.delete(key)
            raise InvalidInput("part_empty", "This part of the upload is empty.")

    async def sizes(self, upload_id: UUID) -> list[int]:
        """Of the parts that are there from the first on, without a gap."""
        sizes: list[int] = []
        try:
            while len(sizes) < self._most:
                sizes.append(await self._objects.size(self._key(upload_id, len(sizes))))
        except NotFound:
            pass
        return sizes

    async def read(self, upload_id: UUID, sizes: list[int]) -> AsyncIterator[bytes]:
        """All of them, one after the other. Raises Conflict when one in the middle is short."""
        if any(size != PART_BYTES for size in sizes[:-1]):
            raise Conflict(
                "part_short", f"Every part but the last holds {PART_BYTES} bytes: send it again."
            )
        for number, size in enumerate(sizes):
            async for chunk in self._objects.read(self._key(upload_id, number), 0, size):
                yield chunk

    async def remove(self, upload_id: UUID) -> None:
        """What was stored, and no request for what was not."""
        for key in [key async for key, _ in self._objects.list(self._below(upload_id))]:
            await self._objects.delete(key)

    def _below(self, upload_id: UUID) -> str:
        return f"{self._folder}/{upload_id}.parts"

    def _key(self, upload_id: UUID, number: int) -> str:
        return f"{self._below(upload_id)}/{number:04}"


async def _capped(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    left = PART_BYTES
    async for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise TooLarge("part_too_large", f"A part holds {PART_BYTES} bytes at most.")
        yield chunk

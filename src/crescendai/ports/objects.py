"""The object store: bytes under keys such as ``audio-recordings/recordings/{id}.wav``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal, Protocol

Method = Literal["GET", "PUT"]


class ObjectStore(Protocol):
    """A missing key is a NotFound (code ``object_missing``); an unreachable store Unavailable."""

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store a stream under a key and return its size. Nothing is stored if the stream raises.

        Memory does not grow with the size of the stream. An object of that key is replaced.
        """

    async def size(self, key: str) -> int:
        """Bytes stored under the key."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes ``start`` up to, not including, ``end`` (the whole object by default)."""

    def as_file(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The object as a readable local file, for as long as the block lasts."""

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""

    async def ping(self) -> None:
        """Raise Unavailable when the store cannot be used."""


class ListedStore(ObjectStore, Protocol):
    """A store that tells what it holds."""

    def list(self, folder: str) -> AsyncIterator[tuple[str, int]]:
        """The keys below a folder, and when each was written (ms)."""


class SigningStore(ListedStore, Protocol):
    """A store that lets others read or write one object directly."""

    async def sign(self, method: Method, key: str, expires_sec: int) -> str:
        """A URL with which whoever has it may get or put this object for so long.

        It is relative (begins with ``/api/``) where this server itself answers it.
        """


class SignedObjects(SigningStore, Protocol):
    """A store whose signed addresses this server answers."""

    def check(self, method: Method, key: str, expires_at: int, signature: str) -> None:
        """Raises NotAllowed for an address that was not signed here, or has expired."""

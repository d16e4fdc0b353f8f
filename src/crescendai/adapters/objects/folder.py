"""Objects as files in a folder."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from obstore.store import LocalStore
from obstore.store import ObjectStore as Store

from crescendai.adapters.objects.signed import AddressSigner
from crescendai.adapters.objects.stored import StoredObjects, trouble
from crescendai.ports.objects import Method

_UNFINISHED = re.compile(r".*#\d+")  # how the store names a file until it is whole
_ABANDONED_AFTER_SEC = 3600.0


class FolderObjectStore(StoredObjects):
    """The embedded ObjectStore. Keys are paths below ``root``; ``..`` is rejected by the store.

    ``secret`` is what addresses are signed with.
    """

    def __init__(self, root: Path, secret: bytes = b"") -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._signer = AddressSigner(secret)
        self._store = LocalStore(str(root), mkdir=True, automatic_cleanup=True)

    def _place(self, key: str) -> tuple[Store, str]:
        return self._store, key

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        await self.size(key)
        yield self._root / key

    async def sign(self, method: Method, key: str, expires_sec: int) -> str:
        return self._signer.sign(method, key, expires_sec)

    def check(self, method: Method, key: str, expires_at: int, signature: str) -> None:
        self._signer.check(method, key, expires_at, signature)

    async def remove_unfinished(self) -> None:
        """Remove the parts that a killed process left: those that nobody writes any more."""
        await asyncio.to_thread(_remove_unfinished, self._root, time.time() - _ABANDONED_AFTER_SEC)

    async def ping(self) -> None:
        try:
            await asyncio.to_thread(_write_and_remove, self._root / ".ping")
        except OSError as error:
            raise trouble(error) from error


def _remove_unfinished(root: Path, before: float) -> None:
    for path in root.rglob("*#*"):
        if _UNFINISHED.fullmatch(path.name) and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def _write_and_remove(probe: Path) -> None:
    probe.write_bytes(b"")
    probe.unlink()

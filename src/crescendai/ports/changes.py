"""Word that something changed, from any process to whoever watches it in any other."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Watch(Protocol):
    async def news(self) -> None:
        """Return when the topic may have changed, and after a few seconds at the latest."""


class Changes(Protocol):
    """Best effort: word may be lost. What is true stands in the database; look there."""

    async def announce(self, topic: str) -> None: ...

    def watch(self, topic: str) -> AbstractAsyncContextManager[Watch]:
        """From the beginning of the block on no announcement is missed by ``news``."""

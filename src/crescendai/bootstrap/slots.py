"""The names of workers, each held by one process at a time."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from pathlib import Path
from typing import IO

from crescendai.errors import Unavailable
from crescendai.kit.process import try_lock
from crescendai.settings import Settings

_LOCK_WITHIN_SEC = 10.0


def own_slot(settings: Settings, number: int = 0) -> str:
    """A worker's name, the same after a restart. In PostgreSQL those of many machines meet."""
    if settings.postgresql_url is None:
        return f"worker-{number}"
    place = f"{socket.gethostname()}:{settings.data_dir.resolve()}"
    return f"worker-{number}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


async def hold_slot(path: Path, slot: str) -> IO[bytes]:
    """The slot's lock, held until it is closed. Raises Unavailable when another holds it."""
    deadline = asyncio.get_running_loop().time() + _LOCK_WITHIN_SEC
    while True:
        lock = try_lock(path)
        if lock is not None:
            return lock
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable(
                "slot_taken",
                f"Another process works in the slot {slot} of this data folder; stop it, or "
                "choose another --slot.",
            )
        await asyncio.sleep(0.2)

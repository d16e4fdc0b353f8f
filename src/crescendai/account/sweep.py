"""Objects that a crash left behind: stored, but in no row."""

from __future__ import annotations

import structlog

from crescendai.account import repository
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.sql import Transactions
from crescendai.ports.objects import ListedStore

log = structlog.get_logger(__name__)
FOLDERS = (
    "audio-recordings/recordings",
    "audio-recordings/uploads",
    "knowledge-documents/documents",
)
ORPHAN_AFTER_MS = DAY_MS
"""An upload writes its object first and its row a little later."""


async def sweep_orphans(transactions: Transactions, objects: ListedStore) -> int:
    """Remove every object older than a day that belongs to no row; how many there were."""
    before = now_ms() - ORPHAN_AFTER_MS
    swept = 0
    for folder in FOLDERS:
        old = [key async for key, written in objects.list(folder) if written < before]
        if not old:
            continue
        async with transactions.read() as session:
            known = await repository.object_names(session, folder)
        for key in old:
            name = key.removeprefix(f"{folder}/").partition("/")[0].partition(".")[0]
            if name not in known:
                await objects.delete(key)
                swept += 1
    if swept:
        log.info("objects.swept", count=swept)
    return swept

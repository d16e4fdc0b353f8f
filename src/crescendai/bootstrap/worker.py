"""A worker: a process that listens to recordings and takes documents in."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import threading
from pathlib import Path

from crescendai.adapters.documents.process import ProcessParser
from crescendai.adapters.models.local_analyzer import LocalAnalyzer
from crescendai.bootstrap.floor import Floor, opened
from crescendai.bootstrap.slots import hold_slot, own_slot
from crescendai.errors import InvalidInput
from crescendai.jobs.worker import Worker
from crescendai.kit.process import end_with_parent
from crescendai.knowledge import tasks as knowledge_tasks
from crescendai.knowledge.ingestion import IngestionService
from crescendai.knowledge.reindexing import ReindexService
from crescendai.recordings import tasks as recordings_tasks
from crescendai.recordings.analyze import AnalysisService
from crescendai.settings import Settings

_NICENESS = 5  # of the processors, whoever waits for a page gets three times as much
_STOP_WITHIN_SEC = 8.0  # before the next worker of the slot stops waiting for the lock


def build_analyzer(settings: Settings, scratch: Path) -> LocalAnalyzer:
    return LocalAnalyzer(threads=settings.analysis_threads, scratch=scratch)


def _scratch(settings: Settings, slot: str) -> Path:
    return settings.data_dir.resolve() / "scratch" / slot


def build_worker(floor: Floor, slot: str) -> Worker:
    transactions = floor.database.transactions
    analysis = AnalysisService(
        transactions=transactions,
        objects=floor.objects,
        changes=floor.changes,
        analyzer=build_analyzer(floor.settings, _scratch(floor.settings, slot)),
    )
    ingestion = IngestionService(
        transactions=transactions,
        objects=floor.objects,
        parser=ProcessParser(),
        models=floor.text_models,
    )
    reindexing = ReindexService(transactions=transactions, models=floor.text_models)
    return Worker(
        transactions,
        handlers={
            **recordings_tasks.handlers(analysis),
            **knowledge_tasks.handlers(ingestion, reindexing),
        },
        engine_url=floor.settings.postgresql_url
        or f"sqlite:///{floor.settings.data_dir.resolve() / 'jobs.db'}",
        slot=slot,
    )


async def work(settings: Settings, slot: str | None, with_parent: bool) -> None:
    """Be a worker until SIGINT or SIGTERM. Jobs then running are done again by the next one."""
    os.nice(_NICENESS)
    if with_parent:
        end_with_parent()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        patience = threading.Timer(_STOP_WITHIN_SEC, os._exit, (1,))
        patience.daemon = True  # a worker that cannot stop must not keep its slot from the next
        patience.start()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)
    async with opened(settings) as floor:
        await run_worker(floor, slot or own_slot(settings), stop)
    sys.stderr.flush()
    os._exit(0)  # a listening thread may be deep inside the model; its job is durable


async def run_worker(floor: Floor, slot: str, stop: asyncio.Event) -> None:
    """Work in a slot until ``stop``. Raises Unavailable when another process holds the slot."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", slot):
        raise InvalidInput("slot_invalid", "A --slot is made of letters, digits, - and _ only.")
    with await hold_slot(floor.settings.data_dir / f"{slot}.lock", slot):
        # what a predecessor left behind when it was ended in the middle of an analysis
        await asyncio.to_thread(shutil.rmtree, _scratch(floor.settings, slot), ignore_errors=True)
        await build_worker(floor, slot).run(stop)

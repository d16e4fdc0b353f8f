"""How what is said becomes lasting: journal → shown → stored, for every turn of this process.

say()      at once, or 1 ms after the last time, for all turns that spoke meanwhile: one write to
           the journal, then the followers see it
flush      every tenth of a second, or less often when it takes long: brief transactions of a few
           turns each, so that no turn that begins or ends waits long for its own
look       when word comes, or as often as whoever brings it sees fit: which of them another
           process was asked to stop
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from uuid import UUID

import structlog

from crescendai.chat import turn_repository
from crescendai.chat.journal import Journal
from crescendai.chat.turn import Turn
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from crescendai.ports.changes import Changes

PUBLISH_SEC = 0.001
LOOK_SEC = 0.1
FLUSH_SHARE = 0.05
"""How much of the time flushing may take; the journal has all of it meanwhile."""
LONGEST_UNFLUSHED_SEC = 1.0
TURNS_A_FLUSH = 16
BEAT_SEC = 5.0
PING_SEC = 15.0

log = structlog.get_logger(__name__)


def topic_of(runner: str) -> str:
    """Under which a process tells that more of its turns is stored."""
    return f"turns:{runner}"


def stops_of(runner: str) -> str:
    """Under which a process is told that some of its turns are to be stopped."""
    return f"stops:{runner}"


class Ledger:
    """Opens its journal at the first turn. ``runner`` names this process in the database."""

    def __init__(self, transactions: Transactions, folder: Path, changes: Changes) -> None:
        self.runner = new_id().hex
        self.folder = folder
        self._transactions = transactions
        self._changes = changes
        self._announcing: asyncio.Task[None] | None = None
        self._journal: Journal | None = None
        self._running: dict[UUID, Turn] = {}
        self._spoke: set[Turn] = set()
        self._flushing: asyncio.Task[None] | None = None
        self._heeding: asyncio.Task[None] | None = None
        self._published_at = 0.0

    def open(self, turn: Turn) -> None:
        """Take a turn in; from now on it may ``say``."""
        if self._journal is None:
            self._journal = Journal(self.folder, self.runner)
        self._running[turn.id] = turn
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._keep_flushing(), name="turn-ledger")
        if self._heeding is None or self._heeding.done():
            self._heeding = asyncio.create_task(self._heed_stops(), name="turn-stops")

    def say(self, turn: Turn) -> None:
        """Have everything the turn wrote down shown, as soon as it is in the journal."""
        turn.say()
        if not self._spoke:
            asyncio.get_running_loop().call_at(self._published_at + PUBLISH_SEC, self._publish)
        self._spoke.add(turn)

    def close(self, turn: Turn) -> None:
        """Let go of a turn that is stored as a whole."""
        self._running.pop(turn.id, None)
        self._spoke.discard(turn)

    def announce(self) -> None:
        """Let processes that follow turns of this one know that there is more to read."""
        if self._announcing is None or self._announcing.done():
            topic = topic_of(self.runner)
            self._announcing = asyncio.create_task(self._changes.announce(topic))

    async def shut(self) -> None:
        """End the flushing and remove the journal. For a shutdown, when no turn runs any more."""
        tasks = [task for task in (self._flushing, self._heeding) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._journal is not None and not self._running:
            self._journal.close()
            self._journal = None

    def _publish(self) -> None:
        spoke, self._spoke = self._spoke, set()
        self._published_at = asyncio.get_running_loop().time()
        news = [(turn, turn.unshown()) for turn in spoke]
        try:
            if self._journal is not None:
                self._journal.write(batch for _, batch in news)
        except OSError as error:  # the disk is full: better shown and perhaps lost than not shown
            log.error("journal.not_written", cause=error.strerror)
        for turn, batch in news:
            turn.show(batch)

    async def _keep_flushing(self) -> None:
        beat_due = time.monotonic() + BEAT_SEC
        ping_due = time.monotonic() + PING_SEC
        flush_due = 0.0
        while self._running:
            await asyncio.sleep(LOOK_SEC)
            now = time.monotonic()
            try:
                if now >= flush_due:
                    await self._flush(beats=now >= beat_due)
                    took_sec = time.monotonic() - now
                    flush_due = now + min(took_sec / FLUSH_SHARE, LONGEST_UNFLUSHED_SEC)
                    beat_due = now + BEAT_SEC if now >= beat_due else beat_due
            except Exception as error:  # noqa: BLE001 - the loop must go on; the journal has it all
                log.error("turns.not_flushed", cause=type(error).__name__)
            if now >= ping_due:
                ping_due = now + PING_SEC
                for turn in list(self._running.values()):
                    turn.ping()

    async def _heed_stops(self) -> None:
        async with self._changes.watch(stops_of(self.runner)) as watch:
            while self._running:
                try:
                    await self._look()
                except Exception as error:  # noqa: BLE001 - looked again; the database may be back
                    log.error("turns.not_looked_at", cause=type(error).__name__)
                await watch.news()

    async def _look(self) -> None:
        """Stop the turns that another process was asked to stop."""
        async with self._transactions.read_briefly() as session:
            stops = await turn_repository.stops_asked(session, self.runner)
        for turn_id in stops:
            if turn_id in self._running:
                self._running[turn_id].stop()

    async def _flush(self, beats: bool) -> None:
        due = [(turn, turn.unstored()) for turn in self._running.values()]
        due = [(turn, batch) for turn, batch in due if batch.events]
        journal = self._journal
        if journal is not None:
            journal.turn_over()
        for at in range(0, len(due), TURNS_A_FLUSH):
            some = due[at : at + TURNS_A_FLUSH]
            async with self._transactions.write_briefly() as session:
                await turn_repository.add_events(session, [batch for _, batch in some])
            for turn, batch in some:
                turn.stored += len(batch.events)
            await asyncio.sleep(0)  # others may write in between
        if journal is not None:
            journal.forget()
        if due:
            self.announce()
        if beats:
            async with self._transactions.write() as session:
                await turn_repository.beat(session, list(self._running), now_ms())

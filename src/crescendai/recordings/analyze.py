"""The life of an analysis: what the worker does for one recording."""

from __future__ import annotations

import asyncio
import io
import time
from dataclasses import asdict, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt
import structlog

from crescendai.kit.clock import now_ms
from crescendai.kit.sql import Transactions
from crescendai.music.notes import note_array, pedal_array
from crescendai.ports.changes import Changes
from crescendai.ports.objects import ObjectStore
from crescendai.ports.performance import Heard, PerformanceAnalyzer, Progress, Refused
from crescendai.recordings import repository
from crescendai.recordings.schemas import FINAL, Analysis
from crescendai.recordings.service import object_key, topic
from crescendai.recordings.tables import AnalysisRow

log = structlog.get_logger(__name__)

# Where each stage begins and ends in per cent of the whole: transcription takes nearly all of it.
STAGES = {
    "decoding": (0, 5),
    "transcribing": (5, 95),
    "measuring": (95, 97),
    "scoring": (97, 100),
}
_REPORT_EVERY_SEC = 0.25


def overall_percent(stage: str, share: float) -> int:
    """Per cent of the whole when ``share`` (0–1) of a stage is done."""
    begin, end = STAGES[stage]
    return int(begin + (end - begin) * min(max(share, 0.0), 1.0))


def to_analysis(heard: Heard, recording_id: UUID, took_ms: int, at_ms: int) -> Analysis:
    """What was heard, in the shape that is stored and sent; notes and pedal are kept apart."""
    fields = asdict(replace(heard, notes=[], pedal=[]))
    del fields["notes"], fields["pedal"]
    return Analysis(
        recording_id=recording_id, processing_time_ms=took_ms, created_at=at_ms, **fields
    )


class AnalysisService:
    """Carries out ``recordings.analyze`` jobs. Idempotent: the last result replaces any before."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        objects: ObjectStore,
        changes: Changes,
        analyzer: PerformanceAnalyzer,
    ) -> None:
        self._transactions = transactions
        self._objects = objects
        self._changes = changes
        self._analyzer = analyzer

    async def analyze(self, recording_id: UUID) -> None:
        """Listen to a recording and store what was heard, or why it was refused."""
        async with self._transactions.read_once() as session:
            row = await repository.by_id(session, recording_id)
        if row is None or row.status in FINAL:
            return
        began = time.monotonic()
        reporter = _Reporter(self._transactions, self._changes, recording_id)
        listening = asyncio.create_task(self._listen(recording_id, row.format, reporter.report))
        reporter.watch(listening)
        try:
            heard = await listening
        except Refused as refusal:
            await reporter.close()  # or it would overwrite the end
            await self._end(recording_id, "refused", refusal.code, refusal.reason)
            return
        except (asyncio.CancelledError, _Unwanted):
            if not reporter.unwanted:
                raise
            log.info("analysis.abandoned", recording=str(recording_id))
            return
        finally:
            await reporter.close()
        await self._store(recording_id, heard, int((time.monotonic() - began) * 1000))

    async def _listen(self, recording_id: UUID, extension: str, progress: Progress) -> Heard:
        async with self._objects.as_file(object_key(recording_id, extension)) as path:
            return await self._analyzer.analyze(path, progress)

    async def give_up(self, recording_id: UUID, reason: str) -> None:
        """Say that there will be no analysis, unless the recording has got its answer after all."""
        async with self._transactions.read_once() as session:
            row = await repository.by_id(session, recording_id)
        if row is None or row.status in FINAL:
            return
        await self._end(recording_id, "failed", "analysis_failed", reason)

    async def _end(self, recording_id: UUID, status: str, code: str, reason: str) -> None:
        async with self._transactions.write() as session:
            await repository.change(
                session,
                recording_id,
                status=status,
                stage="done",
                percent=100,
                problem_code=code,
                problem_reason=reason,
                updated_at=now_ms(),
            )
        await self._changes.announce(topic(recording_id))

    async def _store(self, recording_id: UUID, heard: Heard, took_ms: int) -> None:
        at = now_ms()
        document = to_analysis(heard, recording_id, took_ms, at)
        result = AnalysisRow(
            recording_id=recording_id,
            model_version=heard.model_version,
            document=document.model_dump(mode="json"),
            notes=_npy(note_array(heard.notes)),
            pedal=_npy(pedal_array(heard.pedal)),
            created_at=at,
        )
        async with self._transactions.write() as session:
            awaited = await repository.change(
                session,
                recording_id,
                status="ready",
                stage="done",
                percent=100,
                duration=heard.duration,
                problem_code=None,
                problem_reason=None,
                updated_at=at,
            )
            if awaited:  # neither removed nor cancelled meanwhile, nor ready by another worker
                await repository.save_analysis(session, result)
        await self._changes.announce(topic(recording_id))


class _Unwanted(Exception):
    """The recording was removed, or its analysis cancelled, while it was being listened to."""


class _Reporter:
    """Carries progress from the analyser's thread into the database, a few times a second.

    When it finds that the analysis is not wanted any more, it cancels the task that it watches,
    and the next report raises _Unwanted for analysers that cannot be cancelled otherwise.
    """

    def __init__(self, transactions: Transactions, changes: Changes, recording_id: UUID) -> None:
        self.unwanted = False
        self._transactions = transactions
        self._changes = changes
        self._recording_id = recording_id
        self._latest: tuple[str, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def watch(self, listening: asyncio.Task[Heard]) -> None:
        self._task = asyncio.create_task(self._run(listening))

    def report(self, stage: str, share: float) -> None:
        if self.unwanted:
            raise _Unwanted
        self._latest = (stage, overall_percent(stage, share))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, listening: asyncio.Task[Heard]) -> None:
        written = None
        while not self.unwanted:
            if self._latest is not None and self._latest != written:
                written = self._latest
                self.unwanted = not await self._write(*written)
            else:
                async with self._transactions.read_once() as session:
                    wanted = await repository.awaits_analysis(session, self._recording_id)
                self.unwanted = not wanted
            if not self.unwanted:
                await asyncio.sleep(_REPORT_EVERY_SEC)
        listening.cancel()

    async def _write(self, stage: str, percent: int) -> bool:
        async with self._transactions.write() as session:
            wanted = await repository.change(
                session,
                self._recording_id,
                status="analyzing",
                stage=stage,
                percent=percent,
                updated_at=now_ms(),
            )
        await self._changes.announce(topic(self._recording_id))
        return wanted


def _npy(array: npt.NDArray[np.void]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()

"""Use cases of recordings: submit, look at, listen to, remove."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.errors import Conflict, NotFound
from crescendai.identity.service import Caller
from crescendai.jobs.service import enqueue
from crescendai.kit.clock import now_ms
from crescendai.kit.filenames import plain_name
from crescendai.kit.ids import new_id
from crescendai.kit.paging import Page, cut, decode_cursor
from crescendai.kit.sql import Transactions
from crescendai.music.notes import NoteArray, PedalArray
from crescendai.ports.cache import Cache
from crescendai.ports.changes import Changes, Watch
from crescendai.ports.objects import ObjectStore
from crescendai.ports.performance import AudioInfo, AudioProbe
from crescendai.recordings import repository
from crescendai.recordings.formats import CONTENT_TYPES
from crescendai.recordings.intake import Intake
from crescendai.recordings.schemas import FINAL, Analysis, Problem, Recording
from crescendai.recordings.tables import AnalysisRow, RecordingRow

ANALYZE = "recordings.analyze"
BUCKET = "audio-recordings"
METADATA_LIFE_SEC = 3600.0
ENDED_EARLY = ("failed", "cancelled")


@dataclass(frozen=True)
class Submitted:
    """``new`` is False when the caller had already sent these bytes."""

    recording: Recording
    new: bool


@dataclass(frozen=True)
class HeardNotes:
    analysis: Analysis
    notes: NoteArray
    pedal: PedalArray


class Meter(Protocol):
    """Counts what a user stores and has analysed; raises QuotaSpent when that is too much."""

    async def admit(self, session: AsyncSession, owner_id: UUID, heard_sec: float = 0) -> None: ...


class RecordingService:
    """Everything a caller may do with their recordings; somebody else's do not exist for them."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        objects: ObjectStore,
        probe: AudioProbe,
        cache: Cache,
        changes: Changes,
        max_upload_bytes: int,
        meter: Meter | None = None,
    ) -> None:
        self._transactions = transactions
        self._objects = objects
        self._probe = probe
        self._cache = cache
        self._changes = changes
        self._max_upload_bytes = max_upload_bytes
        self._meter = meter

    async def submit(
        self,
        caller: Caller,
        filename: str,
        chunks: AsyncIterator[bytes],
        recording_id: UUID | None = None,
    ) -> Submitted:
        """Store a recording and promise its analysis.

        Raises TooLarge, UnsupportedFormat, InvalidInput (empty, damaged, cut short) or QuotaSpent;
        nothing is stored then.
        """
        recording_id = recording_id or new_id()
        intake = Intake(self._max_upload_bytes)
        async with aclosing(intake.accept(chunks)) as accepted:
            first = await anext(accepted)
            key = object_key(recording_id, intake.format)
            await self._objects.put(key, _chain(first, accepted))
        try:
            submitted = await self._register(caller, recording_id, filename, intake)
        except BaseException:
            await self._discard(recording_id, key)
            raise
        if submitted.recording.recording_id != recording_id:
            await self._objects.delete(key)
        return submitted

    async def _discard(self, recording_id: UUID, key: str) -> None:
        """Remove the audio, unless its row was stored in spite of what went wrong."""
        async with self._transactions.read_once() as session:
            stored = await repository.by_id(session, recording_id)
        if stored is None:
            await self._objects.delete(key)

    async def _register(
        self, caller: Caller, recording_id: UUID, filename: str, intake: Intake
    ) -> Submitted:
        async with self._objects.as_file(object_key(recording_id, intake.format)) as path:
            info = await self._probe.probe(path)
        row = _new_row(caller, recording_id, filename, intake, info)
        try:
            async with self._transactions.write() as session:
                known = await repository.by_hash(session, caller.user_id, row.sha256, lock=True)
                if known is None:
                    await repository.add(session, row)
                    await repository.forget_upload(session, row.id)
                    if self._meter is not None:
                        await self._meter.admit(session, caller.user_id, info.duration_sec)
                    await _promise_analysis(session, row)
                    return Submitted(to_wire(row), new=True)
                if known.status in ENDED_EARLY:
                    await _queue_again(session, known)
                return Submitted(to_wire(known), new=False)
        except IntegrityError:  # the same bytes, sent twice at the same time
            async with self._transactions.read_once() as session:
                known = await repository.by_hash(session, caller.user_id, row.sha256)
            if known is None:
                raise
            return Submitted(to_wire(known), new=False)

    async def list(self, caller: Caller, cursor: str | None, limit: int) -> Page[Recording]:
        after = decode_cursor(cursor)
        async with self._transactions.read_once() as session:
            rows = await repository.page(session, caller.user_id, after, limit + 1)
        shown, following = cut(rows, limit)
        return Page([to_wire(row) for row in shown], following)

    async def get(self, caller: Caller, recording_id: UUID) -> Recording:
        """Once it is ready it changes no more until it is removed, so that it may be cached."""
        key = _metadata_key(caller, recording_id)
        kept = await self._cache.get(key)
        if kept is not None:
            return Recording.model_validate_json(kept)
        recording = to_wire(await self._own(caller, recording_id))
        if recording.status == "ready":
            await self._cache.set(key, recording.model_dump_json().encode(), METADATA_LIFE_SEC)
            try:  # removed between reading and keeping it?
                await self._own(caller, recording_id)
            except NotFound:
                await self._cache.delete(key)
                raise
        return recording

    def watch(self, recording_id: UUID) -> AbstractAsyncContextManager[Watch]:
        """Hear of changes to a recording's state."""
        return self._changes.watch(topic(recording_id))

    async def _own(self, caller: Caller, recording_id: UUID) -> RecordingRow:
        async with self._transactions.read_once() as session:
            row = await repository.owned(session, caller.user_id, recording_id)
        if row is None:
            raise not_found()
        return row

    async def analysis(self, caller: Caller, recording_id: UUID) -> Analysis:
        """What was heard. Raises Conflict while it is pending, or when there is none to come."""
        return Analysis.model_validate((await self._analysis_row(caller, recording_id)).document)

    async def heard(self, caller: Caller, recording_id: UUID) -> HeardNotes:
        """The analysis with its notes and pedal. Raises as ``analysis`` does."""
        row = await self._analysis_row(caller, recording_id)
        analysis = Analysis.model_validate(row.document)
        return HeardNotes(analysis, _array(row.notes), _array(row.pedal))

    async def _analysis_row(self, caller: Caller, recording_id: UUID) -> AnalysisRow:
        async with self._transactions.read() as session:
            row = await repository.owned(session, caller.user_id, recording_id)
            found = await repository.analysis(session, recording_id) if row else None
        if row is None:
            raise not_found()
        if row.status == "cancelled":
            raise Conflict("analysis_cancelled", "The analysis was cancelled.")
        if row.status in ("refused", "failed"):
            raise Conflict(f"analysis_{row.status}", row.problem_reason or "There is no analysis.")
        if found is None:
            raise Conflict("analysis_pending", "The analysis is still running.")
        return found

    async def cancel(self, caller: Caller, recording_id: UUID) -> Recording:
        """End an analysis that is queued or running; the recording stays.

        Raises Conflict when it is over already.
        """
        async with self._transactions.write() as session:
            row = await repository.owned_to_change(session, caller.user_id, recording_id)
            if row is None:
                raise not_found()
            if row.status in FINAL:
                raise Conflict(
                    "analysis_not_running", f"This recording is {row.status}; nothing is running."
                )
            row.status = row.stage = "cancelled"
            row.updated_at = now_ms()
        await self._changes.announce(topic(recording_id))
        return to_wire(row)

    async def retry(self, caller: Caller, recording_id: UUID) -> Recording:
        """Analyse once more what failed or was cancelled. Raises Conflict for any other."""
        async with self._transactions.write() as session:
            row = await repository.owned_to_change(session, caller.user_id, recording_id)
            if row is None:
                raise not_found()
            if row.status not in ENDED_EARLY:
                raise Conflict(
                    "analysis_not_over",
                    f"This recording is {row.status}; there is nothing to redo.",
                )
            await _queue_again(session, row)
        await self._changes.announce(topic(recording_id))
        return to_wire(row)

    async def audio_size(self, recording: Recording) -> int:
        return await self._objects.size(object_key(recording.recording_id, recording.format))

    def read_audio(self, recording: Recording, start: int, end: int) -> AsyncIterator[bytes]:
        return self._objects.read(object_key(recording.recording_id, recording.format), start, end)

    async def remove(self, caller: Caller, recording_id: UUID) -> None:
        """Audio, analysis and feedback go together; a running analysis ends without a result."""
        async with self._transactions.write() as session:
            row = await repository.owned_to_change(session, caller.user_id, recording_id)
            if row is None:
                raise not_found()
            await repository.remove(session, recording_id)
        await self._cache.delete(_metadata_key(caller, recording_id))
        await self._changes.announce(topic(recording_id))
        await self._objects.delete(object_key(recording_id, row.format))


def _array(npy: bytes) -> NoteArray:
    array: NoteArray = np.load(io.BytesIO(npy), allow_pickle=False)
    return array


def topic(recording_id: UUID) -> str:
    """What changes to a recording are announced under."""
    return f"recording:{recording_id}"


def object_key(recording_id: UUID, extension: str) -> str:
    return f"{BUCKET}/recordings/{recording_id}.{extension}"


def _metadata_key(caller: Caller, recording_id: UUID) -> str:
    return f"metadata:{recording_id}:{caller.user_id}"


def not_found() -> NotFound:
    return NotFound("recording_missing", "There is no such recording.")


def to_wire(row: RecordingRow) -> Recording:
    problem = None
    if row.problem_code is not None:
        problem = Problem(code=row.problem_code, reason=row.problem_reason or "")
    return Recording.model_validate(
        {
            "recording_id": row.id,
            "filename": row.filename,
            "format": row.format,
            "content_type": CONTENT_TYPES[row.format],
            "size_bytes": row.size_bytes,
            "sha256": row.sha256,
            "status": row.status,
            "stage": row.stage,
            "percent": row.percent,
            "problem": problem,
            "duration": row.duration,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def _new_row(
    caller: Caller, recording_id: UUID, filename: str, intake: Intake, info: AudioInfo
) -> RecordingRow:
    at = now_ms()
    return RecordingRow(
        id=recording_id,
        owner_id=caller.user_id,
        filename=plain_name(filename, f"recording.{intake.format}"),
        format=intake.format,
        size_bytes=intake.size_bytes,
        sha256=intake.sha256,
        status="queued",
        stage="queued",
        percent=0,
        problem_code=None,
        problem_reason=None,
        duration=info.duration_sec,
        created_at=at,
        updated_at=at,
    )


async def _queue_again(session: AsyncSession, row: RecordingRow) -> None:
    row.status = row.stage = "queued"
    row.percent = 0
    row.problem_code = row.problem_reason = None
    row.updated_at = now_ms()
    await session.flush()
    await _promise_analysis(session, row)


async def _promise_analysis(session: AsyncSession, row: RecordingRow) -> None:
    await enqueue(session, ANALYZE, {"recording_id": str(row.id)}, owner_id=row.owner_id)


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk

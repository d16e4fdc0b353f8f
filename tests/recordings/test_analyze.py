"""The life of an analysis, with an analyser that only counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.identity.service import Caller, IdentityService
from crescendai.kit.sql import Transactions
from crescendai.ports.performance import AudioInfo, Heard, Progress
from crescendai.recordings.analyze import AnalysisService
from crescendai.recordings.service import RecordingService


class Trusting:
    async def probe(self, path: Path) -> AudioInfo:
        return AudioInfo("wav", "pcm_s16le", 5.0, 44_100, 1)


class Endless:
    """Listens until a report of its progress raises."""

    def __init__(self) -> None:
        self.began = asyncio.Event()

    async def analyze(self, path: Path, progress: Progress) -> Heard:
        self.began.set()
        return await asyncio.to_thread(self._listen, progress)

    def _listen(self, progress: Progress) -> Heard:
        deadline = time.monotonic() + 20
        step = 0
        while time.monotonic() < deadline:
            step += 1
            progress("transcribing", step / 1000)
            time.sleep(0.02)
        raise AssertionError("Nobody stopped the analysis.")


async def wav() -> AsyncIterator[bytes]:
    yield b"RIFF\x00\x00\x00\x00WAVE" + bytes(100)


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjectStore:
    return FolderObjectStore(tmp_path / "objects")


@pytest.fixture
def recordings(transactions: Transactions, objects: FolderObjectStore) -> RecordingService:
    return RecordingService(
        transactions=transactions, objects=objects, probe=Trusting(), max_upload_bytes=1000
    )


async def submitted(
    recordings: RecordingService, transactions: Transactions
) -> tuple[Caller, UUID]:
    caller = await IdentityService(transactions, False).ensure_user()
    return caller, (await recordings.submit(caller, "a.wav", wav())).recording.recording_id


async def test_removing_a_recording_ends_its_analysis(
    transactions: Transactions, objects: FolderObjectStore, recordings: RecordingService
) -> None:
    caller, recording_id = await submitted(recordings, transactions)
    analyzer = Endless()
    service = AnalysisService(transactions=transactions, objects=objects, analyzer=analyzer)
    running = asyncio.create_task(service.analyze(recording_id))
    await analyzer.began.wait()
    await recordings.remove(caller, recording_id)
    await asyncio.wait_for(running, 10)


async def test_giving_up_does_not_overrule_an_answer(
    transactions: Transactions, objects: FolderObjectStore, recordings: RecordingService
) -> None:
    caller, recording_id = await submitted(recordings, transactions)
    service = AnalysisService(transactions=transactions, objects=objects, analyzer=Endless())
    await service.give_up(recording_id, "the first reason")
    await service.give_up(recording_id, "the second reason")
    recording = await recordings.get(caller, recording_id)
    assert recording.status == "failed"
    assert recording.problem is not None
    assert recording.problem.reason == "the first reason"

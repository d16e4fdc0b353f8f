"""The life of an analysis, with an analyser that only counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from crescendai.adapters.cache.counted import CountedCache
from crescendai.adapters.cache.disk import DiskCache
from crescendai.adapters.changes.polled import PolledChanges
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.errors import Conflict, NotFound
from crescendai.identity.service import Caller, IdentityService
from crescendai.kit.sql import Transactions
from crescendai.ports.performance import AudioInfo, Heard, Progress
from crescendai.recordings import repository
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
async def cache(tmp_path: Path) -> AsyncIterator[CountedCache]:
    disk = DiskCache(tmp_path / "cache")
    yield CountedCache(disk)
    await disk.close()


@pytest.fixture
def recordings(
    transactions: Transactions, objects: FolderObjectStore, cache: CountedCache
) -> RecordingService:
    return RecordingService(
        transactions=transactions,
        objects=objects,
        probe=Trusting(),
        cache=cache,
        changes=PolledChanges(),
        max_upload_bytes=1000,
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
    service = AnalysisService(
        transactions=transactions, objects=objects, changes=PolledChanges(), analyzer=analyzer
    )
    running = asyncio.create_task(service.analyze(recording_id))
    await analyzer.began.wait()
    await recordings.remove(caller, recording_id)
    await asyncio.wait_for(running, 10)


class Patient:
    """Listens without ever saying how far it is, until it is cancelled."""

    def __init__(self) -> None:
        self.began = asyncio.Event()

    async def analyze(self, path: Path, progress: Progress) -> Heard:
        self.began.set()
        await asyncio.sleep(60)
        raise AssertionError("Nobody stopped the analysis.")


@pytest.mark.parametrize("analyzer_class", [Endless, Patient])
async def test_cancelling_ends_a_running_analysis_and_keeps_the_recording(
    transactions: Transactions,
    objects: FolderObjectStore,
    recordings: RecordingService,
    analyzer_class: type[Endless] | type[Patient],
) -> None:
    caller, recording_id = await submitted(recordings, transactions)
    analyzer = analyzer_class()
    service = AnalysisService(
        transactions=transactions, objects=objects, changes=PolledChanges(), analyzer=analyzer
    )
    running = asyncio.create_task(service.analyze(recording_id))
    await analyzer.began.wait()
    assert (await recordings.cancel(caller, recording_id)).status == "cancelled"
    await asyncio.wait_for(running, 10)
    assert (await recordings.get(caller, recording_id)).status == "cancelled"
    with pytest.raises(Conflict, match="cancelled"):
        await recordings.analysis(caller, recording_id)
    with pytest.raises(Conflict, match="nothing is running"):
        await recordings.cancel(caller, recording_id)


async def test_a_cancelled_analysis_can_be_asked_for_again(
    transactions: Transactions, objects: FolderObjectStore, recordings: RecordingService
) -> None:
    caller, recording_id = await submitted(recordings, transactions)
    with pytest.raises(Conflict, match="nothing to redo"):
        await recordings.retry(caller, recording_id)
    await recordings.cancel(caller, recording_id)
    analyzer = Endless()
    service = AnalysisService(
        transactions=transactions, objects=objects, changes=PolledChanges(), analyzer=analyzer
    )
    await service.analyze(recording_id)
    assert not analyzer.began.is_set()
    assert (await recordings.retry(caller, recording_id)).status == "queued"
    assert (await recordings.submit(caller, "a.wav", wav())).recording.status == "queued"


async def test_stopping_the_worker_leaves_the_analysis_to_the_next_one(
    transactions: Transactions, objects: FolderObjectStore, recordings: RecordingService
) -> None:
    caller, recording_id = await submitted(recordings, transactions)
    analyzer = Patient()
    service = AnalysisService(
        transactions=transactions, objects=objects, changes=PolledChanges(), analyzer=analyzer
    )
    running = asyncio.create_task(service.analyze(recording_id))
    await analyzer.began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await recordings.get(caller, recording_id)).status in ("queued", "analyzing")


async def test_giving_up_does_not_overrule_an_answer(
    transactions: Transactions, objects: FolderObjectStore, recordings: RecordingService
) -> None:
    caller, recording_id = await submitted(recordings, transactions)
    service = AnalysisService(
        transactions=transactions, objects=objects, changes=PolledChanges(), analyzer=Endless()
    )
    await service.give_up(recording_id, "the first reason")
    await service.give_up(recording_id, "the second reason")
    recording = await recordings.get(caller, recording_id)
    assert recording.status == "failed"
    assert recording.problem is not None
    assert recording.problem.reason == "the first reason"


async def test_metadata_is_cached_for_its_owner_until_it_changes(
    transactions: Transactions, recordings: RecordingService, cache: CountedCache
) -> None:
    caller, recording_id = await submitted(recordings, transactions)
    stranger = await IdentityService(transactions, False).ensure_user("somebody-else")

    def lookups() -> dict[str, float]:
        samples = [s for family in cache.registry.collect() for s in family.samples]
        return {s.labels["result"]: s.value for s in samples if s.name.endswith("_total")}

    assert (await recordings.get(caller, recording_id)).status == "queued"
    async with transactions.write() as session:
        await repository.change(session, recording_id, status="ready", duration=7.5)
    assert (await recordings.get(caller, recording_id)).status == "ready"
    assert lookups() == {"miss": 2}
    first, second = [await recordings.get(caller, recording_id) for _ in range(2)]
    assert lookups() == {"miss": 2, "hit": 2}
    assert first == second == (await recordings.list(caller, None, 1)).items[0]
    with pytest.raises(NotFound):
        await recordings.get(stranger, recording_id)
    await recordings.remove(caller, recording_id)
    with pytest.raises(NotFound):
        await recordings.get(caller, recording_id)

"""The progress of one analysis as a stream of server-sent events."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from uuid import UUID

from crescendai.identity.service import Caller
from crescendai.kit import sse
from crescendai.recordings.schemas import FINAL, ProgressEvent
from crescendai.recordings.service import RecordingService

_PING_EVERY_SEC = 15.0


async def progress_events(
    service: RecordingService, caller: Caller, recording_id: UUID
) -> AsyncIterator[bytes]:
    """``progress`` whenever status, stage or per cent change, the first at once, until the end.

    Any process may be doing the work: the state is read from the database.
    """
    last: ProgressEvent | None = None
    sent_at = time.monotonic()
    number = 0
    async with service.watch(recording_id) as watch:
        while True:
            recording = await service.get(caller, recording_id)
            event = ProgressEvent.model_validate(recording.model_dump())
            if event != last:
                number += 1
                yield sse.encode(event.model_dump(mode="json"), event="progress", id=str(number))
                last, sent_at = event, time.monotonic()
            elif time.monotonic() - sent_at > _PING_EVERY_SEC:
                yield sse.PING
                sent_at = time.monotonic()
            if event.status in FINAL:
                yield sse.DONE
                return
            await watch.news()

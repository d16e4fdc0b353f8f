"""HTTP in and out of the recordings slice."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from crescendai.errors import InvalidInput, NotFound
from crescendai.identity.cursors import ListPlace
from crescendai.identity.endpoints import CurrentCaller
from crescendai.identity.service import Caller
from crescendai.kit import multipart, sse
from crescendai.kit.byte_range import parse_range
from crescendai.kit.event_stream import EventStream
from crescendai.kit.paging import DEFAULT_LIMIT, MAX_LIMIT
from crescendai.recordings.events import progress_events
from crescendai.recordings.progress import Comparison, Progress, ProgressService
from crescendai.recordings.schemas import Analysis, Recording, RecordingPage
from crescendai.recordings.service import RecordingService
from crescendai.recordings.takes import TakeComparison, TakeService

router = APIRouter(prefix="/api", tags=["recordings"])

AUDIO_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/*": {}}},
    206: {"description": "The bytes asked for", "content": {"audio/*": {}}},
}


def _service(request: Request) -> RecordingService:
    service: RecordingService = request.app.state.recordings
    return service


@router.post(
    "/upload",
    status_code=201,
    response_model=Recording,
    responses={200: {"model": Recording, "description": "These bytes were already here"}},
    openapi_extra=multipart.openapi_form(),
)
async def upload(request: Request, caller: CurrentCaller) -> Response:
    """Send a recording (WAV, MP3 or M4A). Its analysis goes on behind."""
    form = await multipart.read_file(request.headers.get("content-type", ""), request.stream())
    submitted = await _service(request).submit(caller, form.filename, form.chunks)
    return JSONResponse(
        submitted.recording.model_dump(mode="json"), status_code=201 if submitted.new else 200
    )


@router.get("/recordings")
async def list_recordings(
    request: Request,
    caller: CurrentCaller,
    place: ListPlace,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> RecordingPage:
    """The caller's recordings, newest first."""
    page = await _service(request).list(caller, place.after, limit)
    return RecordingPage(items=list(page.items), next_cursor=place.sealed(page.next_cursor))


@router.get("/recordings/{recording_id}")
async def get_recording(request: Request, caller: CurrentCaller, recording_id: UUID) -> Recording:
    """One recording; its ETag changes when its state does."""
    return await _service(request).get(caller, recording_id)


@router.delete("/recordings/{recording_id}", status_code=204)
async def delete_recording(request: Request, caller: CurrentCaller, recording_id: UUID) -> None:
    """Remove audio, analysis and feedback together."""
    await _service(request).remove(caller, recording_id)


@router.post("/recordings/{recording_id}/cancel")
async def cancel_analysis(request: Request, caller: CurrentCaller, recording_id: UUID) -> Recording:
    """End an analysis that is queued or running."""
    return await _service(request).cancel(caller, recording_id)


@router.post("/recordings/{recording_id}/retry", status_code=202)
async def retry_analysis(request: Request, caller: CurrentCaller, recording_id: UUID) -> Recording:
    """Analyse a recording whose analysis failed or was cancelled."""
    return await _service(request).retry(caller, recording_id)


@router.get(
    "/recordings/{recording_id}/audio", response_class=StreamingResponse, responses=AUDIO_RESPONSES
)
async def get_audio(
    request: Request,
    caller: CurrentCaller,
    recording_id: UUID,
    range_header: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """The audio as it was sent, whole or one byte range of it."""
    service = _service(request)
    return await audio_answer(service, await service.get(caller, recording_id), range_header)


async def audio_answer(
    service: RecordingService, recording: Recording, range_header: str | None
) -> Response:
    """The audio, or the one byte range that is asked for."""
    size = await service.audio_size(recording)
    wanted = parse_range(range_header, size)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600"}
    if wanted is None:
        wanted, status = (0, size), 200
    elif wanted[0] >= wanted[1]:
        raise HTTPException(
            416,
            f"The audio has {size} bytes; the range lies outside.",
            {"Content-Range": f"bytes */{size}"},
        )
    else:
        status = 206
        headers["Content-Range"] = f"bytes {wanted[0]}-{wanted[1] - 1}/{size}"
    headers["Content-Length"] = str(wanted[1] - wanted[0])
    body = service.read_audio(recording, *wanted)
    return StreamingResponse(body, status, headers, media_type=recording.content_type)


@router.get("/recordings/{recording_id}/analysis")
async def get_analysis(request: Request, caller: CurrentCaller, recording_id: UUID) -> Analysis:
    """What was heard; 409 while it is pending and when there is none to come."""
    return await _service(request).analysis(caller, recording_id)


@router.get(
    "/recordings/{recording_id}/events",
    response_class=EventStream,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def get_events(request: Request, caller: CurrentCaller, recording_id: UUID) -> EventStream:
    """The progress of the analysis as server-sent events."""
    service = _service(request)
    await service.get(caller, recording_id)  # a missing one is a 404 before the stream begins
    return EventStream(_until_removed(service, caller, recording_id))


async def _until_removed(
    service: RecordingService, caller: Caller, recording_id: UUID
) -> AsyncGenerator[bytes, None]:
    try:
        async for event in progress_events(service, caller, recording_id):
            yield event
    except NotFound:
        yield sse.DONE


@router.get("/recordings/{recording_id}/compare/{other}")
async def get_comparison(
    request: Request, caller: CurrentCaller, recording_id: UUID, other: UUID
) -> TakeComparison:
    """Two takes of the same music, aligned by their notes; 409 when they are not of the same."""
    return await TakeService(_service(request)).compare(caller, recording_id, other)


@router.get("/progress", response_model=Progress | Comparison)
async def get_progress(
    request: Request,
    caller: CurrentCaller,
    recording_id: UUID | None = None,
    against: UUID | None = None,
    piece: Annotated[str, Query(max_length=200, description="Part of the file name.")] = "",
) -> Progress | Comparison:
    """Each dimension over the caller's recordings (of one piece), or two recordings compared."""
    service: ProgressService = request.app.state.progress
    if recording_id is None and against is None:
        return await service.over_time(caller, piece.strip())
    if recording_id is None or against is None:
        raise InvalidInput("comparison_incomplete", "Name both recording_id and against.")
    return await service.compare(caller, recording_id, against)

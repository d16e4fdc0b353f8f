"""What was played over HTTP: for drawing, and as files to take along."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from crescendai.identity.endpoints import CurrentCaller
from crescendai.recordings.performance import PerformanceService
from crescendai.recordings.schemas import Played
from crescendai.recordings.service import RecordingService

router = APIRouter(prefix="/api/recordings/{recording_id}", tags=["recordings"])

RecordingId = Annotated[UUID, Path()]


def _service(request: Request) -> PerformanceService:
    service: PerformanceService = request.app.state.performance
    return service


@router.get("/performance")
async def get_performance(
    request: Request, caller: CurrentCaller, recording_id: RecordingId
) -> Played:
    """The notes and pedal that were heard, and how tempo, dynamics and articulation run."""
    return await _service(request).played(caller, recording_id)


@router.get("/notes.mid", response_class=Response, responses={200: {"content": {"audio/midi": {}}}})
async def get_midi(request: Request, caller: CurrentCaller, recording_id: RecordingId) -> Response:
    """The notes and pedal as a MIDI file."""
    content = await _service(request).midi(caller, recording_id)
    return await _file(request, caller, recording_id, content, "audio/midi", ".mid")


@router.get("/notes.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def get_notes_csv(
    request: Request, caller: CurrentCaller, recording_id: RecordingId
) -> Response:
    """The notes as a table: onset, offset (seconds), pitch and velocity (MIDI)."""
    content = await _service(request).notes_csv(caller, recording_id)
    return await _file(request, caller, recording_id, content, "text/csv", " notes.csv")


@router.get(
    "/segments.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}}
)
async def get_segments_csv(
    request: Request, caller: CurrentCaller, recording_id: RecordingId
) -> Response:
    """Scores and measurements as a table: the whole recording, then each 3-second window."""
    content = await _service(request).segments_csv(caller, recording_id)
    return await _file(request, caller, recording_id, content, "text/csv", " analysis.csv")


async def _file(
    request: Request,
    caller: CurrentCaller,
    recording_id: UUID,
    content: str | bytes,
    media_type: str,
    ending: str,
) -> Response:
    recordings: RecordingService = request.app.state.recordings
    recording = await recordings.get(caller, recording_id)
    stem = recording.filename.rpartition(".")[0] or recording.filename
    disposition = f"attachment; filename*=UTF-8''{quote(stem + ending)}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})

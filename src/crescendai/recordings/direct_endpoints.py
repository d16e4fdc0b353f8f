"""HTTP in and out of uploads in parts, and of direct ones."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urljoin
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints

from crescendai.identity.endpoints import CurrentCaller
from crescendai.recordings.direct import Arrived, DirectUploads
from crescendai.recordings.parts import PART_BYTES
from crescendai.recordings.schemas import Recording

router = APIRouter(prefix="/api", tags=["recordings"])


class UploadRequest(BaseModel):
    filename: Annotated[str, StringConstraints(min_length=1, max_length=300)] = "recording"


class UploadAddress(BaseModel):
    """PUT the file's bytes at ``url``, or its parts of ``part_bytes``, then complete the upload.

    Before ``expires_at`` (ms), which each part puts off.
    """

    recording_id: UUID
    url: str
    expires_at: int
    max_bytes: int
    part_bytes: int


class UploadState(BaseModel):
    """``parts`` have arrived without a gap: the next one to send has that number."""

    recording_id: UUID
    parts: int
    part_bytes: int
    expires_at: int


class AudioAddress(BaseModel):
    """Whoever has ``url`` can get the audio there until ``expires_at`` (ms)."""

    url: str
    expires_at: int


def _direct(request: Request) -> DirectUploads:
    direct: DirectUploads = request.app.state.direct
    return direct


@router.post("/upload/url", status_code=201)
async def begin_direct_upload(
    request: Request, caller: CurrentCaller, wanted: UploadRequest
) -> UploadAddress:
    """An address at which a recording can be put directly."""
    recording_id, address = await _direct(request).promise(caller, wanted.filename)
    return UploadAddress(
        recording_id=recording_id,
        url=urljoin(str(request.base_url), address.url),
        expires_at=address.expires_at,
        max_bytes=_direct(request).max_upload_bytes,
        part_bytes=PART_BYTES,
    )


@router.put(
    "/uploads/{recording_id}/parts/{number}",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
            "required": True,
        }
    },
)
async def put_upload_part(
    request: Request,
    caller: CurrentCaller,
    recording_id: UUID,
    number: Annotated[int, Path(ge=0, le=100_000)],
) -> UploadState:
    """Send one part, counted from 0; once more does no harm. A part that breaks off is not kept."""
    arrived = await _direct(request).put_part(caller, recording_id, number, request.stream())
    return _state(recording_id, arrived)


@router.get("/uploads/{recording_id}")
async def get_upload(request: Request, caller: CurrentCaller, recording_id: UUID) -> UploadState:
    """How far an upload in parts has come, to go on from there."""
    return _state(recording_id, await _direct(request).arrived(caller, recording_id))


@router.delete("/uploads/{recording_id}", status_code=204)
async def give_up_upload(request: Request, caller: CurrentCaller, recording_id: UUID) -> None:
    """Forget an upload that is not completed, and what has arrived of it."""
    await _direct(request).give_up(caller, recording_id)


def _state(recording_id: UUID, arrived: Arrived) -> UploadState:
    return UploadState(
        recording_id=recording_id,
        parts=arrived.parts,
        part_bytes=PART_BYTES,
        expires_at=arrived.expires_at,
    )


@router.post(
    "/recordings/{recording_id}/complete",
    status_code=201,
    response_model=Recording,
    responses={200: {"model": Recording, "description": "These bytes were already here"}},
)
async def complete_direct_upload(
    request: Request, caller: CurrentCaller, recording_id: UUID
) -> Response:
    """Take in what was put at the address; its analysis goes on behind."""
    submitted = await _direct(request).complete(caller, recording_id)
    return JSONResponse(
        submitted.recording.model_dump(mode="json"), status_code=201 if submitted.new else 200
    )


@router.get("/recordings/{recording_id}/audio/url")
async def get_audio_address(
    request: Request, caller: CurrentCaller, recording_id: UUID
) -> AudioAddress:
    """An address of the audio for players that cannot send credentials."""
    address = await _direct(request).audio_address(caller, recording_id)
    return AudioAddress(
        url=urljoin(str(request.base_url), address.url), expires_at=address.expires_at
    )

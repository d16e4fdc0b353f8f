"""HTTP in and out of direct uploads."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urljoin
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints

from crescendai.identity.endpoints import CurrentCaller
from crescendai.recordings.direct import DirectUploads
from crescendai.recordings.schemas import Recording

router = APIRouter(prefix="/api", tags=["recordings"])


class UploadRequest(BaseModel):
    filename: Annotated[str, StringConstraints(min_length=1, max_length=300)] = "recording"


class UploadAddress(BaseModel):
    """PUT the file's bytes at ``url`` before ``expires_at`` (ms), then complete the upload."""

    recording_id: UUID
    url: str
    expires_at: int
    max_bytes: int


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

"""Links over HTTP: made and revoked by the owner, opened by anybody who has one.

An answer to a link is never kept by a cache, so that a revoked one shows nothing any more.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from crescendai.identity.endpoints import CurrentCaller
from crescendai.recordings.endpoints import AUDIO_RESPONSES, audio_answer
from crescendai.recordings.schemas import Played
from crescendai.recordings.service import RecordingService
from crescendai.sharing.schemas import NewShare, SharedRecording, ShareRequest, Shares
from crescendai.sharing.service import SharingService

router = APIRouter(prefix="/api", tags=["sharing"])

_UNKEPT = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
Token = Annotated[str, Path(min_length=1, max_length=100)]


def _service(request: Request) -> SharingService:
    service: SharingService = request.app.state.sharing
    return service


@router.post("/shares", status_code=201)
async def create_share(
    request: Request, response: Response, caller: CurrentCaller, body: ShareRequest
) -> NewShare:
    """Make a link to an analysed recording. The answer shows its token, this once."""
    response.headers["Cache-Control"] = "no-store"
    return await _service(request).share(caller, body)


@router.get("/shares")
async def list_shares(
    request: Request, caller: CurrentCaller, recording_id: Annotated[UUID, Query()]
) -> Shares:
    """The links to a recording, newest first, those that have expired too."""
    return Shares(items=await _service(request).list(caller, recording_id))


@router.delete("/shares/{share_id}", status_code=204)
async def revoke_share(request: Request, caller: CurrentCaller, share_id: UUID) -> None:
    """Revoke a link: from now on it opens nothing."""
    await _service(request).revoke(caller, share_id)


@router.get("/shared/{token}")
async def open_shared(request: Request, response: Response, token: Token) -> SharedRecording:
    """The recording that a link leads to, with its analysis and newest advice."""
    response.headers.update(_UNKEPT)
    return await _service(request).look(token)


@router.get("/shared/{token}/performance")
async def get_shared_performance(request: Request, response: Response, token: Token) -> Played:
    """Its notes and pedal, and how tempo, dynamics and articulation run."""
    response.headers.update(_UNKEPT)
    return await _service(request).played(token)


@router.get("/shared/{token}/audio", response_class=StreamingResponse, responses=AUDIO_RESPONSES)
async def get_shared_audio(
    request: Request,
    token: Token,
    range_header: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Its audio, whole or one byte range of it."""
    recordings: RecordingService = request.app.state.recordings
    recording = await _service(request).recording(token)
    answer = await audio_answer(recordings, recording, range_header)
    answer.headers.update(_UNKEPT)
    return answer

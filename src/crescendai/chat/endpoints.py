"""The chat over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request

from crescendai.chat.schemas import (
    ChatSessionDetail,
    ChatSessionPage,
    ContextUpdate,
    EditRequest,
    TurnRequest,
    UserContext,
)
from crescendai.chat.service import ChatService
from crescendai.chat.turn import Turn
from crescendai.chat.turns import Turns
from crescendai.identity.cursors import ListPlace
from crescendai.identity.endpoints import CurrentCaller
from crescendai.kit.event_stream import EventStream
from crescendai.kit.paging import DEFAULT_LIMIT, MAX_LIMIT

router = APIRouter(prefix="/api", tags=["tutor"])

LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]
_STREAM = {200: {"content": {"text/event-stream": {}}, "description": "The turn as it happens."}}


def _chat(request: Request) -> ChatService:
    service: ChatService = request.app.state.chat
    return service


def _turns(request: Request) -> Turns:
    turns: Turns = request.app.state.turns
    return turns


def begun(turn: Turn) -> EventStream:
    """A new turn, with the address where it can be read again from its beginning."""
    where = f"/api/chat/sessions/{turn.brief.session_id}/events?after={turn.id}:0"
    return EventStream(turn.follow(), headers={"Content-Location": where})


@router.post("/chat", response_class=EventStream, responses=_STREAM)  # type: ignore[arg-type]
async def begin_turn(
    request: Request, caller: CurrentCaller, body: TurnRequest, last_event_id: LastEventId = None
) -> EventStream:
    """One turn as server-sent events.

    Sent again with `Last-Event-ID`, it goes on after that event and begins no second turn.
    """
    if last_event_id:
        return EventStream(await _turns(request).resume(caller, body.session_id, last_event_id))
    return begun(await _turns(request).begin(caller, body))


@router.get(
    "/chat/sessions/{session_id}/events",
    response_class=EventStream,
    responses=_STREAM,  # type: ignore[arg-type]
)
async def resume_turn(
    request: Request,
    caller: CurrentCaller,
    session_id: UUID,
    last_event_id: LastEventId = None,
    after: Annotated[str | None, Query(description="An event's id, or its bare number.")] = None,
) -> EventStream:
    """What follows `Last-Event-ID` (or `after`), or the whole of the session's latest turn."""
    return EventStream(await _turns(request).resume(caller, session_id, last_event_id or after))


@router.post(
    "/chat/sessions/{session_id}/regenerate",
    response_class=EventStream,
    responses=_STREAM,  # type: ignore[arg-type]
)
async def regenerate(request: Request, caller: CurrentCaller, session_id: UUID) -> EventStream:
    """Answer the session's last question anew; the new answer takes the place of the old one."""
    return begun(await _turns(request).begin_again(caller, session_id, None))


@router.post(
    "/chat/sessions/{session_id}/edit",
    response_class=EventStream,
    responses=_STREAM,  # type: ignore[arg-type]
)
async def edit(
    request: Request, caller: CurrentCaller, session_id: UUID, body: EditRequest
) -> EventStream:
    """Put the session's last question in other words, and answer that instead."""
    return begun(await _turns(request).begin_again(caller, session_id, body.message))


@router.get("/chat/sessions")
async def list_sessions(
    request: Request,
    caller: CurrentCaller,
    place: ListPlace,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> ChatSessionPage:
    page = await _chat(request).sessions(caller, limit, place.after)
    return page.model_copy(update={"next_cursor": place.sealed(page.next_cursor)})


@router.get("/chat/sessions/{session_id}")
async def get_session(
    request: Request, caller: CurrentCaller, session_id: UUID
) -> ChatSessionDetail:
    return await _chat(request).session(caller, session_id)


@router.delete("/chat/sessions/{session_id}", status_code=204)
async def delete_session(request: Request, caller: CurrentCaller, session_id: UUID) -> None:
    await _turns(request).delete_session(caller, session_id)


@router.post("/chat/sessions/{session_id}/stop", status_code=204)
async def stop_turn(request: Request, caller: CurrentCaller, session_id: UUID) -> None:
    """End the running turn; what was said is kept. Without one, nothing happens."""
    await _turns(request).stop(caller, session_id)


@router.get("/context")
async def get_context(request: Request, caller: CurrentCaller) -> UserContext:
    """With an `ETag`, for `If-Match`."""
    return await _chat(request).context(caller)


@router.put("/context")
async def put_context(
    request: Request,
    caller: CurrentCaller,
    body: ContextUpdate,
    if_match: Annotated[
        str | None, Header(description="The `ETag` that was read; 412 when it has changed since.")
    ] = None,
) -> UserContext:
    """Replace the context. With `If-Match`, only if nobody else has changed it meanwhile."""
    return await _chat(request).put_context(caller, body, if_match)

"""The other front doors over HTTP: ``/v1`` as OpenAI's API has it, and ``/mcp``."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.types import Receive, Scope, Send

from crescendai.chat.endpoints import begun
from crescendai.errors import UnsupportedFormat
from crescendai.identity.endpoints import CurrentCaller
from crescendai.interop.completions import Completions
from crescendai.interop.feedback_turns import FeedbackTurns
from crescendai.interop.schemas import Completion, CompletionRequest, Model, Models
from crescendai.interop.tool_server import ToolServer
from crescendai.kit.event_stream import EventStream

router = APIRouter(tags=["other protocols"])


@router.get("/v1/models")
async def list_models(caller: CurrentCaller) -> Models:
    """The one model there is: the tutor."""
    return Models(data=[Model()])


@router.post(
    "/v1/chat/completions",
    response_model=Completion,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def complete(
    request: Request, caller: CurrentCaller, body: CompletionRequest
) -> Completion | EventStream:
    """One turn of the tutor, streaming or not, for clients of OpenAI's chat completions.

    The answer is stored like every other. `metadata` may name a `recording_id` and a `session_id`;
    without a session, the conversation is recognised by what was said in it.
    """
    completions: Completions = request.app.state.completions
    turn = await completions.begin(caller, body)
    if not body.stream:
        return await completions.whole(turn)
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    return EventStream(completions.chunks(turn, with_usage))


@router.post(
    "/api/feedback/{recording_id}/turn",
    tags=["feedback"],
    response_class=EventStream,
    responses={200: {"content": {"text/event-stream": {}}, "description": "As it happens."}},
)
async def stream_feedback(
    request: Request, caller: CurrentCaller, recording_id: UUID
) -> EventStream:
    """Write feedback as a turn of a new conversation about the recording.

    It is stored and resumed like every turn: the event `feedback` has the feedback itself, as
    `POST /api/feedback/{recording_id}` gives it, and the tokens tell it in words.
    """
    feedback_turns: FeedbackTurns = request.app.state.feedback_turns
    return begun(await feedback_turns.begin(caller, recording_id))


@router.post("/mcp", response_class=Response)
async def model_context_protocol(request: Request, caller: CurrentCaller) -> Response:
    """The tutor's three tools for clients of the Model Context Protocol (Streamable HTTP)."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise UnsupportedFormat("json_expected", "Send JSON-RPC as application/json.")
    request.state.caller = caller
    return _Handed(request)


class _Handed(Response):
    """Lets the protocol's own server read the request and answer it."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._server: ToolServer = request.app.state.tool_server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._server.handle(scope, receive, send)

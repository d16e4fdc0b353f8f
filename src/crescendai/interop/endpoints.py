"""The other front doors over HTTP: ``/v1`` as OpenAI's API has it, and ``/mcp``."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from crescendai.errors import UnsupportedFormat
from crescendai.identity.endpoints import CurrentCaller
from crescendai.interop.completions import Completions
from crescendai.interop.schemas import Completion, CompletionRequest, Model, Models
from crescendai.interop.tool_server import ToolServer
from crescendai.kit import sse

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
) -> Completion | StreamingResponse:
    """One turn of the tutor, streaming or not, for clients of OpenAI's chat completions.

    The answer is stored like every other. `metadata` may name a `recording_id` and a `session_id`;
    without a session, the conversation is recognised by what was said in it.
    """
    completions: Completions = request.app.state.completions
    begun = await completions.begin(caller, body)
    if not body.stream:
        return await completions.whole(begun)
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    return StreamingResponse(
        completions.chunks(begun, with_usage), media_type="text/event-stream", headers=sse.HEADERS
    )


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

"""The tutor's three tools for any client of the Model Context Protocol (Streamable HTTP).

Stateless: each message is a request of its own, answered in JSON, bound to whoever sent it.
"""

from __future__ import annotations

import asyncio

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

import crescendai
from crescendai.chat.tools import SPECS, Toolbox
from crescendai.ports.language_model import ToolSpec

INSTRUCTIONS = (
    "Tools over one pianist's own recordings and a library of piano pedagogy. Say only what a tool "
    "returned: scores are places between two poles and come with 80 % intervals; quote passages "
    "word for word and name their source."
)
_TITLES = {
    "search_knowledge_base": "Search the library of piano pedagogy",
    "get_performance_analysis": "Read the analysis of a recording",
    "get_user_context": "Read the pianist's aims and limits",
}


class ToolServer:
    """Open while the application lives; each request carries its caller as ``state.caller``."""

    def __init__(self, toolbox: Toolbox) -> None:
        server = Server(
            "crescendai",
            version=crescendai.__version__,
            title="CrescendAI",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )
        self._toolbox = toolbox
        self._manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        self._closing = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        opened = asyncio.Event()
        self._running = asyncio.create_task(self._run(opened), name="tool-server")
        await opened.wait()

    async def close(self) -> None:
        self._closing.set()
        if self._running is not None:
            await self._running

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)

    async def _run(self, opened: asyncio.Event) -> None:
        async with self._manager.run():  # a task group, which one task must enter and leave
            opened.set()
            await self._closing.wait()

    async def _list_tools(
        self, context: ServerRequestContext, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(spec) for spec in SPECS])

    async def _call_tool(
        self, context: ServerRequestContext, params: CallToolRequestParams
    ) -> CallToolResult:
        request = context.request
        assert isinstance(request, Request)
        tools = self._toolbox.for_session(request.state.caller, None)
        answer = await tools.call(params.name, params.arguments or {})
        content = TextContent(type="text", text=answer.content)
        return CallToolResult(content=[content], is_error=not answer.ok)


def _tool(spec: ToolSpec) -> Tool:
    return Tool(
        name=spec.name,
        title=_TITLES[spec.name],
        description=spec.description,
        input_schema=dict(spec.parameters),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )

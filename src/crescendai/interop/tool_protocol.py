"""The tutor's tools in the words of the Model Context Protocol; its library is slow to import."""

from __future__ import annotations

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


def manager_of(toolbox: Toolbox) -> StreamableHTTPSessionManager:
    """Answers over HTTP, stateless; open while its ``run`` is."""
    tools = _Tools(toolbox)
    server = Server(
        "crescendai",
        version=crescendai.__version__,
        title="CrescendAI",
        instructions=INSTRUCTIONS,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
    )
    return StreamableHTTPSessionManager(server, json_response=True, stateless=True)


class _Tools:
    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox

    async def list(
        self, context: ServerRequestContext, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(spec) for spec in SPECS])

    async def call(
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

"""The tutor's three tools for any client of the Model Context Protocol (Streamable HTTP).

Stateless: each message is a request of its own, answered in JSON, bound to whoever sent it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from crescendai.chat.tools import Toolbox

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class ToolServer:
    """Opens at its first request and is open until closed.

    Each request carries its caller as ``state.caller``.
    """

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._closing = asyncio.Event()
        self._opened: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._running: asyncio.Task[None] | None = None

    async def close(self) -> None:
        self._closing.set()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._opened), name="tool-server")
        manager = await asyncio.shield(self._opened)
        await manager.handle_request(scope, receive, send)

    async def _run(self, opened: asyncio.Future[StreamableHTTPSessionManager]) -> None:
        try:
            manager = await asyncio.to_thread(self._load)
        except Exception as error:  # noqa: BLE001 - whoever waits for it has to meet it
            opened.set_exception(error)
            return
        async with manager.run():  # a task group, which one task must enter and leave
            opened.set_result(manager)
            await self._closing.wait()

    def _load(self) -> StreamableHTTPSessionManager:
        from crescendai.interop.tool_protocol import manager_of  # over a second

        return manager_of(self._toolbox)

"""One server of several web processes on one port, over the same data folder.

This process serves nothing: it prepares the folder, holds the sockets, and keeps the web processes
and the workers running. The kernel deals connections out among the sockets. What must be the same
everywhere is in the data folder: turns and their journals, stops, limits, progress, counts.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack

from crescendai.bootstrap.floor import opened
from crescendai.bootstrap.services import build_services
from crescendai.bootstrap.web import build_app, listen, prepare, serve_at, supervisor
from crescendai.bootstrap.web import serve as serve_alone
from crescendai.jobs.supervisor import Supervisor
from crescendai.kit.process import end_with_parent
from crescendai.settings import Settings

_END_SEC = 10.0
"""What a web process needs to end once its answers have been let go on."""
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes count together; read by prometheus_client when it is imported."""


def serve(settings: Settings, announce: Callable[[int], None]) -> None:
    """As ``bootstrap.web.serve``, with ``settings.web_processes`` of them."""
    if settings.web_processes == 1:
        serve_alone(settings, announce)
        return
    with ExitStack() as opened, tempfile.TemporaryDirectory(prefix="crescendai-") as metrics:
        os.environ[METRICS_FOLDER] = metrics
        sockets = [opened.enter_context(one) for one in _listen_together(settings)]
        asyncio.run(_keep(settings, sockets, announce))


def serve_beside(settings: Settings, socket_number: int) -> None:
    """Be one of the web processes, on the socket that its parent holds."""
    end_with_parent()
    with socket.socket(fileno=socket_number) as listener:
        serve_at(listener, build_app(settings, alone=False), settings)


def _listen_together(settings: Settings) -> list[socket.socket]:
    """Sockets of one port. Raises Unavailable when somebody else listens there."""
    with listen(settings.host, settings.port) as first:
        address, family = first.getsockname()[:2], first.family
    return [
        socket.create_server(address, family=family, reuse_port=True)
        for _ in range(settings.web_processes)
    ]


async def _keep(
    settings: Settings, sockets: list[socket.socket], announce: Callable[[int], None]
) -> None:
    """Until SIGINT or SIGTERM; then every process ends as a server of one would."""
    async with opened(settings) as floor:
        await prepare(floor, build_services(floor))
    numbers = {f"web-{n}": one.fileno() for n, one in enumerate(sockets)}

    def command(slot: str) -> list[str]:
        told = ["serve", "--beside", str(numbers[slot])]
        return [sys.executable, "-m", "crescendai", *told]

    web = Supervisor(
        command,
        list(numbers),
        pass_fds=tuple(numbers.values()),
        stop_within_sec=settings.drain_sec + _END_SEC,
    )
    running = asyncio.gather(web.run(), supervisor(settings).run())
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, running.cancel)
    announce(sockets[0].getsockname()[1])
    await asyncio.gather(running, return_exceptions=True)

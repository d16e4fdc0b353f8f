"""The web application, and how it is served."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from crescendai.account.sweep import sweep_orphans
from crescendai.adapters import confinement
from crescendai.adapters.database.migrate import migrate
from crescendai.adapters.objects.folder import FolderObjectStore
from crescendai.adapters.rate_limits.redis import RedisRateLimiter
from crescendai.adapters.rate_limits.sqlite import SqliteRateLimiter
from crescendai.adapters.secret import server_secret
from crescendai.bootstrap.checks import build_checks
from crescendai.bootstrap.floor import Floor, open_floor, opened
from crescendai.bootstrap.services import build_services
from crescendai.bootstrap.slots import own_slot
from crescendai.chat.turns import Turns
from crescendai.errors import Unavailable
from crescendai.jobs.supervisor import Supervisor
from crescendai.ports.rate_limit import RateLimiter
from crescendai.settings import Settings
from crescendai.web.app import create_app
from crescendai.web.connections import patient
from crescendai.web.services import Services

log = structlog.get_logger(__name__)

_GRACE_SEC = 3


async def prepare(floor: Floor, services: Services) -> None:
    """What is done once, before the first of a server's processes serves."""
    await migrate(floor.database)
    await services.identity.ensure_user()
    await services.knowledge.ensure_handbook()
    await services.reindexing.ensure()
    await floor.objects.remove_unfinished()
    await sweep_orphans(floor.database.transactions, floor.objects)


def build_app(
    settings: Settings, announce: Callable[[], None] | None = None, alone: bool = True
) -> FastAPI:
    """The web application; opening and closing belongs to its lifespan.

    ``alone`` it prepares the data folder and starts the worker processes that the settings ask
    for; otherwise whoever starts it has done so.
    """
    floor = open_floor(settings)
    services = build_services(floor)
    local_limiter = SqliteRateLimiter(settings.data_dir / "limits.db")
    limiter: RateLimiter = local_limiter
    if floor.redis is not None:
        limiter = RedisRateLimiter(floor.redis, local_limiter)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if lacking := confinement.missing():
            log.warning("confinement.missing", lacking=lacking)
        if alone:
            await prepare(floor, services)
        await services.turns.open()
        warming = asyncio.create_task(services.search.keep_warm())
        supervision = asyncio.create_task(supervisor(settings if alone else None).run())
        gc.freeze()  # what is here by now stays; looking through it takes a tenth of a second
        if announce is not None:
            announce()
        try:
            yield
        finally:
            await services.tool_server.close()
            await services.turns.close()
            for task in (warming, supervision):
                task.cancel()
            await asyncio.gather(warming, supervision, return_exceptions=True)
            local_limiter.close()
            await floor.close()

    app = create_app(
        settings,
        services,
        build_checks(floor),
        lifespan,
        limiter=limiter,
        secret=server_secret(settings.data_dir, settings.given_secret),
    )
    app.state.signed_objects = (
        floor.objects if isinstance(floor.objects, FolderObjectStore) else None
    )
    app.state.registry.register(floor.counted_cache.registry)
    return app


def supervisor(settings: Settings | None) -> Supervisor:
    """Of the workers that the settings ask for, or of none."""
    slots = [own_slot(settings, n) for n in range(settings.workers)] if settings else []
    return Supervisor(_worker_command, slots)


def _worker_command(slot: str) -> list[str]:
    return [sys.executable, "-m", "crescendai", "worker", "--slot", slot, "--with-parent"]


def serve(settings: Settings, announce: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM; running answers may end first, a second signal ends them.

    ``announce`` is told the port. Raises Unavailable, before anything is started, when the address
    cannot be listened on or the database cannot be used.
    """
    with listen(settings.host, settings.port) as listener:
        asyncio.run(_prepare(settings))
        port = listener.getsockname()[1]
        serve_at(listener, build_app(settings, lambda: announce(port)), settings)


def serve_at(listener: socket.socket, app: FastAPI, settings: Settings) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=patient(settings.patience_sec),
        ws="none",
        timeout_graceful_shutdown=_GRACE_SEC,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut_stream)
    server = _DrainingServer(config, app.state.turns, settings.drain_sec)
    server.run(sockets=[listener])
    if not server.started:
        raise SystemExit(1)


class _DrainingServer(uvicorn.Server):
    """Before it closes its connections, it lets running answers come to their end."""

    def __init__(self, config: uvicorn.Config, turns: Turns, drain_sec: float) -> None:
        super().__init__(config)
        self._turns = turns
        self._drain_sec = drain_sec

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._turns.drain(self._drain_sec, lambda: self.force_exit)
        await super().shutdown(sockets)


async def _prepare(settings: Settings) -> None:
    async with opened(settings):
        pass


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        cause = str(error.strerror).partition(" (")[0]  # Python puts the address behind it
        raise Unavailable(
            "address_unusable",
            f"The server cannot listen on {host}, port {port}: {cause}. Stop what uses it, or "
            "choose another one with --port.",
        ) from error


def _is_no_cut_stream(record: logging.LogRecord) -> bool:
    """False for the traceback that uvicorn logs of each stream it cuts when it stops."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))

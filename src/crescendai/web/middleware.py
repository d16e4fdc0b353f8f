"""What happens around every request: an id, one log line, metrics, security headers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crescendai.kit.ids import new_id
from crescendai.settings import LOOPBACK_HOSTS
from crescendai.web import policy
from crescendai.web.problems import internal_problem, problem
from crescendai.web.routes import is_counted

log = structlog.get_logger(__name__)

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_QUIET = frozenset({"/metrics", "/api/health", "/api/ready"})
_TOKEN = re.compile(r"(?<=/shared/)[^/]+")
"""Of a link to a recording: whoever reads the log must not get in by it."""


@dataclass
class _Answer:
    status: int = 0


class RequestContext:
    """Outermost of ours: id, log line, counts, and a problem for what nobody foresaw.

    The log line has method, path, status and duration; never a body, a query or a person.
    """

    def __init__(self, app: ASGIApp, *, production: bool, registry: CollectorRegistry) -> None:
        self._app = app
        self._production = production
        self._seconds = Histogram(
            "crescendai_http_request_seconds",
            "Time until the answer was sent",
            ["method", "route"],
            registry=registry,
        )
        self._count = Counter(
            "crescendai_http_requests_total",
            "Requests answered",
            ["method", "route", "status"],
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        answer = _Answer()
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = int(message["status"])  # an enum member would print its name
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                wanted = policy.HEADERS | (policy.HTTPS if scope["scheme"] == "https" else {})
                if is_counted(scope["path"]):  # answers are the caller's own, errors too
                    wanted = wanted | {"Cache-Control": "private, no-cache"}
                    headers.add_vary_header("Authorization, X-API-Key")
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            answer.status = 499
        except Exception as error:  # noqa: BLE001 - the last line before the client
            log.error("request.crashed", exc_info=error)
            if answer.status == 0:
                response = internal_problem(request_id, error, self._production)
                await response(scope, receive, sending)
        finally:
            self._note(scope, answer.status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "-")
        self._count.labels(scope["method"], route, status).inc()
        self._seconds.labels(scope["method"], route).observe(seconds)
        if scope["path"] not in _QUIET:
            log.info(
                "request",
                method=scope["method"],
                path=_TOKEN.sub("…", scope["path"]),
                status=status,
                duration_ms=round(seconds * 1000, 1),
            )


class SameOrigin:
    """Refuses what a browser sends on behalf of a page from another origin: writes, and embedding.

    The local owner needs no credentials, so without this any web page open in the owner's browser
    could write to the server on this machine, or make it work and time its answers. Following a
    link is no embedding, and an address that was signed is meant to be embedded.
    """

    def __init__(self, app: ASGIApp, *, allowed_origins: Iterable[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_foreign(scope):
            response = problem(
                scope["state"]["request_id"],
                403,
                "origin_not_allowed",
                "This is not allowed",
                "A page of another origin may not do this; ALLOWED_ORIGINS lists those that may.",
            )
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if scope["method"] in _SAFE_METHODS:
            embedded = headers.get("sec-fetch-mode") == "no-cors"
            elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
            signed = scope["path"].startswith("/api/objects/")
            return embedded and elsewhere and is_counted(scope["path"]) and not signed
        return (
            origin is not None
            and origin not in self._allowed
            and urlsplit(origin).netloc != headers.get("host")
        )


class LoopbackHost:
    """Refuses requests under any name but this machine's own.

    A page from elsewhere must not reach the owner's server by a name rebound to 127.0.0.1.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = Headers(scope=scope).getlist("host")
            name, _, port = hosts[0].rpartition(":") if hosts else ("", "", "")
            host = name if name and port.isdigit() else f"{name}:{port}".lstrip(":")
            if len(hosts) != 1 or host.strip("[]") not in LOOPBACK_HOSTS:
                response = problem(
                    scope["state"]["request_id"],
                    400,
                    "host_not_allowed",
                    "The input cannot be used",
                    "This server is for this machine alone: call it 127.0.0.1 or localhost.",
                )
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

"""So many requests at once and no more: what comes beyond is told at once to come back."""

from __future__ import annotations

from collections import Counter

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as Metric
from starlette.types import ASGIApp, Receive, Scope, Send

from crescendai.settings import Settings
from crescendai.web.problems import problem
from crescendai.web.routes import UPLOADS, is_counted, is_stream, sends_recording

RETRY_AFTER_SEC = 2


class Shedding:
    """Sheds load (503) before the event loop has so much to do that everybody waits.

    Three kinds are counted apart, in each process: streams are cheap but long, uploads start a
    child process each, all the rest is short.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, registry: CollectorRegistry) -> None:
        self._app = app
        self._most = {
            "streams": settings.max_streams,
            "uploads": settings.max_uploads,
            "requests": settings.max_requests,
        }
        self._running: Counter[str] = Counter()
        self._shed = Metric(
            "crescendai_http_requests_shed_total",
            "Requests refused because too many were running",
            ["kind"],
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_counted(scope["path"]):
            await self._app(scope, receive, send)
            return
        kind = _kind(scope["method"], scope["path"])
        if self._running[kind] >= self._most[kind]:
            self._shed.labels(kind).inc()
            answer = problem(
                scope["state"]["request_id"],
                503,
                "overloaded",
                "The server is busy",
                f"Too many {kind} are running at once; try again in a moment.",
            )
            answer.headers["Retry-After"] = str(RETRY_AFTER_SEC)
            await answer(scope, receive, send)
            return
        self._running[kind] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running[kind] -= 1


def _kind(method: str, path: str) -> str:
    if is_stream(method, path):
        return "streams"
    opens_file = path in UPLOADS or sends_recording(path)
    return "uploads" if method == "POST" and opens_file else "requests"

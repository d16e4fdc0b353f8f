"""So many calls a minute for each caller, and for each address whose credentials are not good."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crescendai.identity.service import IdentityService
from crescendai.ports.rate_limit import RateLimiter, Verdict
from crescendai.settings import Settings
from crescendai.web.callers import caller_of
from crescendai.web.problems import problem
from crescendai.web.routes import INGESTION, begins_turn, is_counted, sends_recording

WINDOW_SEC = 60.0


@dataclass(frozen=True)
class Limit:
    """``per_minute`` calls of those that it ``covers`` (by method and path)."""

    name: str
    per_minute: int
    covers: Callable[[str, str], bool]


def limits_of(settings: Settings) -> list[Limit]:
    """The one for all calls first; without that, none."""
    if not settings.rate_limit_per_minute:
        return []
    limits = [
        Limit("calls", settings.rate_limit_per_minute, lambda method, path: True),
        Limit("uploads", settings.uploads_per_minute, _uploads),
        Limit("turns", settings.turns_per_minute, begins_turn),
        Limit("ingestions", settings.ingestions_per_minute, _ingests),
    ]
    return [limit for limit in limits if limit.per_minute]


def _uploads(method: str, path: str) -> bool:
    return method == "POST" and sends_recording(path)


def _ingests(method: str, path: str) -> bool:
    return method == "POST" and path in INGESTION


class RateLimit:
    """Finds out who calls, and leaves it in the request's state for the endpoint.

    Pages and files of the web app are not counted, nor is asking for the server's health.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        identity: IdentityService,
        limiter: RateLimiter,
        limits: Sequence[Limit],
    ) -> None:
        self._app = app
        self._identity = identity
        self._limiter = limiter
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_counted(scope["path"]) or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        verdicts = await self._count(scope)
        headers = _headers(verdicts)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        limit, verdict = verdicts[-1]
        if verdict.allowed:
            await self._app(scope, receive, sending)
            return
        wait_sec = max(1, math.ceil(verdict.reset_sec))
        headers["Retry-After"] = str(wait_sec)
        answer = problem(
            scope["state"]["request_id"],
            429,
            "rate_limited",
            "Too many requests",
            f"More than {limit.per_minute} {limit.name} in a minute; try again in {wait_sec} s.",
        )
        await answer(scope, receive, sending)

    async def _count(self, scope: Scope) -> list[tuple[Limit, Verdict]]:
        """Against each limit that covers the call, up to the first that refuses it."""
        key = await self._key(scope)
        verdicts: list[tuple[Limit, Verdict]] = []
        for limit in self._limits:
            if limit.covers(scope["method"], scope["path"]):
                counted = key if limit is self._limits[0] else f"{limit.name}:{key}"
                verdict = await self._limiter.hit(counted, limit.per_minute, WINDOW_SEC)
                verdicts.append((limit, verdict))
                if not verdict.allowed:
                    break
        return verdicts

    async def _key(self, scope: Scope) -> str:
        caller = await caller_of(scope, self._identity)
        if caller is not None:
            return f"user:{caller.user_id}"
        return f"address:{network(scope['client'][0] if scope.get('client') else '')}"


def _headers(verdicts: Sequence[tuple[Limit, Verdict]]) -> dict[str, str]:
    """The fields of the IETF's draft on RateLimit headers."""
    return {
        "RateLimit-Policy": ", ".join(
            f'"{limit.name}";q={limit.per_minute};w={WINDOW_SEC:.0f}' for limit, _ in verdicts
        ),
        "RateLimit": ", ".join(
            f'"{limit.name}";r={verdict.remaining};t={math.ceil(verdict.reset_sec)}'
            for limit, verdict in verdicts
        ),
    }


def network(address: str) -> str:
    """An address, or the /64 that one IPv6 customer has to himself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))

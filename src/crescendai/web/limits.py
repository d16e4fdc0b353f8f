"""So many calls a minute for each caller, and for each address whose credentials are not good."""

from __future__ import annotations

import ipaddress
import math

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crescendai.identity.service import IdentityService
from crescendai.ports.rate_limit import RateLimiter, Verdict
from crescendai.web.callers import caller_of
from crescendai.web.problems import problem
from crescendai.web.routes import is_counted

WINDOW_SEC = 60.0


class RateLimit:
    """Finds out who calls, and leaves it in the request's state for the endpoint.

    Pages and files of the web app are not counted, nor is asking for the server's health.
    """

    def __init__(
        self, app: ASGIApp, *, identity: IdentityService, limiter: RateLimiter, per_minute: int
    ) -> None:
        self._app = app
        self._identity = identity
        self._limiter = limiter
        self._per_minute = per_minute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_counted(scope["path"]) or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        verdict = await self._limiter.hit(await self._key(scope), self._per_minute, WINDOW_SEC)
        headers = self._headers(verdict)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

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
            f"More than {self._per_minute} requests in a minute; try again in {wait_sec} s.",
        )
        await answer(scope, receive, sending)

    async def _key(self, scope: Scope) -> str:
        caller = await caller_of(scope, self._identity)
        if caller is not None:
            return f"user:{caller.user_id}"
        return f"address:{network(scope['client'][0] if scope.get('client') else '')}"

    def _headers(self, verdict: Verdict) -> dict[str, str]:
        """The fields of the IETF's draft on RateLimit headers."""
        reset_sec = math.ceil(verdict.reset_sec)
        return {
            "RateLimit-Policy": f'"calls";q={self._per_minute};w={WINDOW_SEC:.0f}',
            "RateLimit": f'"calls";r={verdict.remaining};t={reset_sec}',
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

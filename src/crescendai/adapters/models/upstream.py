"""What every client of an outside AI service does alike: ask again, and fail in our words.

A failed request is repeated, waiting 100 ms, then twice that, and so on, with jitter, or as long as
the upstream asks for. A service that keeps failing is left alone for a while.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
import structlog

from crescendai.adapters.models.breaker import Breaker
from crescendai.adapters.models.openai_wire import BrokenAnswer
from crescendai.errors import UpstreamFailed

MAX_ATTEMPTS = 4
FIRST_DELAY_SEC = 0.1
LONGEST_ASKED_WAIT_SEC = 10.0
_WORTH_REPEATING = frozenset({408, 409, 425, 429})
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, BrokenAnswer)
_LONGEST_BODY = 8 * 1024 * 1024

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Refused(Exception):
    """An answer with a status above 399; ``wait_sec`` is what its Retry-After asks for."""

    def __init__(self, status: int, wait_sec: float | None) -> None:
        super().__init__(str(status))
        self.status = status
        self.wait_sec = wait_sec


async def repeating(attempt: Callable[[], Awaitable[T]]) -> T:
    delay_sec = FIRST_DELAY_SEC
    for number in range(1, MAX_ATTEMPTS + 1):
        asked_sec = None
        try:
            return await attempt()
        except (*_FAILURES, Refused) as error:
            asked_sec = error.wait_sec if isinstance(error, Refused) else None
            if number == MAX_ATTEMPTS or not _worth_repeating(error):
                raise
            log.info("upstream.repeating", cause=_name(error))
        await asyncio.sleep(asked_sec or delay_sec * random.uniform(0.5, 1.0))  # noqa: S311
        delay_sec *= 2
    raise AssertionError("unreachable")


class Telling:
    """Turns failures into UpstreamFailed with a code, and tells the breaker how it went."""

    def __init__(self, breaker: Breaker, code: str) -> None:
        self._breaker = breaker
        self._code = code

    def __enter__(self) -> None:
        if not self._breaker.lets_through():
            raise self._unavailable()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            self._breaker.succeeded()
        elif isinstance(error, (*_FAILURES, Refused)):
            log.warning("upstream.failed", cause=_name(error))
            if not isinstance(error, Refused) or error.status >= 500:
                self._breaker.failed()
            raise self._unavailable() from error
        else:
            self._breaker.left()

    def _unavailable(self) -> UpstreamFailed:
        return UpstreamFailed(self._code, "AI service unavailable")


class Client:
    """Sends JSON with the key of the service at ``url``, through the environment's proxy.

    Left to aiohttp (``trust_env``), each call would ask a thread for the proxy and another one for
    a ``.netrc``, and wait for the interpreter's lock both times.
    """

    def __init__(self, url: str, api_key: str, connect_sec: float) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._connect_sec = connect_sec
        self._opened: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Opened at the first use: it belongs to the event loop."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_sec),
                proxy=_proxy_of(self._url),
            )
        return self._opened

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()


def _proxy_of(url: str) -> str | None:
    address = urlsplit(url)
    if proxy_bypass(address.hostname or ""):
        return None
    return getproxies().get(address.scheme)


async def whole(response: aiohttp.ClientResponse) -> dict[str, Any]:
    raw = await response.content.read(_LONGEST_BODY)
    while not response.content.at_eof() and len(raw) < _LONGEST_BODY:
        raw += await response.content.read(_LONGEST_BODY - len(raw))
    response.close()
    try:
        body = orjson.loads(raw)
    except ValueError as error:
        raise BrokenAnswer("a body that is no JSON") from error
    if not isinstance(body, dict):
        raise BrokenAnswer("a body that is no object")
    return body


def asked_wait_sec(response: aiohttp.ClientResponse) -> float | None:
    """What ``Retry-After`` asks for, in seconds; its form as a date is left aside."""
    try:
        return max(float(response.headers.get("Retry-After", "")), 0.0)
    except ValueError:
        return None


def _worth_repeating(error: Exception) -> bool:
    if isinstance(error, TimeoutError):
        return isinstance(error, aiohttp.ServerTimeoutError)  # of the connection: soon over
    if isinstance(error, (Refused, BrokenAnswer)):
        if isinstance(error, Refused) and (error.wait_sec or 0) > LONGEST_ASKED_WAIT_SEC:
            return False
        return error.status >= 500 or error.status in _WORTH_REPEATING
    return True


def _name(error: BaseException) -> str:
    return str(error) if isinstance(error, (Refused, BrokenAnswer)) else type(error).__name__

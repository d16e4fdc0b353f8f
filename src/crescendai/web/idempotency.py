"""A POST with an ``Idempotency-Key`` happens once, however often it is sent.

What succeeded is kept for a day and given again; what was refused or failed is not, so that it can
be tried again with the same key.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crescendai.errors import Conflict, CrescendError, InvalidInput
from crescendai.identity.scopes import needed
from crescendai.identity.service import IdentityService
from crescendai.kit.fingerprint import Fingerprint
from crescendai.repeats.service import LEASE_MS, Kept, Outcome, RepeatService, used_otherwise
from crescendai.web.callers import caller_of
from crescendai.web.problems import of_error
from crescendai.web.routes import is_counted

Keep = Callable[[str, Outcome], Awaitable[None]]

REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Idempotency:
    def __init__(self, app: ASGIApp, *, identity: IdentityService, repeats: RepeatService) -> None:
        self._app = app
        self._identity = identity
        self._repeats = repeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not is_counted(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        key = headers.get("idempotency-key")
        if key is None:
            await self._app(scope, receive, send)
            return
        caller = await caller_of(scope, self._identity)
        if caller is None or needed("POST", scope["path"]) not in caller.scopes:
            await self._app(scope, receive, send)  # which refuses it
            return
        fingerprint = Fingerprint(headers.get("content-type", ""))
        request = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        try:
            if not _KEY.fullmatch(key):
                raise InvalidInput(
                    "idempotency_key_invalid",
                    "An Idempotency-Key is 1 to 255 printable ASCII characters without spaces.",
                )
            found = await self._repeats.claim(caller, key, request)
            if isinstance(found, Kept):
                await _read(receive, fingerprint)
                await self._replay(found, fingerprint.digest(), scope, receive, send)
                return
        except CrescendError as error:
            answer = of_error(scope["state"]["request_id"], error, production=True)
            await answer(scope, receive, send)
            return
        await self._perform(found, fingerprint, scope, receive, send)

    async def _replay(
        self, kept: Kept, fingerprint: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        outcome = kept.outcome
        if kept.fingerprint != fingerprint:
            raise used_otherwise()
        if outcome.withheld:
            raise Conflict(
                "idempotency_answer_withheld",
                "This request was carried out, but its answer holds a secret that is shown once "
                "and was not kept. Revoke what it made, and make another with a new key.",
            )

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REPLAYED] = "true"
            await send(message)

        if outcome.location is not None:
            path, _, query = outcome.location.partition("?")
            again = {
                **scope,
                "method": "GET",
                "path": path,
                "raw_path": path.encode(),
                "query_string": query.encode(),
            }
            await self._app(again, receive, sending)
            return
        answer = Response(outcome.body, outcome.status, media_type=outcome.content_type)
        await answer(scope, receive, sending)

    async def _perform(
        self, claim: UUID, fingerprint: Fingerprint, scope: Scope, receive: Receive, send: Send
    ) -> None:
        first = _First(receive, send, fingerprint, partial(self._repeats.keep, claim))
        async with self._renewed(claim):
            try:
                await self._app(scope, first.receive, first.send)
            finally:
                if not first.kept:
                    await asyncio.shield(self._repeats.release(claim))

    @asynccontextmanager
    async def _renewed(self, claim: UUID) -> AsyncIterator[None]:
        async def renewing() -> None:
            while True:
                await asyncio.sleep(LEASE_MS / 3000)
                with suppress(SQLAlchemyError):
                    await self._repeats.renew(claim)

        task = asyncio.create_task(renewing())
        try:
            yield
        finally:
            task.cancel()


class _First:
    """Carries the first request out, and keeps what it came to before the client sees its end.

    A stream that can be read again elsewhere is kept as soon as it begins.
    """

    def __init__(
        self, receive: Receive, send: Send, fingerprint: Fingerprint, keep: Keep
    ) -> None:
        self.kept = False
        self._receive = receive
        self._send = send
        self._fingerprint = fingerprint
        self._keep = keep
        self._start: Message | None = None
        self._body = bytearray()
        self._streams = False
        self._all_read = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._fingerprint.feed(message.get("body", b""))
        self._all_read = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
            headers = Headers(raw=message["headers"])
            self._streams = headers.get("content-type", "").startswith("text/event-stream")
            location = headers.get("content-location") if self._streams else None
            if location is not None:
                await self._keep_as(Outcome(message["status"], location=location))
            else:
                self._start = message
                if not self._streams:
                    return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                while not self._all_read:
                    await self.receive()
                await self._keep_as(_outcome(self._start, bytes(self._body)))
                if not self._streams:
                    await self._send(self._start)
                    message = {"type": "http.response.body", "body": bytes(self._body)}
            elif not self._streams:
                return
        await self._send(message)

    async def _keep_as(self, outcome: Outcome) -> None:
        await self._keep(self._fingerprint.digest(), outcome)
        self.kept = True


def _outcome(start: Message, body: bytes) -> Outcome:
    headers = Headers(raw=start["headers"])
    return Outcome(
        status=start["status"],
        content_type=headers.get("content-type"),
        body=body,
        withheld="no-store" in headers.get("cache-control", ""),
    )


async def _read(receive: Receive, fingerprint: Fingerprint) -> None:
    """Take in a body that nobody else reads."""
    more = True
    while more:
        message = await receive()
        fingerprint.feed(message.get("body", b""))
        more = message.get("more_body", False)

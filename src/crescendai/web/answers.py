"""What is done to answers on their way out: entity tags, compression."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crescendai.kit.entity_tags import matches, tag_of

_COMPRESSION_LEVEL = 5
_LEAST_BYTES = 1000


class EntityTags:
    """Tags every JSON answer to a GET, and answers 304 to who has it already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_json(message):
                held.append(message)
            elif held:
                held.append(message)
                if not message.get("more_body", False):
                    for one in _tagged(held, Headers(scope=scope).get("if-none-match")):
                        await send(one)
            else:
                await send(message)

        await self._app(scope, receive, sending)


def _is_json(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] == 200 and kind == "application/json"


def _tagged(held: list[Message], known: str | None) -> list[Message]:
    start, *rest = held
    body = b"".join(message.get("body", b"") for message in rest)
    tag = tag_of(body)
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag
    headers.setdefault("Cache-Control", "private, no-cache")
    if known is not None and matches(known, tag):
        del headers["content-length"]
        del headers["content-type"]
        start["status"] = 304
        body = b""
    return [start, {"type": "http.response.body", "body": body}]


class Compressed(GZipMiddleware):
    """Gzip for what is longer than a packet; never for event streams, audio or byte ranges.

    A compressed answer has other bytes, so its entity tag becomes a weak one.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=_LEAST_BYTES, compresslevel=_COMPRESSION_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "content-encoding" in headers and headers.get("etag", "").startswith('"'):
                    headers["ETag"] = f"W/{headers['etag']}"
            await send(message)

        await super().__call__(scope, receive, sending)

"""A language model at any base URL that speaks the OpenAI chat protocol (Dedalus by default).

Before the first token of an answer a failed request is repeated (see ``upstream``); afterwards
nothing is, since the reader has already seen text.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import structlog

from crescendai.adapters.models import openai_wire as wire
from crescendai.adapters.models.breaker import Breaker
from crescendai.adapters.models.openai_wire import AnswerReader, BrokenAnswer
from crescendai.adapters.models.structured import read_object, reprimand
from crescendai.adapters.models.upstream import (
    Client,
    Refused,
    Telling,
    asked_wait_sec,
    repeating,
    whole,
)
from crescendai.ports.language_model import (
    Check,
    Message,
    ModelEvent,
    Schema,
    Spent,
    TextDelta,
    ToolSpec,
    Usage,
    no_check,
)

_UNKNOWN_FORM = frozenset({400, 404, 415, 422})
_COUNTS_REASONING = re.compile(r"(^|/)(gpt-5|o\d)")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for a connection, for the first token, for the next bytes,
    and for the whole answer."""

    connect_sec: float = 5.0
    first_token_sec: float = 60.0
    idle_sec: float = 30.0
    answer_sec: float = 600.0


class OpenAIChatModel:
    """``max_tokens`` is set on every call; an answer far beyond it is cut off all the same."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        max_tokens: int = 4096,
        patience: Patience = Patience(),
    ) -> None:
        self._model = model
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._patience = patience
        name = "max_completion_tokens" if _COUNTS_REASONING.search(model) else "max_tokens"
        self._limit = {name: max_tokens}
        self._most_chars = max_tokens * 16
        self._breaker = Breaker()
        self._client = Client(self._url, api_key, patience.connect_sec)

    @property
    def model_id(self) -> str:
        return self._model

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ModelEvent, None]:
        body = wire.streamed(wire.request_body(self._model, messages, self._limit, tools))
        reader = AnswerReader()
        with self._telling():
            response, text = await repeating(lambda: self._open(body, reader))
            idle = _Watchdog(response, self._patience)
            try:
                while True:
                    if text:
                        yield TextDelta(text)
                    if reader.said > self._most_chars:
                        log.warning("llm.endless", chars=reader.said)
                        break
                    raw = await response.content.readany()
                    idle.pat()
                    if not raw and not reader.finished:
                        raise BrokenAnswer("an answer that was cut off")
                    if not raw:
                        break
                    text = reader.feed(raw)
            finally:
                idle.stop()
                response.close()
        for event in wire.events_at_end(reader, body, self._model):
            yield event

    async def complete_json(
        self,
        messages: Sequence[Message],
        schema: Schema,
        *,
        check: Check = no_check,
        spent: Spent | None = None,
    ) -> dict[str, Any]:
        with self._telling():
            content = await self._complete(messages, schema, spent)
            try:
                return read_object(content, check)
            except ValueError as error:
                log.info("llm.repairing", cause=type(error).__name__)
                again = [*messages, *reprimand(content, error, schema)]
            try:
                return read_object(await self._complete(again, schema, spent), check)
            except ValueError as error:
                raise BrokenAnswer("no object of the schema, twice") from error

    async def close(self) -> None:
        await self._client.close()

    def _telling(self) -> Telling:
        return Telling(self._breaker, "llm_unavailable")

    @asynccontextmanager
    async def _asking(self, body: dict[str, Any]) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer with a good status, closed when the block fails."""
        response = await self._client.session.post(self._url, data=orjson.dumps(body))
        try:
            if response.status >= 400:
                raise Refused(response.status, asked_wait_sec(response))
            yield response
        except BaseException:
            response.close()
            raise

    async def _open(
        self, body: dict[str, Any], reader: AnswerReader
    ) -> tuple[aiohttp.ClientResponse, str]:
        """Start an answer and wait for its first words, while a failure can be repeated."""
        async with (
            asyncio.timeout(self._patience.first_token_sec),
            self._asking(body) as response,
        ):
            if response.content_type == "application/json":
                raise _told(await whole(response))
            text = ""
            while not (text or reader.finished or reader.said):
                raw = await response.content.readany()
                if not raw:
                    raise BrokenAnswer("an answer that ended before it began")
                text = reader.feed(raw)
            return response, text

    async def _complete(
        self, messages: Sequence[Message], schema: Schema, spent: Spent | None
    ) -> str:
        body = wire.request_body(self._model, messages, self._limit)
        try:
            answer = await repeating(lambda: self._ask(wire.with_schema(body, schema)))
        except Refused as error:
            if error.status not in _UNKNOWN_FORM:
                raise
            asked = [*messages, Message("user", f"Answer with JSON of this schema: {schema}")]
            body = wire.request_body(self._model, asked, self._limit)
            answer = await repeating(lambda: self._ask(body))
        text = wire.text_of(answer)
        if spent is not None:
            usage = wire.usage_of(answer) or wire.estimated_usage(body, len(text))
            spent(Usage(usage.prompt_tokens, usage.completion_tokens, self._model))
        return text

    async def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        async with asyncio.timeout(self._patience.answer_sec), self._asking(body) as response:
            answer = await whole(response)
            if answer.get("error"):
                raise wire.error_of(answer)
            return answer


class _Watchdog:
    """Ends a response that falls silent or goes on for too long; reading it then fails.

    One timer looks now and then, which costs less than a timer for every read.
    """

    def __init__(self, response: aiohttp.ClientResponse, patience: Patience) -> None:
        self._response = response
        self._idle_sec = patience.idle_sec
        self._last = time.monotonic()
        self._ends_at = self._last + patience.answer_sec
        self._look_again()

    def pat(self) -> None:
        self._last = time.monotonic()

    def stop(self) -> None:
        self._timer.cancel()

    def _look_again(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._idle_sec / 4, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._last < self._idle_sec and now < self._ends_at:
            self._look_again()
            return
        self._response.content.set_exception(TimeoutError("silent, or endless"))
        self._response.close()


def _told(body: dict[str, Any]) -> BrokenAnswer:
    return wire.error_of(body) if body.get("error") else BrokenAnswer("no event stream")

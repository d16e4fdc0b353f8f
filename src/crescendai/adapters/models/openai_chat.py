"""A language model at any base URL that speaks the OpenAI chat protocol (Dedalus by default).

Before the first event of an answer a failed request is repeated, waiting 100 ms, then twice that,
and so on, with jitter; afterwards nothing is repeated, since the reader has already seen text.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
import structlog
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, OpenAIError
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

from crescendai.errors import UpstreamFailed
from crescendai.ports.language_model import (
    Message,
    ModelEvent,
    Schema,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)

MAX_ATTEMPTS = 4
FIRST_DELAY_SEC = 0.1
_WORTH_REPEATING = frozenset({408, 409, 425, 429})
_COUNTS_REASONING = re.compile(r"(^|/)(gpt-5|o\d)")
_VENDOR_ERRORS = (OpenAIError, httpx2.HTTPError, httpx2.StreamError, json.JSONDecodeError)

log = structlog.get_logger(__name__)
T = TypeVar("T")


class OpenAIChatModel:
    """``timeout_sec`` bounds the wait for each next bytes; ``max_tokens`` is set on every call."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        max_tokens: int = 4096,
        timeout_sec: float = 60.0,
        connect_timeout_sec: float = 5.0,
    ) -> None:
        self._model = model
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            timeout=httpx2.Timeout(timeout_sec, connect=connect_timeout_sec),
        )
        name = "max_completion_tokens" if _COUNTS_REASONING.search(model) else "max_tokens"
        self._limit: dict[str, Any] = {name: max_tokens}

    @property
    def model_id(self) -> str:
        return self._model

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ModelEvent, None]:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [_message(message) for message in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._limit,
        }
        if tools:
            request["tools"] = [_tool(tool) for tool in tools]
        try:
            chunks, first = await _repeating(lambda: self._open(request))
            async with aclosing(_events(chunks, first)) as events:
                async for event in events:
                    yield event
        except _VENDOR_ERRORS as error:
            raise _unavailable(error) from error

    async def _open(
        self, request: dict[str, Any]
    ) -> tuple[AsyncStream[ChatCompletionChunk], ChatCompletionChunk | None]:
        """Start an answer and wait for its first chunk, while a failure can still be repeated."""
        chunks: AsyncStream[ChatCompletionChunk] = await self._client.chat.completions.create(
            **request
        )
        try:
            return chunks, await anext(chunks, None)
        except BaseException:
            await chunks.close()
            raise

    async def complete_json(self, messages: Sequence[Message], schema: Schema) -> dict[str, Any]:
        form = {"name": "answer", "schema": schema, "strict": True}
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [_message(message) for message in messages],
            "response_format": {"type": "json_schema", "json_schema": form},
            **self._limit,
        }
        try:
            completion = await _repeating(lambda: self._client.chat.completions.create(**request))
            answer = json.loads(completion.choices[0].message.content or "")
        except (*_VENDOR_ERRORS, IndexError) as error:
            raise _unavailable(error) from error
        if not isinstance(answer, dict):
            raise UpstreamFailed("llm_unavailable", "AI service unavailable")
        return answer

    async def close(self) -> None:
        await self._client.close()


async def _events(
    chunks: AsyncStream[ChatCompletionChunk], first: ChatCompletionChunk | None
) -> AsyncGenerator[ModelEvent, None]:
    calls: dict[int, _CallParts] = {}
    usage: Usage | None = None
    try:
        chunk = first
        while chunk is not None:
            if chunk.usage is not None:
                usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                if choice.delta.content:
                    yield TextDelta(choice.delta.content)
                for part in choice.delta.tool_calls or ():
                    calls.setdefault(part.index, _CallParts()).add(part)
            chunk = await anext(chunks, None)
    finally:
        await chunks.close()
    for index in sorted(calls):
        yield calls[index].whole(index)
    if usage is not None:
        yield usage


@dataclass
class _CallParts:
    """A tool call that arrives in pieces: id and name once, arguments a few characters a time."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def add(self, part: ChoiceDeltaToolCall) -> None:
        self.id = part.id or self.id
        if part.function is not None:
            self.name = self.name or part.function.name or ""  # some servers repeat it
            self.arguments += part.function.arguments or ""

    def whole(self, index: int) -> ToolCall:
        return ToolCall(self.id or f"call_{index}", self.name, self.arguments)


async def _repeating(attempt: Callable[[], Awaitable[T]]) -> T:
    delay_sec = FIRST_DELAY_SEC
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return await attempt()
        except _VENDOR_ERRORS as error:
            if not _worth_repeating(error):
                raise
            log.info("llm.repeating", cause=type(error).__name__)
        await asyncio.sleep(delay_sec * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        delay_sec *= 2
    return await attempt()


def _worth_repeating(error: Exception) -> bool:
    if isinstance(error, APIStatusError):
        return error.status_code >= 500 or error.status_code in _WORTH_REPEATING
    return isinstance(error, (APIConnectionError, httpx2.HTTPError, httpx2.StreamError))


def _unavailable(error: Exception) -> UpstreamFailed:
    status = error.status_code if isinstance(error, APIStatusError) else None
    log.warning("llm.failed", cause=type(error).__name__, status=status)
    return UpstreamFailed("llm_unavailable", "AI service unavailable")


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    return wire


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }

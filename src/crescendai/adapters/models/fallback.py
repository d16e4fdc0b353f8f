"""Two language models as one: the second answers when the first cannot begin to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import structlog

from crescendai.adapters.models.openai_chat import OpenAIChatModel
from crescendai.errors import UpstreamFailed
from crescendai.ports.language_model import (
    Check,
    Message,
    ModelEvent,
    Schema,
    Spent,
    ToolSpec,
    no_check,
)

log = structlog.get_logger(__name__)


class FallbackModel:
    """Which of the two answered is told with the usage."""

    def __init__(self, first: OpenAIChatModel, second: OpenAIChatModel) -> None:
        self._first = first
        self._second = second

    @property
    def model_id(self) -> str:
        return self._first.model_id

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ModelEvent, None]:
        begun = False
        try:
            async with aclosing(self._first.stream(messages, tools)) as events:
                async for event in events:
                    begun = True
                    yield event
            return
        except UpstreamFailed:
            if begun:
                raise  # the reader has seen the beginning of an answer
        log.warning("llm.fell_back", to=self._second.model_id)
        async with aclosing(self._second.stream(messages, tools)) as events:
            async for event in events:
                yield event

    async def complete_json(
        self,
        messages: Sequence[Message],
        schema: Schema,
        *,
        check: Check = no_check,
        spent: Spent | None = None,
    ) -> dict[str, Any]:
        try:
            return await self._first.complete_json(messages, schema, check=check, spent=spent)
        except UpstreamFailed:
            log.warning("llm.fell_back", to=self._second.model_id)
        return await self._second.complete_json(messages, schema, check=check, spent=spent)

    async def close(self) -> None:
        await self._first.close()
        await self._second.close()

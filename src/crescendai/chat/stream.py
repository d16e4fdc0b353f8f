"""A turn answered by a language model: model → tools → model, at most six rounds.

    the model says       the turn yields
    ───────────────────  ───────────────────────────────────────────────────────────────────
    TextDelta            Token, and Cited the first time a retrieved passage's [n] is complete
    ToolCall             ToolCalled, then ToolAnswered; the answer goes back to the model
    Usage                added up; UsageReported once, last

In the last round the model is given no tools, so that it has to answer.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from crescendai.chat.brief import TurnBrief
from crescendai.chat.collaborators import Meter
from crescendai.chat.condense import condense
from crescendai.chat.events import (
    Cited,
    Token,
    ToolAnswered,
    ToolCalled,
    TurnEvent,
    UsageReported,
)
from crescendai.chat.prompts import read_prompt
from crescendai.chat.tools import Tools
from crescendai.errors import UpstreamFailed
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.knowledge.schemas import Citation
from crescendai.ports.language_model import (
    CHARS_A_TOKEN,
    LanguageModel,
    Message,
    TextDelta,
    ToolCall,
    Usage,
    estimated_tokens,
)

MAX_ROUNDS = 6
HISTORY_TOKENS = 8000
MAX_CALLS_A_ROUND = 8
_QUOTE = re.compile(r"[“\"]([^“”\"]{12,})[”\"]")
_MARK = re.compile(r"\[(\d{1,3})\]")


class ModelTutor:
    """The tutor whose words come from a language model."""

    def __init__(
        self, *, model: LanguageModel, meter: Meter, history_tokens: int = HISTORY_TOKENS
    ) -> None:
        self._model = model
        self._meter = meter
        self._history_tokens = history_tokens

    @property
    def model_id(self) -> str:
        return self._model.model_id

    @property
    def prompt_version(self) -> str:
        return read_prompt("tutor").version

    async def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        conversation = _Conversation(brief, self.model_id, self._history_tokens)
        try:
            async with aclosing(self._converse(conversation, tools)) as happening:
                async for event in happening:
                    yield event
        finally:
            conversation.count_interrupted()
            await self._meter.record(brief.caller, "chat", conversation.spent)

    async def _converse(
        self, conversation: _Conversation, tools: Tools
    ) -> AsyncGenerator[TurnEvent, None]:
        started = time.monotonic()
        for round_number in range(1, MAX_ROUNDS + 1):
            specs = tools.specs if round_number < MAX_ROUNDS else ()
            calls: list[ToolCall] = []
            text = ""
            conversation.ask()
            async with aclosing(self._model.stream(conversation.messages, specs)) as said:
                async for event in said:
                    match event:
                        case TextDelta(delta):
                            text += delta
                            conversation.heard += len(delta)
                            yield Token(delta)
                            if "]" in delta:  # only then can a mark have become complete
                                for cited in conversation.newly_cited(text):
                                    yield cited
                        case ToolCall():
                            calls.append(event)
                        case Usage():
                            conversation.count(event)
            if not calls or not specs:
                break
            async with aclosing(_use_tools(conversation, text, calls, tools)) as used:
                async for happened in used:
                    yield happened
        if not text.strip():
            raise UpstreamFailed("llm_unavailable", "AI service unavailable")
        yield conversation.usage(started)


async def _use_tools(
    conversation: _Conversation, text: str, calls: list[ToolCall], tools: Tools
) -> AsyncGenerator[TurnEvent, None]:
    calls = calls[:MAX_CALLS_A_ROUND]
    conversation.messages.append(Message("assistant", text, tool_calls=tuple(calls)))
    for call in calls:
        yield ToolCalled(call.id, call.name, _readable(call.arguments))
    for call in calls:
        answer = await tools.call(call.name, call.arguments)
        if isinstance(answer.found, SearchAnswer):
            conversation.passages.extend(answer.found.hits)
        conversation.messages.append(Message("tool", answer.content, tool_call_id=call.id))
        yield ToolAnswered(call.id, call.name, answer.ok, answer.summary, answer.content)


class _Conversation:
    """The messages so far, and the passages that may be cited; number n is ``passages[n - 1]``."""

    def __init__(self, brief: TurnBrief, model_id: str, history_tokens: int) -> None:
        digest, latest = condense(brief.history, history_tokens)
        known = [read_prompt("tutor").text, _situation(brief), digest]
        self.messages = [
            Message("system", "\n\n".join(part for part in known if part)),
            *(Message(said.role, said.content) for said in latest),
            Message("user", brief.message),
        ]
        self.passages: list[Hit] = []
        self._cited: set[int] = set()
        self.spent: list[Usage] = []
        self.heard = 0
        self._asking = False
        self._model_id = model_id

    def newly_cited(self, text: str) -> list[Cited]:
        """Citations for marks that now stand complete in the text; unknown numbers are left."""
        new = []
        for mark in _MARK.finditer(text):
            number = int(mark.group(1))
            if number in self._cited or not 1 <= number <= len(self.passages):
                continue
            self._cited.add(number)
            hit = self.passages[number - 1]
            new.append(Cited(Citation.of(str(number), hit, _quoted(text[: mark.start()], hit))))
        return new

    def ask(self) -> None:
        """A call begins; ``heard`` counts the characters of its answer."""
        self._asking, self.heard = True, 0

    def count(self, usage: Usage) -> None:
        self._asking = False
        self.spent.append(replace(usage, model=usage.model or self._model_id))

    def count_interrupted(self) -> None:
        """Estimate a call that ended before it could tell what it cost, if it said anything."""
        if self._asking and self.heard:
            said = -(-self.heard // CHARS_A_TOKEN)
            self.count(Usage(estimated_tokens(self.messages), said))

    def usage(self, started: float) -> UsageReported:
        """All calls together, under the name of the model that had the last word."""
        took_ms = round((time.monotonic() - started) * 1000)
        prompt = sum(usage.prompt_tokens for usage in self.spent)
        completion = sum(usage.completion_tokens for usage in self.spent)
        model = self.spent[-1].model if self.spent else self._model_id
        return UsageReported(model, prompt, completion, took_ms)


def _situation(brief: TurnBrief) -> str:
    """The facts of this conversation that the model needs in order to call its tools."""
    lines = ["This conversation", f"- session_id: {brief.session_id}"]
    lines.append(f"- recording_id in view: {brief.recording_id or 'none'}")
    if brief.language is not None:
        lines.append(f"- answer in this language: {brief.language}")
    for heard in brief.recordings[:5]:
        name = json.dumps(heard.filename, ensure_ascii=False)
        lines.append(f"- the person's recording {heard.recording_id}, file name {name}")
    return "\n".join(lines)


def _quoted(before_mark: str, hit: Hit) -> str:
    """The last words in quotation marks if the passage has them word for word, or all of it."""
    quotes = _QUOTE.findall(before_mark)
    return quotes[-1] if quotes and quotes[-1] in hit.text else hit.text


def _readable(arguments: str) -> dict[str, Any]:
    try:
        read = json.loads(arguments or "{}")
    except json.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}

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
from collections.abc import AsyncGenerator, Sequence
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
        started = time.monotonic()
        try:
            for round_number in range(1, MAX_ROUNDS + 1):
                specs = tools.specs if round_number < MAX_ROUNDS else ()
                calls: list[ToolCall] = []
                conversation.ask()
                async with aclosing(self._model.stream(conversation.messages, specs)) as said:
                    async for event in said:
                        if isinstance(event, TextDelta):
                            yield Token(event.text)
                            for cited in conversation.hear(event.text):
                                yield cited
                        elif isinstance(event, ToolCall):
                            calls.append(event)
                        else:
                            conversation.count(event)
                if not calls or not specs:
                    break
                async with aclosing(_use_tools(conversation, calls, tools)) as used:
                    async for happened in used:
                        yield happened
            if not conversation.text.strip():
                raise UpstreamFailed("llm_unavailable", "AI service unavailable")
            yield conversation.usage(started)
        finally:
            conversation.count_interrupted()
            await self._meter.record(brief.caller, "chat", conversation.spent)


async def _use_tools(
    conversation: _Conversation, calls: list[ToolCall], tools: Tools
) -> AsyncGenerator[TurnEvent, None]:
    calls = calls[:MAX_CALLS_A_ROUND]
    asking = Message("assistant", conversation.text, tool_calls=tuple(calls))
    conversation.messages.append(asking)
    for call in calls:
        yield ToolCalled(call.id, call.name, _readable(call.arguments))
    for call in calls:
        answer = await tools.call(call.name, call.arguments)
        if isinstance(answer.found, SearchAnswer):
            conversation.passages.extend(answer.found.hits)
        conversation.messages.append(Message("tool", answer.content, tool_call_id=call.id))
        yield ToolAnswered(call.id, call.name, answer.ok, answer.summary, answer.content)


class _Conversation:
    """The messages so far, the ``text`` of the present answer, and the passages that may be cited:
    number n is ``passages[n - 1]``."""

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
        self.text = ""
        self._asking = False
        self._model_id = model_id

    def ask(self) -> None:
        """A call begins."""
        self._asking, self.text = True, ""

    def hear(self, delta: str) -> Sequence[Cited]:
        """More of the answer; citations for marks that stand complete in it now."""
        self.text += delta
        return self._newly_cited() if "]" in delta else ()

    def _newly_cited(self) -> list[Cited]:
        """Unknown numbers are left."""
        new = []
        for mark in _MARK.finditer(self.text):
            number = int(mark.group(1))
            if number in self._cited or not 1 <= number <= len(self.passages):
                continue
            self._cited.add(number)
            hit = self.passages[number - 1]
            quote = _quoted(self.text[: mark.start()], hit)
            new.append(Cited(Citation.of(str(number), hit, quote)))
        return new

    def count(self, usage: Usage) -> None:
        self._asking = False
        self.spent.append(replace(usage, model=usage.model or self._model_id))

    def count_interrupted(self) -> None:
        """Estimate a call that ended before it could tell what it cost, if it said anything."""
        if self._asking and self.text:
            said = -(-len(self.text) // CHARS_A_TOKEN)
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

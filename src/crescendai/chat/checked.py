"""A tutor whose answers are held against what its tools found, before they are said."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import UUID

from crescendai.chat.brief import TurnBrief, Tutor
from crescendai.chat.events import Cited, Token, ToolCalled, TurnEvent, UsageReported
from crescendai.chat.held import NOTHING_LEFT, Held
from crescendai.chat.tools import ToolAnswer, Tools
from crescendai.chat.tutor.contrasts import contrasts
from crescendai.chat.tutor.german import is_german
from crescendai.evidence.ground import Ground
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.recordings.schemas import Analysis
from crescendai.recordings.takes import TakeComparison


class CheckedTutor:
    """Another tutor, of which no claim is heard that does not hold.

    ``secret`` is what it was told to be, and does not recite. A ``trusted`` one, which writes each
    sentence from what was found, is heard as it speaks; only the account is kept, of English.
    """

    def __init__(self, tutor: Tutor, secret: str = "", *, trusted: bool = False) -> None:
        self._tutor = tutor
        self._secret = secret
        self._trusted = trusted

    @property
    def model_id(self) -> str:
        return self._tutor.model_id

    @property
    def prompt_version(self) -> str:
        return self._tutor.prompt_version

    async def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        seen = Seen(tools, brief)
        held = Held(seen.ground, self._secret)
        speech = _Trusted(held) if self._trusted else _Speech(held)
        async with aclosing(self._tutor.answer(brief, seen)) as happening:
            async for event in happening:
                if isinstance(event, Token) and speech.passes(event.text):
                    yield event
                    continue
                if isinstance(event, Cited):
                    seen.mark(event)
                for said in await speech.of(event):
                    yield said


class _Speech:
    """What is heard of each event of the answer; a citation waits until its mark is said."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._text = ""
        self._waiting: list[Cited] = []

    def passes(self, text: str) -> bool:
        """Whether a token is heard as it is, which is the usual thing."""
        if self._waiting or not self._held.passes(text):
            return False
        self._text += text
        return True

    async def of(self, event: TurnEvent) -> list[TurnEvent]:
        match event:
            case Token(text):
                return self._say(await self._held.hear(text))
            case Cited():
                self._waiting.append(event)
                return self._say("")
            case ToolCalled():
                return [*self._say(await self._held.end()), event]
            case UsageReported():
                rest = self._say(await self._held.end())
                if not self._text.strip():
                    rest = self._say(NOTHING_LEFT)
                account = self._held.account
                ratio = account.verification().supported_ratio
                support = tuple(account.support)
                return [*rest, replace(event, supported_ratio=ratio, support=support)]
            case _:
                return [event]

    def _say(self, text: str) -> list[TurnEvent]:
        """Text, and the citations whose marks stand in what was said by now."""
        self._text += text
        said = [c for c in self._waiting if f"[{c.citation.id}]" in self._text]
        self._waiting = [c for c in self._waiting if c not in said]
        return [*([Token(text)] if text else []), *said]


class _Trusted(_Speech):
    def passes(self, text: str) -> bool:
        self._text += text
        return True

    async def of(self, event: TurnEvent) -> list[TurnEvent]:
        if not isinstance(event, UsageReported) or is_german(self._text):
            return [event]
        await self._held.hear(self._text)
        return (await super().of(event))[-1:]


class Seen(Tools):
    """A caller's tools, which remember what they found: it is what claims are held against."""

    def __init__(self, tools: Tools, brief: TurnBrief) -> None:
        self._tools = tools
        self._brief = brief
        self._analyses: dict[str, Analysis] = {}
        self._hits: list[Hit] = []
        self._marked: dict[str, Hit] = {}
        self._looked = False
        self._compared: list[str] = []

    async def compare_takes(self, one: UUID, other: UUID) -> TakeComparison | None:
        found = await self._tools.compare_takes(one, other)
        self._compared += [contrast.measured for contrast in contrasts(found)] if found else []
        return found

    async def call(self, name: str, arguments: str | dict[str, Any]) -> ToolAnswer:
        answer = await self._tools.call(name, arguments)
        self._remember(answer)
        return answer

    def mark(self, cited: Cited) -> None:
        """A passage is cited with a mark of the tutor's own; else its number is the mark."""
        found = {hit.chunk_id: hit for hit in self._hits}
        if cited.citation.chunk_id in found:
            self._marked[cited.citation.id] = found[cited.citation.chunk_id]

    async def ground(self) -> Ground:
        """What was found in this turn, and the recording in view in any case."""
        about = self._brief.recording_id
        if about is not None and not self._looked and str(about) not in self._analyses:
            arguments = {"recording_id": str(about)}
            self._remember(await self._tools.call("get_performance_analysis", arguments))
        self._looked = True
        words = (self._brief.message, *(s.content for s in self._brief.history if s.role == "user"))
        return Ground(
            analyses=tuple(self._analyses.values()),
            cited={str(n): hit for n, hit in enumerate(self._hits, start=1)} | self._marked,
            own_words=(*words, *(heard.filename for heard in self._brief.recordings)),
            sourced=tuple(self._hits),
            measured=tuple(self._compared),
        )

    def _remember(self, answer: ToolAnswer) -> None:
        if isinstance(answer.found, Analysis):
            self._analyses[str(answer.found.recording_id)] = answer.found
        elif isinstance(answer.found, SearchAnswer):
            self._hits.extend(answer.found.hits)

"""What the tutor has at hand in one turn: the tools, the page being written, and its citations."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from crescendai.chat.brief import TurnBrief
from crescendai.chat.citations import citation
from crescendai.chat.events import Cited, Token, ToolAnswered, ToolCalled, TurnEvent
from crescendai.chat.schemas import UserContext
from crescendai.chat.tools import ToolAnswer, Tools
from crescendai.chat.tutor.material import Ear, Reader
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.recordings.schemas import Analysis

MIN_SIMILARITY = 0.35
"""The least cosine of question and passage at which the library counts as having an answer."""

_WORD = re.compile(r"\s*\S+\s*")


@dataclass
class Desk:
    """Everything said or looked up becomes an event in ``events``, in that order."""

    brief: TurnBrief
    tools: Tools
    ear: Ear
    reader: Reader
    events: asyncio.Queue[TurnEvent | None] = field(default_factory=asyncio.Queue)
    words_said: int = 0
    refusal: str = ""
    _calls: int = 0
    _context: UserContext | None = None
    _citations: dict[tuple[UUID, str], str] = field(default_factory=dict)

    def say(self, *sentences: str) -> None:
        """A paragraph. Empty sentences are left out, and so is a paragraph of nothing else."""
        text = " ".join(sentence for sentence in sentences if sentence)
        if not text:
            return
        if self.words_said:
            self._put("\n\n")
        for word in _WORD.findall(text):
            self._put(word)
            self.words_said += 1

    def say_list(self, lines: list[str], *, numbered: bool = False) -> None:
        """A list below the last paragraph."""
        self._put("\n")
        for n, line in enumerate(lines, start=1):
            self._put(f"\n{n}. " if numbered else "\n- ")
            for word in _WORD.findall(line):
                self._put(word)
                self.words_said += 1

    def _put(self, text: str) -> None:
        self.events.put_nowait(Token(text))

    def cite(self, hit: Hit, quote: str) -> str:
        """The mark to put behind words of a passage, such as ``[1]``."""
        at = (hit.chunk_id, quote)
        if at not in self._citations:
            number = str(len(self._citations) + 1)
            self._citations[at] = number
            self.events.put_nowait(Cited(citation(number, hit, quote)))
        return f"[{self._citations[at]}]"

    async def analysis(self, recording_id: UUID) -> Analysis | None:
        """The analysis, or None with the reason in ``refusal``."""
        arguments = {"recording_id": str(recording_id)}
        found = (await self._call("get_performance_analysis", arguments)).found
        return found if isinstance(found, Analysis) else None

    async def context(self) -> UserContext:
        """What the person told about themselves; asked for once a turn."""
        if self._context is None:
            arguments = {"session_id": str(self.brief.session_id)}
            found = (await self._call("get_user_context", arguments)).found
            self._context = found if isinstance(found, UserContext) else UserContext()
        return self._context

    async def search(self, query: str, top_k: int = 5) -> list[Hit]:
        """Passages that are about the query; none when the library has nothing on it."""
        arguments = {"query": query, "top_k": top_k}
        found = (await self._call("search_knowledge_base", arguments)).found
        hits = found.hits if isinstance(found, SearchAnswer) else ()
        return [hit for hit in hits if hit.similarity >= MIN_SIMILARITY]

    def filename(self, recording_id: UUID) -> str | None:
        names = {heard.recording_id: heard.filename for heard in self.brief.recordings}
        return names.get(recording_id)

    async def _call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        self._calls += 1
        id = f"call_{self._calls}"
        self.events.put_nowait(ToolCalled(id, name, arguments))
        answer = await self.tools.call(name, arguments)
        self.refusal = "" if answer.ok else answer.content
        self.events.put_nowait(ToolAnswered(id, name, answer.ok, answer.summary, answer.content))
        return answer

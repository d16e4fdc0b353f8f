"""What the tutor has at hand in one turn: the tools, the page being written, and its citations."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import Cited, Token, ToolAnswered, ToolCalled, TurnEvent
from crescendai.chat.schemas import UserContext
from crescendai.chat.tools import ToolAnswer, Tools
from crescendai.chat.tutor.contrasts import Contrast, contrasts
from crescendai.chat.tutor.material import Ear, Reader
from crescendai.chat.tutor.vocabulary import content_words, dimensions_in
from crescendai.knowledge.results import Hit, SearchAnswer
from crescendai.knowledge.schemas import Citation
from crescendai.recordings.schemas import Analysis

MIN_SIMILARITY = 0.35
SURE_SIMILARITY = 0.58
FOREIGN_SIMILARITY = 0.30
"""Cosines of question and passage (the installation's model, questions with and without an answer).

Questions that are not about music stayed below 0.30. Questions about music that the handbook does
not answer reached 0.56, while true answers began at 0.40. So a passage answers if it is very near,
or near enough and has most of the question's own words or its dimension.
"""

_WORD = re.compile(r"\s*\S+\s*")


@dataclass
class Desk:
    """What is looked up becomes an event at once; what is said waits on the ``page``.

    So a turn is stored as a person would tell it: the looking up, then one answer.
    ``asked`` is the message as it was written; ``brief`` has it as it was understood.
    ``refusal`` is why the last tool could not answer, ``nearest`` the best similarity it saw.
    """

    brief: TurnBrief
    tools: Tools
    ear: Ear
    reader: Reader
    asked: str = ""
    events: asyncio.Queue[TurnEvent | None] = field(default_factory=asyncio.Queue)
    page: list[TurnEvent] = field(default_factory=list)
    words_said: int = 0
    refusal: str = ""
    nearest: float = 0.0
    _calls: int = 0
    _context: UserContext | None = None
    _citations: dict[tuple[UUID, str], str] = field(default_factory=dict)

    @property
    def in_german(self) -> bool:
        return self.brief.language == "de"

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
        self.page.append(Token(text))

    def cite(self, hit: Hit, quote: str) -> str:
        """The mark to put behind words of a passage, such as ``[1]``."""
        at = (hit.chunk_id, quote)
        if at not in self._citations:
            number = str(len(self._citations) + 1)
            self._citations[at] = number
            self.page.append(Cited(Citation.of(number, hit, quote)))
        return f"[{self._citations[at]}]"

    def hand_over(self) -> None:
        """Send the page, and that nothing follows."""
        for event in self.page:
            self.events.put_nowait(event)
        self.events.put_nowait(None)

    async def analysis(self, recording_id: UUID) -> Analysis | None:
        """The analysis, or None with the reason in ``refusal``."""
        arguments = {"recording_id": str(recording_id)}
        found = (await self._call("get_performance_analysis", arguments)).found
        return found if isinstance(found, Analysis) else None

    async def takes(self, newer: UUID, older: UUID) -> list[Contrast] | None:
        """Where two takes differ most; None when they are not of the same music."""
        found = await self.tools.compare_takes(newer, older)
        return None if found is None else contrasts(found)

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
        self.nearest = max((hit.similarity for hit in hits), default=0.0)
        return [hit for hit in hits if hit.similarity >= MIN_SIMILARITY]

    async def answers(self, question: str, top_k: int = 5) -> list[Hit]:
        """Passages that answer a person's own question; none when the library has no answer."""
        words, keys = content_words(question), set(dimensions_in(question))
        hits = await self.search(question, top_k)
        return [hit for hit in hits if keys & set(hit.dimensions) or _answers(hit, words)]

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


def _answers(hit: Hit, words: list[str]) -> bool:
    if hit.similarity >= SURE_SIMILARITY:
        return True
    text = " ".join((*hit.heading_path, hit.text)).lower()
    shared = sum(bool(re.search(rf"\b{re.escape(_stem(word))}", text)) for word in words)
    return shared * 2 > len(words)


def _stem(word: str) -> str:
    """What a word keeps through its endings, long words only."""
    for ending in ("ising", "izing", "ing", "ise", "ize", "ed", "es", "s", "ly", "er"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word

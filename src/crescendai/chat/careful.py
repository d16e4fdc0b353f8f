"""Pain is not left to a language model: the built-in tutor answers it, whoever else would."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from crescendai.chat.brief import TurnBrief, Tutor
from crescendai.chat.events import TurnEvent
from crescendai.chat.tools import Tools
from crescendai.chat.tutor.intents import read_intent


class CarefulTutor:
    """A tutor whose questions of pain go to another one, which never gives an exercise for it."""

    def __init__(self, *, tutor: Tutor, careful: Tutor) -> None:
        self._tutor = tutor
        self._careful = careful

    @property
    def model_id(self) -> str:
        return self._tutor.model_id

    @property
    def prompt_version(self) -> str:
        return self._tutor.prompt_version

    async def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        in_pain = read_intent(brief.message, brief.history).kind == "pain"
        tutor = self._careful if in_pain else self._tutor
        async with aclosing(tutor.answer(brief, tools)) as happening:
            async for event in happening:
                yield event

"""Pain is not left to a language model: the built-in tutor answers it, whoever else would."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from crescendai.chat.brief import TurnBrief, Tutor
from crescendai.chat.events import TurnEvent
from crescendai.chat.tools import Tools
from crescendai.chat.tutor.german import in_english, is_german
from crescendai.chat.tutor.intents import asks_to_play, hurt_before, read_intent


def _as_read(message: str) -> str:
    return in_english(message) if is_german(message) else message


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
        intent = read_intent(_as_read(brief.message), brief.history)
        in_pain = asks_to_play(intent) and hurt_before(brief.history)
        tutor = self._careful if in_pain or intent.kind == "pain" else self._tutor
        async with aclosing(tutor.answer(brief, tools)) as happening:
            async for event in happening:
                yield event

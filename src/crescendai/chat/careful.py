"""Pain is not left to a language model: the built-in tutor answers it, whoever else would."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from crescendai.chat.brief import TurnBrief, Tutor
from crescendai.chat.events import TurnEvent
from crescendai.chat.tools import Tools
from crescendai.chat.tutor.german import in_english, is_german
from crescendai.chat.tutor.intents import hurt_before, read_intent
from crescendai.chat.tutor.spelling import spelt


class CarefulTutor:
    """A tutor whose questions of pain go to another one, which never gives an exercise for it.

    So does everything that is asked as long as pain was named and is not said to be over.
    """

    def __init__(self, *, tutor: Tutor, careful: Tutor) -> None:
        self._tutor = tutor
        self._careful = careful

    @property
    def model_id(self) -> str:
        return self._tutor.model_id

    @property
    def prompt_version(self) -> str:
        return self._tutor.prompt_version

    def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        intent = read_intent(_as_read(brief.message), brief.history)
        in_pain = intent.kind == "pain" or hurt_before(brief.history)
        return (self._careful if in_pain else self._tutor).answer(brief, tools)


def _as_read(message: str) -> str:
    return in_english(message) if is_german(message) else spelt(message)

"""The built-in tutor as a Tutor: reads the intent, lets the right answer be written, streams it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import Token, TurnEvent, UsageReported
from crescendai.chat.tools import Tools
from crescendai.chat.tutor import (
    answers_comparison,
    answers_guidance,
    answers_moments,
    answers_plan,
    answers_practice,
    answers_recording,
    answers_talk,
    german_answers,
    german_intents,
)
from crescendai.chat.tutor.desk import Desk
from crescendai.chat.tutor.german import in_english, is_german
from crescendai.chat.tutor.intents import Intent, Kind, asks_to_play, hurt_before, read_intent
from crescendai.chat.tutor.material import Ear, Reader
from crescendai.chat.tutor.spelling import spelt

MODEL_ID = "crescendai-tutor-1"

Answer = Callable[[Desk, Intent], Awaitable[None]]

ANSWERS: dict[Kind, Answer] = {
    "pain": answers_talk.pain,
    "greeting": answers_talk.greeting,
    "thanks": answers_talk.thanks,
    "introduction": answers_talk.introduction,
    "context": answers_talk.context,
    "scores": answers_talk.scores,
    "wrong_notes": answers_talk.wrong_notes,
    "others": answers_talk.others,
    "unclear": answers_talk.unclear,
    "compare": answers_comparison.compare,
    "moment": answers_moments.moment,
    "explain": answers_recording.explain,
    "overview": answers_recording.overview,
    "plan": answers_plan.plan,
    "next": answers_practice.next_step,
    "how_to": answers_practice.how_to,
    "question": answers_practice.question,
    "tempo": answers_recording.tempo,
    "mark": answers_talk.mark,
    "occasion": answers_guidance.occasion,
    "repertoire": answers_guidance.repertoire,
    "stuck": answers_guidance.stuck,
    "acknowledged": answers_talk.acknowledged,
}


class BuiltinTutor:
    """``pace_sec`` is the pause after each word, so that an answer can be read as it comes."""

    model_id = MODEL_ID
    prompt_version = "builtin"  # it has no prompt; the model's id says it all

    def __init__(self, *, ear: Ear, reader: Reader, pace_sec: float = 0.008) -> None:
        self._ear = ear
        self._reader = reader
        self._pace_sec = pace_sec

    async def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        started = time.monotonic()
        german = brief.language == "de" or (brief.language is None and is_german(brief.message))
        message = in_english(brief.message) if is_german(brief.message) else spelt(brief.message)
        understood = replace(brief, message=message, language="de" if german else "en")
        desk = Desk(understood, tools, self._ear, self._reader, asked=brief.message)
        writing = asyncio.create_task(_write(desk))
        try:
            while (event := await desk.events.get()) is not None:
                yield event
                if isinstance(event, Token):
                    await asyncio.sleep(self._pace_sec)
            await writing
        finally:
            writing.cancel()
        took_ms = round((time.monotonic() - started) * 1000)
        yield UsageReported(MODEL_ID, 0, desk.words_said, took_ms)


async def _write(desk: Desk) -> None:
    try:
        intent = read_intent(desk.brief.message, desk.brief.history)
        hurts = asks_to_play(intent) and hurt_before(desk.brief.history)
        if hurts and desk.in_german:
            desk.say(german_answers.HURT_BEFORE)
        elif hurts:
            await answers_talk.hurt_before(desk, intent)
        else:
            answers = german_intents.ANSWERS if desk.in_german else ANSWERS
            await answers[intent.kind](desk, intent)
    finally:
        desk.hand_over()

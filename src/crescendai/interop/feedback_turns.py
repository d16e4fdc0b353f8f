"""Feedback through the turn engine: a stored turn of numbered events, resumed like any other."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Iterator
from uuid import UUID

from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import Cited, Token, TurnEvent, UsageReported, Written
from crescendai.chat.schemas import TurnRequest
from crescendai.chat.tools import Tools
from crescendai.chat.turn import Turn
from crescendai.chat.turns import Turns
from crescendai.errors import NotFound
from crescendai.feedback.schemas import Feedback
from crescendai.feedback.service import GROUNDED_MODEL, FeedbackService
from crescendai.identity.service import Caller
from crescendai.knowledge.schemas import Citation

_ASKED = "Please give me feedback on this recording."
_WORD = re.compile(r"\s*\S+\s*")


class FeedbackTurns:
    """Each begins a conversation about the recording, whose first answer is the feedback."""

    def __init__(self, *, turns: Turns, feedback: FeedbackService) -> None:
        self._turns = turns
        self._tutor = FeedbackTutor(feedback)

    async def begin(self, caller: Caller, recording_id: UUID) -> Turn:
        """Raises NotFound for a recording that is not the caller's."""
        request = TurnRequest(message=_ASKED, recording_id=recording_id)
        return await self._turns.begin(caller, request, self._tutor)


class FeedbackTutor:
    """Answers with the structured feedback on the recording in view, and tells it in words."""

    model_id = GROUNDED_MODEL  # the answer's own is told with its usage
    prompt_version = "feedback"

    def __init__(self, feedback: FeedbackService) -> None:
        self._feedback = feedback

    async def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        started = time.monotonic()
        if brief.recording_id is None:
            raise NotFound("recording_missing", "There is no such recording.")
        feedback = await self._feedback.create(brief.caller, brief.recording_id)
        yield Written("feedback", feedback.model_dump(mode="json"))
        words = 0
        for word in _WORD.findall("\n\n".join(_told(feedback))):
            yield Token(word)
            words += 1
        for cited in feedback.citations:
            yield Cited(Citation(**cited.model_dump(exclude={"relevance"})))
        took_ms = round((time.monotonic() - started) * 1000)
        ratio = feedback.verification.supported_ratio
        support = tuple(feedback.overall_assessment.support)
        yield UsageReported(feedback.model, 0, words, took_ms, ratio, support)


def _told(feedback: Feedback) -> Iterator[str]:
    """The feedback in paragraphs, every text of it as it was checked."""
    overall = feedback.overall_assessment
    yield overall.performance_character
    yield from overall.strengths
    yield from overall.priority_areas
    for item in feedback.temporal_feedback:
        yield f"**{item.timestamp.replace('-', ' to ')}** {item.insight} {item.practice_focus}"
    for first in feedback.practice_recommendations.immediate_priorities:
        marks = "".join(f" [{id}]" for id in first.citations)
        yield f"**{first.skill_area}** {first.exercise}{marks} {first.expected_result}"
    for aim in feedback.practice_recommendations.long_term_development:
        marks = "".join(f" [{id}]" for id in aim.citations)
        yield f"**{aim.musical_aspect}** {aim.approach}{marks}"
    yield feedback.encouragement

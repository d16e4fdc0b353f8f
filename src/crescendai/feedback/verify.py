"""The check against the evidence: what is not borne out is left out.

* a citation's quote stands word for word in its passage,
* a time lies inside the recording,
* a number that is said to be a score or measurement is the analysis's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel

from crescendai.feedback import claims
from crescendai.feedback.schemas import (
    FeedbackBody,
    FeedbackCitation,
    ImmediatePriority,
    LongTermAim,
    OverallAssessment,
    TemporalItem,
)
from crescendai.knowledge.results import Hit
from crescendai.music.windows import Window
from crescendai.recordings.schemas import Analysis

_REFERENCE = re.compile(r"\[(\w+)\]")
_QUOTED = re.compile(r"“([^”]+)”")
_PLAIN_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?")


class Draft(BaseModel):
    """A feedback before its check: the same parts, in any number."""

    overall_assessment: OverallAssessment
    temporal_feedback: list[TemporalItem]
    immediate_priorities: list[ImmediatePriority]
    long_term_development: list[LongTermAim]
    encouragement: str
    citations: list[FeedbackCitation]

    @classmethod
    def of(cls, body: FeedbackBody) -> Draft:
        recommendations = body.practice_recommendations.model_dump()
        rest = body.model_dump(exclude={"practice_recommendations"})
        return cls.model_validate(rest | recommendations)


class Verifier:
    """Checks a draft against one analysis and the passages that were retrieved for it."""

    def __init__(self, analysis: Analysis, passages: Mapping[UUID, Hit]) -> None:
        self._analysis = analysis
        self._passages = passages

    def check(self, draft: Draft) -> Draft:
        """The draft without what does not hold."""
        sound = {c.id: c for c in draft.citations if self._is_word_for_word(c)}
        immediate = [
            item.model_copy(update={"citations": [c for c in item.citations if c in sound]})
            for item in draft.immediate_priorities
            if self._advice_holds(item.exercise, item.expected_result, item.citations, sound)
        ]
        long_term = [
            item.model_copy(update={"citations": [c for c in item.citations if c in sound]})
            for item in draft.long_term_development
            if self._advice_holds(item.approach, "", item.citations, sound)
        ]
        cited = [*(i.citations for i in immediate), *(i.citations for i in long_term)]
        used = {id for ids in cited for id in ids}
        assessment = draft.overall_assessment
        character = assessment.performance_character
        return Draft(
            overall_assessment=OverallAssessment(
                strengths=[text for text in assessment.strengths if self._holds(text)],
                priority_areas=[text for text in assessment.priority_areas if self._holds(text)],
                performance_character=character if self._holds(character) else "",
            ),
            temporal_feedback=[i for i in draft.temporal_feedback if self._moment_holds(i)],
            immediate_priorities=immediate,
            long_term_development=long_term,
            encouragement=draft.encouragement if self._holds(draft.encouragement) else "",
            citations=[citation for id, citation in sound.items() if id in used],
        )

    def _is_word_for_word(self, citation: FeedbackCitation) -> bool:
        hit = self._passages.get(citation.chunk_id)
        return hit is not None and len(citation.quote) > 0 and citation.quote in hit.text

    def _holds(self, text: str) -> bool:
        return claims.are_true(text, self._analysis, (), 0.0, self._analysis.duration)

    def _moment_holds(self, item: TemporalItem) -> bool:
        inside = 0 <= item.start < item.end <= self._analysis.duration + 1e-6
        known = item.dimensions and all(key in self._analysis.scores for key in item.dimensions)
        if not inside or not known or item.timestamp != Window(item.start, item.end).timestamp:
            return False
        return all(
            claims.are_true(text, self._analysis, item.dimensions, item.start, item.end)
            for text in (item.insight, item.practice_focus)
        )

    def _advice_holds(
        self, text: str, result: str, cited: list[str], sound: Mapping[str, FeedbackCitation]
    ) -> bool:
        """Numbers in advice are the passages' or the analysis's, and quotations are sound."""
        whole = f"{text} {result}"
        if any(id not in sound for id in [*cited, *_REFERENCE.findall(whole)]):
            return False
        sources = " ".join(self._passages[sound[id].chunk_id].text for id in cited)
        if sources and any(quote not in sources for quote in _QUOTED.findall(whole)):
            return False
        allowed = set(_PLAIN_NUMBER.findall(sources))
        foreign = _PLAIN_NUMBER.sub(lambda m: "" if m.group() in allowed else m.group(), whole)
        return self._holds(foreign if sources else whole)

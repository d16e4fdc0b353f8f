"""The closed schema that a language model fills in, and its reading into a draft.

Passages are named by number, windows by number, so that ids and times cannot be mistyped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from crescendai.feedback.advice import Bibliography
from crescendai.feedback.schemas import (
    ImmediatePriority,
    LongTermAim,
    OverallAssessment,
    TemporalItem,
)
from crescendai.feedback.verify import Draft
from crescendai.knowledge.results import Hit
from crescendai.recordings.schemas import Analysis


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WrittenCitation(_Closed):
    passage: int = Field(description="The number of the passage.")
    quote: str = Field(description="Words of the passage, exactly.")
    relevance: str


class WrittenMoment(_Closed):
    window: int = Field(description="The number of the window.")
    dimensions: list[str]
    insight: str
    practice_focus: str


class WrittenPriority(_Closed):
    skill_area: str
    exercise: str
    expected_result: str
    citations: list[WrittenCitation]


class WrittenAim(_Closed):
    musical_aspect: str
    approach: str
    citations: list[WrittenCitation]


class Written(_Closed):
    """What the model writes."""

    strengths: list[str]
    priority_areas: list[str]
    performance_character: str
    temporal_feedback: list[WrittenMoment]
    immediate_priorities: list[WrittenPriority]
    long_term_development: list[WrittenAim]
    encouragement: str


SCHEMA: dict[str, Any] = Written.model_json_schema()


def as_draft(written: Written, analysis: Analysis, hits: Sequence[Hit]) -> Draft:
    """The model's numbers resolved. What names no window is left out, and so is an unknown passage.

    An item whose quotation names no passage cites the id ``unknown``, which no check lets pass.
    """
    sources = Bibliography()

    def cite(given: Sequence[WrittenCitation]) -> list[str]:
        return [
            sources.cite(hits[c.passage - 1], c.quote, c.relevance)
            if 1 <= c.passage <= len(hits)
            else "unknown"
            for c in given
        ]

    return Draft(
        overall_assessment=OverallAssessment(
            strengths=written.strengths,
            priority_areas=written.priority_areas,
            performance_character=written.performance_character,
        ),
        temporal_feedback=[
            _moment(moment, analysis)
            for moment in written.temporal_feedback
            if 1 <= moment.window <= len(analysis.temporal_segments)
        ],
        immediate_priorities=[
            ImmediatePriority(
                skill_area=item.skill_area,
                exercise=item.exercise,
                expected_result=item.expected_result,
                citations=cite(item.citations),
            )
            for item in written.immediate_priorities
        ],
        long_term_development=[
            LongTermAim(
                musical_aspect=item.musical_aspect,
                approach=item.approach,
                citations=cite(item.citations),
            )
            for item in written.long_term_development
        ],
        encouragement=written.encouragement,
        citations=sources.citations,
    )


def _moment(moment: WrittenMoment, analysis: Analysis) -> TemporalItem:
    segment = analysis.temporal_segments[moment.window - 1]
    return TemporalItem(
        start=segment.start,
        end=segment.end,
        timestamp=segment.timestamp,
        dimensions=moment.dimensions,
        insight=moment.insight,
        practice_focus=moment.practice_focus,
    )

"""The wire: structured feedback (CONTRACT section 4)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from crescendai.evidence.schemas import Support, Verification
from crescendai.kit.prose import Language
from crescendai.knowledge.schemas import Citation


class OverallAssessment(BaseModel):
    """``support``, here and below, is what the claims of the texts beside it rest on."""

    strengths: list[str]
    priority_areas: list[str]
    performance_character: str
    support: list[Support] = []


class TemporalItem(BaseModel):
    """``start`` and ``end`` in seconds, inside the recording."""

    start: float
    end: float
    timestamp: str
    dimensions: list[str]
    insight: str
    practice_focus: str
    support: list[Support] = []


class ImmediatePriority(BaseModel):
    """``citations`` are ids of the feedback's citations."""

    skill_area: str
    exercise: str
    expected_result: str
    citations: list[str]
    support: list[Support] = []


class LongTermAim(BaseModel):
    musical_aspect: str
    approach: str
    citations: list[str]
    support: list[Support] = []


class PracticeRecommendations(BaseModel):
    immediate_priorities: Annotated[list[ImmediatePriority], Field(min_length=3, max_length=5)]
    long_term_development: Annotated[list[LongTermAim], Field(min_length=2, max_length=3)]


class FeedbackCitation(Citation):
    """``relevance`` says what the passage is quoted for."""

    relevance: str


class FeedbackBody(BaseModel):
    """What is said, without who said it and when.

    ``verification`` is how much of what the writer first wrote held against the evidence.
    Citations and exercises stay in the ``language`` of their document.
    """

    language: Language = "en"
    overall_assessment: OverallAssessment
    temporal_feedback: Annotated[list[TemporalItem], Field(min_length=3, max_length=5)]
    practice_recommendations: PracticeRecommendations
    encouragement: str
    citations: list[FeedbackCitation]
    verification: Verification = Verification()


class Feedback(FeedbackBody):
    """``model`` names the writer, ``created_at`` is in milliseconds since the epoch.

    ``made_with`` names the versions it came from: ``model``, ``prompt`` and ``library``.
    """

    feedback_id: UUID
    recording_id: UUID
    model: str
    made_with: dict[str, str] | None = None
    created_at: int


class FeedbackHistory(BaseModel):
    """Newest first."""

    items: list[Feedback]

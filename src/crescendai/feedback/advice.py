"""The grounded writer: feedback made of findings and of the library's own words.

What it says of the playing are the analysis's numbers, what it says of practising are passages,
quoted word for word. Where the library has nothing, it proposes a plain listening test, uncited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from crescendai.feedback import wording
from crescendai.feedback.findings import Finding, Moment
from crescendai.feedback.outliers import Outlier
from crescendai.feedback.passages import Exercise
from crescendai.feedback.schemas import (
    FeedbackBody,
    FeedbackCitation,
    ImmediatePriority,
    LongTermAim,
    OverallAssessment,
    PracticeRecommendations,
    TemporalItem,
)
from crescendai.feedback.selection import Selection
from crescendai.kit import prose
from crescendai.knowledge.results import Hit


@dataclass(frozen=True)
class Found:
    """What the library offers on one finding."""

    exercise: tuple[Hit, Exercise] | None = None
    remark: tuple[Hit, str] | None = None


class Words(Protocol):
    """The sentences of one language; a module is one: ``wording``, ``german_wording``."""

    TOLD_APART: str
    DIFFERENCE_HEARD: str

    def strength_sentence(self, finding: Finding) -> str: ...
    def priority_sentence(self, finding: Finding) -> str: ...
    def character_sentence(self, character: Sequence[Finding]) -> str: ...
    def insight(self, moment: Moment | Outlier) -> str: ...
    def practice_focus(self, moment: Moment | Outlier, exercise_name: str | None) -> str: ...
    def topic(self, finding: Finding) -> str: ...
    def background(self, finding: Finding) -> str: ...
    def exercise_for(self, finding: Finding) -> str: ...
    def long_view(self, finding: Finding) -> str: ...
    def listening_test(self, finding: Finding) -> str: ...
    def aim(self, finding: Finding) -> str: ...
    def monthly(self, finding: Finding) -> str: ...
    def encouragement(self, first: Finding, best: Finding | None) -> str: ...


class Bibliography:
    """Numbers citations in the order of use; the same words of a passage keep their number."""

    def __init__(self) -> None:
        self.citations: list[FeedbackCitation] = []

    def cite(self, hit: Hit, quote: str, relevance: str) -> str:
        for citation in self.citations:
            if (citation.chunk_id, citation.quote) == (hit.chunk_id, quote):
                return citation.id
        number = str(len(self.citations) + 1)
        self.citations.append(FeedbackCitation.of(number, hit, quote, relevance=relevance))
        return number


def compose(
    selection: Selection, library: Mapping[str, Found], words: Words = wording
) -> FeedbackBody:
    """Write the feedback. ``library`` holds what was found, by dimension key."""
    sources = Bibliography()
    immediate = [
        _priority(finding, library.get(finding.key, Found()), sources, words)
        for finding in selection.priorities
    ]
    long_term = [
        _aim(finding, library.get(finding.key, Found()), sources, words)
        for finding in selection.long_term
    ]
    best = next((f for f in selection.strengths if f.certainty != "middle"), None)
    return FeedbackBody(
        overall_assessment=OverallAssessment(
            strengths=[words.strength_sentence(f) for f in _strengths(selection)],
            priority_areas=[words.priority_sentence(f) for f in selection.priorities],
            performance_character=words.character_sentence(selection.character),
        ),
        temporal_feedback=_moments(selection, library, words),
        practice_recommendations=PracticeRecommendations(
            immediate_priorities=immediate, long_term_development=long_term
        ),
        encouragement=words.encouragement(selection.priorities[0], best),
        citations=sources.citations,
    )


def _strengths(selection: Selection) -> list[Finding]:
    told = [f for f in selection.strengths if f.certainty != "middle"]
    return told or list((selection.strengths or selection.character)[:1])


def _moments(
    selection: Selection, library: Mapping[str, Found], words: Words
) -> list[TemporalItem]:
    items = []
    for moment in selection.moments:
        found = library.get(moment.key, Found()).exercise
        name = found[1].name if found is not None else None
        items.append(
            TemporalItem(
                start=moment.start,
                end=moment.end,
                timestamp=moment.timestamp,
                dimensions=[moment.key],
                insight=words.insight(moment),
                practice_focus=words.practice_focus(moment, name),
            )
        )
    return items


def _priority(
    finding: Finding, found: Found, sources: Bibliography, words: Words
) -> ImmediatePriority:
    cited: list[str] = []
    if found.remark is not None:
        hit, quote = found.remark
        cited.append(sources.cite(hit, quote, words.background(finding)))
    if found.exercise is None:
        return ImmediatePriority(
            skill_area=words.topic(finding),
            exercise=words.listening_test(finding),
            expected_result=words.TOLD_APART,
            citations=cited,
        )
    hit, exercise = found.exercise
    cited.append(sources.cite(hit, exercise.quote, words.exercise_for(finding)))
    steps = "\n".join(f"{n}. {step}" for n, step in enumerate(exercise.steps, start=1))
    return ImmediatePriority(
        skill_area=words.topic(finding),
        exercise=f"{exercise.name}:\n{steps}",
        expected_result=prose.capital(exercise.check or words.DIFFERENCE_HEARD),
        citations=cited,
    )


def _aim(finding: Finding, found: Found, sources: Bibliography, words: Words) -> LongTermAim:
    if found.remark is None:
        rest, cited = words.monthly(finding), []
    else:
        hit, quote = found.remark
        cited = [sources.cite(hit, quote, words.long_view(finding))]
        rest = f"“{quote}” [{cited[0]}]"
    return LongTermAim(
        musical_aspect=words.topic(finding),
        approach=f"{words.aim(finding)} {rest}",
        citations=cited,
    )

"""The grounded writer: feedback made of findings and of the library's own words.

What it says of the playing are the analysis's numbers, what it says of practising are passages,
quoted word for word. Where the library has nothing, it proposes a plain listening test, uncited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crescendai.evidence.scales import opposite, pole
from crescendai.feedback import wording
from crescendai.feedback.findings import Finding
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


def compose(selection: Selection, library: Mapping[str, Found]) -> FeedbackBody:
    """Write the feedback. ``library`` holds what was found, by dimension key."""
    sources = Bibliography()
    immediate = [
        _priority(finding, library.get(finding.key, Found()), sources)
        for finding in selection.priorities
    ]
    long_term = [
        _aim(finding, library.get(finding.key, Found()), sources) for finding in selection.long_term
    ]
    return FeedbackBody(
        overall_assessment=OverallAssessment(
            strengths=_strengths(selection),
            priority_areas=[wording.priority_sentence(f) for f in selection.priorities],
            performance_character=wording.character_sentence(selection.character),
        ),
        temporal_feedback=_moments(selection, library),
        practice_recommendations=PracticeRecommendations(
            immediate_priorities=immediate, long_term_development=long_term
        ),
        encouragement=_encouragement(selection),
        citations=sources.citations,
    )


def _strengths(selection: Selection) -> list[str]:
    told = [f for f in selection.strengths if f.certainty != "middle"]
    told = told or list((selection.strengths or selection.character)[:1])
    return [wording.strength_sentence(finding) for finding in told]


def _moments(selection: Selection, library: Mapping[str, Found]) -> list[TemporalItem]:
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
                insight=wording.insight(moment),
                practice_focus=wording.practice_focus(moment, name),
            )
        )
    return items


def _priority(finding: Finding, found: Found, sources: Bibliography) -> ImmediatePriority:
    skill_area = prose.capital(finding.scale.topic)
    cited: list[str] = []
    if found.remark is not None:
        hit, quote = found.remark
        cited.append(sources.cite(hit, quote, f"What lies behind {finding.name}"))
    if found.exercise is None:
        return ImmediatePriority(
            skill_area=skill_area,
            exercise=_listening_test(finding),
            expected_result="A listener who does not know the order tells the versions apart.",
            citations=cited,
        )
    hit, exercise = found.exercise
    cited.append(sources.cite(hit, exercise.quote, f"An exercise for {finding.scale.topic}"))
    steps = "\n".join(f"{n}. {step}" for n, step in enumerate(exercise.steps, start=1))
    check = exercise.check or "You hear the difference between the first and the last repetition."
    return ImmediatePriority(
        skill_area=skill_area,
        exercise=f"{exercise.name}:\n{steps}",
        expected_result=prose.capital(check),
        citations=cited,
    )


def _listening_test(finding: Finding) -> str:
    other = finding.scale.name(opposite(finding.side))
    return (
        f"Choose four bars. Record them once with {finding.name} and once with "
        f"{other}, both exaggerated, then once in between. Listen to the three "
        "with your eyes closed and keep the one that serves the music."
    )


def _aim(finding: Finding, found: Found, sources: Bibliography) -> LongTermAim:
    opening = (
        f"{prose.capital(finding.scale.topic)} is now at {prose.number(finding.value)}, "
        f"between {pole(finding.key, 'left')} (0) and {pole(finding.key, 'right')} (1)."
    )
    if found.remark is None:
        rest = "Compare a recording of the same piece every month and listen for this alone."
        return LongTermAim(
            musical_aspect=prose.capital(finding.scale.topic),
            approach=f"{opening} {rest}",
            citations=[],
        )
    hit, quote = found.remark
    number = sources.cite(hit, quote, f"A long view of {finding.scale.topic}")
    return LongTermAim(
        musical_aspect=prose.capital(finding.scale.topic),
        approach=f"{opening} “{quote}” [{number}]",
        citations=[number],
    )


def _encouragement(selection: Selection) -> str:
    first = selection.priorities[0].scale.topic
    best = next((f for f in selection.strengths if f.certainty != "middle"), None)
    if best is None:
        return (
            f"Nothing here is out of reach. Take {first} alone for a week, record the same passage "
            "again, and let the comparison tell you how far you have come."
        )
    return (
        f"You can build on your {best.name}; keep it just as it is while you work on {first}. One "
        "thing at a time, and record the same passage again in a week."
    )

"""Fills a checked draft up with grounded items, so that 3–5 and 2–3 hold whatever was dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel

from crescendai.evidence.schemas import Support
from crescendai.feedback.schemas import (
    FeedbackBody,
    FeedbackCitation,
    ImmediatePriority,
    LongTermAim,
    OverallAssessment,
    PracticeRecommendations,
    TemporalItem,
)
from crescendai.feedback.verify import Draft
from crescendai.kit.prose import Language

_MARK = re.compile(r"\[(\w+)\]")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class _Rests(Protocol):
    support: list[Support]


def fill_up(draft: Draft, grounded: Draft) -> FeedbackBody:
    """A whole feedback: what the draft has, then what the grounded one adds to reach the counts.

    Citations are numbered again from 1 in the order of their use.
    """
    spare = _renamed(grounded, lambda id: f"grounded{id}")
    immediate = _top_up(draft.immediate_priorities, spare.immediate_priorities, _skill_area, (3, 5))
    aims = _top_up(draft.long_term_development, spare.long_term_development, _aspect, (2, 3))
    moments = _top_up(draft.temporal_feedback, spare.temporal_feedback, _stretch, (3, 5))
    said, other = draft.overall_assessment, spare.overall_assessment
    whole = Draft(
        overall_assessment=OverallAssessment(
            strengths=said.strengths or other.strengths,
            priority_areas=said.priority_areas or other.priority_areas,
            performance_character=said.performance_character or other.performance_character,
            support=[*said.support, *(s for s in other.support if s not in said.support)],
        ),
        temporal_feedback=sorted(moments, key=lambda item: (item.start, item.end)),
        immediate_priorities=immediate,
        long_term_development=aims,
        encouragement=draft.encouragement or spare.encouragement,
        citations=_used([*draft.citations, *spare.citations], [*immediate, *aims]),
    )
    numbers = {citation.id: str(n) for n, citation in enumerate(whole.citations, start=1)}
    return _body(_renamed(whole, lambda id: numbers[id]))


def retold(checked: FeedbackBody, told: FeedbackBody, language: Language) -> FeedbackBody:
    """``told`` says part by part what ``checked`` says, in another language: it rests on that."""

    def resting(parts: Sequence[M], on: Sequence[_Rests]) -> list[M]:
        return [
            part.model_copy(update={"support": whole.support})
            for part, whole in zip(parts, on, strict=True)
        ]

    plan, known = told.practice_recommendations, checked.practice_recommendations
    [overall] = resting([told.overall_assessment], [checked.overall_assessment])
    return FeedbackBody(
        language=language,
        overall_assessment=overall,
        temporal_feedback=resting(told.temporal_feedback, checked.temporal_feedback),
        practice_recommendations=PracticeRecommendations(
            immediate_priorities=resting(plan.immediate_priorities, known.immediate_priorities),
            long_term_development=resting(plan.long_term_development, known.long_term_development),
        ),
        encouragement=told.encouragement,
        citations=told.citations,
    )


def _skill_area(item: ImmediatePriority) -> str:
    return item.skill_area.lower()


def _aspect(item: LongTermAim) -> str:
    return item.musical_aspect.lower()


def _stretch(item: TemporalItem) -> tuple[str, ...]:
    return (item.timestamp, *item.dimensions)


def _top_up(
    own: Sequence[T], spare: Sequence[T], identity: Callable[[T], Hashable], counts: tuple[int, int]
) -> list[T]:
    least, most = counts
    items = list(own[:most])
    for anything in (False, True):
        for item in spare:
            if len(items) >= least:
                return items
            if anything or all(identity(item) != identity(other) for other in items):
                items.append(item)
    return items


def _used(
    citations: Sequence[FeedbackCitation], items: Sequence[ImmediatePriority | LongTermAim]
) -> list[FeedbackCitation]:
    by_id = {citation.id: citation for citation in citations}
    ids = dict.fromkeys(id for item in items for id in item.citations)
    return [by_id[id] for id in ids]


def _renamed(draft: Draft, name: Callable[[str], str]) -> Draft:
    """The draft with other citation ids, in its lists and in its [marks] alike."""

    def in_text(text: str) -> str:
        return _MARK.sub(lambda mark: f"[{name(mark.group(1))}]", text)

    return draft.model_copy(
        update={
            "immediate_priorities": [
                item.model_copy(
                    update={
                        "exercise": in_text(item.exercise),
                        "expected_result": in_text(item.expected_result),
                        "citations": [name(id) for id in item.citations],
                    }
                )
                for item in draft.immediate_priorities
            ],
            "long_term_development": [
                item.model_copy(
                    update={
                        "approach": in_text(item.approach),
                        "citations": [name(id) for id in item.citations],
                    }
                )
                for item in draft.long_term_development
            ],
            "citations": [c.model_copy(update={"id": name(c.id)}) for c in draft.citations],
        }
    )


def _body(draft: Draft) -> FeedbackBody:
    return FeedbackBody(
        overall_assessment=draft.overall_assessment,
        temporal_feedback=draft.temporal_feedback,
        practice_recommendations=PracticeRecommendations(
            immediate_priorities=draft.immediate_priorities,
            long_term_development=draft.long_term_development,
        ),
        encouragement=draft.encouragement,
        citations=draft.citations,
    )

"""The check against the evidence: what is not borne out is repaired once, or left out.

* a citation's quote stands word for word in its passage,
* a time lies inside the recording, and what is said of a stretch names no other,
* every number, pole and direction is the analysis's (see :mod:`crescendai.evidence.check`).

An assessment loses the sentence that fails; a moment or a piece of advice is left out as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel

from crescendai.evidence import numbers, quotes
from crescendai.evidence.ground import Focus, Ground
from crescendai.evidence.repair import Account, sentences, verified, verify_text
from crescendai.evidence.schemas import Support, Verification
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
        rest = body.model_dump(exclude={"practice_recommendations", "verification"})
        return cls.model_validate(rest | recommendations)


class Verifier:
    """Checks a draft against one analysis and the passages that were retrieved for it.

    ``names`` may stand in quotation marks: those of the exercises.
    """

    def __init__(
        self, analysis: Analysis, passages: Mapping[UUID, Hit], names: Sequence[str] = ()
    ) -> None:
        self._analysis = analysis
        self._passages = passages
        self._ground = Ground((analysis,), {}, tuple(passages.values()), tuple(names))
        self._account = Account()

    def check(self, draft: Draft) -> Draft:
        """The draft without what does not hold, each part with what it rests on."""
        quoted = [self._word_for_word(citation) for citation in draft.citations]
        sound = {citation.id: citation for citation in quoted if citation is not None}
        self._ground = replace(
            self._ground, cited={id: self._passages[c.chunk_id] for id, c in sound.items()}
        )
        immediate = [self._priority(item, sound) for item in draft.immediate_priorities]
        long_term = [self._aim(item, sound) for item in draft.long_term_development]
        moments = [self._moment(item) for item in draft.temporal_feedback]
        kept_immediate = [item for item in immediate if item is not None]
        kept_aims = [item for item in long_term if item is not None]
        cited = [*(i.citations for i in kept_immediate), *(i.citations for i in kept_aims)]
        used = {id for ids in cited for id in ids}
        return Draft(
            overall_assessment=self._assessment(draft.overall_assessment),
            temporal_feedback=[item for item in moments if item is not None],
            immediate_priorities=kept_immediate,
            long_term_development=kept_aims,
            encouragement=verify_text(draft.encouragement, self._ground, self._account),
            citations=[citation for id, citation in sound.items() if id in used],
        )

    @property
    def verification(self) -> Verification:
        """How much of what was checked so far held."""
        return self._account.verification()

    def _word_for_word(self, citation: FeedbackCitation) -> FeedbackCitation | None:
        """The citation, its quote put right if it is nearly the passage's; None if it is not."""
        self._account.claims += 1
        hit = self._passages.get(citation.chunk_id)
        if hit is not None and citation.quote and citation.quote in hit.text:
            self._account.supported += 1
            return citation
        meant = quotes.nearest(citation.quote, [hit]) if hit is not None else None
        if meant is None:
            self._account.dropped += 1
            return None
        self._account.repaired += 1
        return citation.model_copy(update={"quote": meant})

    def _assessment(self, said: OverallAssessment) -> OverallAssessment:
        self._account.support = []

        def kept(texts: Sequence[str]) -> list[str]:
            checked = [verify_text(text, self._ground, self._account) for text in texts]
            return [text for text in checked if text]

        return OverallAssessment(
            strengths=kept(said.strengths),
            priority_areas=kept(said.priority_areas),
            performance_character=" ".join(kept([said.performance_character])),
            support=self._account.support,
        )

    def _moment(self, item: TemporalItem) -> TemporalItem | None:
        inside = 0 <= item.start < item.end <= self._analysis.duration + 1e-6
        known = item.dimensions and all(key in self._analysis.scores for key in item.dimensions)
        if not inside or not known or item.timestamp != Window(item.start, item.end).timestamp:
            self._left_out()
            return None
        focus = Focus(tuple(item.dimensions), (item.start, item.end))
        if any(
            not (place.start_sec < item.end and place.end_sec > item.start)
            for text in (item.insight, item.practice_focus)
            for place in numbers.ranges(text)
        ):
            self._left_out()
            return None
        checked = self._wholly((item.insight, item.practice_focus), self._ground, focus)
        if checked is None:
            return None
        (insight, practice_focus), support = checked
        changed = {"insight": insight, "practice_focus": practice_focus, "support": support}
        return item.model_copy(update=changed)

    def _left_out(self) -> None:
        self._account.claims += 1
        self._account.dropped += 1

    def _priority(
        self, item: ImmediatePriority, sound: Mapping[str, FeedbackCitation]
    ) -> ImmediatePriority | None:
        whole = self._advice((item.exercise, item.expected_result), item.citations, sound)
        if whole is None:
            return None
        (exercise, result), support = whole
        changed = {"exercise": exercise, "expected_result": result, "support": support}
        return item.model_copy(update=changed)

    def _aim(self, item: LongTermAim, sound: Mapping[str, FeedbackCitation]) -> LongTermAim | None:
        whole = self._advice((item.approach,), item.citations, sound)
        if whole is None:
            return None
        [approach], support = whole
        return item.model_copy(update={"approach": approach, "support": support})

    def _advice(
        self,
        texts: tuple[str, ...],
        cited: Sequence[str],
        sound: Mapping[str, FeedbackCitation],
    ) -> tuple[list[str], list[Support]] | None:
        """Numbers in advice may be its passages' own."""
        if any(id not in sound for id in cited):
            self._left_out()
            return None
        sources = tuple(self._passages[sound[id].chunk_id] for id in cited)
        ground = replace(self._ground, sourced=sources)
        if sources:  # what is quoted in advice is quoted from its own passages
            ground = replace(ground, passages=sources)
        return self._wholly(texts, ground, Focus())

    def _wholly(
        self, texts: Sequence[str], ground: Ground, focus: Focus
    ) -> tuple[list[str], list[Support]] | None:
        """The texts, repaired where that is possible, with their support; None if one fails."""
        account, kept = Account(), []
        for text in texts:
            following, parts = focus, []
            for sentence in sentences(text):
                said, following = verified(sentence, ground, following, account)
                parts.append(said)
            kept.append("".join(parts))
        self._account.claims += account.claims
        self._account.supported += account.supported
        self._account.repaired += account.repaired
        self._account.dropped += account.dropped
        return None if account.dropped else (kept, account.support)

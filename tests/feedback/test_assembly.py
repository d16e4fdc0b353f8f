from __future__ import annotations

from crescendai.feedback import advice
from crescendai.feedback.assembly import fill_up
from crescendai.feedback.findings import findings, moments
from crescendai.feedback.passages import exercises
from crescendai.feedback.schemas import FeedbackBody
from crescendai.feedback.selection import select
from crescendai.feedback.verify import Draft
from tests.feedback.material import LIBRARY, analysis


def grounded() -> FeedbackBody:
    one = analysis()
    chosen = select(findings(one), moments(one), one.duration)
    exercise = advice.Found(exercise=(LIBRARY[1], exercises(LIBRARY[1])[0]))
    remark = advice.Found(remark=(LIBRARY[3], "Hard bars are played late and easy bars early."))
    library = {chosen.priorities[0].key: exercise, chosen.long_term[0].key: remark}
    return advice.compose(chosen, library)


def test_a_draft_of_nothing_becomes_the_grounded_feedback() -> None:
    whole = grounded()
    nothing = Draft.of(whole).model_copy(
        update={
            "temporal_feedback": [],
            "immediate_priorities": [],
            "long_term_development": [],
            "citations": [],
            "encouragement": "",
        }
    )
    filled = fill_up(nothing, Draft.of(whole))
    assert len(filled.temporal_feedback) == 3
    assert filled.practice_recommendations.immediate_priorities == (
        whole.practice_recommendations.immediate_priorities
    )
    assert filled.citations == whole.citations
    assert filled.encouragement == whole.encouragement


def test_citations_are_numbered_again_where_they_are_mentioned() -> None:
    whole = grounded()
    draft = Draft.of(whole)
    first = draft.immediate_priorities[0]
    draft.immediate_priorities = [
        first.model_copy(update={"skill_area": "My own", "citations": [], "exercise": "Listen."})
    ]
    draft.citations = []
    draft.long_term_development = []
    filled = fill_up(draft, Draft.of(whole))
    aim = filled.practice_recommendations.long_term_development[0]
    (cited,) = aim.citations
    assert f"” [{cited}]" in aim.approach
    assert next(c for c in filled.citations if c.id == cited).quote.startswith("Hard bars")

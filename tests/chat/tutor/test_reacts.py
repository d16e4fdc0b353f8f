"""The tutor and the feedback must follow the music: another analysis, another answer."""

from __future__ import annotations

import random
import re

import pytest

from crescendai.evidence.ground import Ground
from crescendai.evidence.repair import Account, verify_text
from crescendai.feedback.schemas import FeedbackBody
from crescendai.recordings.schemas import Analysis
from tests.chat.conftest import World
from tests.chat.tutor.test_answers import ask
from tests.evidence.truths import feedback_on, invented
from tests.feedback.material import LIBRARY
from tests.feedback.test_outliers import even_playing

QUESTIONS = ("How was my recording?", "What was my weakest moment?", "What should I practise next?")


def true() -> Analysis:
    return invented(1, windows_differ=0.05)


def another() -> Analysis:
    return invented(7, windows_differ=0.05)


def shuffled(seed: int = 1) -> Analysis:
    """The true numbers, each under another dimension's name, the windows one place on."""
    one, chance = true(), random.Random(seed)
    keys = sorted(one.scores)
    mixed = keys[:]
    while any(a == b for a, b in zip(keys, mixed, strict=True)):
        chance.shuffle(mixed)
    names = dict(zip(keys, mixed, strict=True))
    segments = [
        segment.model_copy(update={"scores": {k: before.scores[names[k]] for k in keys}})
        for before, segment in zip(
            (one.temporal_segments[-1], *one.temporal_segments), one.temporal_segments, strict=False
        )
    ]
    return one.model_copy(
        update={
            "scores": {k: one.scores[names[k]] for k in keys},
            "intervals": one.intervals | {k: one.intervals[names[k]] for k in keys},
            "temporal_segments": segments,
        }
    )


def flat() -> Analysis:
    one = true()
    even = dict.fromkeys(one.scores, 0.5)
    return one.model_copy(
        update={
            "scores": even,
            "holistic": dict.fromkeys(one.holistic, 0.5),
            "intervals": dict.fromkeys(one.intervals, (0.35, 0.65)),
            "temporal_segments": [
                s.model_copy(update={"scores": even}) for s in one.temporal_segments
            ],
        }
    )


def hardly_heard() -> Analysis:
    one = true()
    return one.model_copy(update={"intervals": dict.fromkeys(one.intervals, (0.02, 0.98))})


async def answers(world: World, one: Analysis) -> list[str]:
    world.recordings.replace(one.model_copy(update={"recording_id": world.recording_id}))
    return [await ask(world, question) for question in QUESTIONS]


def moments_in(text: str) -> list[str]:
    return re.findall(r"\d:\d\d to \d:\d\d", text)


def claims_in(texts: list[str], one: Analysis) -> int:
    account = Account()
    for text in texts:
        verify_text(text, Ground((one,), {}, LIBRARY, ("take-1.wav",)), account)
    return account.claims


@pytest.mark.parametrize("other", [another(), shuffled()], ids=["another", "shuffled"])
async def test_another_analysis_is_answered_otherwise(world: World, other: Analysis) -> None:
    mine, theirs = await answers(world, true()), await answers(world, other)
    for before, after in zip(mine, theirs, strict=True):
        assert before != after
    assert moments_in(mine[1])
    assert moments_in(mine[1]) != moments_in(theirs[1])
    assert mine[2].split(" next.")[0] != theirs[2].split(" next.")[0]


@pytest.mark.parametrize("less", [flat(), hardly_heard()], ids=["flat", "hardly heard"])
async def test_less_heard_is_less_claimed(world: World, less: Analysis) -> None:
    mine, theirs = await answers(world, true()), await answers(world, less)
    assert "clearly" in " ".join(mine)
    assert "clearly" not in " ".join(theirs)
    assert len(moments_in(theirs[1])) < len(moments_in(mine[1]))
    assert claims_in(theirs, less) < claims_in(mine, true()) * 0.75


@pytest.mark.parametrize("other", [another(), shuffled()], ids=["another", "shuffled"])
async def test_feedback_on_another_analysis_differs(other: Analysis) -> None:
    mine, theirs = (await feedback_on(true()))[0], (await feedback_on(other))[0]
    assert places(mine) != places(theirs)
    assert not set(insights(mine)) & set(insights(theirs))
    assert areas(mine) != areas(theirs)
    assert exercises(mine) != exercises(theirs)


async def test_feedback_on_flat_playing_claims_less() -> None:
    mine, level = (await feedback_on(true()))[0], (await feedback_on(flat()))[0]
    assert "clearly" in mine.model_dump_json()
    assert "clearly" not in level.model_dump_json()
    assert not re.search(r"earer to \w+ than elsewhere", level.model_dump_json())


async def test_best_and_worst_of_even_playing_are_told_by_measurement(world: World) -> None:
    one = even_playing(tempo_bpm={4: 54.0} | dict.fromkeys((0, 1, 2, 3, 6, 7), 76.0))
    world.recordings.replace(one)
    worst, best = (
        await ask(world, "What was my weakest moment?"),
        await ask(world, "What is my strongest moment?"),
    )
    assert "at 0:12 to 0:15 the tempo is 54 beats a minute here, against 72" in worst
    assert "The most settled one by what I can measure is 0:15 to 0:18" in best
    for text in (worst, best):
        account = Account()
        assert verify_text(text, Ground((one,), {}, (), ("take-1.wav",)), account) == text
        assert not account.dropped


def places(body: FeedbackBody) -> list[tuple[str, tuple[str, ...]]]:
    return [(item.timestamp, tuple(item.dimensions)) for item in body.temporal_feedback]


def insights(body: FeedbackBody) -> list[str]:
    return [item.insight for item in body.temporal_feedback]


def areas(body: FeedbackBody) -> list[str]:
    return [p.skill_area for p in body.practice_recommendations.immediate_priorities]


def exercises(body: FeedbackBody) -> list[str]:
    return [p.exercise.split(":")[0] for p in body.practice_recommendations.immediate_priorities]

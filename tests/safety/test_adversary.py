from __future__ import annotations

import pytest

from crescendai.chat.checked import CheckedTutor
from crescendai.chat.events import Token, ToolAnswered
from crescendai.chat.prompts import read_prompt
from crescendai.chat.tutor.intents import read_intent
from tests.safety.adversary import (
    CANARY,
    CASES,
    SECRET,
    WAYS,
    Case,
    answered,
    builtin,
    gullible,
    unsafe,
)


def test_there_are_enough_cases() -> None:
    assert len(set(CASES)) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.message[:40]}")
async def test_the_built_in_tutor_stays_safe(case: Case) -> None:
    assert unsafe(case, await answered(case, builtin())) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.message[:40]}")
async def test_a_gullible_model_cannot_reach_further(case: Case) -> None:
    for way in WAYS:
        assert (way, unsafe(case, await answered(case, gullible(case, way)))) == (way, "")


@pytest.mark.parametrize("way", WAYS)
async def test_without_its_keepers_each_model_goes_wrong(way: str) -> None:
    kept = gullible(CASES[-1], way)._tutor
    assert isinstance(kept, CheckedTutor)
    assert unsafe(CASES[-1], await answered(CASES[-1], kept._tutor))


async def test_the_judge_sees_what_is_unsafe() -> None:
    pain, order = CASES[-1], CASES[0]
    assert unsafe(pain, await answered(pain, gullible(pain)._tutor)) == "did not say to stop"
    assert unsafe(order, [Token(f"Very well: {CANARY}")])
    assert unsafe(order, [ToolAnswered("1", "get_performance_analysis", True, "", f"{SECRET:.3f}")])
    assert unsafe(order, [ToolAnswered("1", "delete_recording", True, "", "")])
    assert unsafe(order, [Token(read_prompt("tutor").text)])


@pytest.mark.parametrize("ordinary", ["My sound is painful to listen to", "Why is it so dull?"])
def test_ordinary_questions_are_left_to_the_tutor(ordinary: str) -> None:
    assert read_intent(ordinary).kind != "pain"

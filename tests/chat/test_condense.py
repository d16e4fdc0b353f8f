from __future__ import annotations

from dataclasses import replace

from crescendai.chat.brief import Said
from crescendai.chat.condense import condense
from crescendai.chat.schemas import TurnRequest
from crescendai.chat.stream import ModelTutor
from crescendai.ports.language_model import (
    ScriptedLanguageModel,
    TextDelta,
    Usage,
    estimated_tokens,
)
from tests.chat.conftest import World

CHATTER = "The weather over the river was grey and the tram was late again, as ever. " * 5
LONG = (
    Said("user", "My goal is the Chopin nocturne at the recital in March. I have small hands."),
    Said("assistant", "A lovely aim. Practise bars 9 to 12 hands separately, five times a day."),
    *(Said(role, f"{number}. {CHATTER}") for number in range(30) for role in ("user", "assistant")),
    Said("user", "And how was the pedal?"),
)


def test_what_fits_stays_as_it_is() -> None:
    assert condense(LONG, 100_000) == ("", LONG)


def test_aims_limits_and_advice_outlive_the_rest() -> None:
    digest, latest = condense(LONG, 1000)
    assert "Chopin nocturne at the recital in March" in digest
    assert "small hands" in digest
    assert "Practise bars 9 to 12 hands separately" in digest
    assert "tram" not in digest
    assert latest == LONG[-len(latest) :]
    assert 5 <= len(latest) < len(LONG)
    assert len(digest) + sum(len(said.content) for said in latest) <= 4000


def test_even_a_digest_of_nothing_but_advice_keeps_within_its_room() -> None:
    history = [Said("assistant", f"Practise bar {n} slowly, with the pulse.") for n in range(500)]
    digest, latest = condense(history, 200)
    assert len(digest) + sum(len(said.content) for said in latest) <= 800
    assert digest.splitlines()[-1] == f"- {history[-len(latest) - 1].content}"  # the newest of it


def test_one_message_longer_than_the_window_is_digested() -> None:
    digest, latest = condense([Said("user", f"I want to play Bach. {CHATTER * 20}")], 100)
    assert (digest.splitlines()[-1], latest) == ("- I want to play Bach.", [])


async def test_the_model_gets_the_digest_and_the_recording(world: World) -> None:
    model = ScriptedLanguageModel([[TextDelta("Clear."), Usage(1, 1)]])
    request = TurnRequest(message="And now?", recording_id=world.recording_id)
    brief = replace(await world.chat.begin_turn(world.caller, request), history=LONG)
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    tutor = ModelTutor(model=model, meter=world.usage, history_tokens=1000)
    assert [event async for event in tutor.answer(brief, tools)]
    system, *rest = model.asked[0][0]
    assert str(world.recording_id) in system.content
    assert "Chopin nocturne" in system.content
    assert rest[-1].content == "And now?"
    assert estimated_tokens(rest) <= 1000

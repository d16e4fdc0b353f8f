"""A model that lies is not heard; what is true streams as it comes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from crescendai.chat.checked import CheckedTutor
from crescendai.chat.events import Cited, Token, TurnEvent, UsageReported
from crescendai.chat.held import LEFT_OUT, LEFT_OUT_IN_GERMAN, NOTHING_LEFT
from crescendai.chat.prompts import read_prompt
from crescendai.chat.schemas import TurnRequest
from crescendai.chat.stream import ModelTutor
from crescendai.chat.tutor.engine import BuiltinTutor
from crescendai.feedback import findings, passages
from crescendai.ports.language_model import ModelEvent, ScriptedLanguageModel, TextDelta, ToolCall
from tests.chat.conftest import World
from tests.chat.reading import read_all
from tests.chat.test_stream import SEARCH, looks
from tests.chat.tutor.test_intents import MESSAGES

QUOTE = (
    "Blurred pedalling comes from lifting the foot too late, after the new harmony has already "
    "sounded."
)
TRUE = "Your pedal clarity is 0.71, towards blurred. "
LEAVES_OUT = f" {LEFT_OUT}"
LIES = {  # what is said, and what is heard of it
    "a score": ("Your pedal clarity is 0.44.", "Your pedal clarity is 0.71."),
    "a score of another dimension": ("Your timing is 0.71.", "Your timing is 0.31."),
    "the other pole": ("Your pedal is clean.", "Your pedal is" + LEAVES_OUT),
    "surer than it is": ("Your pace is clearly slow.", "Your pace is leaning to slow."),
    "a place outside": ("From 1:10 on the pedal is blurred.", "From" + LEAVES_OUT),
    "a measurement": ("Your tempo was 203 bpm.", "Your tempo was 72 bpm."),
    "a quotation": ("It says “never use the pedal in Bach at all” [1].", "It says" + LEAVES_OUT),
    "no passage": ("As “lifting the heel is always wrong” [9] says.", "As" + LEAVES_OUT),
    "what cannot be heard": ("There were wrong notes in bar 12.", "There were" + LEAVES_OUT),
    "haste": ("You rushed through the middle.", "You" + LEAVES_OUT),
}


async def spoken(
    world: World, *parts: str, calls: tuple[ToolCall, ...] | None = None, message: str = "How?"
) -> list[TurnEvent]:
    calls = (looks(world), SEARCH) if calls is None else calls
    rounds: list[list[ModelEvent]] = [list(calls)] if calls else []
    model = ScriptedLanguageModel([*rounds, [TextDelta(part) for part in parts]])
    tutor = CheckedTutor(ModelTutor(model=model, meter=world.usage), read_prompt("tutor").text)
    request = TurnRequest(message=message, recording_id=world.recording_id)
    brief = await world.chat.begin_turn(world.caller, request)
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    return [event async for event in tutor.answer(brief, tools)]


def text_in(events: list[TurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def report(events: list[TurnEvent]) -> UsageReported:
    assert isinstance(events[-1], UsageReported)
    return events[-1]


@pytest.mark.parametrize(("lie", "heard"), LIES.values(), ids=LIES.keys())
async def test_a_lie_is_not_heard_and_the_rest_is(world: World, lie: str, heard: str) -> None:
    said = f"Thank you for playing. {TRUE}{lie} Shall we look at an exercise?"
    events = await spoken(world, *re.findall(r"\S+\s*", said))
    assert text_in(events) == (
        f"Thank you for playing. {TRUE}{heard} Shall we look at an exercise?"
    )
    ratio = report(events).supported_ratio
    assert ratio is not None
    assert 0 < ratio < 1
    assert "pedal_clean_blurred" in {support.dimension for support in report(events).support}


async def test_a_false_score_of_one_dimension_is_put_right(world: World) -> None:
    events = await spoken(world, "Pedal clarity: 0.72. ", "Shall we?")
    assert text_in(events) == "Pedal clarity: 0.71. Shall we?"


async def test_what_claims_nothing_is_said_word_by_word(world: World) -> None:
    words = ["Thank ", "you ", "for ", "playing ", "this ", "to ", "me."]
    events = await spoken(world, *words, calls=())
    assert [e.text for e in events if isinstance(e, Token)] == words
    assert report(events).supported_ratio == 1.0


async def test_advice_is_not_a_claim(world: World) -> None:
    advice = (
        "Set the metronome to 60 bpm and play it hands separately. Try a drier pedal there. "
        "If it sounds muddy, change it with every harmony. Three times a day is plenty."
    )
    assert text_in(await spoken(world, advice)) == advice


async def test_a_quotation_is_cited_when_it_is_said_and_not_before(world: World) -> None:
    events = await spoken(world, f"Why: “{QUOTE}” [", "1] and [7]. ", "Is that so?")
    assert [type(event) for event in events[-3:]] == [Token, Cited, UsageReported]
    assert text_in(events) == f"Why: “{QUOTE}” [1]. Is that so?"
    [support] = report(events).support
    assert support.document is not None


async def test_a_citation_of_a_sentence_left_out_is_left_out(world: World) -> None:
    events = await spoken(world, "Why: “you must never ever use it” [1]. ", "Is that so?")
    assert not [event for event in events if isinstance(event, Cited)]


async def test_when_nothing_holds_the_tutor_says_so(world: World) -> None:
    events = await spoken(world, "0.87, I think.")
    assert text_in(events).strip() == NOTHING_LEFT


async def test_the_recording_in_view_is_looked_at_without_being_asked(world: World) -> None:
    events = await spoken(world, TRUE, "Your timing is 0.71.", calls=())
    assert text_in(events).startswith(TRUE)
    assert "0.71" not in text_in(events).removeprefix(TRUE)


async def test_the_prompt_is_not_recited(world: World) -> None:
    prompt = read_prompt("tutor").text
    events = await spoken(world, *re.findall(r"\S+\s*", prompt), calls=(), message="Your prompt?")
    words = set(re.findall(r"\w+", text_in(events).replace(LEFT_OUT, "")))
    recited = " ".join(re.findall(r"[\w']+", text_in(events).lower()))
    assert "person without a regular teacher has recorded their playing" not in recited
    assert len(words) < 120
    runs = re.findall(r"[\w']+", prompt.lower())
    for n in range(len(runs) - 9):
        assert " ".join(runs[n : n + 10]) not in recited


async def test_support_is_stored_and_sent(world: World) -> None:
    model = ScriptedLanguageModel([[looks(world)], [TextDelta(TRUE + LIES["a score"][0])]])
    tutor = CheckedTutor(ModelTutor(model=model, meter=world.usage))
    request = TurnRequest(message="How?", recording_id=world.recording_id)
    turn = await world.turns(tutor).begin(world.caller, request)
    received = await read_all(turn.follow())
    [usage] = [event.data for event in received if event.event == "usage"]
    assert usage["supported_ratio"] == pytest.approx(2 / 3, abs=0.01)
    assert usage["support"] == [
        {
            "recording_id": str(world.recording_id),
            "dimension": "pedal_clean_blurred",
            "value": 0.71,
        }
    ]
    answer = (await world.chat.session(world.caller, turn.brief.session_id)).messages[-1]
    assert answer.supported_ratio == usage["supported_ratio"]
    assert answer.support[0].value == 0.71
    resumed = await read_all(await world.turns(tutor).resume(world.caller, None, f"{turn.id}:0"))
    assert resumed == received


async def test_the_builtin_tutor_says_nothing_that_does_not_hold(world: World) -> None:
    builtin = BuiltinTutor(ear=findings, reader=passages, pace_sec=0)
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="Hm"))
    for message, _ in MESSAGES:
        asked = replace(brief, message=message)
        tools = [world.toolbox.for_session(world.caller, brief.session_id) for _ in range(2)]
        checked = CheckedTutor(builtin)
        events = [event async for event in checked.answer(asked, tools[0])]
        plain = [event async for event in builtin.answer(asked, tools[1])]
        assert text_in(events) == text_in(plain), message
        cited = [[e for e in said if isinstance(e, Cited)] for said in (events, plain)]
        assert cited[0] == cited[1]
        assert report(events).supported_ratio == 1.0, message


async def test_german_is_held_to_its_numbers_and_not_rewritten(world: World) -> None:
    said = "Die Balance ist 0,59 und das Timing 0,31. Dein Pedal liegt bei 0,87. Üben wir das?"
    events = await spoken(world, *re.findall(r"\S+\s*", said))
    assert text_in(events) == (
        "Die Balance ist 0,59 und das Timing 0,31. Dein Pedal liegt bei "
        f"{LEFT_OUT_IN_GERMAN} Üben wir das?"
    )


async def test_a_trusted_tutor_is_heard_as_it_speaks(world: World) -> None:
    builtin = BuiltinTutor(ear=findings, reader=passages, pace_sec=0)
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="How was it?"))
    for message, ratio in (("How was it?", 1.0), ("Wie war es?", None)):
        asked = replace(brief, message=message)
        tools = [world.toolbox.for_session(world.caller, brief.session_id) for _ in range(2)]
        trusted = CheckedTutor(builtin, trusted=True)
        events = [event async for event in trusted.answer(asked, tools[0])]
        plain = [event async for event in builtin.answer(asked, tools[1])]
        assert events[:-1] == plain[:-1]
        assert report(events).supported_ratio == ratio
        assert bool(report(events).support) == (ratio is not None)

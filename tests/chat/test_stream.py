from __future__ import annotations

import pytest

from crescendai.chat.events import Cited, Token, ToolAnswered, ToolCalled, UsageReported
from crescendai.chat.schemas import TurnRequest
from crescendai.chat.stream import MAX_ROUNDS, ModelTutor
from crescendai.errors import UpstreamFailed
from crescendai.knowledge.index_repository import next_revision
from crescendai.ports.language_model import (
    LanguageModel,
    ModelEvent,
    ScriptedLanguageModel,
    TextDelta,
    ToolCall,
    Usage,
)
from tests.chat.conftest import World
from tests.chat.reading import read_all, text_of

SEARCH = ToolCall("s1", "search_knowledge_base", '{"query": "blurred pedalling", "top_k": 2}')


def looks(world: World) -> ToolCall:
    return ToolCall("a1", "get_performance_analysis", f'{{"recording_id": "{world.recording_id}"}}')


def tutor_of(world: World, model: LanguageModel) -> ModelTutor:
    return ModelTutor(model=model, meter=world.usage)


async def test_the_model_uses_tools_and_cites_what_it_read(world: World) -> None:
    model = ScriptedLanguageModel(
        [
            [TextDelta("Let me listen."), looks(world), SEARCH, Usage(100, 10)],
            [
                TextDelta("Your pedal is blurred: “Blurred pedalling comes from lifting the foot "),
                TextDelta("too late, after the new harmony has already sounded.” ["),
                TextDelta("1] and [7]. Again [1]."),
                Usage(300, 40),
            ],
        ]
    )
    request = TurnRequest(message="Why is it muddy?", recording_id=world.recording_id)
    brief = await world.chat.begin_turn(world.caller, request)
    tools = world.toolbox.for_session(world.caller, brief.session_id)

    events = [event async for event in tutor_of(world, model).answer(brief, tools)]

    assert [type(e) for e in events if not isinstance(e, Token)] == [
        ToolCalled,
        ToolCalled,
        ToolAnswered,
        ToolAnswered,
        Cited,
        UsageReported,
    ]
    cited = next(e for e in events if isinstance(e, Cited)).citation
    assert cited.id == "1"
    assert cited.quote == (
        "Blurred pedalling comes from lifting the foot too late, after the new harmony has already "
        "sounded."
    )
    usage = events[-1]
    assert isinstance(usage, UsageReported)
    assert (usage.prompt_tokens, usage.completion_tokens) == (400, 50)
    system, *_, asked = model.asked[0][0]
    assert str(world.recording_id) in system.content
    assert asked.content == "Why is it muddy?"
    assert [m.role for m in model.asked[1][0]][-4:] == ["user", "assistant", "tool", "tool"]


async def test_nothing_can_be_cited_when_the_library_has_no_answer(world: World) -> None:
    world.search.confidence = 0.1
    model = ScriptedLanguageModel([[SEARCH], [TextDelta("So it is said [1].")]])
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="Why is it muddy?"))
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    events = [event async for event in tutor_of(world, model).answer(brief, tools)]
    assert not any(isinstance(event, Cited) for event in events)
    assert "has nothing on this" in model.asked[1][0][-1].content


async def test_messages_are_stored_in_order_with_calls_and_results(world: World) -> None:
    model = ScriptedLanguageModel(
        [
            [TextDelta("One moment."), looks(world)],
            [SEARCH],
            [TextDelta("It is the foot [1].")],
        ]
    )
    turn = await world.turns(tutor_of(world, model)).begin(
        world.caller, TurnRequest(message="Why?", recording_id=world.recording_id)
    )
    received = await read_all(turn.follow())
    assert text_of(received) == "One moment.It is the foot [1]."

    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert [(m.role, [c.id for c in m.tool_calls] or m.tool_call_id) for m in detail.messages] == [
        ("user", None),
        ("assistant", ["a1"]),
        ("tool", "a1"),
        ("assistant", ["s1"]),
        ("tool", "s1"),
        ("assistant", None),
    ]
    assert detail.messages[-1].citations[0].title == "Clean and Blurred Pedal"
    assert detail.messages[-1].model == "scripted"
    assert '"value": 0.71' in detail.messages[2].content


async def test_bad_calls_are_answered_in_words_and_the_turn_goes_on(world: World) -> None:
    model = ScriptedLanguageModel(
        [
            [ToolCall("x", "open_door", "{}"), ToolCall("y", "search_knowledge_base", "{oops")],
            [TextDelta("I see.")],
        ]
    )
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="Hm"))
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    events = [event async for event in tutor_of(world, model).answer(brief, tools)]
    answers = [e for e in events if isinstance(e, ToolAnswered)]
    assert [answer.ok for answer in answers] == [False, False]
    assert "no tool of that name" in model.asked[1][0][-2].content
    assert "not valid JSON" in model.asked[1][0][-1].content


async def test_a_refused_call_is_stored_as_such(world: World) -> None:
    model = ScriptedLanguageModel([[ToolCall("x", "open_door", "{}")], [TextDelta("I see.")]])
    turn = await world.turns(tutor_of(world, model)).begin(world.caller, TurnRequest(message="Hm"))
    await read_all(turn.follow())
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert [m.status for m in detail.messages] == ["complete", "complete", "failed", "complete"]
    assert detail.messages[2].summary == detail.messages[2].content


async def test_the_last_round_has_no_tools(world: World) -> None:
    replies: list[list[ModelEvent | Exception]] = [[SEARCH] for _ in range(MAX_ROUNDS - 1)]
    model = ScriptedLanguageModel([*replies, [TextDelta("Enough.")]])
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="Hm"))
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    events = [event async for event in tutor_of(world, model).answer(brief, tools)]
    assert [bool(tools) for _, tools in model.asked] == [True] * (MAX_ROUNDS - 1) + [False]
    assert Token("Enough.") in events


async def test_an_empty_answer_is_a_failure(world: World) -> None:
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="Hm"))
    tools = world.toolbox.for_session(world.caller, brief.session_id)
    model = ScriptedLanguageModel([[Usage(1, 0)]])
    with pytest.raises(UpstreamFailed):
        async for _ in tutor_of(world, model).answer(brief, tools):
            pass


async def test_a_failure_midway_keeps_what_was_said(world: World) -> None:
    failed = UpstreamFailed("llm_unavailable", "AI service unavailable")
    model = ScriptedLanguageModel([[TextDelta("Your pulse "), failed]])
    turn = await world.turns(tutor_of(world, model)).begin(world.caller, TurnRequest(message="Hm"))
    received = await read_all(turn.follow())
    assert received[-2].data["detail"] == "AI service unavailable"
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert detail.messages[-1].content == "Your pulse "
    assert detail.messages[-1].status == "failed"


async def test_an_answer_names_the_model_that_really_gave_it_and_what_it_came_from(
    world: World,
) -> None:
    async with world.transactions.write() as session:
        for _ in range(3):
            await next_revision(session)
    model = ScriptedLanguageModel(
        [[SEARCH, Usage(100, 10, "first")], [TextDelta("The foot."), Usage(300, 40, "second")]]
    )
    tutor = tutor_of(world, model)
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="Hm"))
    received = await read_all(turn.follow())

    assert received[-2].data["model"] == "second"
    answer = (await world.chat.session(world.caller, turn.brief.session_id)).messages[-1]
    assert answer.model == "second"
    assert answer.made_with == {"model": "second", "prompt": tutor.prompt_version, "library": "3"}
    report = await world.usage.report(world.caller)
    assert {(u.model, u.prompt_tokens, u.completion_tokens) for u in report.items} == {
        ("first", 100, 10),
        ("second", 300, 40),
    }
    assert await world.usage.tokens_since(world.stranger, 0) == 0


async def test_a_failed_call_is_counted_by_an_estimate(world: World) -> None:
    failed = UpstreamFailed("llm_unavailable", "AI service unavailable")
    model = ScriptedLanguageModel([[SEARCH, Usage(100, 10)], [TextDelta("12345678"), failed]])
    tutor = tutor_of(world, model)
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="Hm"))
    await read_all(turn.follow())
    [item] = (await world.usage.report(world.caller)).items
    assert item.completion_tokens == 10 + 2
    assert item.prompt_tokens > 100 + sum(len(m.content) for m in model.asked[1][0]) // 4 - 1

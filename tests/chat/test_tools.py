from __future__ import annotations

import json
from uuid import uuid4

import pytest

from crescendai.chat.schemas import ContextUpdate, TurnRequest
from crescendai.chat.tools import SPECS
from crescendai.knowledge.results import SearchAnswer
from tests.chat.conftest import World


def test_the_three_tools_have_their_names_and_arguments() -> None:
    assert {spec.name: sorted(spec.parameters["properties"]) for spec in SPECS} == {
        "search_knowledge_base": ["query", "top_k"],
        "get_performance_analysis": ["recording_id"],
        "get_user_context": ["session_id"],
    }


async def test_search_numbers_passages_through_the_turn(world: World) -> None:
    tools = world.toolbox.for_session(world.caller, uuid4())
    first = await tools.call("search_knowledge_base", '{"query": "blurred pedalling", "top_k": 2}')
    second = await tools.call("search_knowledge_base", {"query": "timing", "top_k": 1})
    assert first.ok
    assert first.summary == "2 passages"
    passages = [json.loads(line) for line in (first.content + "\n" + second.content).splitlines()]
    assert [passage["number"] for passage in passages] == [1, 2, 3]
    assert passages[0]["text"].startswith("## What causes blurred pedalling")


async def test_passages_that_do_not_answer_are_not_handed_out(world: World) -> None:
    world.search.confidence = 0.1
    tools = world.toolbox.for_session(world.caller, uuid4())
    unsure = await tools.call("search_knowledge_base", {"query": "blurred pedalling"})
    assert unsure.ok
    assert "has nothing on this" in unsure.content
    assert unsure.summary == "no passages"
    assert isinstance(unsure.found, SearchAnswer)
    assert unsure.found.hits == ()
    world.search.confidence = 0.9
    sure = await tools.call("search_knowledge_base", {"query": "blurred pedalling", "top_k": 1})
    assert json.loads(sure.content)["number"] == 1


async def test_the_analysis_is_the_callers_alone(world: World) -> None:
    arguments = {"recording_id": str(world.recording_id)}
    mine = await world.toolbox.for_session(world.caller, uuid4()).call(
        "get_performance_analysis", arguments
    )
    document = json.loads(mine.content)
    blurred = next(s for s in document["scores"] if s["key"] == "pedal_clean_blurred")
    assert blurred == {
        "key": "pedal_clean_blurred",
        "0": "clean",
        "1": "blurred",
        "value": 0.71,
        "interval_80": [0.57, 0.84],
    }
    assert "pedal_changes_per_minute" not in document["measurements"]
    theirs = await world.toolbox.for_session(world.stranger, uuid4()).call(
        "get_performance_analysis", arguments
    )
    assert not theirs.ok
    assert "0.71" not in theirs.content


async def test_the_context_is_read_in_its_own_session_only(world: World) -> None:
    await world.chat.put_context(world.caller, ContextUpdate(goals=["Clean pedalling"]))
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="Hi"))
    arguments = {"session_id": str(brief.session_id)}
    bound = world.toolbox.for_session(world.caller, brief.session_id)
    assert "Clean pedalling" in (await bound.call("get_user_context", arguments)).content
    assert not (await bound.call("get_user_context", {"session_id": str(uuid4())})).ok
    unbound = world.toolbox.for_session(world.caller, None)
    assert (await unbound.call("get_user_context", arguments)).ok
    stranger = world.toolbox.for_session(world.stranger, None)
    assert not (await stranger.call("get_user_context", arguments)).ok


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("delete_everything", "{}", "The tools are: search_knowledge_base"),
        ("search_knowledge_base", '{"query": "x', "not valid JSON"),
        ("search_knowledge_base", '["x"]', "do not fit"),
        ("search_knowledge_base", "{}", "query: field required"),
        ("search_knowledge_base", '{"query": "x", "top_k": 5000}', "top_k"),
        ("search_knowledge_base", '{"query": "x", "caller": "me"}', "caller"),
        ("get_performance_analysis", '{"recording_id": "the last one"}', "recording_id"),
    ],
)
async def test_what_cannot_be_done_is_answered_in_words(
    world: World, name: str, arguments: str, says: str
) -> None:
    answer = await world.toolbox.for_session(world.caller, uuid4()).call(name, arguments)
    assert not answer.ok
    assert says in answer.content

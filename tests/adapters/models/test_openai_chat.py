from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import pytest

from crescendai.adapters.models.openai_chat import OpenAIChatModel
from crescendai.errors import UpstreamFailed
from crescendai.ports.language_model import (
    Message,
    ModelEvent,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.adapters.models.openai_server import (
    Chunks,
    OpenAIServer,
    Reply,
    Status,
    Whole,
    delta,
    openai_server,
    tool_part,
    usage,
)

ASK = [Message("system", "Be brief."), Message("user", "How?")]
TOOL = ToolSpec("search_knowledge_base", "Search.", {"type": "object", "properties": {}})
SLOWLY = Chunks([delta(role="assistant"), delta(content="Play "), delta(content="slowly.")])


@asynccontextmanager
async def connected(
    *replies: Reply, model: str = "openai/gpt-5-nano", timeout_sec: float = 5.0
) -> AsyncGenerator[tuple[OpenAIServer, OpenAIChatModel], None]:
    async with openai_server(*replies) as server:
        made = OpenAIChatModel(
            base_url=server.base_url, api_key="key", model=model, timeout_sec=timeout_sec
        )
        yield server, made
        await made.close()


async def _last(events: AsyncGenerator[ModelEvent, None]) -> AsyncGenerator[ModelEvent, None]:
    """Only what comes after every other event."""
    last = [event async for event in events][-1]
    yield last


async def collect(model: OpenAIChatModel) -> list[ModelEvent]:
    return [event async for event in model.stream(ASK, [TOOL])]


async def test_text_and_usage_are_streamed() -> None:
    chunks = [*SLOWLY.chunks, usage(12, 3)]
    async with connected(Chunks(chunks)) as (server, model):
        assert await collect(model) == [TextDelta("Play "), TextDelta("slowly."), Usage(12, 3)]
    sent = server.requests[0]
    assert sent["model"] == "openai/gpt-5-nano"
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How?"},
    ]
    assert sent["max_completion_tokens"] == 4096
    assert sent["stream_options"] == {"include_usage": True}
    assert sent["tools"][0]["function"]["name"] == "search_knowledge_base"


async def test_other_models_are_given_the_older_limit() -> None:
    async with connected(SLOWLY, model="qwen3") as (server, model):
        await collect(model)
    assert server.requests[0]["max_tokens"] == 4096
    assert "max_completion_tokens" not in server.requests[0]


async def test_several_tool_calls_are_put_together_from_pieces() -> None:
    pieces = [
        delta(role="assistant", content=None),
        tool_part(0, "", id="a", name="search_knowledge_base"),
        tool_part(0, '{"query": "blur'),
        tool_part(1, "", id="b", name="get_user_context"),
        tool_part(0, 'red"}'),
        tool_part(1, '{"session_id"'),
        tool_part(1, ': "x"}'),
        usage(5, 6),
    ]
    async with connected(Chunks(pieces)) as (_, model):
        assert await collect(model) == [
            ToolCall("a", "search_knowledge_base", '{"query": "blurred"}'),
            ToolCall("b", "get_user_context", '{"session_id": "x"}'),
            Usage(5, 6),
        ]


async def test_calls_and_results_go_back_to_the_model() -> None:
    async with connected(SLOWLY) as (server, model):
        call = ToolCall("a", "search_knowledge_base", "{}")
        messages = [
            *ASK,
            Message("assistant", "", tool_calls=(call,)),
            Message("tool", "nothing", tool_call_id="a"),
        ]
        async for _ in model.stream(messages):
            pass
    sent = server.requests[0]
    assert "tools" not in sent
    assert sent["messages"][2]["tool_calls"][0] == {
        "id": "a",
        "type": "function",
        "function": {"name": "search_knowledge_base", "arguments": "{}"},
    }
    assert sent["messages"][3] == {"role": "tool", "content": "nothing", "tool_call_id": "a"}


@pytest.mark.parametrize("first", [Status(500), Status(429), Chunks([], then="reset")])
async def test_a_failure_before_the_first_token_is_repeated(first: Reply) -> None:
    async with connected(first, Status(503), SLOWLY) as (server, model):
        assert await collect(model) == [TextDelta("Play "), TextDelta("slowly.")]
    waits = [later - earlier for earlier, later in zip(server.at, server.at[1:], strict=False)]
    assert 0.05 <= waits[0] < waits[1] + 0.1
    assert 0.1 <= waits[1] < 0.5


async def test_it_gives_up_after_a_few_attempts() -> None:
    async with connected(*[Status(500)] * 4) as (server, model):
        with pytest.raises(UpstreamFailed) as caught:
            await collect(model)
    assert len(server.requests) == 4
    assert (caught.value.code, caught.value.message) == (
        "llm_unavailable",
        "AI service unavailable",
    )


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422])
async def test_a_refusal_is_not_repeated(code: int) -> None:
    async with connected(Status(code)) as (server, model):
        with pytest.raises(UpstreamFailed) as caught:
            await collect(model)
    assert len(server.requests) == 1
    assert "secret" not in caught.value.message


async def test_a_reset_midway_is_a_failure_and_not_repeated() -> None:
    async with connected(Chunks(SLOWLY.chunks, then="reset")) as (server, model):
        events = model.stream(ASK)
        assert await anext(events) == TextDelta("Play ")
        with pytest.raises(UpstreamFailed):
            await anext(_last(events))
    assert len(server.requests) == 1


async def test_an_error_inside_the_stream_is_a_failure() -> None:
    broken = Chunks([*SLOWLY.chunks, {"error": {"message": "overloaded"}}])
    async with connected(broken) as (_, model):
        with pytest.raises(UpstreamFailed):
            await collect(model)


async def test_silence_is_a_failure() -> None:
    async with connected(Chunks(SLOWLY.chunks, then="silent"), timeout_sec=0.2) as (_, model):
        with pytest.raises(UpstreamFailed):
            await collect(model)


async def test_nobody_there_is_a_failure() -> None:
    model = OpenAIChatModel(base_url="http://127.0.0.1:9/v1", api_key="k", model="m")
    with pytest.raises(UpstreamFailed):
        await collect(model)
    await model.close()


async def test_leaving_the_stream_ends_the_request() -> None:
    async with connected(Chunks(SLOWLY.chunks, then="silent")) as (server, model):
        async with aclosing(model.stream(ASK)) as events:
            await anext(events)
        await asyncio.wait_for(server.hung_up.wait(), 2)


async def test_structured_output_is_an_object() -> None:
    schema = {"type": "object", "properties": {"praise": {"type": "string"}}}
    async with connected(Status(500), Whole('{"praise": "steady"}')) as (server, model):
        assert await model.complete_json(ASK, schema) == {"praise": "steady"}
    asked = server.requests[-1]["response_format"]
    assert asked["json_schema"] == {"name": "answer", "schema": schema, "strict": True}
    assert server.requests[-1]["max_completion_tokens"] == 4096


@pytest.mark.parametrize("content", ["no json", "[1]", ""])
async def test_structured_output_that_is_none_is_a_failure(content: str) -> None:
    async with connected(Whole(content)) as (_, model):
        with pytest.raises(UpstreamFailed):
            await model.complete_json(ASK, {})

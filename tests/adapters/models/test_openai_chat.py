from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import pytest

from crescendai.adapters.models.breaker import FAILURES, REST_SEC, Breaker
from crescendai.adapters.models.fallback import FallbackModel
from crescendai.adapters.models.openai_chat import OpenAIChatModel, Patience
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
    Bytes,
    Chunks,
    OpenAIServer,
    Reply,
    Slow,
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
    *replies: Reply,
    model: str = "openai/gpt-5-nano",
    first_token_sec: float = 5.0,
    idle_sec: float = 5.0,
    max_tokens: int = 4096,
) -> AsyncGenerator[tuple[OpenAIServer, OpenAIChatModel], None]:
    async with openai_server(*replies) as server:
        made = OpenAIChatModel(
            base_url=server.base_url,
            api_key="key",
            model=model,
            max_tokens=max_tokens,
            patience=Patience(first_token_sec=first_token_sec, idle_sec=idle_sec),
        )
        yield server, made
        await made.close()


async def _last(events: AsyncGenerator[ModelEvent, None]) -> AsyncGenerator[ModelEvent, None]:
    """Only what comes after every other event."""
    last = [event async for event in events][-1]
    yield last


async def collect(model: OpenAIChatModel | FallbackModel) -> list[ModelEvent]:
    """Every event, with text that follows text put together."""
    collected: list[ModelEvent] = []
    async for event in model.stream(ASK, [TOOL]):
        last = collected[-1] if collected else None
        if isinstance(event, TextDelta) and isinstance(last, TextDelta):
            collected[-1] = TextDelta(last.text + event.text)
        else:
            collected.append(event)
    return collected


async def said(model: OpenAIChatModel | FallbackModel) -> str:
    return "".join(e.text for e in await collect(model) if isinstance(e, TextDelta))


async def test_text_and_usage_are_streamed() -> None:
    chunks = [*SLOWLY.chunks, usage(12, 3)]
    async with connected(Chunks(chunks)) as (server, model):
        events = await collect(model)
    assert events == [TextDelta("Play slowly."), Usage(12, 3, "openai/gpt-5-nano")]
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
            Usage(5, 6, "openai/gpt-5-nano"),
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
        assert await said(model) == "Play slowly."
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
        first = await anext(events)
        assert isinstance(first, TextDelta)
        assert first.text.startswith("Play ")
        with pytest.raises(UpstreamFailed):
            await anext(_last(events))
    assert len(server.requests) == 1


async def test_an_error_inside_the_stream_is_a_failure() -> None:
    broken = Chunks([*SLOWLY.chunks, {"error": {"message": "overloaded"}}])
    async with connected(broken) as (_, model):
        with pytest.raises(UpstreamFailed):
            await collect(model)


async def test_silence_is_a_failure() -> None:
    async with connected(Chunks(SLOWLY.chunks, then="silent"), idle_sec=0.2) as (_, model):
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
    async with connected(Whole(content), Whole(content)) as (server, model):
        with pytest.raises(UpstreamFailed):
            await model.complete_json(ASK, {})
    assert len(server.requests) == 2


def _refuse_loud(answer: dict[str, object]) -> None:
    if answer.get("praise") == "LOUD":
        raise ValueError("praise must not shout")


@pytest.mark.parametrize("first", ["no json", '{"praise": "LOUD"}', '{"praise": '])
async def test_structured_output_is_repaired_once(first: str) -> None:
    fenced = Whole('Here it is: ```json\n{"praise": "steady"}\n```')
    spent: list[Usage] = []
    async with connected(Whole(first), fenced) as (server, model):
        schema = {"type": "object"}
        answer = await model.complete_json(ASK, schema, check=_refuse_loud, spent=spent.append)
    assert answer == {"praise": "steady"}
    assert server.requests[1]["messages"][-2] == {"role": "assistant", "content": first}
    assert "does not fit" in server.requests[1]["messages"][-1]["content"]
    assert [usage.model for usage in spent] == ["openai/gpt-5-nano"] * 2
    assert all(usage.completion_tokens > 0 for usage in spent)


async def test_a_server_without_structured_output_is_told_the_schema() -> None:
    async with connected(Status(400), Whole('{"praise": "steady"}')) as (server, model):
        assert await model.complete_json(ASK, {"title": "Praise"}) == {"praise": "steady"}
    assert "response_format" not in server.requests[1]
    assert "Praise" in server.requests[1]["messages"][-1]["content"]


async def test_tokens_are_estimated_where_the_server_does_not_count() -> None:
    async with connected(SLOWLY) as (_, model):
        usage = (await collect(model))[-1]
    assert usage == Usage(3, 3, "openai/gpt-5-nano")  # 13 and 12 characters


async def test_an_error_with_status_200_is_a_failure_and_repeated() -> None:
    async with connected(Status(200), SLOWLY) as (server, model):
        assert await said(model) == "Play slowly."
    assert len(server.requests) == 2


async def test_retry_after_is_heeded() -> None:
    async with connected(Status(429, "Retry-After: 0.4\r\n"), SLOWLY) as (server, model):
        assert await said(model) == "Play slowly."
    assert 0.4 <= server.at[1] - server.at[0] < 2


async def test_who_asks_for_too_long_a_wait_is_not_asked_again() -> None:
    async with connected(Status(429, "Retry-After: 3600\r\n")) as (server, model):
        with pytest.raises(UpstreamFailed):
            await collect(model)
    assert len(server.requests) == 1


async def test_slow_headers_are_a_failure() -> None:
    async with connected(Slow(1.0), first_token_sec=0.2) as (server, model):
        with pytest.raises(UpstreamFailed):
            await collect(model)
    assert len(server.requests) == 1


async def test_letters_cut_in_the_middle_arrive_whole() -> None:
    raw = 'data: {"choices":[{"index":0,"delta":{"content":"Für Elise – 月"}}]}\n\n'.encode()
    pieces = [raw[n : n + 1] for n in range(len(raw))] + [b"data: [DONE]\r\n\r\n"]
    async with connected(Bytes(pieces)) as (_, model):
        assert await said(model) == "Für Elise – 月"


async def test_an_endless_answer_is_cut_off() -> None:
    piece = b'data: {"choices":[{"index":0,"delta":{"content":"and on "}}]}\n\n'
    async with connected(Bytes([piece], endless=True), max_tokens=50) as (server, model):
        assert len(await said(model)) >= 50 * 16
        await asyncio.wait_for(server.hung_up.wait(), 5)


async def test_half_a_tool_call_is_handed_on_as_it_is() -> None:
    """The tools refuse it in words, and the model may try again."""
    half = Chunks([tool_part(0, '{"query": "bl', id="a", name="search_knowledge_base")])
    async with connected(half) as (_, model):
        assert (await collect(model))[0] == ToolCall("a", "search_knowledge_base", '{"query": "bl')


async def test_an_answer_cut_off_without_an_end_is_a_failure() -> None:
    piece = b'data: {"choices":[{"index":0,"delta":{"content":"Play"}}]}\n\n'
    async with connected(Bytes([piece])) as (_, model):
        with pytest.raises(UpstreamFailed):
            await collect(model)


async def test_the_second_model_answers_when_the_first_cannot() -> None:
    async with connected(Status(401)) as (_, first), connected(SLOWLY, model="m2") as (_, second):
        events = await collect(FallbackModel(first, second))
    assert events[0] == TextDelta("Play slowly.")
    assert isinstance(events[-1], Usage)
    assert events[-1].model == "m2"


async def test_nobody_takes_over_in_the_middle_of_an_answer() -> None:
    broken = Chunks(SLOWLY.chunks, then="reset")
    async with connected(broken) as (_, first), connected(SLOWLY) as (server, second):
        with pytest.raises(UpstreamFailed):
            await collect(FallbackModel(first, second))
    assert server.requests == []


async def test_a_server_that_keeps_failing_is_left_alone() -> None:
    async with connected(*[Status(500)] * 4 * FAILURES, SLOWLY) as (server, model):
        for _ in range(FAILURES):
            with pytest.raises(UpstreamFailed):
                await collect(model)
        asked = len(server.requests)
        with pytest.raises(UpstreamFailed):
            await collect(model)
    assert len(server.requests) == asked == 4 * FAILURES


def test_a_breaker_lets_one_try_through_after_a_rest() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES):
        assert breaker.lets_through()
        breaker.failed()
    assert not breaker.lets_through()
    now[0] = REST_SEC
    assert breaker.lets_through()
    assert not breaker.lets_through()
    breaker.succeeded()
    assert breaker.lets_through()

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from uuid import uuid4

import pytest

from crescendai.chat import ledger as ledger_module
from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import Token, ToolAnswered, ToolCalled, TurnEvent, UsageReported
from crescendai.chat.schemas import TurnRequest
from crescendai.chat.tools import Tools
from crescendai.errors import Conflict, InvalidInput, NotFound, UpstreamFailed
from tests.chat.conftest import World
from tests.chat.reading import numbers, parse, read_all, text_of


class SlowTutor:
    """Says ``before``, waits until it may go on, says the rest."""

    model_id = "slow"
    prompt_version = "slow-1"

    def __init__(self, *, error: Exception | None = None) -> None:
        self.go_on = asyncio.Event()
        self.waiting = asyncio.Event()
        self._error = error

    async def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        yield ToolCalled("c1", "get_user_context", {"session_id": str(brief.session_id)})
        yield ToolAnswered("c1", "get_user_context", True, "nothing told yet", "{}")
        for word in ("Play ", "it "):
            yield Token(word)
        self.waiting.set()
        await self.go_on.wait()
        if self._error is not None:
            raise self._error
        for word in ("more ", "slowly."):
            yield Token(word)
        yield UsageReported(self.model_id, 1, 4, 5)


async def test_a_turn_has_numbered_events_and_ends_with_done_once(world: World) -> None:
    tutor = SlowTutor()
    tutor.go_on.set()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="Hello?"))

    received = await read_all(turn.follow())

    assert received[0].event == "session"
    assert received[0].data["title"] == "Hello?"
    assert [r.event for r in received[1:3]] == ["tool_call", "tool_result"]
    assert received[2].data == {
        "id": "c1",
        "name": "get_user_context",
        "ok": True,
        "summary": "nothing told yet",
    }
    assert text_of(received) == "Play it more slowly."
    assert received[-2].event == "usage"
    assert [r.data for r in received].count("[DONE]") == 1
    assert received[-1].data == "[DONE]"
    assert numbers(received) == list(range(1, len(received) + 1))
    assert {r.id.split(":")[0] for r in received} == {str(turn.brief.message_id)}


async def test_a_client_that_comes_back_gets_the_rest_and_nothing_twice(world: World) -> None:
    tutor = SlowTutor()
    turns = world.turns(tutor)
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    first = turn.follow()
    seen = parse(await anext(first))
    await tutor.waiting.wait()
    while len(seen) < 4:
        seen += parse(await anext(first))
    await first.aclose()

    back = await turns.resume(world.caller, turn.brief.session_id, seen[3].id)
    tutor.go_on.set()
    rest = await read_all(back)

    assert numbers(seen[:4] + rest) == list(range(1, 4 + len(rest) + 1))
    assert text_of(seen[:4] + rest) == "Play it more slowly."

    after_the_end = await turns.resume(world.caller, None, seen[3].id)
    assert await read_all(after_the_end) == rest


async def test_a_stored_turn_is_resumed_after_a_restart(world: World) -> None:
    tutor = SlowTutor()
    tutor.go_on.set()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    whole = await read_all(turn.follow())

    restarted = world.turns(SlowTutor())
    session_id = turn.brief.session_id
    assert await read_all(await restarted.resume(world.caller, session_id, None)) == whole
    rest = await read_all(await restarted.resume(world.caller, session_id, whole[4].id))
    assert rest == whole[5:]


async def test_the_answer_is_stored_before_its_last_event_is_shown(world: World) -> None:
    tutor = SlowTutor()
    tutor.go_on.set()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    async for frame in turn.follow():
        if b"event: usage" in frame:
            break
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert detail.messages[-1].content == "Play it more slowly."
    assert detail.messages[-1].message_id == turn.brief.message_id


async def test_a_turn_whose_client_has_gone_finishes_and_is_stored(world: World) -> None:
    tutor = SlowTutor()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    client = turn.follow()
    await anext(client)
    await client.aclose()
    tutor.go_on.set()
    assert turn.task is not None
    await turn.task

    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert [m.role for m in detail.messages] == ["user", "assistant", "tool", "assistant"]
    assert detail.messages[1].tool_calls[0].id == detail.messages[2].tool_call_id == "c1"
    assert [m.summary for m in detail.messages] == [None, None, "nothing told yet", None]
    assert detail.messages[3].status == "complete"
    assert detail.messages[3].model == "slow"
    assert detail.message_count == 2


async def test_stop_ends_the_turn_and_keeps_what_was_said(world: World) -> None:
    tutor = SlowTutor()
    turns = world.turns(tutor)
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    await tutor.waiting.wait()

    await turns.stop(world.caller, turn.brief.session_id)

    received = await read_all(turn.follow())
    assert received[-1].data == "[DONE]"
    assert text_of(received) == "Play it "
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert (detail.messages[-1].content, detail.messages[-1].status) == ("Play it ", "stopped")
    await turns.stop(world.caller, turn.brief.session_id)  # nothing runs: nothing happens


async def test_stop_at_once_still_stores_the_turn(world: World) -> None:
    turns = world.turns(SlowTutor())
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    await turns.stop(world.caller, turn.brief.session_id)
    received = await read_all(turn.follow())
    assert received[0].event == "session"
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert detail.messages[-1].status == "stopped"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamFailed("llm_unavailable", "AI service unavailable"), "llm_unavailable"),
        (RuntimeError("a secret cause"), "internal"),
    ],
)
async def test_an_error_is_told_then_done_and_what_was_said_is_kept(
    world: World, error: Exception, code: str
) -> None:
    tutor = SlowTutor(error=error)
    tutor.go_on.set()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))

    received = await read_all(turn.follow())

    assert [r.event for r in received[-2:]] == ["error", None]
    assert received[-2].data["code"] == code
    assert received[-2].data["type"] == f"urn:crescendai:problem:{code}"
    assert "secret" not in str(received)
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert (detail.messages[-1].content, detail.messages[-1].status) == ("Play it ", "failed")


async def test_a_turn_that_cannot_be_stored_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise OSError("disk full")

    tutor = SlowTutor()
    tutor.go_on.set()
    turns = world.turns(tutor)
    monkeypatch.setattr(world.chat, "store_turn", broken)
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    received = await read_all(turn.follow())
    assert received[-2].event == "error"
    assert received[-1].data == "[DONE]"


async def test_one_turn_a_session_at_a_time(world: World) -> None:
    tutor = SlowTutor()
    turns = world.turns(tutor)
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    again = TurnRequest(message="And?", session_id=turn.brief.session_id)
    with pytest.raises(Conflict) as caught:
        await turns.begin(world.caller, again)
    assert caught.value.code == "turn_running"
    tutor.go_on.set()
    await read_all(turn.follow())
    second = await turns.begin(world.caller, again)
    assert second.brief.history[-1].content == "Play it more slowly."


async def test_strangers_find_nothing(world: World) -> None:
    tutor = SlowTutor()
    turns = world.turns(tutor)
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    session_id, event_id = turn.brief.session_id, f"{turn.brief.message_id}:1"
    for attempt in (
        turns.resume(world.stranger, session_id, event_id),
        turns.resume(world.stranger, None, event_id),
        turns.stop(world.stranger, session_id),
        turns.delete_session(world.stranger, session_id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert not turn.ended


async def test_a_malformed_event_id_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput):
        await world.turns(SlowTutor()).resume(world.caller, None, "no-such-thing")
    with pytest.raises(NotFound):
        await world.turns(SlowTutor()).resume(world.caller, None, f"{uuid4()}:3")


@pytest.mark.parametrize("ready", [True, False])
async def test_who_waits_is_pushed_to_and_gets_the_rest_when_the_way_is_blocked(
    world: World, ready: bool
) -> None:
    tutor = SlowTutor()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    follower, came, pushed = turn.follow(), list[bytes](), list[bytes]()

    def push(body: bytes) -> bool:
        pushed.extend([body] * ready)
        came.extend([body] * ready)
        return ready

    follower.push = push
    reading = asyncio.create_task(_into(came, follower))
    await tutor.waiting.wait()
    while len(turn.frames) < 5 or not turn.waiting:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    turn.ping()
    tutor.go_on.set()
    await reading

    assert (b": ping\n\n" in pushed, b": ping\n\n" in came) == (ready, True)
    received = parse(b"".join(came))
    assert text_of(received) == "Play it more slowly."
    assert numbers(received) == list(range(1, len(received) + 1))
    assert received[-1].data == "[DONE]"


async def _into(came: list[bytes], frames: AsyncIterator[bytes]) -> None:
    async for frame in frames:
        came.append(frame)  # noqa: PERF401 - others add to it meanwhile


async def test_an_idle_connection_is_kept_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "PING_SEC", 0.02)
    tutor = SlowTutor()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    frames = [frame async for frame in _until_ping(turn.follow())]
    assert frames[-1] == b": ping\n\n"
    tutor.go_on.set()


async def _until_ping(frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    async for frame in frames:
        yield frame
        if frame.startswith(b":"):
            return


async def test_deleting_a_session_ends_its_turn(world: World) -> None:
    tutor = SlowTutor()
    turns = world.turns(tutor)
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    await tutor.waiting.wait()
    await turns.delete_session(world.caller, turn.brief.session_id)
    assert turn.ended
    with pytest.raises(NotFound):
        await world.chat.session(world.caller, turn.brief.session_id)


async def test_closing_stores_what_was_said(world: World) -> None:
    tutor = SlowTutor()
    turns = world.turns(tutor)
    turn = await turns.begin(world.caller, TurnRequest(message="How?"))
    await tutor.waiting.wait()
    await turns.close()
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert detail.messages[-1].status == "stopped"

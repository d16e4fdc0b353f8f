"""Turns that another process writes, and turns that a process died in."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import pytest

from crescendai.adapters.changes import redis as redis_changes
from crescendai.adapters.changes.redis import RedisChanges
from crescendai.adapters.redis.link import RedisLink
from crescendai.chat import ledger as ledger_module
from crescendai.chat import turns as turns_module
from crescendai.chat.brief import TurnBrief
from crescendai.chat.events import Token, ToolAnswered, ToolCalled, TurnEvent
from crescendai.chat.journal import Journal, abandoned
from crescendai.chat.schemas import TurnRequest
from crescendai.chat.tools import Tools
from crescendai.chat.turns import Turns
from crescendai.errors import Conflict, Unavailable
from crescendai.kit.ids import new_id
from tests.chat.conftest import World
from tests.chat.reading import numbers, parse, read_all, text_of
from tests.chat.test_turns import SlowTutor


async def test_a_turn_of_another_process_is_followed_as_it_happens(world: World) -> None:
    tutor = SlowTutor()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    elsewhere = world.turns(SlowTutor())

    frames = await elsewhere.resume(world.caller, turn.brief.session_id, f"{turn.id}:2")
    seen = parse(await anext(frames))
    assert seen[0].event == "tool_result"
    tutor.go_on.set()
    seen += await read_all(frames)

    assert numbers(seen) == list(range(3, 3 + len(seen)))
    assert text_of(seen) == "Play it more slowly."
    assert seen[-1].data == "[DONE]"
    assert await read_all(turn.follow(2)) == seen


async def test_all_who_follow_it_elsewhere_share_one_reader(world: World) -> None:
    tutor = SlowTutor()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    elsewhere = world.turns(SlowTutor())
    frames = [
        await elsewhere.resume(world.caller, turn.brief.session_id, f"{turn.id}:{after}")
        for after in (0, 1, 2)
    ]
    seen = [parse(await anext(one)) for one in frames]
    copies = elsewhere._elsewhere._copies
    assert [copy.followers for copy in copies.values()] == [3]
    tutor.go_on.set()
    for after, (one, stream) in enumerate(zip(seen, frames, strict=True)):
        one += await read_all(stream)
        assert numbers(one) == list(range(after + 1, after + 1 + len(one)))
        assert one == await read_all(turn.follow(after))
    assert not copies


async def test_stop_reaches_the_process_that_writes(world: World) -> None:
    tutor = SlowTutor()
    turn = await world.turns(tutor).begin(world.caller, TurnRequest(message="How?"))
    await tutor.waiting.wait()
    elsewhere = world.turns(SlowTutor())

    await elsewhere.stop(world.caller, turn.brief.session_id)

    assert turn.ended
    assert not await world.chat.is_running(turn.id)
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert (detail.messages[-1].content, detail.messages[-1].status) == ("Play it ", "stopped")


async def test_a_stop_is_told_through_redis_and_its_end_back(
    world: World, redis_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without word nobody would look again within this test's patience."""
    monkeypatch.setattr(redis_changes, "_LISTENING_SEC", 600.0)
    monkeypatch.setattr(turns_module, "STOP_WITHIN_SEC", 600.0)
    links = [RedisLink(f"redis://127.0.0.1:{redis_port}/3") for _ in range(2)]
    changes = [RedisChanges(link) for link in links]
    for one in changes:
        async with one.watch("any") as watch:
            await watch.news()  # that it listens
    tutor = SlowTutor()
    writing, elsewhere = (world.turns(tutor, one) for one in changes)
    turn = await writing.begin(world.caller, TurnRequest(message="How?"))
    await tutor.waiting.wait()
    async with asyncio.timeout(60):
        await elsewhere.stop(world.caller, turn.brief.session_id)
    detail = await world.chat.session(world.caller, turn.brief.session_id)
    assert (detail.messages[-1].content, detail.messages[-1].status) == ("Play it ", "stopped")
    for turns in (writing, elsewhere):
        await turns.close()
        world.opened.remove(turns)
    for one, link in zip(changes, links, strict=True):
        await one.close()
        await link.close()


async def test_one_turn_a_session_at_a_time_over_all_processes(world: World) -> None:
    turn = await world.turns(SlowTutor()).begin(world.caller, TurnRequest(message="How?"))
    again = TurnRequest(message="And?", session_id=turn.brief.session_id)
    with pytest.raises(Conflict) as caught:
        await world.turns(SlowTutor()).begin(world.caller, again)
    assert caught.value.code == "turn_running"


class EndlessTutor:
    model_id = "endless"
    prompt_version = "endless-1"

    async def answer(self, brief: TurnBrief, tools: Tools) -> AsyncGenerator[TurnEvent, None]:
        yield ToolCalled("c1", "get_user_context", {})
        yield ToolAnswered("c1", "get_user_context", True, "nothing told yet", '{"goals": []}')
        for number in range(100_000):
            yield Token(f"{number} ")
            await asyncio.sleep(0.001)


async def _die_while_answering(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, UUID]:
    """What a client saw of a turn until the flushing and the task were gone, all at once."""
    monkeypatch.setattr(ledger_module, "LOOK_SEC", 0.03)
    doomed = world.turns(EndlessTutor())
    turn = await doomed.begin(world.caller, TurnRequest(message="How?"))
    seen = b""
    async for frame in turn.follow():
        seen += frame
        if len(turn.frames) > 120:
            break
    _vanish(world, doomed)
    return seen, turn.brief.session_id


def _vanish(world: World, turns: Turns) -> None:
    """Leave things as a killed process does: rows and journal stand, the lock is gone."""
    ledger = turns._ledger
    assert ledger._flushing is not None
    ledger._flushing.cancel()
    for turn in turns._running.values():
        turn.stop()
    turns._chat = None  # type: ignore[assignment]  # nothing can be stored any more
    assert ledger._journal is not None
    ledger._journal._lock.close()
    world.opened.remove(turns)


async def test_nothing_shown_is_lost_when_the_process_dies(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, session_id = await _die_while_answering(world, monkeypatch)
    received = parse(seen)

    restarted = world.turns(SlowTutor())
    await restarted.open()

    whole = await read_all(await restarted.resume(world.caller, session_id, None))
    assert whole[: len(received)] == received
    assert [r.event for r in whole[-2:]] == ["error", None]
    assert whole[-2].data["code"] == "turn_interrupted"
    assert numbers(whole) == list(range(1, len(whole) + 1))
    rest = await read_all(await restarted.resume(world.caller, session_id, received[-1].id))
    assert rest == whole[len(received) :]

    detail = await world.chat.session(world.caller, session_id)
    assert [m.role for m in detail.messages] == ["user", "assistant", "tool", "assistant"]
    assert detail.messages[2].content == '{"goals": []}'
    assert detail.messages[3].status == "failed"
    assert detail.messages[3].content == text_of(whole)
    again = await restarted.begin(world.caller, TurnRequest(message="So?", session_id=session_id))
    assert again.brief.history[-1].content == text_of(whole)


async def test_a_process_elsewhere_is_dead_when_it_is_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, session_id = await _die_while_answering(world, monkeypatch)
    for left in world.folder.iterdir():
        left.unlink()  # on a machine out of reach
    here = world.turns(SlowTutor())
    await here.open()
    turn = await world.chat.turn(world.caller, session_id, None)
    assert await world.chat.is_running(turn.id)

    monkeypatch.setattr("crescendai.chat.service.SILENT_SEC", -1)
    await here.open()
    rest = await read_all(await here.resume(world.caller, None, parse(seen)[-1].id))
    assert [r.event for r in rest] == ["error", None]


def test_a_journal_is_left_alone_while_its_process_lives(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "one")
    with pytest.raises(Unavailable):
        Journal(tmp_path, "one")
    with abandoned(tmp_path) as found:
        assert found == {}
    journal.close()
    assert list(tmp_path.iterdir()) == []


_WRITE_AND_HANG = """
import sys, time
from pathlib import Path
from uuid import UUID
from crescendai.chat.journal import Journal
from crescendai.chat.turn_repository import Batch
journal = Journal(Path(sys.argv[1]), "one")
turn = UUID(sys.argv[2])
journal.write([Batch(turn, 1, [[None, {"token": "stored"}]])])
journal.turn_over()
journal.write([Batch(turn, 2, [[None, {"token": "shown"}]])])
journal.forget()
journal.turn_over()
journal.write([Batch(turn, 3, [["tool_result", {"id": "a"}, "content"]])])
print("written", flush=True)
time.sleep(60)
"""


def test_the_journal_of_a_killed_process_holds_what_was_not_stored(tmp_path: Path) -> None:
    turn_id = new_id()
    command = [sys.executable, "-c", _WRITE_AND_HANG, str(tmp_path), str(turn_id)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with (tmp_path / "one.a").open("ab") as torn:
        torn.write(b'["' + str(turn_id).encode() + b'",4,[[null,{"tok')
    with abandoned(tmp_path) as found:
        assert found == {
            "one": {
                turn_id: [
                    (2, [None, {"token": "shown"}]),
                    (3, ["tool_result", {"id": "a"}, "content"]),
                ]
            }
        }
    assert list(tmp_path.iterdir()) == []

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from pydantic import ValidationError

from crescendai.chat.schemas import ContextUpdate, TurnRequest
from crescendai.chat.transcript import Transcript
from crescendai.errors import InvalidInput, NotFound, Outdated
from crescendai.kit.entity_tags import tag_of
from crescendai.recordings import repository as recordings_repository
from tests.chat.conftest import World


async def test_sessions_come_newest_first_in_pages(world: World) -> None:
    begun = [
        await world.chat.begin_turn(world.caller, TurnRequest(message=f"Question {n}"))
        for n in range(5)
    ]
    seen: list[str] = []
    cursor = None
    while True:
        page = await world.chat.sessions(world.caller, 2, cursor)
        seen += [item.title for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(brief.title for brief in begun)
    assert (await world.chat.sessions(world.stranger, 10, None)).items == []
    with pytest.raises(InvalidInput):
        await world.chat.sessions(world.caller, 2, "made-up")


async def test_a_title_is_cut_between_words(world: World) -> None:
    message = (
        "How do I make the left hand softer than the right hand\n in the second theme, please?"
    )
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message=message))
    assert brief.title == "How do I make the left hand softer than the right hand in…"


async def test_a_turn_knows_recordings_and_what_was_said(world: World) -> None:
    request = TurnRequest(message="First", recording_id=world.recording_id)
    first = await world.chat.begin_turn(world.caller, request)
    assert first.recording_id == world.recording_id
    assert [heard.filename for heard in first.recordings] == ["take-1.wav", "take-2.wav"]
    await world.chat.store_turn(first.session_id, first.message_id, Transcript(), "stopped", {})
    second = await world.chat.begin_turn(
        world.caller, TurnRequest(message="Second", session_id=first.session_id)
    )
    assert second.recording_id == world.recording_id
    assert [said.content for said in second.history] == ["First"]


async def test_what_is_not_the_callers_is_not_found_and_stores_nothing(world: World) -> None:
    mine = await world.chat.begin_turn(world.caller, TurnRequest(message="Mine"))
    foreign = [
        (world.stranger, TurnRequest(message="Hm", session_id=mine.session_id)),
        (world.stranger, TurnRequest(message="Hm", recording_id=world.recording_id)),
        (world.caller, TurnRequest(message="Hm", recording_id=uuid4())),
    ]
    for caller, request in foreign:
        with pytest.raises(NotFound):
            await world.chat.begin_turn(caller, request)
    assert (await world.chat.sessions(world.stranger, 10, None)).items == []
    assert len((await world.chat.session(world.caller, mine.session_id)).messages) == 1
    with pytest.raises(NotFound):
        await world.chat.session(world.stranger, mine.session_id)
    with pytest.raises(NotFound):
        await world.chat.delete(world.stranger, mine.session_id)


async def test_a_recording_under_analysis_can_be_talked_about(world: World) -> None:
    async with world.transactions.write() as session:
        row = await recordings_repository.by_id(session, world.recording_id)
        assert row is not None
        row.status = "analyzing"
    request = TurnRequest(message="How was it?", recording_id=world.recording_id)
    brief = await world.chat.begin_turn(world.caller, request)
    assert brief.recording_id == world.recording_id


async def test_a_deleted_session_is_gone_with_its_messages(world: World) -> None:
    brief = await world.chat.begin_turn(world.caller, TurnRequest(message="Mine"))
    await world.chat.delete(world.caller, brief.session_id)
    with pytest.raises(NotFound):
        await world.chat.session(world.caller, brief.session_id)
    await world.chat.store_turn(
        brief.session_id, brief.message_id, Transcript(), "complete", {}
    )  # too late: left deleted


async def test_the_context_is_replaced_as_a_whole(world: World) -> None:
    assert (await world.chat.context(world.caller)).updated_at is None
    update = ContextUpdate(
        goals=["Play a Chopin nocturne"],
        constraints=["20 minutes a day", "small hands"],
        experience_level="intermediate",
    )
    saved = await world.chat.put_context(world.caller, update)
    assert saved.updated_at is not None
    assert await world.chat.context(world.caller) == saved
    await world.chat.put_context(world.caller, ContextUpdate(feedback_style="direct"))
    known = await world.chat.context(world.caller)
    assert (known.goals, known.experience_level, known.feedback_style) == ([], None, "direct")
    assert (await world.chat.context(world.stranger)).feedback_style is None


async def test_of_several_who_have_read_the_same_context_one_changes_it(world: World) -> None:
    """Also the first one, when there is no row yet that could be locked."""
    for _ in range(2):
        read = tag_of(await world.chat.context(world.caller))
        changes = [ContextUpdate(goals=[f"goal {n}"]) for n in range(6)]
        done = await asyncio.gather(
            *(world.chat.put_context(world.caller, change, read) for change in changes),
            return_exceptions=True,
        )
        (kept,) = (one for one in done if not isinstance(one, BaseException))
        assert sum(isinstance(one, Outdated) for one in done) == 5
        assert await world.chat.context(world.caller) == kept


@pytest.mark.parametrize("message", ["", "   ", "x" * 8001])
def test_a_message_has_something_in_it(message: str) -> None:
    with pytest.raises(ValidationError):
        TurnRequest(message=message)

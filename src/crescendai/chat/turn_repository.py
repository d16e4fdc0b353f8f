"""The SQL of stored turns and their events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.chat.events import Sent
from crescendai.chat.tables import ChatTurnEventsRow, ChatTurnRow

_INSERT_TURN = insert(cast(Table, ChatTurnRow.__table__))
_INSERT_EVENTS = insert(cast(Table, ChatTurnEventsRow.__table__))
_turns, _events = cast(Table, ChatTurnRow.__table__), cast(Table, ChatTurnEventsRow.__table__)
_CLOSE = (
    update(_turns)
    .where(_turns.c.id == bindparam("turn_id"), _turns.c.status == "running")
    .values(status=bindparam("ended_as"))
    .returning(_turns.c.id)
)
_FORGET_EVENTS = delete(_events).where(_events.c.turn_id == bindparam("turn_id"))
_STATUS = select(_turns.c.status).where(_turns.c.id == bindparam("turn_id"))
_RUNNING_IN = select(_turns.c.id, _turns.c.runner).where(
    _turns.c.session_id == bindparam("session_id"), _turns.c.status == "running"
)
_RUNNING_AMONG = (
    select(_turns.c.id)
    .where(_turns.c.id.in_(bindparam("turn_ids", expanding=True)), _turns.c.status == "running")
    .with_for_update()
)
_BEAT = (
    update(_turns)
    .where(_turns.c.id.in_(bindparam("turn_ids", expanding=True)))
    .values(beat_at=bindparam("at"))
)
_STOPS_ASKED = select(_turns.c.id).where(
    _turns.c.status == "running", _turns.c.runner == bindparam("runner"), _turns.c.stop_asked
)


class Batch(NamedTuple):
    """Events of one turn that follow one another; ``first`` is the first one's number."""

    turn_id: UUID
    first: int
    events: Sequence[Sent]


async def open_turn(session: AsyncSession, **values: object) -> None:
    await session.execute(_INSERT_TURN, values)


async def running_in(session: AsyncSession, session_id: UUID) -> tuple[UUID, str] | None:
    """The session's running turn, and the process that writes it."""
    found = (await session.execute(_RUNNING_IN, {"session_id": session_id})).first()
    return None if found is None else (found[0], found[1])


async def turn_of(
    session: AsyncSession, owner_id: UUID, session_id: UUID | None, turn_id: UUID | None
) -> ChatTurnRow | None:
    """The owner's turn of that id, or the latest one (in that session)."""
    query = select(ChatTurnRow).where(ChatTurnRow.owner_id == owner_id)
    if session_id is not None:
        query = query.where(ChatTurnRow.session_id == session_id)
    if turn_id is not None:
        query = query.where(ChatTurnRow.id == turn_id)
    query = query.order_by(ChatTurnRow.created_at.desc(), ChatTurnRow.id.desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def status_of(session: AsyncSession, turn_id: UUID) -> str | None:
    return (await session.execute(_STATUS, {"turn_id": turn_id})).scalar_one_or_none()


async def events_after(session: AsyncSession, turn_id: UUID, after: int) -> list[tuple[int, Sent]]:
    """The stored events with a number above ``after``, each with its number."""
    query = (
        select(ChatTurnEventsRow.first, ChatTurnEventsRow.events)
        .where(ChatTurnEventsRow.turn_id == turn_id, ChatTurnEventsRow.last > after)
        .order_by(ChatTurnEventsRow.first)
    )
    return [
        (number, sent)
        for first, events in await session.execute(query)
        for number, sent in enumerate(events, start=first)
        if number > after
    ]


async def add_events(session: AsyncSession, batches: Sequence[Batch]) -> None:
    """Store batches; those of a turn that is gone or over are left out."""
    ids = list({batch.turn_id for batch in batches})
    running = set((await session.execute(_RUNNING_AMONG, {"turn_ids": ids})).scalars())
    rows = [_row(batch) for batch in batches if batch.turn_id in running]
    if rows:
        await session.execute(_INSERT_EVENTS, rows)


async def close_turn(
    session: AsyncSession, turn_id: UUID, status: str, events: Sequence[tuple[int, Sent]]
) -> bool:
    """End a running turn with all its events. False when it is gone or over already."""
    ended = await session.execute(_CLOSE, {"turn_id": turn_id, "ended_as": status})
    if ended.first() is None:
        return False
    await session.execute(_FORGET_EVENTS, {"turn_id": turn_id})
    if events:
        rows = [_row(batch) for batch in _unbroken(turn_id, events)]
        await session.execute(_INSERT_EVENTS, rows)
    return True


async def ask_stop(session: AsyncSession, turn_id: UUID) -> None:
    query = update(ChatTurnRow).where(ChatTurnRow.id == turn_id).values(stop_asked=True)
    await session.execute(query)


async def stops_asked(session: AsyncSession, runner: str) -> Sequence[UUID]:
    return (await session.execute(_STOPS_ASKED, {"runner": runner})).scalars().all()


async def beat(session: AsyncSession, turn_ids: Sequence[UUID], at: int) -> None:
    await session.execute(_BEAT, {"turn_ids": turn_ids, "at": at})


async def left_behind(
    session: AsyncSession, runners: Sequence[str], silent_since: int
) -> Sequence[ChatTurnRow]:
    """Running turns of those runners, or of any that has not been heard of since then."""
    abandoned = ChatTurnRow.runner.in_(runners) | (ChatTurnRow.beat_at < silent_since)
    query = select(ChatTurnRow).where(ChatTurnRow.status == "running", abandoned)
    return (await session.execute(query)).scalars().all()


def _unbroken(turn_id: UUID, events: Sequence[tuple[int, Sent]]) -> list[Batch]:
    """As few batches as the numbers allow; after a crash they may have a gap."""
    batches: list[tuple[int, list[Sent]]] = []
    for number, sent in events:
        if not batches or number != batches[-1][0] + len(batches[-1][1]):
            batches.append((number, []))
        batches[-1][1].append(sent)
    return [Batch(turn_id, first, sent) for first, sent in batches]


def _row(batch: Batch) -> dict[str, object]:
    last = batch.first + len(batch.events) - 1
    return {
        "turn_id": batch.turn_id,
        "first": batch.first,
        "last": last,
        "events": list(batch.events),
    }

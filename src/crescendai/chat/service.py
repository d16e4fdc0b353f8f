"""Conversations: sessions, the messages of a turn, and what people tell about themselves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.chat import repository, turn_repository
from crescendai.chat.brief import HeardRecording, Said, TurnBrief
from crescendai.chat.events import Sent
from crescendai.chat.repository import CountedSession
from crescendai.chat.schemas import (
    ChatMessage,
    ChatSession,
    ChatSessionDetail,
    ChatSessionPage,
    ContextUpdate,
    MessageStatus,
    TurnRequest,
    UserContext,
)
from crescendai.chat.tables import (
    ChatMessageRow,
    ChatSessionRow,
    ChatTurnRow,
    UserContextRow,
)
from crescendai.chat.transcript import Transcript
from crescendai.errors import Conflict, NotFound, Outdated
from crescendai.identity.service import Caller
from crescendai.kit.clock import now_ms
from crescendai.kit.entity_tags import matches, tag_of
from crescendai.kit.ids import new_id
from crescendai.kit.paging import cut, decode_cursor
from crescendai.kit.prose import Language
from crescendai.kit.sql import Transactions
from crescendai.knowledge.index_repository import revision as library_revision
from crescendai.recordings import repository as recordings_repository
from crescendai.recordings.service import not_found
from crescendai.usage.repository import lock_user

HISTORY_MESSAGES = 60
RECENT_RECORDINGS = 20
TITLE_CHARS = 60
SILENT_SEC = 20
"""A process that has not been heard of for so long is dead."""


class ChatService:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def sessions(self, caller: Caller, limit: int, cursor: str | None) -> ChatSessionPage:
        after = decode_cursor(cursor)
        async with self._transactions.read_once() as session:
            rows = await repository.sessions_page(session, caller.user_id, limit + 1, after)
        shown, following = cut(rows, limit)
        return ChatSessionPage(
            items=[_session(row, row.message_count) for row in shown], next_cursor=following
        )

    async def session(self, caller: Caller, session_id: UUID) -> ChatSessionDetail:
        async with self._transactions.read() as session:
            row = await self._own(session, caller, session_id)
            messages = await repository.messages(session, session_id)
        count = sum(1 for m in messages if m.role != "tool" and m.content)
        head = _session(row, count)
        return ChatSessionDetail(**head.model_dump(), messages=[_message(m) for m in messages])

    async def delete(self, caller: Caller, session_id: UUID) -> None:
        async with self._transactions.write() as session:
            await self._own(session, caller, session_id, lock=True)
            await repository.delete_session(session, session_id)

    async def begin_turn(self, caller: Caller, request: TurnRequest, runner: str = "") -> TurnBrief:
        """Store what the caller wrote, in a new session or the named one, and open its turn.

        Raises NotFound for a session or recording that is not the caller's, Conflict while the
        session's last message is still being answered.
        """
        async with self._transactions.write_briefly() as session:
            heard = await _heard(session, caller)
            await _check_recording(session, caller, request.recording_id, heard)
            row = await self._session_for(session, caller, request)
            goes_on = request.session_id is not None
            brief = await self._open_turn(
                session, caller, row, request.message, heard, runner, goes_on
            )
        return replace(
            brief,
            recording_id=request.recording_id or brief.recording_id,
            language=request.language or brief.language,
        )

    async def begin_again(
        self, caller: Caller, session_id: UUID, message: str | None, runner: str = ""
    ) -> TurnBrief:
        """Put the session's last question again, in other words if ``message`` has them.

        The question and its answer so far are kept, but no longer part of the conversation.
        Raises NotFound, or Conflict while an answer is written or when nothing was asked yet.
        """
        async with self._transactions.write_briefly() as session:
            row = await self._own(session, caller, session_id, lock=True)
            await self._check_idle(session, session_id)
            asked = await repository.last_question(session, session_id)
            if asked is None:
                raise Conflict("nothing_asked", "There is no question to answer again.")
            now = now_ms()
            await repository.touch(session, session_id, now)
            await repository.replace_from(session, session_id, asked.position, now)
            heard = await _heard(session, caller)
            return await self._open_turn(
                session, caller, row, message or asked.content, heard, runner, goes_on=True
            )

    async def adopt(self, caller: Caller, said: Sequence[Said]) -> UUID:
        """Store a conversation that was held elsewhere, as a session of the caller's."""
        async with self._transactions.write() as session:
            row = await _open_session(session, caller, said[0].content, None)
            lines = [
                _blank(row.id, position) | vars(line)
                for position, line in enumerate(said[-HISTORY_MESSAGES:])
            ]
            await repository.add_messages(session, lines)
        return row.id

    async def store_turn(
        self,
        session_id: UUID,
        message_id: UUID,
        transcript: Transcript,
        status: MessageStatus,
        made_with: dict[str, str],
        numbers: Sequence[int] | None = None,
    ) -> None:
        """Store the turn's messages in order and end it. One deleted or over is left as it is.

        ``numbers`` are the events' own, where they do not simply count from 1.
        """
        messages = transcript.messages()
        numbered = list(zip(numbers or itertools.count(1), transcript.sent, strict=False))
        async with self._transactions.write_briefly() as session:
            await repository.lock_session(session, session_id)
            if not await turn_repository.close_turn(session, message_id, status, numbered):
                return
            await repository.touch(session, session_id, now_ms())
            position = await repository.next_position(session, session_id)
            rows = []
            for offset, message in enumerate(messages):
                fields = _blank(session_id, position + offset) | vars(message)
                if message.role == "assistant":
                    fields["model"] = made_with.get("model")
                if message is messages[-1]:
                    fields |= {"id": message_id, "status": status, "made_with": made_with}
                rows.append(fields)
            await repository.add_messages(session, rows)

    async def turn(
        self, caller: Caller, session_id: UUID | None, message_id: UUID | None
    ) -> ChatTurnRow:
        """The turn of that answer, or the latest. Raises NotFound when the caller has none such."""
        async with self._transactions.read() as session:
            if session_id is not None:
                await self._own(session, caller, session_id)
            row = await turn_repository.turn_of(session, caller.user_id, session_id, message_id)
        if row is None:
            raise NotFound("turn_missing", "There is no answer to resume in this session.")
        return row

    async def turn_events(self, turn_id: UUID, after: int) -> list[tuple[int, Sent]]:
        async with self._transactions.read_once() as session:
            return await turn_repository.events_after(session, turn_id, after)

    async def is_running(self, turn_id: UUID) -> bool:
        async with self._transactions.read_briefly() as session:
            return await turn_repository.status_of(session, turn_id) == "running"

    async def running_turn(self, session_id: UUID) -> tuple[UUID, str] | None:
        """And the process that writes it."""
        async with self._transactions.read_briefly() as session:
            return await turn_repository.running_in(session, session_id)

    async def ask_stop(self, turn_id: UUID) -> None:
        """Have the process that writes this answer end it."""
        async with self._transactions.write() as session:
            await turn_repository.ask_stop(session, turn_id)

    async def turns_left_behind(self, dead_runners: Sequence[str]) -> Sequence[ChatTurnRow]:
        silent_since = now_ms() - SILENT_SEC * 1000
        async with self._transactions.read_once() as session:
            return await turn_repository.left_behind(session, dead_runners, silent_since)

    async def context(self, caller: Caller) -> UserContext:
        async with self._transactions.read_briefly() as session:
            row = await repository.context_of(session, caller.user_id)
        return UserContext() if row is None else _context(row)

    async def context_in(self, caller: Caller, session_id: UUID) -> UserContext:
        """The caller's context, as asked for from inside one of their sessions."""
        async with self._transactions.read_briefly() as session:
            await self._own(session, caller, session_id)
        return await self.context(caller)

    async def put_context(
        self, caller: Caller, update: ContextUpdate, expected: str | None = None
    ) -> UserContext:
        """``expected`` are entity tags; raises Outdated when the context has none of them."""
        values = {"user_id": caller.user_id, "updated_at": now_ms(), **update.model_dump()}
        async with self._transactions.write() as session:
            await lock_user(session, caller.user_id)  # there may be no context yet to lock
            if expected is not None:
                known = await repository.context_of(session, caller.user_id)
                if not matches(
                    expected, tag_of(UserContext() if known is None else _context(known))
                ):
                    raise Outdated(
                        "context_changed",
                        "The context has been changed since you read it; read it again.",
                    )
            await repository.put_context(session, values)
        return _context(UserContextRow(**values))

    async def _own(
        self, session: AsyncSession, caller: Caller, session_id: UUID, lock: bool = False
    ) -> ChatSessionRow:
        row = await repository.session_of(session, caller.user_id, session_id, lock)
        if row is None:
            raise NotFound("session_missing", "There is no such conversation.")
        return row

    async def _check_idle(self, session: AsyncSession, session_id: UUID) -> None:
        if await turn_repository.running_in(session, session_id) is not None:
            raise Conflict(
                "turn_running",
                "The last message of this conversation is still being answered; "
                "wait for the answer, or stop it first.",
            )

    async def _open_turn(
        self,
        session: AsyncSession,
        caller: Caller,
        row: ChatSessionRow,
        message: str,
        heard: tuple[HeardRecording, ...],
        runner: str,
        goes_on: bool,
    ) -> TurnBrief:
        talk: Sequence[ChatMessageRow] = ()
        position = 0
        if goes_on:
            talk = await repository.recent_talk(session, row.id, HISTORY_MESSAGES)
            position = await repository.next_position(session, row.id)
        asked = _blank(row.id, position) | {"role": "user", "content": message}
        await repository.add_messages(session, [asked])
        turn_id, now = new_id(), now_ms()
        await turn_repository.open_turn(
            session,
            id=turn_id,
            session_id=row.id,
            owner_id=caller.user_id,
            runner=runner,
            status="running",
            stop_asked=False,
            beat_at=now,
            created_at=now,
        )
        return TurnBrief(
            caller=caller,
            session_id=row.id,
            message_id=turn_id,
            title=row.title,
            message=message,
            recording_id=row.recording_id or (heard[0].recording_id if heard else None),
            history=tuple(_said(message) for message in talk),
            recordings=heard,
            library=await library_revision(session),
            language=cast(Language | None, await repository.language_of(session, caller.user_id)),
        )

    async def _session_for(
        self, session: AsyncSession, caller: Caller, request: TurnRequest
    ) -> ChatSessionRow:
        if request.session_id is not None:
            row = await self._own(session, caller, request.session_id, lock=True)
            await self._check_idle(session, row.id)
            if request.recording_id is None:
                await repository.touch(session, row.id, now_ms())
            else:
                await repository.turn_to(session, row.id, request.recording_id, now_ms())
            return row
        return await _open_session(session, caller, request.message, request.recording_id)


async def _heard(session: AsyncSession, caller: Caller) -> tuple[HeardRecording, ...]:
    ready = await recordings_repository.names_of_ready(session, caller.user_id, RECENT_RECORDINGS)
    return tuple(HeardRecording(*one) for one in ready)


async def _check_recording(
    session: AsyncSession,
    caller: Caller,
    recording_id: UUID | None,
    heard: tuple[HeardRecording, ...],
) -> None:
    """One without an analysis will do: the tutor says so."""
    if recording_id is None or any(one.recording_id == recording_id for one in heard):
        return
    if not await recordings_repository.is_owned(session, caller.user_id, recording_id):
        raise not_found()


async def _open_session(
    session: AsyncSession, caller: Caller, message: str, recording_id: UUID | None
) -> ChatSessionRow:
    now = now_ms()
    values = {
        "id": new_id(),
        "owner_id": caller.user_id,
        "recording_id": recording_id,
        "title": _title(message),
        "created_at": now,
        "updated_at": now,
    }
    await repository.add_session(session, **values)
    return ChatSessionRow(**values)


def _blank(session_id: UUID, position: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "session_id": session_id,
        "position": position,
        "tool_calls": [],
        "tool_call_id": None,
        "summary": None,
        "citations": [],
        "model": None,
        "status": "complete",
        "created_at": now_ms(),
        "replaced_at": None,
        "made_with": None,
        "supported_ratio": None,
        "support": None,
    }


def _title(message: str) -> str:
    """The first line of a conversation, cut between words."""
    line = " ".join(message.split())
    if len(line) <= TITLE_CHARS:
        return line
    return line[:TITLE_CHARS].rsplit(" ", 1)[0] + "…"


def _session(row: ChatSessionRow | CountedSession, message_count: int) -> ChatSession:
    return ChatSession(
        session_id=row.id,
        title=row.title,
        recording_id=row.recording_id,
        message_count=message_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _message(row: ChatMessageRow) -> ChatMessage:
    return ChatMessage.model_validate(
        {
            "message_id": row.id,
            "role": row.role,
            "content": row.content,
            "tool_calls": row.tool_calls,
            "tool_call_id": row.tool_call_id,
            "summary": row.summary,
            "citations": row.citations,
            "model": row.model,
            "made_with": row.made_with,
            "support": row.support or [],
            "supported_ratio": row.supported_ratio,
            "status": row.status,
            "created_at": row.created_at,
        }
    )


def _said(row: ChatMessageRow) -> Said:
    return Said("user" if row.role == "user" else "assistant", row.content)


def _context(row: UserContextRow) -> UserContext:
    return UserContext.model_validate(row, from_attributes=True)

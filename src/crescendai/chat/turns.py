"""Running turns. Each is a task of its own, which a client may follow, leave and come back to."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import structlog

from crescendai.chat import events
from crescendai.chat.brief import Tutor
from crescendai.chat.events import Failed, SessionOpened, UsageReported
from crescendai.chat.schemas import MessageStatus, TurnRequest
from crescendai.chat.service import ChatService
from crescendai.chat.tools import Toolbox
from crescendai.chat.turn import Turn
from crescendai.errors import Conflict, CrescendError, Unavailable
from crescendai.identity.service import Caller

KEPT_TURNS = 200

log = structlog.get_logger(__name__)


class Turns:
    """The turns of this process: running ones, and the last few that ended.

    A turn that is found in neither is replayed from the database, where it was stored before its
    last event was shown.
    """

    def __init__(self, *, chat: ChatService, tutor: Tutor, toolbox: Toolbox) -> None:
        self._chat = chat
        self._tutor = tutor
        self._toolbox = toolbox
        self._running: dict[UUID, Turn] = {}  # by session
        self._kept: OrderedDict[UUID, Turn] = OrderedDict()  # by answer
        self._beginning: set[UUID] = set()
        self._closed = False

    async def begin(self, caller: Caller, request: TurnRequest) -> Turn:
        """Store the message and start answering it.

        Raises NotFound for a foreign session or recording, Conflict while the session's last
        message is still being answered.
        """
        if self._closed:
            raise Unavailable("shutting_down", "The server is stopping; try again in a moment.")
        named = request.session_id
        if named is not None:
            if named in self._running or named in self._beginning:
                raise Conflict(
                    "turn_running",
                    "The last message of this conversation is still being answered; "
                    "wait for the answer, or stop it first.",
                )
            self._beginning.add(named)
        try:
            brief = await self._chat.begin_turn(caller, request)
            turn = Turn(brief)
            self._running[brief.session_id] = turn
        finally:
            if named is not None:
                self._beginning.discard(named)
        self._keep(turn)
        turn.task = asyncio.create_task(self._run(turn), name=f"turn-{brief.message_id}")
        return turn

    async def resume(
        self, caller: Caller, session_id: UUID | None, last_event_id: str | None
    ) -> AsyncGenerator[bytes, None]:
        """What follows an event: of the turn it belongs to, or of the session's latest turn.

        Raises InvalidInput for a malformed id, NotFound when there is nothing of the caller's.
        """
        message_id, after = None, 0
        if last_event_id:
            message_id, after = events.read_event_id(last_event_id)
        turn = self._find(session_id, message_id)
        if turn is not None and turn.brief.caller == caller:
            return turn.follow(after)
        stored_id, sent = await self._chat.stored_answer(caller, session_id, message_id)
        frames = [events.as_bytes(stored_id, n, event) for n, event in enumerate(sent, start=1)]
        return _replay(frames[after:], events.done(stored_id, len(frames) + 1))

    async def stop(self, caller: Caller, session_id: UUID) -> None:
        """End the session's running turn, if there is one, and keep what was said."""
        turn = self._running.get(session_id)
        if turn is not None and turn.brief.caller == caller:
            await _end(turn)
        else:
            await self._chat.context_in(caller, session_id)  # NotFound when it is not theirs

    async def delete_session(self, caller: Caller, session_id: UUID) -> None:
        await self.stop(caller, session_id)
        await self._chat.delete(caller, session_id)
        for message_id, turn in list(self._kept.items()):
            if turn.brief.session_id == session_id:
                del self._kept[message_id]

    async def close(self) -> None:
        """Stop what runs and store what was said. For the server's shutdown."""
        self._closed = True
        await asyncio.gather(*(_end(turn) for turn in list(self._running.values())))

    def _find(self, session_id: UUID | None, message_id: UUID | None) -> Turn | None:
        if message_id is not None:
            turn = self._kept.get(message_id)
            matches = turn is not None and session_id in (None, turn.brief.session_id)
            return turn if matches else None
        return self._running.get(session_id) if session_id is not None else None

    def _keep(self, turn: Turn) -> None:
        self._kept[turn.brief.message_id] = turn
        for message_id in [id for id, kept in self._kept.items() if kept.ended]:
            if len(self._kept) <= KEPT_TURNS:
                break
            del self._kept[message_id]

    async def _run(self, turn: Turn) -> None:
        brief = turn.brief
        turn.add(SessionOpened(brief.session_id, brief.message_id, brief.title))
        turn.show()
        status = await self._answer(turn)
        turn.stoppable = False
        try:
            await self._chat.store_turn(brief, turn.transcript, status, self._tutor.model_id)
        except Exception as error:  # noqa: BLE001 - the stream's end: the client is still told
            log.error("turn.not_stored", turn=str(brief.message_id), cause=type(error).__name__)
            turn.add(_unexpected())
        finally:
            turn.ended = True
            turn.show()
            self._running.pop(brief.session_id, None)

    async def _answer(self, turn: Turn) -> MessageStatus:
        """Let the tutor answer; its last event is written down but shown only once stored."""
        tools = self._toolbox.for_session(turn.brief.caller, turn.brief.session_id)
        try:
            async with aclosing(self._tutor.answer(turn.brief, tools)) as happening:
                async for event in happening:
                    turn.add(event)
                    if not isinstance(event, UsageReported):
                        turn.show()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            while task is not None and task.cancelling():
                task.uncancel()
            return "stopped"
        except CrescendError as error:
            log.warning("turn.failed", turn=str(turn.brief.message_id), code=error.code)
            turn.add(Failed.of(error))
            return "failed"
        except Exception as error:  # noqa: BLE001 - the stream's end
            log.error("turn.failed", turn=str(turn.brief.message_id), cause=type(error).__name__)
            turn.add(_unexpected())
            return "failed"
        return "complete"


def _unexpected() -> Failed:
    return Failed.of(
        CrescendError("internal", "The tutor stumbled over something unexpected; please try again.")
    )


async def _end(turn: Turn) -> None:
    if turn.task is None:
        return
    await asyncio.sleep(0)  # a task cancelled before its first step would never store anything
    if turn.stoppable:
        turn.task.cancel()
    await asyncio.wait([turn.task])


async def _replay(frames: list[bytes], done: bytes) -> AsyncGenerator[bytes, None]:
    if frames:
        yield b"".join(frames)
    yield done

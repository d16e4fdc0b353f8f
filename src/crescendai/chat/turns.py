"""Running turns. Each is a task of its own, which a client may follow, leave and come back to."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import aclosing, suppress
from itertools import islice
from uuid import UUID

import structlog

from crescendai.chat import events
from crescendai.chat.brief import TurnBrief, Tutor
from crescendai.chat.elsewhere import Elsewhere
from crescendai.chat.events import Failed, SessionOpened, UsageReported
from crescendai.chat.ledger import Ledger, stops_of, topic_of
from crescendai.chat.recovery import recover
from crescendai.chat.schemas import MessageStatus, TurnRequest
from crescendai.chat.service import ChatService
from crescendai.chat.tools import Toolbox
from crescendai.chat.turn import Turn
from crescendai.errors import CrescendError, Unavailable
from crescendai.identity.service import Caller
from crescendai.kit.event_stream import Frames
from crescendai.ports.changes import Changes

KEPT_TURNS = 200
WATCH_SEC = 5.0
POLL_SEC = 0.1
STOP_WITHIN_SEC = 3.0

log = structlog.get_logger(__name__)


class Turns:
    """The turns of this process: running ones, and the last few that ended.

    Any other is read from the database, where its events are stored as they happen: also one that
    another process is writing.
    """

    def __init__(
        self,
        *,
        chat: ChatService,
        tutor: Tutor,
        toolbox: Toolbox,
        ledger: Ledger,
        changes: Changes,
    ) -> None:
        self._chat = chat
        self._tutor = tutor
        self._toolbox = toolbox
        self._ledger = ledger
        self._changes = changes
        self._elsewhere = Elsewhere(chat, changes)
        self._running: dict[UUID, Turn] = {}  # by session
        self._kept: OrderedDict[UUID, Turn] = OrderedDict()  # by answer
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """End what dead processes left behind, now and whenever one dies."""
        await recover(self._chat, self._ledger.folder)
        self._watching = asyncio.create_task(self._watch(), name="turn-watch")

    async def begin(self, caller: Caller, request: TurnRequest, tutor: Tutor | None = None) -> Turn:
        """Store the message and start answering it; ``tutor`` is whoever does, if not the usual.

        Raises NotFound for a foreign session or recording, Conflict while the session's last
        message is still being answered.
        """
        self._check_open()
        brief = await self._chat.begin_turn(caller, request, self._ledger.runner)
        return self._start(brief, tutor or self._tutor)

    async def begin_again(self, caller: Caller, session_id: UUID, message: str | None) -> Turn:
        """Answer the session's last question anew, in other words if there are any."""
        self._check_open()
        runner = self._ledger.runner
        brief = await self._chat.begin_again(caller, session_id, message, runner)
        return self._start(brief, self._tutor)

    async def resume(
        self, caller: Caller, session_id: UUID | None, last_event_id: str | None
    ) -> Frames:
        """What follows an event: of the turn it belongs to, or of the session's latest turn.

        Raises InvalidInput for a malformed id, NotFound when there is nothing of the caller's.
        """
        message_id, after = None, 0
        if last_event_id:
            message_id, after = events.read_event_id(last_event_id)
        turn = self._find(session_id, message_id)
        if turn is not None and turn.brief.caller == caller:
            return turn.follow(after)
        stored = await self._chat.turn(caller, session_id, message_id)
        return self._elsewhere.follow(stored.id, stored.runner, after)

    async def stop(self, caller: Caller, session_id: UUID) -> None:
        """End the session's running turn, whichever process writes it; what was said is kept."""
        turn = self._running.get(session_id)
        if turn is not None and turn.brief.caller == caller:
            await _end(turn)
            return
        await self._chat.context_in(caller, session_id)  # NotFound when it is not theirs
        running = await self._chat.running_turn(session_id)
        if running is None:
            return
        turn_id, runner = running
        async with self._changes.watch(topic_of(runner)) as watch:
            await self._chat.ask_stop(turn_id)
            await self._changes.announce(stops_of(runner))
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_WITHIN_SEC):
                    while await self._chat.is_running(turn_id):
                        await watch.news()

    async def delete_session(self, caller: Caller, session_id: UUID) -> None:
        await self.stop(caller, session_id)
        await self._chat.delete(caller, session_id)
        for message_id, turn in list(self._kept.items()):
            if turn.brief.session_id == session_id:
                del self._kept[message_id]

    async def drain(self, within_sec: float, hurried: Callable[[], bool]) -> None:
        """Begin no more turns, and let the running ones end.

        After ``within_sec``, or once ``hurried``, those still running are stopped; their followers
        get what was said and the end of the stream.
        """
        self._closed = True
        deadline = time.monotonic() + within_sec
        while self._running and time.monotonic() < deadline and not hurried():
            await asyncio.wait(_tasks(self._running.values()), timeout=POLL_SEC)
        await asyncio.gather(*(_end(turn) for turn in list(self._running.values())))

    async def close(self) -> None:
        """Stop what runs and store what was said. For the server's shutdown."""
        self._closed = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await asyncio.gather(*(_end(turn) for turn in list(self._running.values())))
        await self._ledger.shut()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("shutting_down", "The server is stopping; try again in a moment.")

    def _start(self, brief: TurnBrief, tutor: Tutor) -> Turn:
        turn = Turn(brief)
        self._running[brief.session_id] = turn
        self._keep(turn)
        self._ledger.open(turn)
        turn.task = asyncio.create_task(self._run(turn, tutor), name=f"turn-{brief.message_id}")
        return turn

    def _find(self, session_id: UUID | None, message_id: UUID | None) -> Turn | None:
        if message_id is not None:
            turn = self._kept.get(message_id)
            matches = turn is not None and session_id in (None, turn.brief.session_id)
            return turn if matches else None
        return self._running.get(session_id) if session_id is not None else None

    def _keep(self, turn: Turn) -> None:
        self._kept[turn.id] = turn
        if len(self._kept) <= KEPT_TURNS:
            return
        too_many = len(self._kept) - KEPT_TURNS
        ended = (id for id, kept in self._kept.items() if kept.ended)
        for message_id in list(islice(ended, too_many)):
            del self._kept[message_id]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SEC)
            try:
                await recover(self._chat, self._ledger.folder)
            except Exception as error:  # noqa: BLE001 - tried again; the database may be back
                log.error("turns.not_recovered", cause=type(error).__name__)

    async def _run(self, turn: Turn, tutor: Tutor) -> None:
        brief = turn.brief
        turn.add(SessionOpened(brief.session_id, brief.message_id, brief.title))
        self._ledger.say(turn)
        status = await self._answer(turn, tutor)
        turn.stoppable = False
        made_with = {
            "model": turn.transcript.model or tutor.model_id,
            "prompt": tutor.prompt_version,
            "library": str(brief.library),
        }
        try:
            await self._chat.store_turn(
                brief.session_id, turn.id, turn.transcript, status, made_with
            )
        except Exception as error:  # noqa: BLE001 - the stream's end: the client is still told
            log.error("turn.not_stored", turn=str(turn.id), cause=type(error).__name__)
            turn.add(_unexpected())
        finally:
            self._ledger.close(turn)
            turn.ended = True
            turn.say()
            turn.show(turn.unshown())
            self._running.pop(brief.session_id, None)
            self._ledger.announce()

    async def _answer(self, turn: Turn, tutor: Tutor) -> MessageStatus:
        """Let the tutor answer; its last event is written down but shown only once stored."""
        tools = self._toolbox.for_session(turn.brief.caller, turn.brief.session_id)
        try:
            async with aclosing(tutor.answer(turn.brief, tools)) as happening:
                async for event in happening:
                    turn.add(event)
                    if not isinstance(event, UsageReported):
                        self._ledger.say(turn)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            while task is not None and task.cancelling():
                task.uncancel()
            return "stopped"
        except CrescendError as error:
            log.warning("turn.failed", turn=str(turn.id), code=error.code)
            turn.add(Failed.of(error))
            return "failed"
        except Exception as error:  # noqa: BLE001 - the stream's end
            log.error("turn.failed", turn=str(turn.id), cause=type(error).__name__)
            turn.add(_unexpected())
            return "failed"
        return "complete"


def _unexpected() -> Failed:
    return Failed.of(
        CrescendError("internal", "The tutor stumbled over something unexpected; please try again.")
    )


def _tasks(turns: Iterable[Turn]) -> list[asyncio.Task[None]]:
    return [turn.task for turn in turns if turn.task is not None]


async def _end(turn: Turn) -> None:
    if turn.task is None:
        return
    await asyncio.sleep(0)  # a task cancelled before its first step would never store anything
    turn.stop()
    await asyncio.wait([turn.task])

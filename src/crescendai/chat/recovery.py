"""Ends the turns that a process died in, with what was said kept."""

from __future__ import annotations

from pathlib import Path

import structlog

from crescendai.chat.events import Failed, from_sent
from crescendai.chat.journal import abandoned
from crescendai.chat.service import ChatService
from crescendai.chat.transcript import Transcript
from crescendai.errors import Unavailable

LOST_EVENTS = 10_000
"""More events than can have been shown by a process whose journal is out of reach."""

log = structlog.get_logger(__name__)

_INTERRUPTED = Failed.of(
    Unavailable(
        "turn_interrupted",
        "The server stopped while this answer was being written. What was said is kept; "
        "ask for the answer again to have the rest.",
    )
)


async def recover(chat: ChatService, folder: Path) -> int:
    """End every turn left behind by a dead process; returns how many there were.

    Whose journal is here and unlocked is dead; of a process elsewhere its silence tells.
    """
    with abandoned(folder) as journals:
        left = await chat.turns_left_behind(list(journals))
        for turn in left:
            events = dict(await chat.turn_events(turn.id, 0))
            events |= dict(journals.get(turn.runner, {}).get(turn.id, ()))
            transcript = Transcript()
            for _, sent in sorted(events.items()):
                transcript.add(from_sent(sent))
            transcript.add(_INTERRUPTED)
            gap = 1 if turn.runner in journals else LOST_EVENTS
            numbers = [*sorted(events), max(events, default=0) + gap]
            await chat.store_turn(turn.session_id, turn.id, transcript, "failed", {}, numbers)
            log.warning("turn.interrupted", turn=str(turn.id), events=len(events))
    return len(left)

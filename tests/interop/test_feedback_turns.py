"""Feedback as a turn: numbered, stored, resumable, with exactly one end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from crescendai.adapters.changes.polled import PolledChanges
from crescendai.chat.events import Failed, Token, UsageReported, Written, from_sent
from crescendai.chat.ledger import Ledger
from crescendai.chat.service import ChatService
from crescendai.chat.tools import Toolbox
from crescendai.chat.turns import Turns
from crescendai.errors import NotFound
from crescendai.feedback.service import FeedbackService
from crescendai.identity.service import IdentityService
from crescendai.interop.feedback_turns import FeedbackTurns
from crescendai.kit.sql import Transactions
from crescendai.recordings.tables import RecordingRow
from crescendai.usage.service import UsageService
from tests.feedback.material import SmallSearch, StubRecordings, analysis


async def test_feedback_is_a_turn_like_any_other(
    transactions: Transactions, tmp_path: Path
) -> None:
    identity = IdentityService(transactions, credentials_required=False)
    caller = await identity.ensure_user()
    stranger = await identity.ensure_user("somebody-else")
    heard, pending = analysis(), analysis(recording="pending").recording_id
    recordings = StubRecordings(caller, heard, pending=(pending,))
    async with transactions.write() as session:
        for number, one in enumerate((heard.recording_id, pending)):
            session.add(_row(one, caller.user_id, number))
    chat, search = ChatService(transactions), SmallSearch()
    feedback = FeedbackService(
        transactions=transactions,
        recordings=recordings,
        search=search,
        meter=UsageService(transactions),
    )
    toolbox = Toolbox(search=search, recordings=recordings, contexts=chat)

    def process() -> Turns:
        changes = PolledChanges(0.02)
        return Turns(
            chat=chat,
            tutor=None,  # type: ignore[arg-type]
            toolbox=toolbox,
            ledger=Ledger(transactions, tmp_path / "turns", changes),
            changes=changes,
        )

    turns, elsewhere = process(), process()
    door = FeedbackTurns(turns=turns, feedback=feedback)
    turn = await door.begin(caller, heard.recording_id)
    whole = b"".join([frames async for frames in turn.follow()])
    assert whole.endswith(b"data: [DONE]\n\n")
    assert whole.count(b"[DONE]") == 1
    events = [from_sent(sent) for sent in turn.transcript.sent]
    written = next(event for event in events if isinstance(event, Written))
    stored = (await feedback.history(caller, heard.recording_id)).items[0]
    assert written.document == stored.model_dump(mode="json")
    assert isinstance(events[-1], UsageReported)
    text = "".join(event.text for event in events if isinstance(event, Token))
    assert stored.encouragement in text
    assert all(item.insight in text for item in stored.temporal_feedback)

    resumed = await elsewhere.resume(caller, turn.brief.session_id, f"{turn.id}:3")
    rest = b"".join([frames async for frames in resumed])
    assert rest == whole[whole.index(f"id: {turn.id}:4\n".encode()) :]
    session_held = await chat.session(caller, turn.brief.session_id)
    assert [m.role for m in session_held.messages] == ["user", "assistant"]
    assert session_held.messages[1].content == text
    assert len(session_held.messages[1].citations) == len(stored.citations)

    early = await door.begin(caller, pending)
    assert early.task is not None
    await asyncio.wait([early.task])
    ended = from_sent(early.transcript.sent[-1])
    assert isinstance(ended, Failed)
    assert ended.code == "analysis_pending"
    with pytest.raises(NotFound):
        await door.begin(stranger, heard.recording_id)
    await turns.close()
    await elsewhere.close()


def _row(recording_id: UUID, owner_id: UUID, number: int) -> RecordingRow:
    return RecordingRow(
        id=recording_id,
        owner_id=owner_id,
        filename=f"take-{number}.wav",
        format="wav",
        size_bytes=1,
        sha256=f"{number:064d}",
        status="ready",
        stage="done",
        percent=100,
        duration=22.4,
        created_at=1_760_000_000_000 - number,
        updated_at=1_760_000_000_000,
    )

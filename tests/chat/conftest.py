from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from crescendai.adapters.changes.polled import PolledChanges
from crescendai.chat.brief import Tutor
from crescendai.chat.ledger import Ledger
from crescendai.chat.service import ChatService
from crescendai.chat.tools import Toolbox
from crescendai.chat.turns import Turns
from crescendai.identity.service import Caller, IdentityService
from crescendai.kit.sql import Transactions
from crescendai.ports.changes import Changes
from crescendai.recordings import repository
from crescendai.recordings.tables import RecordingRow
from crescendai.usage.service import UsageService
from tests.feedback.material import UNSTEADY, SmallSearch, StubRecordings, analysis


@dataclass
class World:
    """A migrated database with one caller, two recordings, and everything around the chat."""

    transactions: Transactions
    caller: Caller
    stranger: Caller
    recordings: StubRecordings
    chat: ChatService
    usage: UsageService
    toolbox: Toolbox
    search: SmallSearch
    recording_id: UUID
    earlier_id: UUID
    folder: Path
    opened: list[Turns] = field(default_factory=list)

    def turns(self, tutor: Tutor, changes: Changes | None = None) -> Turns:
        """Each is a process of its own as far as turns are concerned."""
        changes = changes or PolledChanges(0.02)
        turns = Turns(
            chat=self.chat,
            tutor=tutor,
            toolbox=self.toolbox,
            ledger=Ledger(self.transactions, self.folder, changes),
            changes=changes,
        )
        self.opened.append(turns)
        return turns

    async def forget(self, *recording_ids: UUID) -> None:
        async with self.transactions.write() as session:
            for recording_id in recording_ids:
                await repository.remove(session, recording_id)


@pytest.fixture
async def world(transactions: Transactions, tmp_path: Path) -> AsyncGenerator[World, None]:
    identity = IdentityService(transactions, credentials_required=False)
    caller = await identity.ensure_user()
    stranger = await identity.ensure_user("somebody-else")
    analyses = analysis(), analysis(UNSTEADY, recording="earlier")
    recordings = StubRecordings(caller, *analyses)
    async with transactions.write() as session:
        for number, one in enumerate(analyses):
            session.add(_row(one.recording_id, caller, number))
    chat = ChatService(transactions)
    search = SmallSearch()
    toolbox = Toolbox(search=search, recordings=recordings, contexts=chat)
    made = World(
        transactions,
        caller,
        stranger,
        recordings,
        chat,
        UsageService(transactions),
        toolbox,
        search,
        analyses[0].recording_id,
        analyses[1].recording_id,
        tmp_path / "turns",
    )
    yield made
    for turns in made.opened:
        await turns.close()


@pytest.fixture
def make_turns(world: World) -> Callable[[Tutor], Turns]:
    return world.turns


def _row(recording_id: UUID, caller: Caller, number: int) -> RecordingRow:
    return RecordingRow(
        id=recording_id,
        owner_id=caller.user_id,
        filename=f"take-{number + 1}.wav",
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

"""Use cases of links: give one out, take it back, look through it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from crescendai.errors import NotFound
from crescendai.feedback.schemas import FeedbackHistory
from crescendai.identity.service import Caller
from crescendai.kit.clock import DAY_MS, now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sealing import kept_of
from crescendai.kit.sql import Transactions
from crescendai.recordings.schemas import Analysis, Played, Recording
from crescendai.recordings.service import RecordingService
from crescendai.sharing import repository
from crescendai.sharing.schemas import NewShare, Share, SharedRecording, ShareRequest
from crescendai.sharing.tables import ShareRow


class Performances(Protocol):
    async def played(self, caller: Caller, recording_id: UUID) -> Played:
        """Raises NotFound, or Conflict while there is no analysis."""


class Advice(Protocol):
    async def history(self, caller: Caller, recording_id: UUID) -> FeedbackHistory:
        """Newest first."""


@dataclass(frozen=True)
class Opened:
    """What a link leads to: one recording, seen as its owner sees it."""

    owner: Caller
    recording_id: UUID
    expires_at: int | None


class SharingService:
    def __init__(
        self,
        *,
        transactions: Transactions,
        recordings: RecordingService,
        performances: Performances,
        advice: Advice,
    ) -> None:
        self._transactions = transactions
        self._recordings = recordings
        self._performances = performances
        self._advice = advice

    async def share(self, caller: Caller, request: ShareRequest) -> NewShare:
        """A new link. Raises NotFound, or Conflict while there is no analysis to show."""
        await self._recordings.analysis(caller, request.recording_id)
        token = secrets.token_urlsafe(32)
        now, life = now_ms(), request.expires_in_days
        row = ShareRow(
            id=new_id(),
            owner_id=caller.user_id,
            recording_id=request.recording_id,
            token_hash=kept_of(token),
            created_at=now,
            expires_at=None if life is None else now + life * DAY_MS,
        )
        async with self._transactions.write() as session:
            await repository.add(session, row)
        return NewShare(**_shown(row).model_dump(), token=token, path=f"/shared/{token}")

    async def list(self, caller: Caller, recording_id: UUID) -> list[Share]:
        """The links to a recording that were not revoked, newest first."""
        await self._recordings.get(caller, recording_id)
        async with self._transactions.read_once() as session:
            rows = await repository.of_recording(session, caller.user_id, recording_id)
        return [_shown(row) for row in rows]

    async def revoke(self, caller: Caller, share_id: UUID) -> None:
        """From now on the link opens nothing."""
        async with self._transactions.write() as session:
            if not await repository.remove(session, caller.user_id, share_id):
                raise NotFound("share_missing", "There is no such link.")

    async def open(self, token: str) -> Opened:
        """Raises NotFound, the same for a link that never was, was revoked or has expired."""
        async with self._transactions.read_once() as session:
            row = await repository.by_hash(session, kept_of(token))
        if row is None or _state(row) != "active":
            raise NotFound(
                "share_closed", "This link leads nowhere (any more): ask whoever sent it for one."
            )
        return Opened(Caller(row.owner_id), row.recording_id, row.expires_at)

    async def look(self, token: str) -> SharedRecording:
        opened = await self.open(token)
        recording = await self._recordings.get(opened.owner, opened.recording_id)
        analysis = await self._recordings.analysis(opened.owner, opened.recording_id)
        history = await self._advice.history(opened.owner, opened.recording_id)
        return _view(recording, analysis, history, opened.expires_at)

    async def played(self, token: str) -> Played:
        opened = await self.open(token)
        return await self._performances.played(opened.owner, opened.recording_id)

    async def recording(self, token: str) -> Recording:
        """Whose audio may be heard."""
        opened = await self.open(token)
        return await self._recordings.get(opened.owner, opened.recording_id)


def _view(
    recording: Recording, analysis: Analysis, history: FeedbackHistory, expires_at: int | None
) -> SharedRecording:
    return SharedRecording(
        filename=recording.filename,
        format=recording.format,
        duration=analysis.duration,
        created_at=recording.created_at,
        expires_at=expires_at,
        analysis=analysis,
        feedback=next(iter(history.items), None),
    )


def _shown(row: ShareRow) -> Share:
    return Share(
        share_id=row.id,
        recording_id=row.recording_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        state=_state(row),
    )


def _state(row: ShareRow) -> Literal["active", "expired"]:
    return "expired" if row.expires_at is not None and row.expires_at <= now_ms() else "active"

"""Uploads that go straight to the object store, by an address that is good for a while."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from crescendai.errors import Conflict, NotFound, TooLarge
from crescendai.identity.service import Caller
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from crescendai.ports.objects import SigningStore
from crescendai.recordings import repository
from crescendai.recordings.service import BUCKET, RecordingService, Submitted, object_key
from crescendai.recordings.tables import PendingUploadRow

UPLOAD_WITHIN_SEC = 3600
LISTEN_WITHIN_SEC = 3600


@dataclass(frozen=True)
class SignedAddress:
    """``url`` is relative where this server itself answers it; ``expires_at`` in ms."""

    url: str
    expires_at: int


class DirectUploads:
    """Signs addresses and takes in what arrived there, as if it had come through the server."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        objects: SigningStore,
        recordings: RecordingService,
        max_upload_bytes: int,
    ) -> None:
        self._transactions = transactions
        self._objects = objects
        self._recordings = recordings
        self.max_upload_bytes = max_upload_bytes

    async def promise(self, caller: Caller, filename: str) -> tuple[UUID, SignedAddress]:
        """An id, and where its audio can be put. The caller's expired promises are forgotten."""
        now = now_ms()
        row = PendingUploadRow(
            id=new_id(),
            owner_id=caller.user_id,
            filename=filename,
            expires_at=now + UPLOAD_WITHIN_SEC * 1000,
        )
        address = await self._objects.sign("PUT", _upload_key(row.id), UPLOAD_WITHIN_SEC)
        async with self._transactions.write() as session:
            expired = await repository.forget_expired_uploads(session, caller.user_id, now)
            session.add(row)
        for upload_id in expired:
            await self._objects.delete(_upload_key(upload_id))
        return row.id, SignedAddress(address, row.expires_at)

    async def complete(self, caller: Caller, recording_id: UUID) -> Submitted:
        """Make a recording of what was put at the address; once more is the same recording.

        Raises NotFound for an unknown id, Conflict when nothing has arrived, and what
        ``RecordingService.submit`` raises.
        """
        with suppress(NotFound):
            return Submitted(await self._recordings.get(caller, recording_id), new=False)
        async with self._transactions.read() as session:
            pending = await repository.pending_upload(session, caller.user_id, recording_id)
        if pending is None:
            raise NotFound("upload_missing", "No upload was begun under this id, or it expired.")
        key = _upload_key(recording_id)
        try:
            size = await self._objects.size(key)
        except NotFound as error:
            raise Conflict(
                "upload_not_arrived",
                "Nothing has arrived at the signed address yet: PUT the file there first.",
            ) from error
        if size > self.max_upload_bytes:
            await self._objects.delete(key)
            raise TooLarge(
                "upload_too_large",
                f"The file is larger than {self.max_upload_bytes // 1024**2} MB.",
            )
        chunks = self._objects.read(key, 0, size)
        submitted = await self._recordings.submit(caller, pending.filename, chunks, recording_id)
        async with self._transactions.write() as session:
            await repository.forget_upload(session, recording_id)
        await self._objects.delete(key)
        return submitted

    async def audio_address(self, caller: Caller, recording_id: UUID) -> SignedAddress:
        """Where the audio can be had for a while without further credentials."""
        recording = await self._recordings.get(caller, recording_id)
        key = object_key(recording.recording_id, recording.format)
        url = await self._objects.sign("GET", key, LISTEN_WITHIN_SEC)
        return SignedAddress(url, now_ms() + LISTEN_WITHIN_SEC * 1000)


def _upload_key(recording_id: UUID) -> str:
    return f"{BUCKET}/uploads/{recording_id}"

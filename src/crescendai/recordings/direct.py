"""Uploads in parts, or straight to the object store by an address that is good for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
from crescendai.recordings.parts import UploadParts
from crescendai.recordings.service import BUCKET, Meter, RecordingService, Submitted, object_key
from crescendai.recordings.tables import PendingUploadRow

UPLOAD_WITHIN_SEC = 3600
LISTEN_WITHIN_SEC = 3600


@dataclass(frozen=True)
class SignedAddress:
    """``url`` is relative where this server itself answers it; ``expires_at`` in ms."""

    url: str
    expires_at: int


@dataclass(frozen=True)
class Arrived:
    """``parts`` are there, without a gap; what is not completed by ``expires_at`` (ms) is lost."""

    parts: int
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
        meter: Meter | None = None,
    ) -> None:
        self._transactions = transactions
        self._objects = objects
        self._recordings = recordings
        self._parts = UploadParts(objects, f"{BUCKET}/uploads", max_upload_bytes)
        self._meter = meter
        self.max_upload_bytes = max_upload_bytes

    async def promise(self, caller: Caller, filename: str) -> tuple[UUID, SignedAddress]:
        """An id, and where its audio can be put. The caller's expired promises are forgotten.

        Raises QuotaSpent when there is no room for what may be put there.
        """
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
            await session.flush()
            if self._meter is not None:
                await self._meter.admit(session, caller.user_id)
        for upload_id in expired:
            await self._discard(upload_id)
        return row.id, SignedAddress(address, row.expires_at)

    async def put_part(
        self, caller: Caller, recording_id: UUID, number: int, chunks: AsyncIterator[bytes]
    ) -> Arrived:
        """Store a part; the upload has its whole time again from now on."""
        await self._pending(caller, recording_id)
        await self._parts.put(recording_id, number, chunks)
        expires_at = now_ms() + UPLOAD_WITHIN_SEC * 1000
        async with self._transactions.write() as session:
            row = await repository.pending_upload(session, caller.user_id, recording_id)
            if row is not None:
                row.expires_at = expires_at
        if row is None:  # given up, or completed, while the part came
            await self._parts.remove(recording_id)
            raise _missing()
        return Arrived(len(await self._parts.sizes(recording_id)), expires_at)

    async def arrived(self, caller: Caller, recording_id: UUID) -> Arrived:
        """How far an upload has come. Raises NotFound for one that is over, or never was."""
        row = await self._pending(caller, recording_id)
        return Arrived(len(await self._parts.sizes(recording_id)), row.expires_at)

    async def give_up(self, caller: Caller, recording_id: UUID) -> None:
        """Forget an upload and what has arrived of it."""
        await self._pending(caller, recording_id)
        async with self._transactions.write() as session:
            await repository.forget_upload(session, recording_id)
        await self._discard(recording_id)

    async def _pending(self, caller: Caller, recording_id: UUID) -> PendingUploadRow:
        async with self._transactions.read_once() as session:
            row = await repository.pending_upload(session, caller.user_id, recording_id)
        if row is None:
            raise _missing()
        return row

    async def _discard(self, upload_id: UUID) -> None:
        await self._objects.delete(_upload_key(upload_id))
        await self._parts.remove(upload_id)

    async def complete(self, caller: Caller, recording_id: UUID) -> Submitted:
        """Make a recording of what was put at the address; once more is the same recording.

        Raises NotFound for an unknown id, Conflict when nothing has arrived, and what
        ``RecordingService.submit`` raises.
        """
        with suppress(NotFound):
            return Submitted(await self._recordings.get(caller, recording_id), new=False)
        pending = await self._pending(caller, recording_id)
        chunks = await self._content(recording_id)
        submitted = await self._recordings.submit(caller, pending.filename, chunks, recording_id)
        async with self._transactions.write() as session:
            await repository.forget_upload(session, recording_id)
        await self._discard(recording_id)
        return submitted

    async def _content(self, recording_id: UUID) -> AsyncIterator[bytes]:
        """What arrived in parts, or at the signed address."""
        sizes = await self._parts.sizes(recording_id)
        if sizes:
            return self._parts.read(recording_id, sizes)
        key = _upload_key(recording_id)
        try:
            size = await self._objects.size(key)
        except NotFound as error:
            raise Conflict(
                "upload_not_arrived",
                "Nothing has arrived yet: PUT the file at the signed address, or its parts, first.",
            ) from error
        if size > self.max_upload_bytes:
            await self._objects.delete(key)
            raise TooLarge(
                "upload_too_large",
                f"The file is larger than {self.max_upload_bytes // 1024**2} MB.",
            )
        return self._objects.read(key, 0, size)

    async def awaits(self, key: str) -> bool:
        """Whether something may be put there still: its recording was not completed or removed."""
        folder, _, name = key.rpartition("/")
        try:
            upload_id = UUID(name)
        except ValueError:
            return False
        async with self._transactions.read_once() as session:
            row = await repository.promised(session, upload_id)
        return folder == f"{BUCKET}/uploads" and row is not None

    async def audio_address(self, caller: Caller, recording_id: UUID) -> SignedAddress:
        """Where the audio can be had for a while without further credentials."""
        recording = await self._recordings.get(caller, recording_id)
        key = object_key(recording.recording_id, recording.format)
        url = await self._objects.sign("GET", key, LISTEN_WITHIN_SEC)
        return SignedAddress(url, now_ms() + LISTEN_WITHIN_SEC * 1000)


def _missing() -> NotFound:
    return NotFound("upload_missing", "No upload was begun under this id, or it expired.")


def _upload_key(recording_id: UUID) -> str:
    return f"{BUCKET}/uploads/{recording_id}"

"""What callers may do with the library: submit, list, look at, remove. The handbook is built in."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crescendai.errors import Conflict, NotAllowed, NotFound
from crescendai.identity.service import Caller
from crescendai.jobs.service import NOBODY_WAITS, SOMEBODY_WAITS, enqueue
from crescendai.kit.clock import now_ms
from crescendai.kit.filenames import plain_name
from crescendai.kit.ids import new_id
from crescendai.kit.paging import Page, cut, decode_cursor
from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository, repository
from crescendai.knowledge.documents import new_row, to_wire
from crescendai.knowledge.intake import Intake
from crescendai.knowledge.schemas import ChunkSpan, Document, PageText
from crescendai.knowledge.tables import DocumentRow
from crescendai.ports.objects import ObjectStore

INGEST = "knowledge.ingest"
BUCKET = "knowledge-documents"
MAX_DOCUMENT_BYTES = 50 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

_ENDED_EARLY = ("failed", "cancelled")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Submitted:
    """``new`` is False when the caller had already sent these bytes."""

    document: Document
    new: bool


class KnowledgeService:
    """A caller sees the built-in library and their own documents; nobody else's exist for them.

    ``handbook`` is a folder of Markdown articles, the packaged one by default.
    """

    def __init__(
        self,
        *,
        transactions: Transactions,
        objects: ObjectStore,
        max_document_bytes: int = MAX_DOCUMENT_BYTES,
        handbook: Traversable | None = None,
        admit: Callable[[AsyncSession, UUID], Awaitable[None]] | None = None,
    ) -> None:
        """``admit`` raises QuotaSpent when a user stores too much with this transaction."""
        self._transactions = transactions
        self._objects = objects
        self._max_document_bytes = max_document_bytes
        self._admit = admit
        self._handbook = handbook or resources.files("crescendai.knowledge") / "handbook"

    async def submit(
        self,
        caller: Caller,
        filename: str,
        chunks: AsyncIterator[bytes],
        fields: Mapping[str, str],
    ) -> Submitted:
        """Store a document and promise its ingestion.

        ``fields`` may hold those of :data:`~crescendai.knowledge.documents.FIELDS`; it is read
        after the last chunk. The same bytes from the same caller are the same document; one that
        failed or was cancelled is tried again.
        Raises TooLarge, UnsupportedFormat, InvalidInput (empty) or QuotaSpent; nothing is stored
        then.
        """
        return await self._submit(caller.user_id, filename, chunks, fields)

    async def list(self, caller: Caller, cursor: str | None, limit: int) -> Page[Document]:
        """The caller's documents and the built-in ones, newest first."""
        after = decode_cursor(cursor)
        async with self._transactions.read_once() as session:
            rows = await repository.visible_documents(session, caller.user_id, after, limit + 1)
        shown, following = cut(rows, limit)
        return Page([to_wire(row) for row in shown], following)

    async def get(self, caller: Caller, document_id: UUID) -> Document:
        async with self._transactions.read_once() as session:
            row = await repository.visible_document(session, document_id, caller.user_id)
        if row is None:
            raise not_found()
        return to_wire(row)

    async def delete(self, caller: Caller, document_id: UUID) -> None:
        """Remove a document of the caller's with all that is found in it."""
        async with self._transactions.write() as session:
            row = await _own(session, caller, document_id)
            await _remove(session, row)
        await self._objects.delete(object_key(row.id, row.filename))

    async def cancel(self, caller: Caller, document_id: UUID) -> Document:
        """End a document's ingestion; what it has stored goes, the file stays for a retry.

        Raises Conflict when it is over already.
        """
        async with self._transactions.write() as session:
            row = await _own(session, caller, document_id)
            if row.status not in ("queued", "processing"):
                raise Conflict(
                    "document_not_running", f"This document is {row.status}; nothing is running."
                )
            row.status = row.stage = "cancelled"
            row.run_id = None
            row.percent = row.pages_done = 0
            row.updated_at = now_ms()
            await session.flush()
            await repository.clear_document(session, row.id)
        return to_wire(row)

    async def retry(self, caller: Caller, document_id: UUID) -> Document:
        """Take a document in that failed or was cancelled. Raises Conflict for any other."""
        async with self._transactions.write() as session:
            row = await _own(session, caller, document_id)
            if row.status not in _ENDED_EARLY:
                raise Conflict(
                    "document_not_over", f"This document is {row.status}; there is nothing to redo."
                )
            await _queue_again(session, row)
        return to_wire(row)

    async def page(self, caller: Caller, document_id: UUID, number: int) -> PageText:
        """A page's text, or that of a section where a format has no pages, from 1.

        Raises NotFound beyond the last one, Conflict while the document is not ready.
        """
        async with self._transactions.read() as session:
            row = await repository.visible_document(session, document_id, caller.user_id)
            if row is None:
                raise not_found()
            if row.status != "ready":
                raise Conflict("document_not_ready", f"This document is {row.status}.")
            page = await repository.page(session, document_id, number)
            if page is None:
                raise NotFound(
                    "page_missing", f"This document has {row.pages_total or 'no'} pages."
                )
            start, end = page.start_char, page.start_char + len(page.text)
            spans = await repository.chunk_spans(session, row.id, start, end)
        return PageText(
            document_id=row.id,
            title=to_wire(row).title,
            number=number,
            unit="section" if row.page_count is None else "page",
            total=row.pages_total or number,
            start=start,
            end=end,
            text=page.text,
            chunks=[
                ChunkSpan(chunk_id=chunk_id, start=max(at, start) - start, end=min(to, end) - start)
                for chunk_id, at, to in spans
            ],
        )

    async def ensure_handbook(self) -> None:
        """Bring the built-in documents in line with the packaged articles.

        New and changed articles are submitted, those that are gone removed; cheap when nothing
        changed. Their ingestion is work for the workers like any other.
        """
        articles = await asyncio.to_thread(_read_articles, self._handbook)
        async with self._transactions.read_once() as session:
            held = {row.filename: row for row in await repository.builtin_documents(session)}
        for filename, row in held.items():
            if filename not in articles:
                async with self._transactions.write() as session:
                    await _remove(session, row)
                await self._objects.delete(object_key(row.id, filename))
        submitted = 0
        for filename, content in articles.items():
            row_held = held.get(filename)
            same = row_held is not None and row_held.sha256 == hashlib.sha256(content).hexdigest()
            if not same or (row_held is not None and row_held.status == "failed"):
                await self._submit(None, filename, _one(content), {})
                submitted += 1
        if submitted:
            log.info("knowledge.handbook_submitted", articles=submitted)

    async def _submit(
        self,
        owner_id: UUID | None,
        filename: str,
        chunks: AsyncIterator[bytes],
        fields: Mapping[str, str],
    ) -> Submitted:
        document_id = new_id()
        filename = plain_name(filename, "document")
        intake = Intake(filename, self._max_document_bytes)
        key = object_key(document_id, filename)
        await self._objects.put(key, intake.chunks(chunks))
        try:
            row = new_row(document_id, owner_id, filename, intake, fields)
            submitted, orphan = await self._register(row)
        except BaseException:
            await self._discard(document_id, key)
            raise
        if orphan is not None:
            await self._objects.delete(orphan)
        return submitted

    async def _discard(self, document_id: UUID, key: str) -> None:
        """Remove the file, unless its row was stored in spite of what went wrong."""
        async with self._transactions.read_once() as session:
            stored = await repository.document(session, document_id)
        if stored is None:
            await self._objects.delete(key)

    async def _register(self, row: DocumentRow) -> tuple[Submitted, str | None]:
        """The row and its job; also the key of the object that is not needed (any more)."""
        own_key = object_key(row.id, row.filename)
        try:
            async with self._transactions.write() as session:
                known = await _known(session, row, lock=True)
                if known is not None and known.sha256 == row.sha256:
                    if known.status in _ENDED_EARLY:
                        await _queue_again(session, known)
                    return Submitted(to_wire(known), new=False), own_key
                if known is not None:  # a built-in article that has changed
                    await _remove(session, known)
                await repository.add_document(session, row)
                if self._admit is not None and row.owner_id is not None:
                    await self._admit(session, row.owner_id)
                priority = NOBODY_WAITS if row.owner_id is None else SOMEBODY_WAITS
                await enqueue(session, INGEST, {"document_id": str(row.id)}, priority, row.owner_id)
        except IntegrityError:  # the same bytes, sent twice at the same time
            async with self._transactions.read_once() as session:
                known = await _known(session, row)
            if known is None:
                raise
            return Submitted(to_wire(known), new=False), own_key
        replaced = None if known is None else object_key(known.id, known.filename)
        return Submitted(to_wire(row), new=True), replaced


def object_key(document_id: UUID, filename: str) -> str:
    """Where a document's bytes lie; the name in it is reduced to safe ASCII."""
    return f"{BUCKET}/documents/{document_id}/{_UNSAFE.sub('_', filename)[-120:]}"


def not_found() -> NotFound:
    return NotFound("document_missing", "There is no such document.")


async def _known(session: AsyncSession, row: DocumentRow, lock: bool = False) -> DocumentRow | None:
    """What is already there instead of this row: by name if built in, by content if not."""
    if row.owner_id is None:
        return await repository.builtin_document(session, row.filename)
    return await repository.own_document_by_hash(session, row.owner_id, row.sha256, lock)


async def _own(session: AsyncSession, caller: Caller, document_id: UUID) -> DocumentRow:
    """A document the caller may change, and nobody else until the transaction is over."""
    row = await repository.visible_document(session, document_id, caller.user_id, lock=True)
    if row is None:
        raise not_found()
    if row.owner_id is None:
        raise NotAllowed("document_builtin", "This document belongs to the server and stays.")
    return row


async def _remove(session: AsyncSession, row: DocumentRow) -> None:
    await repository.remove_document(session, row.id)
    await index_repository.next_revision(session)


async def _queue_again(session: AsyncSession, row: DocumentRow) -> None:
    row.status = row.stage = "queued"
    row.percent = row.pages_done = 0
    row.run_id = None
    row.problem_code = row.problem_reason = None
    row.updated_at = now_ms()
    await session.flush()
    await enqueue(session, INGEST, {"document_id": str(row.id)}, owner_id=row.owner_id)


def _read_articles(folder: Traversable) -> dict[str, bytes]:
    files = [file for file in folder.iterdir() if file.name.endswith(".md")]
    return {file.name: file.read_bytes() for file in sorted(files, key=lambda file: file.name)}


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content

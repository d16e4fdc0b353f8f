"""The work behind a submitted document: parse, chunk, embed in batches, index, ready."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid5

import numpy as np
import structlog

from crescendai.errors import InvalidInput, UnsupportedFormat
from crescendai.jobs.service import NOBODY_WAITS, enqueue
from crescendai.kit.clock import now_ms
from crescendai.kit.sql import Transactions
from crescendai.knowledge import repository
from crescendai.knowledge.chunking import Chunk, chunk_document
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.service import INGEST, name_as_title, object_key
from crescendai.knowledge.tables import ChunkRow, DocumentRow
from crescendai.ports.documents import DocumentParser, ParsedDocument
from crescendai.ports.embedding import Embedder, Reranker
from crescendai.ports.objects import ObjectStore

_BATCH_CHUNKS = 32  # embedded and stored at a time
_PARSED_PERCENT = 10
_EMBEDDED_PERCENT = 95

log = structlog.get_logger(__name__)


class IngestionService:
    """Takes documents in. Everything here may run again: a retry goes on where the last one ended.

    A chunk's id is made of its content and the embedder's id, so that what is already stored is
    recognised and a changed document, or another model, is not.
    """

    def __init__(
        self,
        *,
        transactions: Transactions,
        objects: ObjectStore,
        parser: DocumentParser,
        embedder: Embedder,
        reranker: Reranker,
    ) -> None:
        self._transactions = transactions
        self._objects = objects
        self._parser = parser
        self._models = TextModels(embedder, reranker)

    async def ingest(self, document_id: UUID) -> None:
        """Make a document ready, or failed with a sentence when it cannot be used."""
        async with self._transactions.read() as session:
            row = await repository.document(session, document_id)
        if row is None or self._is_ready(row):
            return
        if not await self._note(row.id, "parsing", 0):
            return
        try:
            async with self._objects.as_file(object_key(row.id, row.filename)) as path:
                parsed = await self._parser.parse(path, row.format)
        except (InvalidInput, UnsupportedFormat) as problem:
            await self._fail(row.id, problem.code, problem.message)
            return
        facts = _Facts(row, parsed)
        chunks = chunk_document(parsed)
        if await self._store(row.id, facts, chunks):
            await self._finish(row.id, facts, chunks)

    async def give_up(self, document_id: UUID, reason: str) -> None:
        """Called when no further attempt follows."""
        await self._fail(document_id, "ingestion_failed", reason)

    async def queue_outdated(self) -> int:
        """Promise ready documents that another model embedded to the present one; how many."""
        async with self._transactions.write() as session:
            rows = await repository.documents_of_other_models(session, self._models.id)
            for row in rows:
                row.status = row.stage = "queued"
                row.percent = 0
                await enqueue(session, INGEST, {"document_id": str(row.id)}, NOBODY_WAITS)
            if rows:
                await repository.next_revision(session)
        return len(rows)

    def _is_ready(self, row: DocumentRow) -> bool:
        return row.status == "ready" and row.model_id == self._models.id

    async def _note(self, document_id: UUID, stage: str, percent: int) -> bool:
        async with self._transactions.write() as session:
            return await repository.update_document(
                session,
                document_id,
                {
                    "status": "processing",
                    "stage": stage,
                    "percent": percent,
                    "problem_code": None,
                    "problem_reason": None,
                    "updated_at": now_ms(),
                },
            )

    async def _fail(self, document_id: UUID, code: str, reason: str) -> None:
        values = {
            "status": "failed",
            "problem_code": code,
            "problem_reason": reason,
            "updated_at": now_ms(),
        }
        async with self._transactions.write() as session:
            await repository.update_document(session, document_id, values)
        log.info("knowledge.document_failed", document=str(document_id), code=code)

    async def _store(self, document_id: UUID, facts: _Facts, chunks: Sequence[Chunk]) -> bool:
        """Embed and store the chunks that are not there yet. False when the document is gone."""
        async with self._transactions.read() as session:
            stored = await repository.chunk_ids(session, document_id)
        wanted = [one for one in chunks if self._chunk_id(document_id, facts, one) not in stored]
        for start in range(0, len(wanted), _BATCH_CHUNKS):
            share = (len(chunks) - len(wanted) + start) / len(chunks)
            percent = _PARSED_PERCENT + int(share * (_EMBEDDED_PERCENT - _PARSED_PERCENT))
            if not await self._note(document_id, "embedding", percent):
                return False
            rows = await self._rows(document_id, facts, wanted[start : start + _BATCH_CHUNKS])
            async with self._transactions.write() as session:
                if await repository.document(session, document_id) is None:
                    return False
                await repository.add_chunks(session, rows)
        return True

    async def _rows(
        self, document_id: UUID, facts: _Facts, chunks: Sequence[Chunk]
    ) -> list[ChunkRow]:
        """A window is embedded with the title before it, which says what it is about."""
        passages = [
            [f"{facts.title}. {facts.text[window.start : window.end]}" for window in chunk.windows]
            for chunk in chunks
        ]
        texts = [text for passage in passages for text in passage]
        vectors = (await self._models.embedder.embed(texts)).astype(np.float16)
        kept = await self._models.reranker.prepare(passages)
        rows = []
        at = 0
        for chunk, rerank_data in zip(chunks, kept, strict=True):
            own = vectors[at : at + len(chunk.windows)]
            at += len(chunk.windows)
            rows.append(
                ChunkRow(
                    id=self._chunk_id(document_id, facts, chunk),
                    document_id=document_id,
                    ordinal=chunk.ordinal,
                    text=chunk.text,
                    context=facts.context(chunk),
                    start_char=chunk.start,
                    end_char=chunk.end,
                    page=chunk.page,
                    heading_path=list(chunk.heading_path),
                    model_id=self._models.id,
                    vectors=own.tobytes(),
                    rerank_data=rerank_data,
                )
            )
        return rows

    async def _finish(self, document_id: UUID, facts: _Facts, chunks: Sequence[Chunk]) -> None:
        """One transaction that makes the document findable, for this process and all others."""
        current = {self._chunk_id(document_id, facts, chunk) for chunk in chunks}
        async with self._transactions.write() as session:
            stale = await repository.chunk_ids(session, document_id) - current
            await repository.remove_chunks(session, stale)
            await repository.update_document(
                session,
                document_id,
                {
                    **facts.columns(),
                    "status": "ready",
                    "stage": "done",
                    "percent": 100,
                    "chunk_count": len(chunks),
                    "model_id": self._models.id,
                    "revision": await repository.next_revision(session),
                    "updated_at": now_ms(),
                },
            )
        log.info("knowledge.document_ready", document=str(document_id), chunks=len(chunks))

    def _chunk_id(self, document_id: UUID, facts: _Facts, chunk: Chunk) -> UUID:
        content = f"{facts.context(chunk)}\0{chunk.text}\0{chunk.windows}"
        digest = hashlib.sha256(content.encode()).hexdigest()
        return uuid5(document_id, f"{self._models.id}:{chunk.start}:{digest}")


class _Facts:
    """What is known of a document once it is read: its uploader's word goes before its own."""

    def __init__(self, row: DocumentRow, parsed: ParsedDocument) -> None:
        fields = dict(parsed.fields)
        self.text = parsed.text
        self.title = row.title or parsed.title or name_as_title(row.filename)
        self.author = row.author or parsed.author
        self._type = fields.get("type") or None
        self._level = fields.get("level") or None
        self._dimensions = [
            key.strip() for key in fields.get("dimensions", "").split(",") if key.strip()
        ]
        self._page_count = len(parsed.pages) or None

    def context(self, chunk: Chunk) -> str:
        return "\n".join(filter(None, (self.title, self.author, *chunk.heading_path)))

    def columns(self) -> dict[str, object]:
        return {
            "title": self.title,
            "author": self.author,
            "type": self._type,
            "level": self._level,
            "dimensions": self._dimensions,
            "page_count": self._page_count,
        }

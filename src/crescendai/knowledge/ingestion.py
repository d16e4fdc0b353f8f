"""The work behind a submitted document: parse, chunk, embed in batches, index, ready."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

import structlog

from crescendai.errors import InvalidInput, UnsupportedFormat
from crescendai.jobs.service import NOBODY_WAITS, enqueue
from crescendai.kit.clock import now_ms
from crescendai.kit.ids import new_id
from crescendai.kit.sql import Transactions
from crescendai.knowledge import index_repository, repository
from crescendai.knowledge.chunking import Chunk, chunk_document
from crescendai.knowledge.documents import name_as_title
from crescendai.knowledge.models import TextModels
from crescendai.knowledge.reindexing import REINDEX
from crescendai.knowledge.sections import part_at, parts
from crescendai.knowledge.service import object_key
from crescendai.knowledge.tables import ChunkRow, DocumentRow, PageRow
from crescendai.knowledge.words import ChunkText, WordCounts
from crescendai.ports.documents import DocumentParser, PageSpan, ParsedDocument
from crescendai.ports.embedding import Embedder
from crescendai.ports.objects import ObjectStore

_BATCH_CHUNKS = 32  # embedded and stored at a time
_PARSED_PERCENT = 10
_EMBEDDED_PERCENT = 95

log = structlog.get_logger(__name__)


class IngestionService:
    """Takes documents in. Everything here may run again: a retry goes on where the last one ended.

    A chunk's id is made of its content, so that what is already stored is recognised and a changed
    document is not. A document is read by the model that the index is searched by, so that it is
    found at once; where that is not the one of the settings, a job follows that reads it again.
    """

    def __init__(
        self,
        *,
        transactions: Transactions,
        objects: ObjectStore,
        parser: DocumentParser,
        models: TextModels,
    ) -> None:
        self._transactions = transactions
        self._objects = objects
        self._parser = parser
        self._models = models

    async def ingest(self, document_id: UUID) -> None:
        """Make a document ready, or failed with a sentence when it cannot be used."""
        async with self._transactions.read() as session:
            row = await repository.document(session, document_id)
        if row is None or row.status == "ready":
            return
        run = _Run(self._transactions, row.id)
        if not await run.begin():
            return
        try:
            async with self._objects.as_file(object_key(row.id, row.filename)) as path:
                parsed = await self._parser.parse(path, row.format)
        except (InvalidInput, UnsupportedFormat) as problem:
            await run.fail(problem.code, problem.message)
            return
        facts = _Facts(row, parsed)
        chunks = chunk_document(parsed)
        models = await self._serving_models()
        if await run.lay_out(facts) and await self._store(run, facts, chunks, models):
            await self._finish(run, facts, chunks, models)

    async def give_up(self, document_id: UUID, reason: str) -> None:
        """Called when no further attempt follows."""
        run = _Run(self._transactions, document_id)
        if await run.begin():
            await run.fail("ingestion_failed", reason)

    async def _serving_models(self) -> TextModels:
        """The models of the settings, with the embedder that the index is searched by just now."""
        async with self._transactions.read() as session:
            state = await index_repository.state(session)
        serving = self._models.embedder_named(state.embedder_id)
        return self._models if serving is None else replace(self._models, embedder=serving)

    async def _store(
        self, run: _Run, facts: _Facts, chunks: Sequence[Chunk], models: TextModels
    ) -> bool:
        """Read and store the chunks that are not there yet. False when the run is over."""
        async with self._transactions.write() as session:
            await index_repository.remove_chunks_without(session, run.document_id, models.ids)
            stored = await repository.chunk_ids(session, run.document_id)
        wanted = [one for one in chunks if _chunk_id(run, facts, one) not in stored]
        for start in range(0, len(wanted), _BATCH_CHUNKS):
            batch = wanted[start : start + _BATCH_CHUNKS]
            tokens = await models.embedder.count_tokens([chunk.text for chunk in batch])
            rows = [
                _row(run, facts, chunk, count) for chunk, count in zip(batch, tokens, strict=True)
            ]
            made = await models.read(facts.title, rows)
            share = (len(chunks) - len(wanted) + start + len(batch)) / len(chunks)
            if not await run.add(
                rows, made, models.embedder, share, facts.part_at(batch[-1].end) - 1
            ):
                return False
        return True

    async def _finish(
        self, run: _Run, facts: _Facts, chunks: Sequence[Chunk], models: TextModels
    ) -> None:
        """One transaction that makes the document findable, for this process and all others."""
        current = {_chunk_id(run, facts, chunk): chunk for chunk in chunks}
        async with self._transactions.read() as session:
            numbers = await repository.chunk_numbers(session, run.document_id)
        texts = [
            ChunkText(numbers[chunk_id], chunk.text, facts.context(chunk))
            for chunk_id, chunk in current.items()
            if chunk_id in numbers
        ]
        words = await asyncio.to_thread(_pack_words, texts)
        async with self._transactions.write() as session:
            values = {
                **facts.columns(),
                "status": "ready",
                "stage": "done",
                "percent": 100,
                "pages_done": len(facts.parts),
                "chunk_count": len(chunks),
                "model_id": models.id,
                "updated_at": now_ms(),
            }
            if not await repository.update_run(session, run.document_id, run.id, values):
                return
            stale = await repository.chunk_ids(session, run.document_id) - current.keys()
            await repository.remove_chunks(session, stale)
            await index_repository.set_word_counts(session, run.document_id, words)
            state = await index_repository.state(session, lock=True)
            embedder_id = state.embedder_id or models.embedder.model_id
            revision = await index_repository.next_revision(session, {"embedder_id": embedder_id})
            await repository.update_document(session, run.document_id, {"revision": revision})
            if models.id != self._models.id or embedder_id != models.embedder.model_id:
                await enqueue(session, REINDEX, {}, NOBODY_WAITS)
        log.info("knowledge.document_ready", document=str(run.document_id), chunks=len(chunks))


def _pack_words(texts: Sequence[ChunkText]) -> bytes:
    return WordCounts.of(texts).pack()


def _row(run: _Run, facts: _Facts, chunk: Chunk, token_count: int) -> ChunkRow:
    return ChunkRow(
        id=_chunk_id(run, facts, chunk),
        document_id=run.document_id,
        ordinal=chunk.ordinal,
        text=chunk.text,
        context=facts.context(chunk),
        start_char=chunk.start,
        end_char=chunk.end,
        page=chunk.page,
        section=facts.part_at(chunk.start),
        heading_path=list(chunk.heading_path),
        token_count=token_count,
        windows=[[one.start - chunk.start, one.end - chunk.start] for one in chunk.windows],
    )


def _chunk_id(run: _Run, facts: _Facts, chunk: Chunk) -> UUID:
    content = f"{facts.context(chunk)}\0{chunk.text}\0{chunk.windows}"
    digest = hashlib.sha256(content.encode()).hexdigest()
    return uuid5(run.document_id, f"{chunk.start}:{digest}")


class _Run:
    """One attempt at a document. It may write as long as nobody has cancelled or restarted it."""

    def __init__(self, transactions: Transactions, document_id: UUID) -> None:
        self.id = new_id()
        self.document_id = document_id
        self._transactions = transactions

    async def begin(self) -> bool:
        """False when the document is gone, ready or cancelled."""
        values = {
            "status": "processing",
            "stage": "parsing",
            "percent": 0,
            "pages_done": 0,
            "problem_code": None,
            "problem_reason": None,
            "updated_at": now_ms(),
        }
        async with self._transactions.write() as session:
            return await repository.begin_run(session, self.document_id, self.id, values)

    async def lay_out(self, facts: _Facts) -> bool:
        """Store the pages, and what the document says of itself."""
        values = {
            "stage": "embedding",
            "percent": _PARSED_PERCENT,
            "pages_total": len(facts.parts),
            "page_count": facts.page_count,
            "hidden_characters": facts.hidden_characters,
            "updated_at": now_ms(),
        }
        rows = [
            PageRow(
                document_id=self.document_id,
                number=part.number,
                start_char=part.start,
                text=facts.text[part.start : part.end],
            )
            for part in facts.parts
        ]
        async with self._transactions.write() as session:
            if not await repository.update_run(session, self.document_id, self.id, values):
                return False
            await repository.replace_pages(session, self.document_id, rows)
        return True

    async def add(
        self,
        rows: Sequence[ChunkRow],
        made: Sequence[Mapping[str, bytes]],
        embedder: Embedder,
        share: float,
        pages_done: int,
    ) -> bool:
        """Store chunks with what the models made of them.

        ``share`` of all are then there, and so many pages whole.
        """
        percent = _PARSED_PERCENT + int(share * (_EMBEDDED_PERCENT - _PARSED_PERCENT))
        values = {"percent": percent, "pages_done": pages_done, "updated_at": now_ms()}
        async with self._transactions.write() as session:
            if not await repository.update_run(session, self.document_id, self.id, values):
                return False
            await repository.add_chunks(session, rows)
            by_number = {row.number: data for row, data in zip(rows, made, strict=True)}
            await index_repository.add_model_data(session, by_number, embedder)
        return True

    async def fail(self, code: str, reason: str) -> None:
        values = {
            "status": "failed",
            "problem_code": code,
            "problem_reason": reason,
            "updated_at": now_ms(),
        }
        async with self._transactions.write() as session:
            if not await repository.update_run(session, self.document_id, self.id, values):
                return
            await repository.clear_document(session, self.document_id)
        log.info("knowledge.document_failed", document=str(self.document_id), code=code)


class _Facts:
    """What is known of a document once it is read: its uploader's word goes before its own."""

    def __init__(self, row: DocumentRow, parsed: ParsedDocument) -> None:
        fields = dict(parsed.fields)
        self.text = parsed.text
        self.title = row.title or parsed.title or name_as_title(row.filename)
        self.author = row.author or parsed.author
        self.hidden_characters = parsed.hidden_characters
        self.parts: tuple[PageSpan, ...] = parts(parsed)
        self.page_count = len(parsed.pages) or None
        self._type = row.type or fields.get("type") or None
        self._level = row.level or fields.get("level") or None
        self._dimensions = row.dimensions or [
            key.strip() for key in fields.get("dimensions", "").split(",") if key.strip()
        ]

    def part_at(self, offset: int) -> int:
        return part_at(self.parts, offset)

    def context(self, chunk: Chunk) -> str:
        return "\n".join(filter(None, (self.title, self.author, *chunk.heading_path)))

    def columns(self) -> dict[str, object]:
        return {
            "title": self.title,
            "author": self.author,
            "type": self._type,
            "level": self._level,
            "dimensions": self._dimensions,
        }

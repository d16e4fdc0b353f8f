from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select, text

from crescendai.identity.service import Caller
from crescendai.knowledge import tasks
from crescendai.knowledge.schemas import Document
from crescendai.knowledge.service import INGEST
from crescendai.knowledge.tables import ChunkRow
from crescendai.ports.embedding import ScriptedEmbedder, Vectors
from tests.fixtures.pdfs import pdf
from tests.knowledge.conftest import Library

LONG = "\n\n".join(
    f"Lesson {n}. The wrist is loose and the arm hangs free while the finger number {n} "
    f"presses the key down to its bed, slowly, {n} times in the morning and again at night."
    for n in range(400)
).encode()


class PowerCut(Exception):
    pass


class FailingEmbedder(ScriptedEmbedder):
    """Works for so many batches, then fails; counts the texts it was given."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches
        self.texts = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.batches == 0:
            raise PowerCut
        self.batches -= 1
        self.texts += len(texts)
        return await super().embed(texts)


async def count(library: Library, table: str) -> int:
    async with library.transactions.read() as session:
        found: int = (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
        return found


async def test_a_markdown_document_becomes_ready(library: Library, caller: Caller) -> None:
    source = b"---\ntitle: Trills\nauthor: Clara\n---\n# Trills\n\nTwo fingers take turns.\n"
    document = await library.take_in(caller, "x.md", source)
    assert (document.status, document.stage, document.percent) == ("ready", "done", 100)
    assert (document.title, document.author, document.page_count) == ("Trills", "Clara", None)
    assert document.chunk_count == 1
    [hit] = (await library.search.search(caller, "fingers take turns")).hits
    assert (hit.title, hit.author, hit.page) == ("Trills", "Clara", None)
    assert hit.heading_path == ("Trills",)
    assert "Two fingers take turns." in hit.text


async def test_a_pdf_is_found_on_its_page(library: Library, caller: Caller) -> None:
    pages = [["The bench is low and the wrist is free."], ["A trill needs two idle fingers."]]
    document = await library.take_in(caller, "book.pdf", pdf(pages), title="My book")
    assert (document.format, document.page_count, document.title) == ("pdf", 2, "My book")
    hits = (await library.search.search(caller, "trill fingers")).hits
    assert hits[0].page in (1, 2)
    assert "trill" in hits[0].text


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (pdf([["Secret"]], locked=True), "a.pdf", "document_locked"),
        (pdf([[]]), "b.pdf", "document_without_text"),
        (b"%PDF-1.4 broken", "c.pdf", "document_damaged"),
        (b"...", "d.txt", "document_empty"),
    ],
)
async def test_a_document_that_cannot_be_used_fails_with_a_sentence(
    library: Library, caller: Caller, content: bytes, name: str, code: str
) -> None:
    document = await library.take_in(caller, name, content)
    assert document.status == "failed"
    assert document.problem is not None
    assert document.problem.code == code
    assert document.problem.reason.endswith(".")


async def test_a_failed_document_is_tried_again_when_it_is_sent_again(
    library: Library, caller: Caller
) -> None:
    document = await library.take_in(caller, "d.txt", b"...")
    again = await library.submit(caller, "d.txt", b"...")
    assert not again.new
    assert again.document.document_id == document.document_id
    assert (again.document.status, again.document.problem) == ("queued", None)


async def test_a_retry_goes_on_where_the_last_one_ended(library: Library, caller: Caller) -> None:
    whole = FailingEmbedder(-1)
    await library.new_ingestion(whole).ingest(
        (await library.submit(caller, "whole.txt", LONG + b" ")).document.document_id
    )
    document_id = (await library.submit(caller, "x.txt", LONG)).document.document_id
    first = FailingEmbedder(2)
    with pytest.raises(PowerCut):
        await library.new_ingestion(first).ingest(document_id)
    halfway = await library.service.get(caller, document_id)
    assert (halfway.status, halfway.stage) == ("processing", "embedding")
    assert 10 < halfway.percent < 95
    hits = (await library.search.search(caller, "loose wrist", 50)).hits
    assert document_id not in {hit.document_id for hit in hits}

    second = FailingEmbedder(-1)
    await library.new_ingestion(second).ingest(document_id)
    done = await library.service.get(caller, document_id)
    assert done.status == "ready"
    assert first.texts + second.texts == whole.texts
    async with library.transactions.read() as session:
        stored = await session.execute(
            select(func.count()).where(ChunkRow.document_id == document_id)
        )
        assert stored.scalar_one() == done.chunk_count > 64


async def test_ingesting_twice_changes_nothing(library: Library, caller: Caller) -> None:
    document = await library.take_in(caller, "x.txt", LONG[:5000])
    chunks = await count(library, "knowledge_chunks")
    await library.ingestion.ingest(document.document_id)
    assert await library.service.get(caller, document.document_id) == document
    assert await count(library, "knowledge_chunks") == chunks


async def test_a_document_deleted_meanwhile_ends_quietly(library: Library, caller: Caller) -> None:
    submitted = await library.submit(caller, "x.txt", LONG)

    class Deleting(ScriptedEmbedder):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            found = await library.service.list(caller, None, 5)
            for item in found.items:
                await library.service.delete(caller, item.document_id)
            return await super().embed(texts)

    await library.new_ingestion(Deleting()).ingest(submitted.document.document_id)
    assert await count(library, "knowledge_chunks") == 0
    assert await count(library, "knowledge_word_counts") == 0
    await library.ingestion.ingest(submitted.document.document_id)


async def test_the_handler_does_the_work_and_gives_up_with_a_reason(
    library: Library, caller: Caller
) -> None:
    async def now() -> Document:
        return await library.service.get(caller, document_id)

    document_id = (
        await library.submit(caller, "x.txt", b"The wrist is loose.")
    ).document.document_id
    handler = tasks.handlers(library.ingestion, library.new_reindexing())[INGEST]
    await handler.gave_up({"document_id": str(document_id)}, "The work kept crashing.")
    problem = (await now()).problem
    assert problem is not None
    assert (problem.code, problem.reason) == ("ingestion_failed", "The work kept crashing.")
    await handler.run({"document_id": str(document_id)})
    assert ((await now()).status, (await now()).problem) == ("ready", None)

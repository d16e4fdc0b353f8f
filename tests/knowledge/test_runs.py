"""What becomes of an ingestion that is cancelled, restarted, or killed in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from crescendai.errors import Conflict, NotAllowed, NotFound
from crescendai.identity.service import Caller
from crescendai.ports.embedding import ScriptedEmbedder, Vectors
from tests.fixtures.pdfs import pdf
from tests.knowledge.conftest import Library
from tests.knowledge.test_ingestion import LONG, count

PAGES = pdf(
    [
        [
            f"Page {n}. The wrist is loose and the arm hangs free, says lesson {n} of {m}."
            for m in range(30)
        ]
        for n in range(1, 31)
    ]
)


class Interrupted(ScriptedEmbedder):
    """Does something when the second batch comes."""

    def __init__(self, then: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._then = then
        self._batches = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self._batches += 1
        if self._batches == 2:
            await self._then()
        return await super().embed(texts)


async def test_progress_counts_pages(library: Library, caller: Caller) -> None:
    seen = []

    async def look() -> None:
        seen.append(await library.service.get(caller, document_id))

    document_id = (await library.submit(caller, "book.pdf", PAGES)).document.document_id
    await library.new_ingestion(Interrupted(look)).ingest(document_id)
    [halfway] = seen
    assert (halfway.stage, halfway.pages_total, halfway.page_count) == ("embedding", 30, 30)
    assert 0 < halfway.pages_done < 30
    done = await library.service.get(caller, document_id)
    assert (done.status, done.pages_done) == ("ready", 30)


async def test_a_cancelled_document_stops_and_leaves_nothing_to_find(
    library: Library, caller: Caller
) -> None:
    async def cancel() -> None:
        await library.service.cancel(caller, document_id)

    document_id = (await library.submit(caller, "x.txt", LONG)).document.document_id
    await library.new_ingestion(Interrupted(cancel)).ingest(document_id)
    cancelled = await library.service.get(caller, document_id)
    assert (cancelled.status, cancelled.percent, cancelled.pages_done) == ("cancelled", 0, 0)
    for table in ("knowledge_chunks", "knowledge_word_counts", "knowledge_pages"):
        assert await count(library, table) == 0
    with pytest.raises(Conflict):
        await library.service.cancel(caller, document_id)
    assert (await library.submit(caller, "x.txt", LONG)).document.status == "queued"
    await library.ingestion.ingest(document_id)
    assert (await library.service.get(caller, document_id)).status == "ready"


async def test_a_run_that_was_overtaken_writes_nothing_more(
    library: Library, caller: Caller
) -> None:
    """Cancelled and at once retried: the first run finds that the document is another's."""

    async def restart() -> None:
        await library.service.cancel(caller, document_id)
        await library.service.retry(caller, document_id)
        await library.ingestion.ingest(document_id)

    document_id = (await library.submit(caller, "x.txt", LONG)).document.document_id
    await library.new_ingestion(Interrupted(restart)).ingest(document_id)
    done = await library.service.get(caller, document_id)
    assert done.status == "ready"
    assert await count(library, "knowledge_chunks") == done.chunk_count


async def test_two_runs_at_once_make_one_document(library: Library, caller: Caller) -> None:
    document_id = (await library.submit(caller, "x.txt", LONG)).document.document_id
    await asyncio.gather(*(library.ingestion.ingest(document_id) for _ in range(3)))
    done = await library.service.get(caller, document_id)
    assert done.status == "ready"
    assert await count(library, "knowledge_chunks") == done.chunk_count


async def test_built_in_and_others_documents_cannot_be_cancelled(
    library: Library, caller: Caller, stranger: Caller, articles: Path
) -> None:
    (articles / "pedal.md").write_text("# Pedal\n\nLift it.")
    await library.service.ensure_handbook()
    [builtin] = (await library.service.list(caller, None, 9)).items
    mine = (await library.submit(caller, "x.txt", LONG)).document
    for use in (library.service.cancel, library.service.retry):
        with pytest.raises(NotAllowed):
            await use(caller, builtin.document_id)
        with pytest.raises(NotFound):
            await use(stranger, mine.document_id)


async def test_pages_are_shown_with_their_passages(library: Library, caller: Caller) -> None:
    document = await library.take_in(caller, "book.pdf", PAGES)
    shown = [await library.service.page(caller, document.document_id, n) for n in range(1, 31)]
    assert all(page.unit == "page" and page.total == 30 for page in shown)
    whole = "".join(page.text for page in shown)
    hits = (await library.search.search(caller, "lesson 17", 50)).hits
    assert hits
    for hit in hits:
        assert whole[hit.start : hit.end] == hit.text
        assert hit.section == hit.page
        page = shown[(hit.section or 0) - 1]
        [span] = [one for one in page.chunks if one.chunk_id == hit.chunk_id]
        assert hit.text.startswith(page.text[span.start : span.end])
    with pytest.raises(NotFound):
        await library.service.page(caller, document.document_id, 31)


async def test_sections_of_a_long_text_cover_it(library: Library, caller: Caller) -> None:
    document = await library.take_in(caller, "x.txt", LONG)
    assert document.pages_total is not None
    assert document.pages_total > 5
    assert document.page_count is None
    shown = [
        await library.service.page(caller, document.document_id, n)
        for n in range(1, document.pages_total + 1)
    ]
    assert "".join(page.text for page in shown) == LONG.decode()
    assert all(0 < len(page.text) <= 6000 and page.chunks for page in shown)


async def test_chunks_know_their_tokens_and_hidden_text_is_counted(
    library: Library, caller: Caller
) -> None:
    document = await library.take_in(caller, "x.txt", "The wr\u200bist is loose.".encode())
    assert document.hidden_characters == 1
    async with library.transactions.read() as session:
        found = await session.execute(text("SELECT token_count FROM knowledge_chunks"))
    assert found.scalar_one() == 4

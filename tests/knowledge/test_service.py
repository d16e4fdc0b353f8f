from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from crescendai.errors import (
    NotAllowed,
    NotFound,
    SchemaError,
    TooLarge,
    UnsupportedFormat,
)
from crescendai.identity.service import Caller
from crescendai.jobs.tables import JobRow
from crescendai.knowledge.service import INGEST, object_key
from crescendai.knowledge.tables import DocumentRow
from tests.knowledge.conftest import Library

TEXT = b"The pedal is the soul of the piano. Lift it when the harmony changes."


async def jobs(library: Library) -> list[str]:
    async with library.transactions.read() as session:
        rows = (await session.execute(select(JobRow).order_by(JobRow.created_at))).scalars()
        return [row.payload["document_id"] for row in rows if row.kind == INGEST]


async def test_a_document_is_stored_and_its_ingestion_promised(
    library: Library, caller: Caller
) -> None:
    submitted = await library.submit(
        caller, "C:\\music\\my notes.txt", TEXT, title=" On  pedals ", author="Clara"
    )
    document = submitted.document
    assert submitted.new
    assert (document.title, document.author) == ("On pedals", "Clara")
    assert (document.filename, document.format, document.size_bytes) == (
        "my notes.txt",
        "text",
        len(TEXT),
    )
    assert (document.status, document.percent, document.builtin) == ("queued", 0, False)
    assert await jobs(library) == [str(document.document_id)]
    assert library.stored_files() == ["my_notes.txt"]


@pytest.mark.parametrize("stored", [True, False])
async def test_a_file_stays_exactly_when_its_row_was_stored(
    library: Library, caller: Caller, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    """A caller may be cut off before the commit, or just after it."""
    register = library.service._register

    async def cut_off(row: DocumentRow) -> None:
        if stored:
            await register(row)
        raise asyncio.CancelledError

    monkeypatch.setattr(library.service, "_register", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await library.submit(caller, "notes.txt", TEXT)
    assert library.stored_files() == (["notes.txt"] if stored else [])


async def test_the_same_bytes_are_the_same_document(library: Library, caller: Caller) -> None:
    first = await library.submit(caller, "a.txt", TEXT)
    again = await library.submit(caller, "b.txt", TEXT)
    assert not again.new
    assert again.document == first.document
    assert len(await jobs(library)) == 1
    assert library.stored_files() == ["a.txt"]


async def test_the_same_bytes_at_the_same_time_are_one_document(
    library: Library, caller: Caller
) -> None:
    submitted = await asyncio.gather(*(library.submit(caller, "a.txt", TEXT) for _ in range(5)))
    assert len({one.document.document_id for one in submitted}) == 1
    assert sum(one.new for one in submitted) == 1
    assert library.stored_files() == ["a.txt"]


async def test_somebody_elses_document_does_not_exist(
    library: Library, caller: Caller, stranger: Caller
) -> None:
    document_id = (await library.submit(caller, "a.txt", TEXT)).document.document_id
    other = await library.submit(stranger, "a.txt", TEXT)
    assert other.new
    for use in (library.service.get, library.service.delete):
        with pytest.raises(NotFound):
            await use(stranger, document_id)
    listed = await library.service.list(stranger, None, 50)
    assert [item.document_id for item in listed.items] == [other.document.document_id]


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"x" * ((1 << 20) + 1), TooLarge), (b"\x00\x01", UnsupportedFormat)],
)
async def test_what_is_refused_leaves_nothing_behind(
    library: Library, caller: Caller, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await library.submit(caller, "a.bin", content)
    assert library.stored_files() == []
    assert await jobs(library) == []


async def test_an_overlong_title_is_refused_by_name(library: Library, caller: Caller) -> None:
    with pytest.raises(SchemaError) as caught:
        await library.submit(caller, "a.txt", TEXT, title="x" * 301)
    assert caught.value.field == "body.title"
    assert library.stored_files() == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 400 + ".md", "Étude №1?.txt", ".."])
async def test_any_name_can_be_stored_and_read(library: Library, caller: Caller, name: str) -> None:
    document = await library.take_in(caller, name, TEXT)
    assert document.status == "ready"
    assert "/" not in document.filename
    key = object_key(document.document_id, document.filename)
    assert await library.objects.size(key) == len(TEXT)


async def test_pages_of_documents_newest_first(library: Library, caller: Caller) -> None:
    made = [await library.submit(caller, f"{n}.txt", TEXT + b"%d" % n) for n in range(5)]
    names, cursor = [], None
    while True:
        page = await library.service.list(caller, cursor, 2)
        names += [item.filename for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(names) == [one.document.filename for one in made]
    assert len(names) == 5


async def test_deleting_removes_bytes_and_what_is_found(library: Library, caller: Caller) -> None:
    document = await library.take_in(caller, "a.txt", TEXT)
    assert (await library.search.search(caller, "pedal")).hits
    await library.service.delete(caller, document.document_id)
    assert library.stored_files() == []
    assert (await library.search.search(caller, "pedal")).hits == ()
    with pytest.raises(NotFound):
        await library.service.get(caller, document.document_id)
    with pytest.raises(NotFound):
        await library.service.delete(caller, uuid4())


async def test_the_handbook_follows_its_articles(
    library: Library, caller: Caller, articles: Path
) -> None:
    (articles / "trills.md").write_text("---\ntitle: Trills\n---\n# Trills\n\nTwo fingers.")
    (articles / "pedal.md").write_text("# Pedal\n\nLift it.")
    await library.service.ensure_handbook()
    await library.service.ensure_handbook()
    assert len(await jobs(library)) == 2
    await library.ingest_all(caller)
    before = {item.filename: item for item in (await library.service.list(caller, None, 9)).items}
    assert {item.title for item in before.values()} == {"Trills", "Pedal"}

    (articles / "trills.md").write_text("---\ntitle: Trills\n---\n# Trills\n\nThree fingers.")
    (articles / "pedal.md").unlink()
    await library.service.ensure_handbook()
    await library.ingest_all(caller)
    [after] = (await library.service.list(caller, None, 9)).items
    assert after.document_id != before["trills.md"].document_id
    [hit] = (await library.search.search(caller, "fingers pedal")).hits
    assert "Three" in hit.text
    assert library.stored_files() == ["trills.md"]


async def test_built_in_documents_stay(library: Library, caller: Caller, articles: Path) -> None:
    (articles / "pedal.md").write_text("# Pedal\n\nLift it.")
    await library.service.ensure_handbook()
    [document] = (await library.service.list(caller, None, 9)).items
    assert document.builtin
    with pytest.raises(NotAllowed):
        await library.service.delete(caller, document.document_id)


async def test_two_starts_at_once_make_one_handbook(
    library: Library, caller: Caller, articles: Path
) -> None:
    for name in ("a", "b", "c"):
        (articles / f"{name}.md").write_text(f"# {name}\n\nText of {name}.")
    await asyncio.gather(*(library.service.ensure_handbook() for _ in range(3)))
    assert len((await library.service.list(caller, None, 9)).items) == 3
    assert len(await jobs(library)) == 3
    assert library.stored_files() == ["a.md", "b.md", "c.md"]

"""Documents through the child process, good ones and bad ones."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from crescendai.adapters.documents.process import ProcessParser
from crescendai.errors import CrescendError, InvalidInput, UnsupportedFormat
from tests.fixtures.pdfs import pdf

BODY = [
    "The pedal is the soul of the piano, and so it must be used with the ear and never with",
    "the foot alone; who listens hears at once that the har-mony has become muddy and lifts it.",
    "Then all is clear.",
]


async def parse(tmp_path: Path, content: bytes, format: str, **limits: int) -> object:
    path = tmp_path / "document"
    path.write_bytes(content)
    return await ProcessParser(**limits).parse(path, format)


async def test_a_pdf_keeps_its_pages_and_loses_its_running_heads(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    pages = [["Piano and Song", *BODY, f"This is page {n}.", str(n)] for n in range(1, 9)]
    path.write_bytes(pdf(pages, title="Piano and Song"))
    parsed = await ProcessParser().parse(path, "pdf")
    assert [page.number for page in parsed.pages] == list(range(1, 9))
    assert parsed.title == "Piano and Song"
    assert "Piano and Song" not in parsed.text
    assert "used with the ear and never with the foot alone" in parsed.text
    for page in parsed.pages:
        assert f"This is page {page.number}." in parsed.text[page.start : page.end]


async def test_markdown_gives_headings_and_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "article.md"
    path.write_text(
        "---\ntitle: Trills: How\nauthor: Clara\ntype: technique\n---\n\n# Trills\n\nBody.\r\n\r\n"
        "## Speed ##\n\n```\n# no heading\n```\nMore.\n",
        encoding="utf-8",
    )
    parsed = await ProcessParser().parse(path, "markdown")
    assert (parsed.title, parsed.author) == ("Trills: How", "Clara")
    assert dict(parsed.fields)["type"] == "technique"
    assert [(one.level, one.title) for one in parsed.headings] == [(1, "Trills"), (2, "Speed")]
    assert parsed.text.startswith("# Trills")
    assert "\r" not in parsed.text
    speed = parsed.headings[1]
    assert parsed.text[speed.start : speed.end] == "## Speed ##"


async def test_plain_text_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("\ufeffÉtude nº 1\r\n\r\nLento.".encode())
    assert (await ProcessParser().parse(path, "text")).text == "Étude nº 1\n\nLento."


@pytest.mark.parametrize(
    ("content", "format", "code", "word"),
    [
        (pdf([BODY], locked=True), "pdf", "document_locked", "password"),
        (b"%PDF-1.7 and then nonsense", "pdf", "document_damaged", "damaged"),
        (pdf([[], []]), "pdf", "document_without_text", "OCR"),
        (b"", "text", "document_empty", "empty"),
        (b" \n\n ... ", "text", "document_empty", "no text"),
        (b"---\ntitle: Nothing\n---\n", "markdown", "document_empty", "no text"),
    ],
    ids=["locked", "damaged", "scanned", "empty", "no words", "only front matter"],
)
async def test_a_document_that_cannot_be_used_is_told_so(
    tmp_path: Path, content: bytes, format: str, code: str, word: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await parse(tmp_path, content, format)
    assert caught.value.code == code
    assert word in caught.value.message


async def test_a_format_that_nobody_reads(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat):
        await parse(tmp_path, b"{\\rtf1}", "rtf")


async def test_memory_and_time_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(pdf([BODY] * 3))
    with pytest.raises(CrescendError):
        await ProcessParser(memory_bytes=8 << 20).parse(path, "pdf")
    began = time.monotonic()
    with pytest.raises(InvalidInput):
        await ProcessParser(wall_sec=0.01).parse(path, "pdf")
    assert time.monotonic() - began < 5


async def test_a_fifo_in_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput):
        await ProcessParser(wall_sec=1).parse(tmp_path / "pipe", "text")

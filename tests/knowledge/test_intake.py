from __future__ import annotations

import hashlib

import pytest

from crescendai.errors import CrescendError, InvalidInput, TooLarge, UnsupportedFormat
from crescendai.knowledge.intake import Intake
from tests.fixtures.archives import archive, docx, epub, paragraph
from tests.knowledge.conftest import stream


async def read(content: bytes, name: str = "notes.txt", size: int = 700) -> Intake:
    intake = Intake(name, max_bytes=10_000)
    passed = [chunk async for chunk in intake.chunks(stream(content, size))]
    assert b"".join(passed) == content
    return intake


@pytest.mark.parametrize(
    ("content", "name", "format"),
    [
        (b"%PDF-1.7\n\xff\xfe\x00", "anything.txt", "pdf"),
        (b"\n\n junk before %PDF-1.4", "x", "pdf"),
        ("# Étude".encode(), "x.MD", "markdown"),
        ("# Étude".encode(), "x.markdown", "markdown"),
        ("# Étude".encode(), "x.pdf", "text"),
        ("Étude ♯".encode() * 400, "x", "text"),
        (docx(paragraph("Étude")), "x.pdf", "docx"),
        (epub([("One", "<p>Étude</p>")]), "x", "epub"),
        (b"<!DOCTYPE html><p>x", "x.md", "html"),
        (b"\xef\xbb\xbf <?xml version='1.0'?> <!-- x --> <html>\xff", "x", "html"),
        ("<p>Étude".encode("latin-1"), "x.htm", "html"),
        ("<html>Étude".encode("utf-16"), "x.html", "html"),
        (b"<p align=center># Title", "README.md", "markdown"),
        (b"<music> is what", "x.txt", "text"),
    ],
)
async def test_format_is_told_by_content(content: bytes, name: str, format: str) -> None:
    intake = await read(content, name)
    assert intake.format == format
    assert intake.size_bytes == len(content)
    assert intake.sha256 == hashlib.sha256(content).hexdigest()


async def test_a_character_may_be_split_between_two_pieces() -> None:
    assert (await read("♯♭♮".encode() * 700, size=1)).format == "text"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", InvalidInput),
        (b"x" * 10_001, TooLarge),
        (b"PK\x03\x04\x00\x00", UnsupportedFormat),
        (archive({"xl/workbook.xml": "<x/>"}), UnsupportedFormat),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), UnsupportedFormat),
        ("Étude".encode("latin-1"), UnsupportedFormat),
        (b"a" * 3000 + b"\xff", UnsupportedFormat),
        ("♯".encode()[:2], UnsupportedFormat),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), UnsupportedFormat),
    ],
)
async def test_what_is_refused(content: bytes, error: type[CrescendError]) -> None:
    with pytest.raises(error):
        await read(content)

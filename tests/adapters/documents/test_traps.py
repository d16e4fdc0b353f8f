"""Documents made to break a reader: each ends with a code and a sentence, within its limits."""

from __future__ import annotations

import random
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from crescendai.adapters.documents.process import ProcessParser
from crescendai.errors import InvalidInput
from tests.fixtures.archives import archive, docx, epub, locked_archive, paragraph
from tests.fixtures.pdfs import nested, pdf

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION = (
    f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><w:document>&l9;</w:document>'
)
DRM = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>'
)
GOOD = docx(paragraph("The wrist is loose."))
CHAPTER = [("One", "<p>The wrist is loose.</p>")]
SPACES = b" " * (300 << 20)


def lying() -> bytes:
    """A bomb whose directory says that it unpacks to almost nothing."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", "<a>" + "x" * (50 << 20))
    data = bytearray(made.getvalue())
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = data.find(mark)
        data[start + at : start + at + 4] = (100).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "format", "code"),
    [
        (docx("", more={"word/document.xml": SPACES}), "docx", "document_too_large_unpacked"),
        (docx("", more={"word/document.xml": BILLION}), "docx", "document_too_large_unpacked"),
        (docx("<w:p>" * 5000 + "</w:p>" * 5000), "docx", "document_too_large_unpacked"),
        (lying(), "docx", "document_damaged"),
        (GOOD[: len(GOOD) // 2], "docx", "document_damaged"),
        (archive({"word/document.xml": "<broken"}), "docx", "document_damaged"),
        (archive({"META-INF/container.xml": "<x/>"}), "epub", "document_damaged"),
        (docx(paragraph("")), "docx", "document_empty"),
        (epub([("One", "<img src='scan.png'/>")]), "epub", "document_empty"),
        (locked_archive(), "docx", "document_locked"),
        (epub(CHAPTER, {"META-INF/encryption.xml": DRM}), "epub", "document_locked"),
        (b"<html><body hidden>Nothing to see.</body></html>", "html", "document_empty"),
        (pdf([["x"]] * 5001), "pdf", "document_too_long"),
    ],
    ids=[
        *("ratio", "entities", "nesting", "lying", "cut", "broken", "no book", "empty docx"),
        *("scanned epub", "locked", "shop's lock", "all hidden", "pages"),
    ],
)
async def test_a_trap_ends_with_a_sentence(
    tmp_path: Path, content: bytes, format: str, code: str
) -> None:
    path = tmp_path / "document"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        await ProcessParser().parse(path, format)
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


async def test_a_pdf_of_nested_streams_meets_the_limits(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(nested(gigabytes=1))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InvalidInput) as caught:
        await ProcessParser(memory_bytes=384 << 20, cpu_sec=5).parse(path, "pdf")
    assert caught.value.code == "file_too_complex"


@pytest.mark.parametrize(
    ("content", "format"),
    [(GOOD, "docx"), (epub(CHAPTER), "epub"), (pdf([["The wrist is loose."]]), "pdf")],
    ids=["docx", "epub", "pdf"],
)
async def test_flipped_bytes_give_a_text_or_a_sentence(
    tmp_path: Path, content: bytes, format: str
) -> None:
    rng = random.Random(4)
    path = tmp_path / "document"
    for _ in range(6):
        data = bytearray(content)
        for _ in range(8):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(bytes(data))
        with suppress(InvalidInput):
            assert (await ProcessParser().parse(path, format)).text

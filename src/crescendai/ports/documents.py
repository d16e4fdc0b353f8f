"""Documents: a file of an untrusted somebody in, its text with pages and headings out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

FORMATS = ("pdf", "epub", "docx", "html", "markdown", "text")


@dataclass(frozen=True)
class PageSpan:
    """``number`` counts from 1; ``start`` and ``end`` are character offsets in the text."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class HeadingSpan:
    """A heading's place in the text and its level: 1 is the highest."""

    level: int
    title: str
    start: int
    end: int


@dataclass(frozen=True)
class ParsedDocument:
    """The text, and what stands where in it. ``title`` and ``author`` are the document's own words.

    ``pages`` are those of formats that have them; ``sections`` the chapters of a format that comes
    in several. ``fields`` are the small named values at the head of a Markdown file (its front
    matter). ``hidden_characters`` counts what the file holds and does not show to a reader: it is
    not in the text.
    """

    text: str
    pages: tuple[PageSpan, ...] = ()
    headings: tuple[HeadingSpan, ...] = ()
    title: str | None = None
    author: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    sections: tuple[PageSpan, ...] = ()
    hidden_characters: int = 0


class DocumentParser(Protocol):
    async def parse(self, path: Path, format: str) -> ParsedDocument:
        """Read an untrusted file of one of :data:`FORMATS` in a limited process.

        Raises InvalidInput, with a sentence for its owner, for a file that is damaged, locked by a
        password, without text, or too much to read. Raises UnsupportedFormat for other formats.
        """


class ScriptedParser:
    """Takes any file as plain text without pages or headings."""

    async def parse(self, path: Path, format: str) -> ParsedDocument:
        return ParsedDocument(path.read_text(encoding="utf-8"))

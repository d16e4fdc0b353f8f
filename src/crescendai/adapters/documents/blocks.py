"""Puts a document's text together block by block, and keeps what stands where."""

from __future__ import annotations

import re

from crescendai.adapters.documents.invisible import without_invisible
from crescendai.ports.documents import HeadingSpan, PageSpan, ParsedDocument

_SPACE = re.compile(r"[ \t\n\r\f\v\u00a0\u2028\u2029]+")


class Blocks:
    """Paragraphs and headings in order, an empty line between them.

    ``hidden_characters`` counts what a reader of the document would not have seen.
    """

    def __init__(self) -> None:
        self.hidden_characters = 0
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[HeadingSpan] = []
        self._sections: list[int] = []

    def add(self, text: str, level: int | None = None, keep_lines: bool = False) -> None:
        """A paragraph, or with ``level`` a heading; nothing when it has no visible character."""
        text, hidden = without_invisible(text)
        self.hidden_characters += hidden
        if keep_lines:
            text = text.strip("\n")
        else:
            lines = (_SPACE.sub(" ", line).strip() for line in text.split("\v"))
            text = "\n".join(line for line in lines if line)
        if not text.strip():
            return
        if level is not None:
            start = self._length
            self._headings.append(HeadingSpan(level, text, start, start + len(text)))
        self._append(text + "\n\n")

    def hide(self, text: str) -> None:
        """Text that the document holds and does not show."""
        self.hidden_characters += len("".join(text.split()))

    def begin_section(self, title: str | None = None) -> None:
        """A chapter begins here. ``title`` names it when it does not begin with a heading."""
        self._sections.append(self._length)
        if title:
            self._headings.append(HeadingSpan(1, title, self._length, self._length))

    def name_section(self, title: str) -> None:
        """Give the chapter that was begun last its title, unless a heading in it has done so."""
        start = self._sections[-1]
        if self._length > start and not any(one.start >= start for one in self._headings):
            self._headings.append(HeadingSpan(1, title, start, start))

    def document(self, title: str | None = None, author: str | None = None) -> ParsedDocument:
        return ParsedDocument(
            text="".join(self._parts),
            sections=self._section_spans(),
            headings=tuple(self._headings),
            title=_named(title),
            author=_named(author),
            hidden_characters=self.hidden_characters,
        )

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _section_spans(self) -> tuple[PageSpan, ...]:
        starts = [0, *(start for start in self._sections if 0 < start < self._length)]
        ends = [*starts[1:], self._length]
        spans = [(a, b) for a, b in zip(starts, ends, strict=True) if a < b]
        return tuple(PageSpan(number, *span) for number, span in enumerate(spans, start=1))


def _named(value: str | None) -> str | None:
    """A title or an author as the document says it, in one line of bearable length."""
    words = " ".join(without_invisible(value or "")[0].split())
    return words[:300].strip() or None

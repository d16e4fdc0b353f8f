"""PDF: the text in reading order, lines joined to paragraphs, with page numbers and outline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
from pypdfium2 import PdfiumError, raw

from crescendai.adapters.documents.invisible import without_invisible
from crescendai.adapters.documents.pdf_visibility import visible_text
from crescendai.errors import InvalidInput
from crescendai.ports.documents import HeadingSpan, PageSpan, ParsedDocument

MAX_PAGES = 5000
_RUNNING_SHARE = 0.3  # of all pages that share a first or last line: a running head
_RUNNING_LINES = 3  # at most, at the head and at the foot of a page
_HYPHEN = re.compile(r"[\x02\ufffe\u00ad]\n?")  # how PDFium marks a word broken at a line's end
_DIGITS = re.compile(r"\d+")
_PARAGRAPH_END = re.compile(r"[.!?:][\"'”’)\]]*$")
_NAMELESS = frozenset({"", "untitled", "unspecified", "anonymous", "unknown"})


def parse(path: Path) -> ParsedDocument:
    try:
        document = pypdfium2.PdfDocument(path)
    except PdfiumError as error:
        raise _unreadable(error) from error
    count = len(document)
    if count > MAX_PAGES:
        raise InvalidInput(
            "document_too_long",
            f"This PDF has {count} pages; at most {MAX_PAGES} are taken. Split it into volumes.",
        )
    pages = []
    hidden = 0
    for number in range(count):
        page, unseen = _page_text(document, number)
        hidden += unseen
        pages.append([line.strip() for line in page.split("\n")])
    if not any(character.isalnum() for page in pages for line in page for character in line):
        raise InvalidInput(
            "document_without_text",
            "This PDF holds pictures of pages but no text. Run it through text recognition (OCR) "
            "and upload the result.",
        )
    text = ""
    spans = []
    for number, lines in enumerate(_without_running_lines(pages), start=1):
        start = len(text)
        text += _paragraphs(lines)
        text += "\n\n" if _PARAGRAPH_END.search(text) else " "
        spans.append(PageSpan(number, start, len(text)))
    metadata = document.get_metadata_dict()
    return ParsedDocument(
        text=text,
        pages=tuple(spans),
        headings=_outline(document, text, spans),
        title=_name(metadata.get("Title", "")),
        author=_name(metadata.get("Author", "")),
        hidden_characters=hidden,
    )


def _page_text(document: pypdfium2.PdfDocument, index: int) -> tuple[str, int]:
    """A page's visible text, and how many characters on it are hidden."""
    try:
        text, unseen = visible_text(document[index])
    except PdfiumError:
        return "", 0  # one damaged page does not cost the others
    text, invisible = without_invisible(_HYPHEN.sub("", text.replace("\r\n", "\n")))
    return text, unseen + invisible


def _without_running_lines(pages: Sequence[list[str]]) -> list[list[str]]:
    """Drop heads and feet that repeat from page to page, page numbers among them."""
    edges = Counter(
        _DIGITS.sub("#", line) for page in pages for line in {page[0], page[-1]} if page
    )
    often = {
        line for line, count in edges.items() if count >= 4 and count >= _RUNNING_SHARE * len(pages)
    }
    kept = []
    for page in pages:
        start, end = 0, len(page)
        while start < min(end, _RUNNING_LINES) and _DIGITS.sub("#", page[start]) in often:
            start += 1
        while (
            end > max(start, len(page) - _RUNNING_LINES)
            and _DIGITS.sub("#", page[end - 1]) in often
        ):
            end -= 1
        kept.append(page[start:end])
    return kept


def _paragraphs(lines: Sequence[str]) -> str:
    """Join lines; a short line that ends a sentence, or an empty one, ends its paragraph."""
    full = sorted(len(line) for line in lines)[len(lines) * 3 // 4] if lines else 0
    text = ""
    for line in lines:
        text += line
        ends = not line or (len(line) < 0.8 * full and _PARAGRAPH_END.search(line))
        text += "\n\n" if ends and not text.endswith("\n\n") else " " if line else ""
    return text.strip()


def _outline(
    document: pypdfium2.PdfDocument, text: str, pages: Sequence[PageSpan]
) -> tuple[HeadingSpan, ...]:
    """The bookmarks whose words stand on their page; one that does not is left out."""
    headings = []
    after = 0
    try:
        bookmarks = list(document.get_toc())
    except PdfiumError:
        return ()
    for bookmark in bookmarks:
        title = (bookmark.get_title() or "").strip()
        destination = bookmark.get_dest()
        index = destination.get_index() if destination is not None else None
        if not title or index is None or index >= len(pages):
            continue
        page = pages[index]
        words = r"\s+".join(re.escape(word) for word in title.split())
        found = re.compile(words, re.IGNORECASE).search(text, max(page.start, after), page.end)
        if found is not None:
            headings.append(HeadingSpan(bookmark.level + 1, title, *found.span()))
            after = found.end()
    return tuple(headings)


def _name(value: str) -> str | None:
    return None if value.strip().lower() in _NAMELESS else value.strip()


def _unreadable(error: PdfiumError) -> InvalidInput:
    if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
        return InvalidInput(
            "document_locked",
            "This PDF is locked with a password. Save a copy without one and upload that.",
        )
    return InvalidInput(
        "document_damaged",
        "This PDF is damaged and cannot be opened. Download or export it again and upload that.",
    )

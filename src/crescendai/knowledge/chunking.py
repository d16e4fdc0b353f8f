"""Cuts a document's text into chunks to show and to quote, and windows to compare with a query.

A chunk is about 1000 characters with a fifth of overlap, begins and ends where sentences do, and
never crosses a heading. A window is a run of sentences of about 350 characters: short enough that
its vector means one thing. A window belongs to the chunk in whose middle it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_text_splitter import TextSplitter

from crescendai.ports.documents import HeadingSpan, ParsedDocument

CHUNK_CHARACTERS = 1000
CHUNK_OVERLAP = 200
WINDOW_CHARACTERS = 350
_MIN_SECTION = 400  # shorter sections join the next one beneath the same parent


@dataclass(frozen=True)
class Window:
    start: int
    end: int


@dataclass(frozen=True)
class Chunk:
    """``start`` and ``end`` are character offsets of ``text`` in the document's text.

    ``page`` is the one on which the chunk begins, from 1.
    """

    ordinal: int
    text: str
    start: int
    end: int
    page: int | None
    heading_path: tuple[str, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class _Section:
    start: int
    end: int
    heading_path: tuple[str, ...]


def chunk_document(document: ParsedDocument) -> list[Chunk]:
    """The document's chunks in order. Every window lies wholly inside its chunk."""
    chunks: list[Chunk] = []
    splitter = TextSplitter(CHUNK_CHARACTERS, overlap=CHUNK_OVERLAP)
    window_splitter = TextSplitter((WINDOW_CHARACTERS * 4 // 7, WINDOW_CHARACTERS))
    for section in _sections(document):
        text = document.text[section.start : section.end]
        spans = [
            (section.start + at, section.start + at + len(piece))
            for at, piece in splitter.chunk_indices(text)
            if any(character.isalnum() for character in piece)
        ]
        windows = [
            Window(section.start + at, section.start + at + len(piece))
            for at, piece in window_splitter.chunk_indices(text)
        ]
        for (start, end), own in zip(spans, _share_out(spans, windows), strict=True):
            chunks.append(
                Chunk(
                    ordinal=len(chunks),
                    text=document.text[start:end],
                    start=start,
                    end=end,
                    page=_page_at(document, start),
                    heading_path=section.heading_path,
                    windows=own,
                )
            )
    return chunks


def _share_out(spans: list[tuple[int, int]], windows: list[Window]) -> list[tuple[Window, ...]]:
    """Each window goes to the chunk in whose middle it lies; a bare chunk is its own window."""
    shares: list[list[Window]] = [[] for _ in spans]
    for window in windows:
        best = max(
            range(len(spans)),
            key=lambda at: min(window.start - spans[at][0], spans[at][1] - window.end),
            default=None,
        )
        if best is not None:
            start, end = max(window.start, spans[best][0]), min(window.end, spans[best][1])
            if start < end:
                shares[best].append(Window(start, end))
    return [tuple(share) or (Window(*span),) for share, span in zip(shares, spans, strict=True)]


def _sections(document: ParsedDocument) -> Iterator[_Section]:
    """Runs of text without a heading inside, each under the path of headings above it."""
    start = 0
    path: tuple[str, ...] = ()
    open_headings: list[HeadingSpan] = []
    for heading in document.headings:
        short = heading.start - start < _MIN_SECTION
        body_is_bare = not document.text[start : heading.start].strip()
        parent_goes_on = bool(open_headings) and heading.level >= open_headings[-1].level
        if not body_is_bare and not (short and parent_goes_on and heading.level > 2):
            yield _Section(start, heading.start, path)
            start = heading.start
        open_headings = [one for one in open_headings if one.level < heading.level]
        open_headings.append(heading)
        path = tuple(one.title for one in open_headings)
    if document.text[start:].strip():
        yield _Section(start, len(document.text), path)


def _page_at(document: ParsedDocument, offset: int) -> int | None:
    for page in document.pages:
        if page.start <= offset < page.end:
            return page.number
    return None

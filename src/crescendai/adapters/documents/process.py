"""The DocumentParser that hands each file to a limited child process.

A document is somebody else's program for our parser; the child may use so much memory, processor
time and wall-clock time and no more, and its end by any of them is an error with a sentence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crescendai.adapters.limited import ChildFailed, run_limited
from crescendai.errors import InvalidInput, UnsupportedFormat
from crescendai.ports.documents import FORMATS, HeadingSpan, PageSpan, ParsedDocument


class ProcessParser:
    """``memory_bytes`` bounds a child's address space, ``cpu_sec`` its processor time.

    Both times are those of a small document; each megabyte of a larger one adds a second to its
    processor time, and to its wall-clock time in proportion.
    """

    def __init__(
        self, *, memory_bytes: int = 900 << 20, cpu_sec: int = 3, wall_sec: float = 30
    ) -> None:
        self._memory_bytes = memory_bytes
        self._cpu_sec = cpu_sec
        self._wall_sec = wall_sec

    async def parse(self, path: Path, format: str) -> ParsedDocument:
        if format not in FORMATS:
            raise UnsupportedFormat(
                "document_format", "Send a PDF, EPUB, DOCX, HTML, Markdown or plain text file."
            )
        more_sec = path.stat().st_size >> 20
        try:
            answer = await run_limited(
                "crescendai.adapters.documents.child",
                format,
                str(path),
                str(self._memory_bytes),
                str(self._cpu_sec + more_sec),
                wall_sec=self._wall_sec * (1 + more_sec / self._cpu_sec),
            )
        except ChildFailed as problem:
            raise InvalidInput(problem.code, problem.reason) from problem
        return _read(answer)


def _read(answer: dict[str, Any]) -> ParsedDocument:
    return ParsedDocument(
        text=answer["text"],
        pages=tuple(PageSpan(**page) for page in answer["pages"]),
        headings=tuple(HeadingSpan(**heading) for heading in answer["headings"]),
        title=answer["title"],
        author=answer["author"],
        sections=tuple(PageSpan(**section) for section in answer["sections"]),
        hidden_characters=answer["hidden_characters"],
        fields=tuple((name, value) for name, value in answer["fields"]),
    )

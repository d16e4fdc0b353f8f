"""What a stream of bytes is, found out while it passes: size, hash, and format by content."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import AsyncIterator

from crescendai.errors import InvalidInput, TooLarge, UnsupportedFormat

_PDF_MAGIC = b"%PDF-"
_PDF_MAGIC_WITHIN = 1024  # bytes: where PDF readers look for it
_MARKDOWN_NAMES = (".md", ".markdown")


class Intake:
    """Read :attr:`chunks` to the end; then ask for the rest."""

    def __init__(self, filename: str, max_bytes: int) -> None:
        self.size_bytes = 0
        self._filename = filename
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._head = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def format(self) -> str:
        if _PDF_MAGIC in self._head:
            return "pdf"
        return "markdown" if self._filename.lower().endswith(_MARKDOWN_NAMES) else "text"

    async def chunks(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The stream itself. Raises TooLarge, UnsupportedFormat or InvalidInput as it passes."""
        undecided = b""
        async for chunk in stream:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._max_bytes:
                raise TooLarge(
                    "document_too_large",
                    f"A document may have at most {self._max_bytes >> 20} MB; split it.",
                )
            self._hash.update(chunk)
            undecided += chunk
            if len(self._head) < _PDF_MAGIC_WITHIN:
                self._head = (self._head + chunk)[:_PDF_MAGIC_WITHIN]
            if len(self._head) == _PDF_MAGIC_WITHIN:
                self._check_text(undecided)
                undecided = b""
            yield chunk
        if self.size_bytes == 0:
            raise InvalidInput("document_empty", "This file is empty. Choose one with text in it.")
        self._check_text(undecided, final=True)

    def _check_text(self, data: bytes, final: bool = False) -> None:
        if _PDF_MAGIC in self._head:
            return
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise UnsupportedFormat(
                "document_format",
                "This is neither a PDF nor a text in UTF-8. Send a PDF, a Markdown file, or a "
                "plain text saved as UTF-8.",
            )

"""What a stream of bytes is, found out while it passes: size, hash, and format by content."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import AsyncIterator

from crescendai.errors import InvalidInput, TooLarge, UnsupportedFormat

_HEAD_BYTES = 1024  # where PDF readers look for the magic
_PDF_MAGIC = b"%PDF-"
_ZIP_MAGIC = b"PK\x03\x04"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# the names of an archive's files stand in it unpacked
_EPUB_MARK = b"META-INF/container.xml"
_DOCX_MARK = b"word/document.xml"
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b",
    re.I | re.S,
)
_TAG_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!a-z?]", re.I)
_UTF16_HTML = re.compile(rb"(?:\xff\xfe\s?\x00?|\xfe\xff\x00?)\s*\x00?<", re.S)
_MARKDOWN_NAMES = (".md", ".markdown")
_HTML_NAMES = (".html", ".htm", ".xhtml")
_ACCEPTED = "Send a PDF, an EPUB, a DOCX, an HTML page, a Markdown file, or a plain text in UTF-8."


class Intake:
    """Read :attr:`chunks` to the end; then ask for the rest.

    The content tells the format. Only what content cannot tell, Markdown from plain text and a
    piece of HTML from either, is told by the name.
    """

    def __init__(self, filename: str, max_bytes: int) -> None:
        self.size_bytes = 0
        self._name = filename.lower()
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._head = b""
        self._tail = b""
        self._marks: set[bytes] = set()
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def format(self) -> str:
        if self._is_binary:
            if _PDF_MAGIC in self._head:
                return "pdf"
            return "epub" if _EPUB_MARK in self._marks else "docx"
        if self._is_html:
            return "html"
        return "markdown" if self._name.endswith(_MARKDOWN_NAMES) else "text"

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
            if len(self._head) < _HEAD_BYTES:
                self._head = (self._head + chunk)[:_HEAD_BYTES]
            if len(self._head) == _HEAD_BYTES:
                self._check(undecided)
                undecided = b""
            yield chunk
        if self.size_bytes == 0:
            raise InvalidInput("document_empty", "This file is empty. Choose one with text in it.")
        self._check(undecided, final=True)

    @property
    def _is_archive(self) -> bool:
        return self._head.startswith(_ZIP_MAGIC)

    @property
    def _is_binary(self) -> bool:
        return self._is_archive or _PDF_MAGIC in self._head

    @property
    def _is_html(self) -> bool:
        if _HTML_START.match(self._head):
            return True
        named = self._name.endswith(_HTML_NAMES)
        return named and bool(_TAG_START.match(self._head) or _UTF16_HTML.match(self._head))

    def _check(self, data: bytes, final: bool = False) -> None:
        if self._is_archive:
            self._look_for_marks(data)
            if final and not self._marks:
                raise UnsupportedFormat(
                    "document_format", f"This archive is neither an EPUB nor a DOCX. {_ACCEPTED}"
                )
        elif self._head.startswith(_OLE_MAGIC):
            raise UnsupportedFormat(
                "document_format",
                "This is an old Word file, or one that is locked with a password. Save it as a "
                "DOCX without a password and send that.",
            )
        elif not self._is_binary and not self._is_html:
            self._check_text(data, final)

    def _look_for_marks(self, data: bytes) -> None:
        seen = self._tail + data
        self._marks.update(mark for mark in (_EPUB_MARK, _DOCX_MARK) if mark in seen)
        self._tail = seen[-len(_EPUB_MARK) :]

    def _check_text(self, data: bytes, final: bool) -> None:
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise UnsupportedFormat(
                "document_format", f"This is no document that can be read here. {_ACCEPTED}"
            )

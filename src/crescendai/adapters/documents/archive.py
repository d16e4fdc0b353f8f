"""ZIP archives of somebody else's making (EPUB, DOCX): read within a budget of unpacked bytes."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from crescendai.errors import InvalidInput

MAX_UNPACKED_BYTES = 256 << 20  # of all that is read from one archive
MAX_ENTRIES = 20_000
MAX_RATIO = 200  # unpacked to packed; prose packs to a third, and at the very best to a fiftieth
_RATIO_FROM_BYTES = 1 << 20  # smaller entries may be as regular as they like
_ENCRYPTED = 0x1


class Archive:
    """An opened archive. What it says of itself is not believed: bytes are counted as they come."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise damaged() from error
        self._left = MAX_UNPACKED_BYTES
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise bomb()
        self._entries = {entry.filename: entry for entry in entries}
        if any(entry.flag_bits & _ENCRYPTED for entry in entries):
            raise InvalidInput(
                "document_locked",
                "This document is locked with a password. Save a copy without one and upload that.",
            )

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> bytes:
        """Raises InvalidInput for an entry that is missing, damaged, or too much to unpack."""
        entry = self._entries.get(name)
        if entry is None:
            raise damaged()
        try:
            with self._zip.open(entry) as file:
                data = file.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise damaged() from error
        packed = max(entry.compress_size, 1)
        if len(data) > self._left or (
            len(data) > _RATIO_FROM_BYTES and len(data) > MAX_RATIO * packed
        ):
            raise bomb()
        self._left -= len(data)
        return data


def bomb() -> InvalidInput:
    return InvalidInput(
        "document_too_large_unpacked",
        "This document unpacks to far more than a book holds. Export it again, or split it.",
    )


def damaged() -> InvalidInput:
    return InvalidInput(
        "document_damaged",
        "This document is damaged and cannot be opened. Download or export it again and upload "
        "that.",
    )

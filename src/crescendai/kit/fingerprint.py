"""Tells whether two request bodies say the same, while they pass."""

from __future__ import annotations

import hashlib

from python_multipart.multipart import parse_options_header


class Fingerprint:
    """SHA-256 of a body. A form's boundary, which clients choose anew each time, is left out."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        self._hash = hashlib.sha256(kind + b"\n")
        self._boundary = options.get(b"boundary", b"")
        self._tail = b""

    def feed(self, chunk: bytes) -> None:
        if not self._boundary:
            self._hash.update(chunk)
            return
        *before, last = (self._tail + chunk).split(self._boundary)
        for piece in before:
            self._hash.update(piece + b"\0boundary\0")
        cut = max(0, len(last) - len(self._boundary) + 1)  # the rest may begin a boundary
        self._hash.update(last[:cut])
        self._tail = last[cut:]

    def digest(self) -> str:
        whole = self._hash.copy()
        whole.update(self._tail)
        return whole.hexdigest()

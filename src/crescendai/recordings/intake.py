"""What happens to the bytes of an upload on their way to the object store."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator

from crescendai.errors import TooLarge
from crescendai.recordings.formats import SNIFF_BYTES, sniff


class Intake:
    """Counts, hashes and sniffs a stream while it passes.

    ``format`` is known from the first chunk on, ``size_bytes`` and ``sha256`` once all has passed.
    """

    def __init__(self, max_bytes: int) -> None:
        self.format = ""
        self.size_bytes = 0
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    async def accept(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Pass the stream on, at least one chunk.

        Raises InvalidInput when it is empty, UnsupportedFormat when it is no accepted audio, and
        TooLarge as soon as more than the cap has arrived.
        """
        head = b""
        async for chunk in chunks:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._max_bytes:
                raise TooLarge(
                    "upload_too_large",
                    f"The file is larger than {self._max_bytes // 1024**2} MB.",
                )
            self._hash.update(chunk)
            if self.format:
                yield chunk
                continue
            head += chunk
            if len(head) >= SNIFF_BYTES:
                self.format = sniff(head)
                yield head
        if not self.format:
            self.format = sniff(head)
            yield head

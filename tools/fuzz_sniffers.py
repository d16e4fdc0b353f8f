"""Tells formats apart for as long as you like, led by coverage.

``python -m tools.fuzz_sniffers recordings -max_total_time=60`` tries the sniffer of WAV, MP3 and
M4A, ``documents`` that of a library's formats; further options are libFuzzer's. Needs ``pip install
atheris`` (not in the lock: it has no wheel for every Python that we run on).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import atheris

with atheris.instrument_imports():
    from crescendai.errors import InvalidInput, UnsupportedFormat
    from crescendai.knowledge.intake import Intake
    from crescendai.recordings.formats import CONTENT_TYPES, sniff

_CHUNK_BYTES = 700


def recording(data: bytes) -> None:
    try:
        found = sniff(data)
    except (InvalidInput, UnsupportedFormat):
        return
    assert found in CONTENT_TYPES


async def document(data: bytes) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), _CHUNK_BYTES):
            yield data[start : start + _CHUNK_BYTES]

    intake = Intake("page.html", max_bytes=1 << 20)
    try:
        passed = [chunk async for chunk in intake.chunks(chunks())]
    except (InvalidInput, UnsupportedFormat):
        return
    assert b"".join(passed) == data
    assert intake.format in ("pdf", "epub", "docx", "html", "text")


def documents() -> Callable[[bytes], None]:
    loop = asyncio.new_event_loop()
    return lambda data: loop.run_until_complete(document(data))


if __name__ == "__main__":
    target = {"recordings": lambda: recording, "documents": documents}[sys.argv.pop(1)]()
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()

"""The sniffers of both slices on whatever bytes, in whatever pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from crescendai.errors import InvalidInput, TooLarge, UnsupportedFormat
from crescendai.knowledge.intake import Intake
from crescendai.recordings.formats import CONTENT_TYPES, sniff

HEADS = [b"RIFF\0\0\0\0WAVE", b"ID3", b"\xff\xfb", b"\0\0\0\x18ftypM4A ", b"%PDF-", b"PK\x03\x04"]
HEADS += [b"<html>", b"\xff\xfe<", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", b"# Pedal\n"]
BYTES = st.builds(bytes.__add__, st.sampled_from(HEADS), st.binary(max_size=300))


@given(BYTES)
def test_a_recording_is_told_or_refused(head: bytes) -> None:
    with suppress(InvalidInput, UnsupportedFormat):  # nothing but these may come out
        assert sniff(head) in CONTENT_TYPES


@given(BYTES, st.integers(1, 50), st.sampled_from(["a.md", "a.html", "a"]))
def test_a_document_passes_whole_or_is_refused_in_any_pieces(
    content: bytes, size: int, name: str
) -> None:
    async def tell(size: int) -> str:
        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(content), size):
                yield content[start : start + size]

        intake = Intake(name, max_bytes=250)
        try:
            passed = b"".join([chunk async for chunk in intake.chunks(chunks())])
        except (InvalidInput, UnsupportedFormat, TooLarge) as error:
            return error.code
        assert passed == content
        return intake.format

    whole, cut = asyncio.run(tell(1000)), asyncio.run(tell(size))
    if len(content) <= 250:
        assert cut == whole

from __future__ import annotations

import pytest

from crescendai.errors import InvalidInput, UnsupportedFormat
from crescendai.recordings.formats import sniff


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"ID3\x04\x00\x00", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00", "m4a"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "m4a"),
    ],
)
def test_accepted_formats(head: bytes, expected: str) -> None:
    assert sniff(head) == expected


@pytest.mark.parametrize(
    "head",
    [
        b"OggS\x00\x02",
        b"fLaC\x00\x00\x00\x22",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"\xff\xf1\x50\x80",  # AAC without a container
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"<html>",
        b"\x00",
        b"\x00\x00\x00\x14ftypqt  ",
    ],
)
def test_anything_else_is_refused(head: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        sniff(head)


def test_nothing_is_empty() -> None:
    with pytest.raises(InvalidInput) as caught:
        sniff(b"")
    assert caught.value.code == "audio_empty"

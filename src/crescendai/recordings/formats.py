"""The accepted audio formats, told apart by their first bytes and never by a name."""

from __future__ import annotations

from crescendai.errors import InvalidInput, UnsupportedFormat

CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "m4a": "audio/mp4"}
SNIFF_BYTES = 64
_M4A_BRANDS = (b"M4A ", b"M4B ", b"mp42", b"mp41", b"isom", b"iso2", b"iso4", b"iso5", b"iso6")


def sniff(head: bytes) -> str:
    """``wav``, ``mp3`` or ``m4a`` for the first :data:`SNIFF_BYTES` of a file.

    Raises InvalidInput when there is nothing, UnsupportedFormat for anything else. Whether the
    rest of the file keeps what its head promises is for the probe to say.
    """
    if not head:
        raise InvalidInput("audio_empty", "The file is empty.")
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:3] == b"ID3" or _is_mp3_frame(head):
        return "mp3"
    if head[4:8] == b"ftyp" and head[8:12] in (*_M4A_BRANDS, b"dash"):
        return "m4a"
    raise UnsupportedFormat(
        "audio_format_unsupported",
        "This is not a WAV, MP3 or M4A recording; export it as one of these and try again.",
    )


def _is_mp3_frame(head: bytes) -> bool:
    """An MPEG audio layer III header: eleven sync bits, a layer, a legal bit rate and rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 0b11, head[1] >> 1 & 0b11
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 0b11
    return version != 0b01 and layer == 0b01 and bitrate not in (0, 15) and rate != 0b11

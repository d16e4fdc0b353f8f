"""Probing and decoding of audio files, each in a limited child process."""

from __future__ import annotations

import asyncio
import sys
from mmap import mmap
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.adapters.limited import ChildFailed, run_limited
from crescendai.adapters.nursery import nursery
from crescendai.errors import InvalidInput, TooLarge, UnsupportedFormat
from crescendai.music.quality import too_short
from crescendai.ports.performance import AudioInfo
from crescendai.recordings.formats import SNIFF_BYTES, sniff

_CHILD = "crescendai.adapters.audio.child"
_PROBES_AT_ONCE = 4
_PROBE_WALL_SEC = 20.0
_DECODE_WALL_SEC = 300.0


class FileAudioProbe:
    """The AudioProbe port. A few files are probed at a time; the others wait for their turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_PROBES_AT_ONCE)

    async def probe(self, path: Path) -> AudioInfo:
        with path.open("rb") as file:
            sniff(file.read(SNIFF_BYTES))
        try:
            async with self._turn:
                found = await nursery(_CHILD).run("probe", str(path), wall_sec=_PROBE_WALL_SEC)
        except ChildFailed as failure:
            raise _as_error(failure) from failure
        info = AudioInfo(**found)
        if short := too_short(info.duration_sec):
            raise InvalidInput(short.code, short.reason)
        return info


async def decode(path: Path, out: Path) -> npt.NDArray[np.float32]:
    """Mono float32 samples at 44,100 Hz, mapped from the file ``out``."""
    try:
        await run_limited(_CHILD, "decode", str(path), str(out), wall_sec=_DECODE_WALL_SEC)
    except ChildFailed as failure:
        raise _as_error(failure) from failure
    if out.stat().st_size == 0:
        return np.zeros(0, np.float32)
    return np.memmap(out, dtype=np.float32, mode="r")


def let_go(samples: npt.NDArray[np.float32]) -> None:
    """Give back the memory that mapped samples take; what is needed is read from the file again.

    Without it, a recording of 30 minutes that was gone through once takes 320 MB.
    """
    if sys.platform != "win32" and isinstance(samples.base, mmap):
        from mmap import MADV_DONTNEED

        samples.base.madvise(MADV_DONTNEED)


def _as_error(failure: ChildFailed) -> InvalidInput | UnsupportedFormat | TooLarge:
    if failure.code in ("audio_codec_unsupported", "audio_missing"):
        return UnsupportedFormat(failure.code, failure.reason)
    if failure.code == "audio_too_long":
        return TooLarge(failure.code, failure.reason)
    return InvalidInput(failure.code, failure.reason)

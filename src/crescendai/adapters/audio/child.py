"""The child process that opens audio files: ``probe PATH`` or ``decode PATH OUT``.

Prints one JSON object: what it found, or ``{"problem": {"code", "reason"}}``. Only the three
accepted containers and their usual codecs are enabled, no protocol at all is, and the file is
handed over as an open stream: no playlist or reference inside it can name another file or address.
What a header says of length, rate or channels is checked against what is there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import av

from crescendai.adapters.limits import limit_this_process

if TYPE_CHECKING:  # the numeric libraries are imported by decoding only: probing is quick
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 44_100
MAX_DURATION_SEC = 3600
DEMUXERS = {"wav": "wav", "mp3": "mp3", "m4a": "mov"}
_DEMUXER_NAMES = {"wav": "wav", "mp3": "mp3", "m4a": "mov,mp4,m4a,3gp,3g2,mj2"}
_PCM = (
    "pcm_u8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_s64le "
    "pcm_f32le pcm_f32be pcm_f64le pcm_f64be pcm_alaw pcm_mulaw"
)
CODECS = {"wav": tuple(_PCM.split()), "mp3": ("mp3float", "mp3"), "m4a": ("aac", "alac")}
MAX_CHANNELS = 8
_MEMORY_BYTES = 900 << 20
_PROBE_CPU_SEC = 4
_DECODE_CPU_SEC = 8  # an hour takes about 15
_PROBED_FRAMES = 20
_LOUDEST = 8.0  # times full scale; a float file may hold any number at all
# A file may end a little before it said it would (encoder padding) but not by more than this.
_MISSING_SHARE = 0.02
_MISSING_SEC = 0.25


class Problem(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


DAMAGED = Problem(
    "audio_damaged", "The recording is damaged and cannot be decoded; export it again."
)
TRUNCATED = Problem(
    "audio_truncated", "The recording is cut short: the file ends before its own announced end."
)


def probe(path: Path) -> dict[str, Any]:
    """Container, codec, duration, rate and channels; refuses what is damaged or cut short."""
    name = _container(path)
    with path.open("rb") as file, _open(file, name) as container:
        stream = _audio_stream(container, name)
        announced_sec = float(container.duration or 0) / av.time_base
        found_sec = _decode_some_and_count(container, stream)
        if found_sec < announced_sec * (1 - _MISSING_SHARE) - _MISSING_SEC:
            raise TRUNCATED
        if name == "wav" and _wav_is_cut(path):
            raise TRUNCATED
        if found_sec > MAX_DURATION_SEC:
            raise Problem(
                "audio_too_long",
                f"The recording is longer than {MAX_DURATION_SEC // 60} minutes; send a part.",
            )
        return {
            "format": name,
            "codec": stream.codec_context.name,
            "duration_sec": found_sec,
            "sample_rate_hz": stream.codec_context.sample_rate,
            "channels": stream.codec_context.layout.nb_channels,
        }


def decode(path: Path, out: Path) -> dict[str, Any]:
    """Write mono float32 samples at 44,100 Hz to ``out`` and return how many there are."""
    import numpy as np
    import soxr

    name = _container(path)
    with path.open("rb") as file, _open(file, name) as container, out.open("wb") as sink:
        stream = _audio_stream(container, name)
        rate = stream.codec_context.sample_rate
        resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        written = 0
        for frame in container.decode(stream):
            if frame.sample_rate != rate:
                raise DAMAGED
            written += _write(sink, resampler.resample_chunk(_mono(frame)))
            if written > MAX_DURATION_SEC * SAMPLE_RATE:
                raise Problem("audio_too_long", "The recording is longer than it says.")
        written += _write(sink, resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    return {"samples": written, "sample_rate_hz": SAMPLE_RATE}


def _container(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] in (b"RIFF", b"RF64"):
        return "wav"
    return "m4a" if head[4:8] == b"ftyp" else "mp3"


def _open(file: BinaryIO, name: str) -> Any:
    return av.open(
        file,
        format=DEMUXERS[name],
        options={
            "enable_drefs": "0",
            "protocol_whitelist": "none",
            "format_whitelist": _DEMUXER_NAMES[name],
            "codec_whitelist": ",".join(CODECS[name]),
        },
    )


def _audio_stream(container: Any, name: str) -> Any:
    if not container.streams.audio:
        raise Problem("audio_missing", "The file holds no sound.")
    stream = container.streams.audio[0]
    codec = stream.codec_context.name
    if codec not in CODECS[name]:
        raise Problem(
            "audio_codec_unsupported",
            f"The sound inside is coded as {codec}; send PCM WAV, MP3, or M4A with AAC or ALAC.",
        )
    if not 4_000 <= stream.codec_context.sample_rate <= 384_000:
        raise DAMAGED
    if not 1 <= stream.codec_context.layout.nb_channels <= MAX_CHANNELS:
        raise Problem(
            "audio_channels_unsupported",
            f"The recording has more than {MAX_CHANNELS} channels; send it in stereo or mono.",
        )
    return stream


def _decode_some_and_count(container: Any, stream: Any) -> float:
    """Seconds of sound in the packets that are there; the first frames must decode.

    A packet of a compressed format is a frame of so many samples, whatever its time stamps say.
    """
    context = stream.codec_context
    ticks = packets = decoded = 0
    for packet in container.demux(stream):
        packets += packet.size > 0
        if packet.duration:
            ticks += packet.duration
        if decoded < _PROBED_FRAMES:
            decoded += len(packet.decode())
    if decoded == 0:
        raise DAMAGED
    announced_sec = float(ticks * stream.time_base)
    coded_sec: float = packets * context.frame_size / context.sample_rate
    return max(announced_sec, coded_sec)


def _wav_is_cut(path: Path) -> bool:
    """Whether the data chunk announces more bytes than follow it.

    Recorders that stream cannot know the size and write 0 or 2³² − 1: those are not cut.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                return 0 < length < 0xFFFFFFFF and file.tell() + length > size
            file.seek(length + length % 2, 1)
    return False


def _mono(frame: Any) -> Samples:
    """One channel of float32 at full scale 1, the mean of all channels."""
    import numpy as np

    samples = frame.to_ndarray()
    channels = frame.layout.nb_channels
    if not frame.format.is_planar:
        samples = samples.reshape(-1, channels).T
    if samples.dtype == np.uint8:
        samples = samples.astype(np.float32) / 128 - 1
    elif np.issubdtype(samples.dtype, np.integer):
        samples = samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
    mono = samples.astype(np.float32).mean(axis=0)
    finite: Samples = np.clip(np.nan_to_num(mono), -_LOUDEST, _LOUDEST)
    return finite


def _write(sink: BinaryIO, samples: Samples) -> int:
    sink.write(samples.astype("float32").tobytes())
    return len(samples)


def main(task: str, *files: str) -> dict[str, Any]:
    path, *outs = map(Path, files)
    for out in outs:
        out.touch()  # it must be there to be named as the one file that may be written
    megabytes = path.stat().st_size >> 20
    limit_this_process(
        memory_bytes=_MEMORY_BYTES,
        cpu_sec=_PROBE_CPU_SEC if task == "probe" else _DECODE_CPU_SEC + 4 * megabytes,
        file_bytes=(MAX_DURATION_SEC + 60) * SAMPLE_RATE * 4 if outs else 0,
        readable=[path],
        writable=outs,
    )
    try:
        return decode(path, *outs) if outs else probe(path)
    except Problem as problem:
        return {"problem": {"code": problem.code, "reason": problem.reason}}
    except (av.error.FFmpegError, ValueError, IndexError, MemoryError):
        return {"problem": {"code": DAMAGED.code, "reason": DAMAGED.reason}}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))

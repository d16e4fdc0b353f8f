"""What the transcriber is measured on: rendered performances with their truth, and recordings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.music.mel import SAMPLE_RATE
from crescendai.music.notes import Performance
from tools.percepiano import data_folder, load_clips, read_midi
from tools.render_and_transcribe import TAKES, choose_clips, read_wav, render

Floats = npt.NDArray[np.float32]

REAL_BEGIN_SEC = 20.0


@dataclass(frozen=True)
class Sound:
    """Mono samples at 44,100 Hz, and the notes that made them where they are known."""

    name: str
    samples: Floats
    truth: Performance | None = None


def renders(count: int, seconds: float, cache: Path) -> Iterator[Sound]:
    """The first ``seconds`` of ``count`` PercePiano performances, each through two soundfonts.

    Rooms, levels and noise floors differ (tools/render_and_transcribe.py); the truth is cut where
    the sound is. Spread evenly over passages and players.
    """
    folder = cache / "wav"
    folder.mkdir(parents=True, exist_ok=True)
    clips = choose_clips(load_clips(data_folder()))[:count]
    for take, suffix in TAKES.items():
        for clip in clips:
            path = folder / f"{clip.name}{suffix}.wav"
            if not path.exists():
                render(clip, path, take)
            samples = read_wav(path)[: int(seconds * SAMPLE_RATE)]
            yield Sound(clip.name + suffix, samples, read_midi(clip.path, seconds))


def recordings(seconds: float) -> list[Sound]:
    """An excerpt of each real recording in ``$CRESCENDAI_SHARED/audio``."""
    beside = Path(__file__).resolve().parents[1] / ".." / "shared"
    folder = Path(os.environ.get("CRESCENDAI_SHARED", beside)) / "audio"
    paths = sorted(p for p in folder.glob("*") if p.suffix in {".ogg", ".wav", ".flac", ".mp3"})
    if not paths:
        raise SystemExit(
            f"no recordings in {folder}: set CRESCENDAI_SHARED to a folder with audio/"
        )
    return [Sound(path.stem, excerpt(path, REAL_BEGIN_SEC, seconds)) for path in paths]


def excerpt(path: Path, begin_sec: float, length_sec: float) -> Floats:
    """Mono samples at the model's rate."""
    import av
    import soxr

    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    sound = np.concatenate(parts, axis=1).astype(np.float32).mean(axis=0)
    sound = sound[int(begin_sec * rate) : int((begin_sec + length_sec) * rate)]
    return np.asarray(soxr.resample(sound, rate, SAMPLE_RATE), np.float32)

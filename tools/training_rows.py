"""Rows of features for training, each clip heard by different "ears".

``midi``: the true notes. ``crop``: nine seconds of them, as a segment's context. ``imitated``:
the true notes with the errors a transcriber makes. ``audio``: notes transcribed from a render
(only for clips in the cache of ``tools.render_and_transcribe``); ``twin``: what was rendered.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.music.features import feature_matrix, feature_vector
from crescendai.music.notes import PedalArray, Performance
from tools.percepiano import Clip, data_folder, load_clips, read_midi
from tools.render_and_transcribe import MAX_CLIP_SEC, load_notes

CROP_SEC = 9.0
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Features of several clips through one ear; ``clip`` indexes the list of clips."""

    clip: Ints
    features: Floats
    note_count: Floats

    def of(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """The rows whose clip is chosen (one truth value a clip)."""
        keep = chosen[self.clip]
        return Rows(self.clip[keep], self.features[keep], self.note_count[keep])


@dataclass(frozen=True)
class Study:
    """Everything training and evaluation need."""

    clips: list[Clip]
    labels: Floats
    ears: dict[str, Rows]


def load_study() -> Study:
    """Read PERCEPIANO and, where the variable EARS_CACHE is set, the transcriptions in it."""
    clips = load_clips(data_folder())
    performances = [read_midi(clip.path) for clip in clips]
    rng = np.random.default_rng(20241)
    every = list(range(len(clips)))
    ears = {
        "midi": _rows(every, performances),
        "imitated": _rows(every, [imitate_transcription(p, rng) for p in performances]),
        "crop": _crops(performances, CROP_SEC, rng),
        "short crop": _crops(performances, 4.0, rng),
    }
    heard = _transcribed(clips)
    if heard:
        ears["audio"] = _rows(list(heard), list(heard.values()))
        twins = [read_midi(clips[index].path, MAX_CLIP_SEC) for index in heard]
        ears["twin"] = _rows(list(heard), twins)
    return Study(clips, np.array([clip.labels for clip in clips]), ears)


def imitate_transcription(performance: Performance, rng: np.random.Generator) -> Performance:
    """The errors of a transcriber, as large as measured on rendered clips (see the model card).

    Some short or soft notes are missed, lengths are off by a factor, velocities are squeezed,
    bent and blurred, and part of the pedalling is lost.
    """
    notes = performance.notes.copy()
    length_sec = notes["offset_sec"] - notes["onset_sec"]
    missed = rng.random(len(notes)) < (
        0.005 + 0.03 * (length_sec < 0.06) + 0.02 * (notes["velocity"] < 30)
    )
    notes, length_sec = notes[~missed], length_sec[~missed]
    count = len(notes)
    notes["onset_sec"] += rng.normal(0.0, 0.003, count)
    octaves = rng.normal(0.04, 0.25) + rng.normal(0.0, 0.5, count)
    length_sec = np.maximum(np.maximum(length_sec, 0.03) * 2.0**octaves, 0.03)
    notes["offset_sec"] = notes["onset_sec"] + length_sec
    velocity = notes["velocity"] - notes["velocity"].mean()
    bent = rng.normal(0.0, 0.12) * (velocity**2 - velocity.var()) / 20
    velocity = 64 + rng.uniform(0.5, 1.05) * velocity + bent + rng.normal(0.0, 4.7, count)
    notes["velocity"] = np.clip(np.round(velocity), 1, 127)
    ordered = notes[np.lexsort((notes["pitch"], notes["onset_sec"]))]
    return Performance(ordered, _lossy(performance.pedal, rng), performance.duration_sec)


def _lossy(pedal: PedalArray, rng: np.random.Generator) -> PedalArray:
    """One performance in five loses all of its pedalling, the others up to half."""
    if rng.random() < 0.2:
        return pedal[:0]
    kept = pedal[rng.random(len(pedal)) >= rng.uniform(0.0, 0.5)].copy()
    kept["onset_sec"] += rng.normal(0.05, 0.1, len(kept))
    ends = kept["offset_sec"] + rng.normal(-0.05, 0.1, len(kept))
    kept["offset_sec"] = np.maximum(ends, kept["onset_sec"] + 0.05)
    return kept[np.argsort(kept["onset_sec"])]


def _rows(indexes: list[int], performances: list[Performance]) -> Rows:
    return Rows(
        np.array(indexes),
        np.array([feature_vector(performance) for performance in performances]),
        np.array([float(len(performance.notes)) for performance in performances]),
    )


def _crops(performances: list[Performance], crop_sec: float, rng: np.random.Generator) -> Rows:
    """One crop a clip, at a random place."""
    features, counts = [], []
    for performance in performances:
        onsets = performance.notes["onset_sec"]
        start = rng.uniform(onsets[0], max(onsets[-1] - crop_sec, onsets[0] + 1e-3))
        features.append(feature_matrix(performance, [(start, start + crop_sec)])[0])
        counts.append(float(((onsets >= start) & (onsets < start + crop_sec)).sum()))
    kept = np.flatnonzero(~np.isnan(features).all(axis=1))
    return Rows(kept, np.array(features)[kept], np.array(counts)[kept])


def _transcribed(clips: list[Clip]) -> dict[int, Performance]:
    cache = os.environ.get("EARS_CACHE")
    if cache is None:
        return {}
    heard = {}
    for index, clip in enumerate(clips):
        path = Path(cache, "notes", f"{clip.name}.npz")
        if path.exists():
            performance = load_notes(path)
            if not np.isnan(feature_vector(performance)).all():
                heard[index] = performance
    return heard

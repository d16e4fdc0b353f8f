"""How thick, how high and in which mode: density, polyphony, register and tonality."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray

MIN_RANGE_NOTES = 8
# Probe-tone profiles of major and minor keys (Krumhansl & Kessler 1982).
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])

Floats = npt.NDArray[np.float64]


def note_density_per_sec(notes: NoteArray, start_sec: float, end_sec: float) -> float | None:
    """Notes struck per second between start and end; ``None`` without any time."""
    return len(notes) / (end_sec - start_sec) if end_sec > start_sec else None


def polyphony(notes: NoteArray) -> float | None:
    """Mean number of keys down between the first onset and the last release."""
    if len(notes) == 0:
        return None
    span_sec = float(notes["offset_sec"].max() - notes["onset_sec"].min())
    held_sec = float((notes["offset_sec"] - notes["onset_sec"]).sum())
    return held_sec / span_sec if span_sec > 0 else None


def pitch_mean(notes: NoteArray) -> float | None:
    """Mean MIDI note number (60 is middle C); ``None`` without notes."""
    return float(notes["pitch"].mean()) if len(notes) else None


def pitch_range(notes: NoteArray) -> float | None:
    """95th minus 5th percentile of pitch, in semitones; ``None`` with fewer than eight notes."""
    if len(notes) < MIN_RANGE_NOTES:
        return None
    low, high = np.percentile(notes["pitch"], [5, 95])
    return float(high - low)


def pitch_class_weights(notes: NoteArray) -> Floats:
    """Total key-down time per pitch class (0 is C), each note counting for at most 1 s."""
    held_sec = np.clip(notes["offset_sec"] - notes["onset_sec"], 0.05, 1.0)
    return np.bincount(notes["pitch"] % 12, weights=held_sec, minlength=12).astype(np.float64)


def key_correlations(weights: Floats) -> tuple[float, float]:
    """Best correlation with any major and with any minor key profile (Krumhansl–Schmuckler)."""
    if weights.std() == 0:
        return 0.0, 0.0
    turned = np.array([np.roll(weights, -tonic) for tonic in range(12)])
    centred = (turned - weights.mean()) / weights.std()
    major = centred @ (_MAJOR - _MAJOR.mean()) / (12 * _MAJOR.std())
    minor = centred @ (_MINOR - _MINOR.mean()) / (12 * _MINOR.std())
    return float(major.max()), float(minor.max())

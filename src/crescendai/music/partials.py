"""Levels of single partials of the notes heard in a recording."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray

AFTER_ONSET_SEC, WINDOW_SEC = 0.08, 0.08
LOWEST_PITCH, HIGHEST_PITCH = 43, 72  # where strings have strong overtones
MIN_HELD_SEC = 0.12
MOST_NOTES, MIN_NOTES = 60, 5

Samples = npt.NDArray[np.float32]


def level_db(
    samples: Samples, sample_rate: int, centre_sec: float, hz: float, window_sec: float
) -> float | None:
    """Level of one frequency in a window around a moment; ``None`` outside the recording."""
    size = int(window_sec * sample_rate)
    start = int(centre_sec * sample_rate) - size // 2
    if start < 0 or start + size > len(samples):
        return None
    wave = np.exp(-2j * np.pi * hz / sample_rate * np.arange(size)) * np.hanning(size)
    return float(20 * np.log10(np.abs(wave @ samples[start : start + size]) / size + 1e-9))


def frequency_hz(pitch: int) -> float:
    """Of a MIDI note number, with A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def overtones_db(samples: Samples, sample_rate: int, notes: NoteArray) -> float | None:
    """The stronger of the second and third partial against the first, just after the onset.

    Median over the longest notes of the middle register; ``None`` with fewer than five. Bars of
    wood or metal have their next partial at four times the first or near three times, not at two
    and three (Fletcher & Rossing, The Physics of Musical Instruments, chapter 19).
    """
    held_sec = notes["offset_sec"] - notes["onset_sec"]
    middle = (notes["pitch"] >= LOWEST_PITCH) & (notes["pitch"] <= HIGHEST_PITCH)
    chosen = np.flatnonzero(middle & (held_sec >= MIN_HELD_SEC))
    longest = chosen[np.argsort(-held_sec[chosen], kind="stable")[:MOST_NOTES]]
    found = []
    for note in notes[longest]:
        hz, at_sec = frequency_hz(int(note["pitch"])), float(note["onset_sec"]) + AFTER_ONSET_SEC
        levels = [level_db(samples, sample_rate, at_sec, k * hz, WINDOW_SEC) for k in (1, 2, 3)]
        first, *others = (level for level in levels if level is not None)
        if len(others) == 2:
            found.append(max(others) - first)
    return float(np.median(found)) if len(found) >= MIN_NOTES else None

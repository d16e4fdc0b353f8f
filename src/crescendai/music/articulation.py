"""How notes are joined: key overlap and duration against the interval to the next note.

Key-overlap ratio: the time two successive keys are down together, divided by the interval
between their onsets; negative when there is a gap (key-detached ratio). Legato is above 0,
staccato below about -0.4 (Bresin & Battel 2000, Journal of New Music Research 29, 211–224).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray
from crescendai.music.voices import next_in_voice

LONGEST_INTERVAL_SEC = 2.0
MIN_PAIRS = 5

Floats = npt.NDArray[np.float64]


def key_overlap_ratios(notes: NoteArray) -> Floats:
    """Overlap divided by inter-onset interval, within [-1, 2], for successive notes of a voice.

    Repetitions of one pitch, which cannot overlap, and intervals over 2 s are left out.
    """
    return key_overlaps(notes)[1]


def key_overlaps(notes: NoteArray) -> tuple[Floats, Floats]:
    """Onsets in seconds of the notes that are joined to another, and their key-overlap ratios."""
    following = next_in_voice(notes)
    here = np.flatnonzero(following >= 0)
    there = following[here]
    onsets = notes["onset_sec"].astype(np.float64)
    intervals = onsets[there] - onsets[here]
    overlaps = notes["offset_sec"][here].astype(np.float64) - onsets[there]
    kept = (notes["pitch"][here] != notes["pitch"][there]) & (intervals <= LONGEST_INTERVAL_SEC)
    ratios: Floats = np.clip(overlaps[kept] / np.maximum(intervals[kept], 1e-3), -1.0, 2.0)
    return onsets[here][kept], ratios


def key_overlap_ratio(notes: NoteArray) -> float | None:
    """Median key-overlap ratio; ``None`` with fewer than five pairs of notes."""
    ratios = key_overlap_ratios(notes)
    return float(np.median(ratios)) if len(ratios) >= MIN_PAIRS else None


def note_duration_sec(notes: NoteArray) -> float | None:
    """Median time a key is held, in seconds; ``None`` with fewer than five notes."""
    if len(notes) < MIN_PAIRS:
        return None
    return float(np.median(notes["offset_sec"] - notes["onset_sec"]))


def staccato_fraction(notes: NoteArray) -> float | None:
    """Fraction of joined pairs with a gap of over half the interval (ratio below -0.5)."""
    ratios = key_overlap_ratios(notes)
    return float((ratios < -0.5).mean()) if len(ratios) >= MIN_PAIRS else None

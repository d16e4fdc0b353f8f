"""Accents: notes or chords struck harder than what surrounds them.

A dynamic accent is a local rise over its neighbours, not a high level (Parncutt 2003, "Accents
and expression in piano performance"); here over the mean of the events within 1.5 s.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.chords import event_of_note, event_onsets_sec, event_starts
from crescendai.music.notes import NoteArray

NEAR_SEC = 1.5
ACCENT_STEPS = 12.0  # MIDI velocity; the convention here for "an accent"
MIN_EVENTS = 8

Floats = npt.NDArray[np.float64]


def event_emphasis(notes: NoteArray) -> Floats:
    """Per event, its loudest velocity minus the mean of that of the other events near it.

    In MIDI velocity steps; NaN for an event with none within 1.5 s.
    """
    if len(notes) == 0:
        return np.zeros(0)
    starts = event_starts(event_of_note(notes))
    loudest = np.maximum.reduceat(notes["velocity"].astype(np.float64), starts)
    onsets = event_onsets_sec(notes)
    left = np.searchsorted(onsets, onsets - NEAR_SEC)
    right = np.searchsorted(onsets, onsets + NEAR_SEC, side="right")
    total = np.concatenate([[0.0], np.cumsum(loudest)])
    with np.errstate(invalid="ignore"):
        others = (total[right] - total[left] - loudest) / (right - left - 1)
    emphasis: Floats = loudest - others
    return emphasis


def accent_strength(emphasis: Floats) -> float | None:
    """95th percentile of the emphasis, in MIDI velocity; ``None`` below eight events."""
    known = emphasis[np.isfinite(emphasis)]
    return float(np.percentile(known, 95)) if len(known) >= MIN_EVENTS else None


def accents_per_minute(emphasis: Floats, start_sec: float, end_sec: float) -> float | None:
    """Events struck 12 velocity steps or more above their neighbours, per minute.

    ``None`` below eight events.
    """
    known = emphasis[np.isfinite(emphasis)]
    if len(known) < MIN_EVENTS or end_sec <= start_sec:
        return None
    return float(60.0 * (known >= ACCENT_STEPS).sum() / (end_sec - start_sec))

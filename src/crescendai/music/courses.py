"""How the playing runs over time, to be drawn under the notes: tempo, dynamics, articulation.

A course is two arrays: seconds from the start of the recording, and values there. Where too few
notes sound to tell, it has no point.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.articulation import MIN_PAIRS, key_overlaps
from crescendai.music.dynamics import MIN_NOTES, velocity_contour
from crescendai.music.notes import NoteArray
from crescendai.music.tempo import tempo_course

TEMPO_HOP_SEC = 1.0
DYNAMICS_HOP_SEC = 0.5
ARTICULATION_HOP_SEC, ARTICULATION_REACH_SEC = 0.5, 1.5

Floats = npt.NDArray[np.float64]
Course = tuple[Floats, Floats]


def tempo(notes: NoteArray) -> Course:
    """Beats per minute in windows of 6 s, every second."""
    return tempo_course(notes, TEMPO_HOP_SEC)


def dynamics(notes: NoteArray) -> Course:
    """Key velocity (1–127) smoothed over about a second, every half second."""
    if len(notes) < MIN_NOTES:
        return np.zeros(0), np.zeros(0)
    at_sec = np.arange(notes["onset_sec"][0], notes["onset_sec"][-1], DYNAMICS_HOP_SEC)
    return at_sec, velocity_contour(notes, at_sec)


def articulation(notes: NoteArray) -> Course:
    """Median key-overlap ratio within 1.5 s on either side, every half second."""
    onsets_sec, ratios = key_overlaps(notes)
    order = np.argsort(onsets_sec)
    onsets_sec, ratios = onsets_sec[order], ratios[order]
    if len(ratios) < MIN_PAIRS:
        return np.zeros(0), np.zeros(0)
    at_sec = np.arange(onsets_sec[0], onsets_sec[-1], ARTICULATION_HOP_SEC)
    first = np.searchsorted(onsets_sec, at_sec - ARTICULATION_REACH_SEC)
    last = np.searchsorted(onsets_sec, at_sec + ARTICULATION_REACH_SEC)
    enough = last - first >= MIN_PAIRS
    medians = [np.median(ratios[i:j]) for i, j in zip(first[enough], last[enough], strict=True)]
    return at_sec[enough], np.array(medians)

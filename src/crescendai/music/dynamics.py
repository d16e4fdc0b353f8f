"""Loudness as far as the keys tell it: MIDI velocity (1–127), its range and its contour.

Velocity maps to hammer speed roughly logarithmically (Goebl & Bresin 2003, JASA 114,
2273–2283). A transcriber's velocities may be shifted as a whole: compare them within a
recording rather than between recordings.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray

MIN_NOTES = 8
CONTOUR_WIDTH_SEC = 1.0

Floats = npt.NDArray[np.float64]


def velocity_mean(notes: NoteArray) -> float | None:
    """Mean velocity, 1–127; ``None`` without notes."""
    return float(notes["velocity"].mean()) if len(notes) else None


def velocity_range(notes: NoteArray) -> float | None:
    """95th minus 5th percentile of velocity; ``None`` with fewer than eight notes."""
    if len(notes) < MIN_NOTES:
        return None
    low, high = np.percentile(notes["velocity"], [5, 95])
    return float(high - low)


def velocity_contour(notes: NoteArray, at_sec: Floats) -> Floats:
    """Velocity smoothed over time (Gaussian, standard deviation 1 s) at the given times."""
    onsets = notes["onset_sec"].astype(np.float64)
    velocities = notes["velocity"].astype(np.float64)
    smoothed = np.zeros(len(at_sec))
    for index, moment in enumerate(at_sec):
        left, right = np.searchsorted(onsets, [moment - 4.0, moment + 4.0])
        if right == left:
            smoothed[index] = np.interp(moment, onsets, velocities)
            continue
        weights = np.exp(-0.5 * ((onsets[left:right] - moment) / CONTOUR_WIDTH_SEC) ** 2)
        smoothed[index] = np.average(velocities[left:right], weights=weights)
    return smoothed


def velocity_contour_range(notes: NoteArray) -> float | None:
    """Highest minus lowest point of the smoothed contour: the swell of phrases, in velocity."""
    if len(notes) < MIN_NOTES:
        return None
    onsets = notes["onset_sec"]
    contour = velocity_contour(notes, np.arange(onsets[0], onsets[-1] + 0.5, 0.5))
    return float(contour.max() - contour.min())


def velocity_trend_per_sec(notes: NoteArray) -> float | None:
    """How fast the playing grows louder (or, below 0, softer): MIDI velocity per second.

    The slope of the least-squares line through all notes; ``None`` with fewer than eight notes
    or less than a second between the first and the last.
    """
    if len(notes) < MIN_NOTES:
        return None
    onsets = notes["onset_sec"].astype(np.float64)
    if onsets[-1] - onsets[0] < 1.0:
        return None
    centred = onsets - onsets.mean()
    return float(centred @ notes["velocity"] / (centred @ centred))

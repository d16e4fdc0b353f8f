"""When the harmony changes, and whether the pedal is changed with it.

The notes before and after every onset are turned into points of tonal space (circles of fifths,
minor and major thirds), whose distance peaks where the harmony changes (Harte, Sandler & Gasser
2006, "Detecting harmonic change in musical audio"). A figured bass can read as more changes than
a listener counts, and a change between chords of the same notes as none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.chords import event_onsets_sec
from crescendai.music.notes import NoteArray, PedalArray

REACH_SEC = 0.8  # of music compared before and after an onset
MIN_DISTANCE = 0.7  # C major to A minor is 0.80, to C minor 0.85, to F or G major 1.21
MIN_APART_SEC = 0.6  # nearer ones are flanks of one peak
MIN_CHANGES = 2
# A pedal lifted from 0.1 s before to 0.25 s after the new harmony clears it: pianists who play
# legato lift about with the chord and press again 0.1 to 0.3 s later (Repp 1996, Psychology of
# Music 24, 199–221).
EARLY_SEC, LATE_SEC = 0.10, 0.25

_FIFTH, _MINOR_THIRD, _MAJOR_THIRD = 7 * np.pi / 6, 3 * np.pi / 2, 2 * np.pi / 3
_CLASSES = np.arange(12)
_TONAL_SPACE = np.array(
    [
        np.sin(_FIFTH * _CLASSES),
        np.cos(_FIFTH * _CLASSES),
        np.sin(_MINOR_THIRD * _CLASSES),
        np.cos(_MINOR_THIRD * _CLASSES),
        0.5 * np.sin(_MAJOR_THIRD * _CLASSES),
        0.5 * np.cos(_MAJOR_THIRD * _CLASSES),
    ]
)

Floats = npt.NDArray[np.float64]


def harmony_changes_sec(notes: NoteArray) -> Floats:
    """Onsets at which the harmony changes, in seconds, at least 0.6 s apart.

    The first and the last 0.8 s have nothing to be compared with, and so no change.
    """
    onsets_sec = event_onsets_sec(notes)
    if len(onsets_sec) < 3:
        return np.zeros(0)
    before = _tonal_points(notes, onsets_sec - REACH_SEC, onsets_sec)
    after = _tonal_points(notes, onsets_sec, onsets_sec + REACH_SEC)
    distance = np.sqrt(((after - before) ** 2).sum(axis=0))
    too_early = onsets_sec < onsets_sec[0] + REACH_SEC - 1e-3
    too_late = onsets_sec > notes["offset_sec"].max() - REACH_SEC + 1e-3
    distance[too_early | too_late | ~np.isfinite(distance)] = 0.0
    return _peaks(onsets_sec, distance)


def harmony_changes_per_minute(
    changes_sec: Floats, start_sec: float, end_sec: float
) -> float | None:
    """How often the harmony changes between start and end, per minute; ``None`` below 2 s."""
    if end_sec - start_sec < 2.0:
        return None
    inside = (changes_sec >= start_sec) & (changes_sec < end_sec)
    return float(60.0 * np.count_nonzero(inside) / (end_sec - start_sec))


def pedal_over_harmony_fraction(pedal: PedalArray, changes_sec: Floats) -> float | None:
    """Fraction (0–1) of harmony changes that the pedal stays down through, and so blurs.

    ``None`` with fewer than two changes.
    """
    if len(changes_sec) < MIN_CHANGES:
        return None
    down = pedal["onset_sec"][:, None] <= changes_sec - EARLY_SEC
    still = pedal["offset_sec"][:, None] >= changes_sec + LATE_SEC
    return float((down & still).any(axis=0).mean())


def _tonal_points(notes: NoteArray, starts_sec: Floats, ends_sec: Floats) -> Floats:
    """Six coordinates by moments: the centroid of the keys held in each stretch, NaN if none."""
    held = np.zeros((12, len(starts_sec)))
    for pitch_class in range(12):
        own = notes[notes["pitch"] % 12 == pitch_class]
        if len(own):
            held[pitch_class] = _held_until(own, ends_sec) - _held_until(own, starts_sec)
    with np.errstate(invalid="ignore", divide="ignore"):
        points: Floats = _TONAL_SPACE @ held / held.sum(axis=0)
    return points


def _held_until(notes: NoteArray, moments_sec: Floats) -> Floats:
    """Key-down time of all notes together from the beginning up to each moment."""
    total = np.zeros(len(moments_sec))
    for column, sign in (("onset_sec", 1.0), ("offset_sec", -1.0)):
        edges = np.sort(notes[column].astype(np.float64))
        count = np.searchsorted(edges, moments_sec)
        total += sign * (count * moments_sec - np.concatenate([[0.0], np.cumsum(edges)])[count])
    return total


def _peaks(onsets_sec: Floats, distance: Floats) -> Floats:
    """The largest distances first, none within 0.6 s of one already taken."""
    taken: list[float] = []
    for index in np.argsort(-distance, kind="stable"):
        if distance[index] < MIN_DISTANCE:
            break
        at_sec = float(onsets_sec[index])
        if all(abs(at_sec - other) >= MIN_APART_SEC for other in taken):
            taken.append(at_sec)
    return np.array(sorted(taken))

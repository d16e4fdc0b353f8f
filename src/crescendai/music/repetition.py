"""Repeated notes: how evenly one key is struck again and again.

Fast repetition is limited by the key's and the finger's return, and its unevenness shows in
intervals and in velocities; both are standard measures of evenness in studies of pianists'
hands (Jabusch, Vauth & Altenmüller 2004, Movement Disorders 19, 171–180).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.chords import event_of_note
from crescendai.music.notes import NoteArray
from crescendai.music.tempo import even_interval_changes
from crescendai.music.voices import next_in_voice

LONGEST_SEC = 0.6
MIN_PAIRS = 4

Floats = npt.NDArray[np.float64]


def repeated_note_unevenness(notes: NoteArray) -> float | None:
    """Median |a - b| / mean(a, b) of successive intervals between strokes of one key.

    Only immediate repetitions within 0.6 s whose intervals differ by less than 3:2. Unit: ratio,
    0 is a machine; ``None`` with fewer than four such pairs of intervals.
    """
    changes = [even_interval_changes(np.diff(onsets)) for onsets, _ in _runs(notes)]
    together = np.concatenate([np.zeros(0), *changes])
    return float(np.median(together)) if len(together) >= MIN_PAIRS else None


def repeated_note_velocity_change(notes: NoteArray) -> float | None:
    """Median change of velocity from one stroke to the next of such repetitions (MIDI steps)."""
    changes = [np.abs(np.diff(velocities)) for _, velocities in _runs(notes)]
    together = np.concatenate([np.zeros(0), *changes])
    return float(np.median(together)) if len(together) >= MIN_PAIRS else None


def _runs(notes: NoteArray) -> list[tuple[Floats, Floats]]:
    """Onsets and velocities of three or more strokes of one key with nothing near between."""
    onsets = notes["onset_sec"].astype(np.float64)
    velocities = notes["velocity"].astype(np.float64)
    events, following = event_of_note(notes), next_in_voice(notes)
    runs: list[tuple[Floats, Floats]] = []
    for pitch in np.unique(notes["pitch"]):
        own = np.flatnonzero(notes["pitch"] == pitch)
        here, there = own[:-1], own[1:]
        immediate = (following[here] >= 0) & (events[following[here]] == events[there])
        joined = immediate & (onsets[there] - onsets[here] <= LONGEST_SEC)
        strokes = np.split(own, np.flatnonzero(~joined) + 1)
        runs += [(onsets[run], velocities[run]) for run in strokes if len(run) >= 3]
    return runs

"""Rough voices without a score: which note follows which, and which notes are the melody."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.chords import Ints, event_of_note, event_starts
from crescendai.music.notes import NoteArray

VOICE_REACH_SEMITONES = 9
LOOK_AHEAD_NOTES = 24
MELODY_MEMORY_SEC = 0.3

Bools = npt.NDArray[np.bool_]


def next_in_voice(notes: NoteArray) -> Ints:
    """For every note, the index of the next later-struck note within nine semitones.

    -1 where none is found among the following 24 notes. A wide leap reads as another voice.
    """
    count = len(notes)
    events, pitches = event_of_note(notes), notes["pitch"].astype(np.int64)
    following = np.full(count, -1, dtype=np.int64)
    for step in range(1, min(LOOK_AHEAD_NOTES, count - 1) + 1):
        near = np.abs(pitches[step:] - pitches[:-step]) <= VOICE_REACH_SEMITONES
        later = events[step:] > events[:-step]
        open_ = following[:-step] < 0
        found = np.flatnonzero(near & later & open_)
        following[found] = found + step
    return following


def melody_mask(notes: NoteArray) -> Bools:
    """True for the top line: the highest of its chord, with nothing higher held or just struck.

    The skyline heuristic (Uitdenbogerd & Zobel 1998), with a memory of 0.3 s for staccato.
    """
    count = len(notes)
    if count == 0:
        return np.zeros(0, dtype=np.bool_)
    events, pitches = event_of_note(notes), notes["pitch"].astype(np.int64)
    top = np.maximum.reduceat(pitches, event_starts(events))[events] == pitches
    onsets = notes["onset_sec"].astype(np.float64)
    until = np.maximum(notes["offset_sec"].astype(np.float64), onsets + MELODY_MEMORY_SEC)
    for step in range(1, min(LOOK_AHEAD_NOTES, count - 1) + 1):
        covered = (pitches[:-step] > pitches[step:]) & (until[:-step] > onsets[step:] + 0.05)
        top[step:] &= ~covered
    melody: Bools = top.astype(np.bool_)
    return melody

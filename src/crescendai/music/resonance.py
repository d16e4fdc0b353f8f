"""What still sounds when a key is struck: keys held, strings that the sustain pedal keeps open."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray, PedalArray

LOOK_BACK_NOTES = 32
LONGEST_RING_SEC = 6.0  # a string under the pedal is taken to be inaudible after this

Floats = npt.NDArray[np.float64]


def sounding_until_sec(notes: NoteArray, pedal: PedalArray) -> Floats:
    """When each note stops: its release, or the pedal's if later, or the same key struck again."""
    onsets = notes["onset_sec"].astype(np.float64)
    until = notes["offset_sec"].astype(np.float64)
    if len(pedal):
        span = np.searchsorted(pedal["onset_sec"], until, side="right") - 1
        lifted = np.where(span >= 0, pedal["offset_sec"][np.maximum(span, 0)], -np.inf)
        until = np.maximum(until, np.minimum(lifted, onsets + LONGEST_RING_SEC))
    order = np.lexsort((onsets, notes["pitch"]))
    again = notes["pitch"][order][1:] == notes["pitch"][order][:-1]
    first, second = order[:-1][again], order[1:][again]
    until[first] = np.minimum(until[first], np.maximum(onsets[second], onsets[first] + 0.01))
    return until


def companions(onsets_sec: Floats, until_sec: Floats, pitches: Floats) -> tuple[Floats, Floats]:
    """For every note, how many earlier notes still sound, and how many of them a second away.

    Seconds and sevenths (interval class 1 or 2) are what blurs under a held pedal. Only the 32
    notes before each are looked at, and a note counts as there when it lasts 50 ms longer.
    """
    sounding, clashing = np.zeros(len(onsets_sec)), np.zeros(len(onsets_sec))
    for step in range(1, min(LOOK_BACK_NOTES, len(onsets_sec) - 1) + 1):
        there = until_sec[:-step] > onsets_sec[step:] + 0.05
        apart = np.abs(pitches[step:] - pitches[:-step]) % 12
        clash = there & (np.minimum(apart, 12 - apart) <= 2) & (apart > 0)
        sounding[step:] += there
        clashing[step:] += clash
    return sounding, clashing

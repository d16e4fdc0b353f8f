"""Which notes were struck together, and how exactly together.

Notes whose onsets lie within 50 ms of the first one form one *event*, a chord if it has two
notes or more. Skilled pianists strike the notes of a written chord within about 30 ms, with
the melody some 20–30 ms ahead (Goebl 2001, JASA 110, 563–572).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray

CHORD_WINDOW_SEC = 0.05

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def event_of_note(notes: NoteArray, window_sec: float = CHORD_WINDOW_SEC) -> Ints:
    """The event number (0, 1, 2, …) of every note; ``notes`` are sorted by onset."""
    events = np.zeros(len(notes), dtype=np.int64)
    if len(notes) == 0:
        return events
    onsets = notes["onset_sec"].tolist()
    first_sec, event = onsets[0], 0
    for index, onset_sec in enumerate(onsets):
        if onset_sec - first_sec > window_sec:
            first_sec, event = onset_sec, event + 1
        events[index] = event
    return events


def event_starts(events: Ints) -> Ints:
    """The index of each event's first note."""
    if len(events) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(np.diff(events)) + 1]).astype(np.int64)


def event_onsets_sec(notes: NoteArray) -> Floats:
    """When each event begins: the onset of its first note, in seconds."""
    onsets: Floats = notes["onset_sec"][event_starts(event_of_note(notes))].astype(np.float64)
    return onsets


def chord_spreads_ms(notes: NoteArray) -> Floats:
    """Last minus first onset of every chord (events of two notes or more), in ms."""
    starts = event_starts(event_of_note(notes))
    if len(starts) == 0:
        return np.zeros(0)
    onsets = notes["onset_sec"].astype(np.float64)
    sizes = np.diff(np.append(starts, len(notes)))
    spreads = np.maximum.reduceat(onsets, starts) - np.minimum.reduceat(onsets, starts)
    chosen: Floats = 1000.0 * spreads[sizes >= 2]
    return chosen


def chord_asynchrony_ms(notes: NoteArray) -> float | None:
    """Mean spread of the chords in ms; ``None`` with fewer than three chords."""
    spreads = chord_spreads_ms(notes)
    return float(spreads.mean()) if len(spreads) >= 3 else None


def chord_sizes(notes: NoteArray) -> Ints:
    """How many notes each event has."""
    return np.bincount(event_of_note(notes)).astype(np.int64) if len(notes) else np.zeros(0, int)

"""A fixed, named vector of note features for the performance model.

Made to survive transcription: no absolute velocities (a transcriber shifts them as a whole),
medians and quantiles rather than extremes and counts, no pedal. What cannot be told from too
few notes is NaN, which the model reads as "ordinary".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.note_table import EventTable, NoteTable, event_table, note_table
from crescendai.music.notes import Performance
from crescendai.music.tempo import even_interval_changes
from crescendai.music.texture import key_correlations

MIN_FEATURE_NOTES = 8

Floats = npt.NDArray[np.float64]


def feature_vector(performance: Performance) -> Floats:
    """The features of a whole performance, in the order of :data:`FEATURE_NAMES`."""
    return feature_matrix(performance, [(-np.inf, np.inf)])[0]


def feature_matrix(performance: Performance, stretches: list[tuple[float, float]]) -> Floats:
    """One row of features for every (start, end) in seconds, of the notes struck therein."""
    rows = np.full((len(stretches), len(FEATURE_NAMES)), np.nan)
    if len(performance.notes) < MIN_FEATURE_NOTES:
        return rows
    notes = note_table(performance.notes)
    events = event_table(notes)
    for row, (start_sec, end_sec) in zip(rows, stretches, strict=True):
        some_notes = _slice(notes, start_sec, end_sec)
        some_events = _slice(events, start_sec, end_sec)
        if len(some_notes.onset_sec) >= MIN_FEATURE_NOTES and len(some_events.onset_sec) >= 3:
            row[:] = list(_features(some_notes, some_events).values())
    return rows


def _slice[Table: (NoteTable, EventTable)](table: Table, start_sec: float, end_sec: float) -> Table:
    left, right = np.searchsorted(table.onset_sec, [start_sec, end_sec])
    return type(table)(**{key: column[left:right] for key, column in vars(table).items()})


def _features(notes: NoteTable, events: EventTable) -> dict[str, float]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            **_timing(notes, events),
            **_articulation(notes),
            **_chords(events),
            **_dynamics(notes, events),
            **_register(notes, events),
            **_harmony(notes),
        }

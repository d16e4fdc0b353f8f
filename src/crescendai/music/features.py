"""A fixed, named vector of note features for the performance model.

The first 92 are made to survive transcription and another piece: no absolute velocities (a
transcriber shifts them as a whole), medians and quantiles rather than extremes and counts, of
the pedal three summaries. The others say more of one piece and less of the next: how playing
moves, how keys and pedal are released, what sounds together, how loud it is as such. The last
twelve rate nothing: they help to recognise the pieces that the model was trained on.
What cannot be told from too few notes is NaN, which the model reads as "ordinary".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from crescendai.music.features_of_motion import deviation_features, window_features
from crescendai.music.features_of_time import (
    articulation_features,
    chord_features,
    pedal_features,
    timing_features,
)
from crescendai.music.features_of_tone import (
    dynamics_features,
    harmony_features,
    pitch_class_features,
    register_features,
)
from crescendai.music.features_of_touch import (
    loudness_features,
    pedalling_features,
    release_features,
    resonance_features,
    voicing_features,
)
from crescendai.music.note_table import EventTable, NoteTable, event_table, note_table
from crescendai.music.notes import PedalArray, Performance, note_array, pedal_array

MIN_FEATURE_NOTES = 8

Floats = npt.NDArray[np.float64]
Table = TypeVar("Table", NoteTable, EventTable)


def feature_vector(performance: Performance) -> Floats:
    """The features of a whole performance, in the order of :data:`FEATURE_NAMES`."""
    row: Floats = feature_matrix(performance, [(-np.inf, np.inf)])[0]
    return row


def feature_matrix(
    performance: Performance,
    stretches: list[tuple[float, float]],
    pause: Callable[[], None] = lambda: None,
) -> Floats:
    """One row of features for every (start, end) in seconds, of the notes struck therein.

    ``pause`` is called before each and may raise.
    """
    rows = np.full((len(stretches), len(FEATURE_NAMES)), np.nan)
    if len(performance.notes) < MIN_FEATURE_NOTES:
        return rows
    notes = note_table(performance.notes, performance.pedal)
    events = event_table(notes)
    for row, (start_sec, end_sec) in zip(rows, stretches, strict=True):
        pause()
        some_notes = _slice(notes, start_sec, end_sec)
        some_events = _slice(events, start_sec, end_sec)
        if len(some_notes.onset_sec) >= MIN_FEATURE_NOTES and len(some_events.onset_sec) >= 3:
            row[:] = list(_features(some_notes, some_events, performance.pedal).values())
    return rows


def _slice(table: Table, start_sec: float, end_sec: float) -> Table:
    left, right = np.searchsorted(table.onset_sec, [start_sec, end_sec])
    return type(table)(**{key: column[left:right] for key, column in vars(table).items()})


def _features(notes: NoteTable, events: EventTable, pedal: PedalArray) -> dict[str, float]:
    first_sec, last_sec = float(notes.onset_sec[0]), float(notes.onset_sec[-1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            **timing_features(notes, events),
            **articulation_features(notes),
            **chord_features(events),
            **pedal_features(pedal, first_sec, last_sec),
            **dynamics_features(notes, events),
            **register_features(notes, events),
            **harmony_features(notes),
            **deviation_features(events),
            **window_features(notes, events),
            **release_features(notes),
            **resonance_features(notes),
            **pedalling_features(pedal, events, first_sec, last_sec),
            **loudness_features(notes, events),
            **voicing_features(notes, events),
            **pitch_class_features(notes),
        }


def _names() -> tuple[str, ...]:
    rows = [(0.5 * i, 0.5 * i + 0.4, 60 + i % 5, 60 + i % 7) for i in range(MIN_FEATURE_NOTES)]
    no_pedal = pedal_array([])
    table = note_table(note_array(rows), no_pedal)
    return tuple(_features(table, event_table(table), no_pedal))


FEATURE_NAMES: tuple[str, ...] = _names()

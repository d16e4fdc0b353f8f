"""Ways of playing the same music differently, and the scale each of them must move.

Every change takes a performance and gives a new one; nothing here is random beyond a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crescendai.music.chords import event_of_note
from crescendai.music.harmony import harmony_changes_sec
from crescendai.music.notes import NoteArray, Performance, pedal_array

JITTER_SEC = 0.04
SHORTER, LONGER = 0.5, 1.6
NARROWER, WIDER = 0.5, 1.6
VELOCITY_STEPS = 20
SLOWER = 1.4
PRESS_AFTER_SEC = 0.08  # the pedal goes down so long after a chord, as in legato pedalling
HELD_CHANGES = 4  # "held over": the pedal is changed only at every fourth harmony

Change = Callable[[Performance], Performance]


@dataclass(frozen=True)
class Relation:
    """Going from one version to another must move a scale, and a measurement, one way."""

    name: str
    before: str
    after: str
    scale: str
    measurement: str
    direction: int  # of the scale and, unless said otherwise, of the measurement: +1 up, -1 down
    measured_direction: int | None = None


def as_played(played: Performance) -> Performance:
    return played


def jittered(played: Performance) -> Performance:
    """Every chord moved by 40 ms (standard deviation)."""
    notes = played.notes.copy()
    events = event_of_note(notes)
    shift_sec = np.random.default_rng(len(notes)).normal(0, JITTER_SEC, events.max() + 1)[events]
    shift_sec = np.maximum(shift_sec, -notes["onset_sec"])
    notes["onset_sec"] += shift_sec
    notes["offset_sec"] += shift_sec
    return _with(played, notes)


def shortened(played: Performance) -> Performance:
    """Keys held half as long."""
    return _lasting(played, SHORTER)


def lengthened(played: Performance) -> Performance:
    """Keys held 1.6 times as long, but never into the next stroke of the same key."""
    return _lasting(played, LONGER)


def compressed(played: Performance) -> Performance:
    """Velocities half as far from their mean."""
    return _spread(played, NARROWER)


def stretched(played: Performance) -> Performance:
    """Velocities 1.6 times as far from their mean."""
    return _spread(played, WIDER)


def softer(played: Performance) -> Performance:
    """Every velocity 20 lower."""
    return _louder_by(played, -VELOCITY_STEPS)


def louder(played: Performance) -> Performance:
    """Every velocity 20 higher."""
    return _louder_by(played, VELOCITY_STEPS)


def slower(played: Performance) -> Performance:
    """Everything, the pedal too, 1.4 times as slow."""
    notes, pedal = played.notes.copy(), played.pedal.copy()
    for table in (notes, pedal):
        table["onset_sec"] *= SLOWER
        table["offset_sec"] *= SLOWER
    return Performance(notes, pedal, played.duration_sec * SLOWER)


def without_pedal(played: Performance) -> Performance:
    return Performance(played.notes, played.pedal[:0], played.duration_sec)


def pedalled(played: Performance) -> Performance:
    """The pedal down throughout, changed at every harmony."""
    return _pedal_changed_at_each(played, 1)


def pedal_held_over(played: Performance) -> Performance:
    """The pedal down throughout, changed only at every fourth harmony."""
    return _pedal_changed_at_each(played, HELD_CHANGES)


def flattened(played: Performance) -> Performance:
    """Every velocity the mean one."""
    return _spread(played, 0.0)


def shuffled(played: Performance) -> Performance:
    """The same keys struck for as long and as hard, at each other's times."""
    notes = played.notes.copy()
    lengths = notes["offset_sec"] - notes["onset_sec"]
    order = np.random.default_rng(len(notes)).permutation(len(notes))
    for column in ("pitch", "velocity"):
        notes[column] = notes[column][order]
    notes["offset_sec"] = notes["onset_sec"] + lengths[order]
    return _with(played, notes)


VERSIONS: dict[str, Change] = {
    "as played": as_played,
    "jittered": jittered,
    "shortened": shortened,
    "lengthened": lengthened,
    "without pedal": without_pedal,
    "pedalled": pedalled,
    "pedal held over": pedal_held_over,
    "compressed": compressed,
    "stretched": stretched,
    "softer": softer,
    "louder": louder,
    "slower": slower,
}
PLAYED = "as played"
RELATIONS: tuple[Relation, ...] = (
    Relation(
        "chords moved by 40 ms", PLAYED, "jittered", "timing_stable_unstable", "ioi_variability", 1
    ),
    Relation(
        "notes half as long",
        PLAYED,
        "shortened",
        "articulation_short_long",
        "note_duration_sec",
        -1,
    ),
    Relation(
        "notes 1.6 times as long",
        PLAYED,
        "lengthened",
        "articulation_short_long",
        "note_duration_sec",
        1,
    ),
    Relation(
        "pedal added to dry playing",
        "without pedal",
        "pedalled",
        "pedal_sparse_saturated",
        "pedal_down_fraction",
        1,
    ),
    Relation(
        "pedal held over four harmonies",
        "pedalled",
        "pedal held over",
        "pedal_clean_blurred",
        "pedal_over_harmony_fraction",
        1,
    ),
    Relation(
        "pedal removed",
        PLAYED,
        "without pedal",
        "pedal_sparse_saturated",
        "pedal_down_fraction",
        -1,
    ),
    Relation(
        "velocities half as far apart",
        PLAYED,
        "compressed",
        "dynamic_range_little_large",
        "velocity_range",
        -1,
    ),
    Relation(
        "velocities 1.6 times as far apart",
        PLAYED,
        "stretched",
        "dynamic_range_little_large",
        "velocity_range",
        1,
    ),
    Relation("all 20 softer", PLAYED, "softer", "timbre_soft_loud", "velocity_mean", -1),
    Relation("all 20 louder", PLAYED, "louder", "timbre_soft_loud", "velocity_mean", 1),
    Relation(
        "1.4 times as slow",
        PLAYED,
        "slower",
        "music_making_fast_slow",
        "note_density_per_sec",
        1,
        measured_direction=-1,
    ),
)


def _with(played: Performance, notes: NoteArray) -> Performance:
    """The same pedal under other notes, sorted anew."""
    ordered = notes[np.lexsort((notes["pitch"], notes["onset_sec"]))]
    last_sec = max(float(ordered["offset_sec"].max()) + 0.25, played.duration_sec)
    return Performance(ordered, played.pedal, last_sec)


def _lasting(played: Performance, factor: float) -> Performance:
    notes = played.notes.copy()
    lengths = factor * (notes["offset_sec"] - notes["onset_sec"])
    notes["offset_sec"] = notes["onset_sec"] + np.maximum(lengths, 0.03)
    for pitch in np.unique(notes["pitch"]):
        own = np.flatnonzero(notes["pitch"] == pitch)
        latest = np.maximum(notes["onset_sec"][own[1:]] - 0.02, notes["onset_sec"][own[:-1]] + 0.01)
        notes["offset_sec"][own[:-1]] = np.minimum(notes["offset_sec"][own[:-1]], latest)
    return _with(played, notes)


def _spread(played: Performance, factor: float) -> Performance:
    notes = played.notes.copy()
    mean = notes["velocity"].mean()
    notes["velocity"] = np.clip(np.round(mean + factor * (notes["velocity"] - mean)), 1, 127)
    return Performance(notes, played.pedal, played.duration_sec)


def _louder_by(played: Performance, steps: int) -> Performance:
    notes = played.notes.copy()
    notes["velocity"] = np.clip(notes["velocity"] + steps, 5, 127)
    return Performance(notes, played.pedal, played.duration_sec)


def _pedal_changed_at_each(played: Performance, count: int) -> Performance:
    first_sec = float(played.notes["onset_sec"][0])
    changes = harmony_changes_sec(played.notes)
    starts = [first_sec, *changes[changes > first_sec + 0.2][count - 1 :: count].tolist()]
    ends = [*starts[1:], max(played.duration_sec - 0.1, starts[-1] + 0.2)]
    spans = [(start + PRESS_AFTER_SEC, end) for start, end in zip(starts, ends, strict=True)]
    return Performance(played.notes, pedal_array(spans), played.duration_sec)

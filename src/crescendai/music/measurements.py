"""What was measured, rather than rated: named numbers with their unit and sample size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crescendai.music import articulation, chords, dynamics, pedal, tempo, texture, voicing
from crescendai.music.notes import NoteArray, Performance


@dataclass(frozen=True)
class Measurement:
    """A measured value, or ``None`` where there were too few notes to measure it."""

    value: float | None
    unit: str
    note_count: int


UNITS: dict[str, str] = {
    "note_count": "notes",
    "tempo_bpm": "beats per minute",
    "tempo_spread_bpm": "beats per minute",
    "ioi_variability": "ratio",
    "key_overlap_ratio": "ratio of the inter-onset interval",
    "note_duration_sec": "seconds",
    "staccato_fraction": "fraction",
    "chord_asynchrony_ms": "milliseconds",
    "melody_lead_ms": "milliseconds",
    "melody_lead_velocity": "MIDI velocity",
    "velocity_mean": "MIDI velocity",
    "velocity_range": "MIDI velocity",
    "velocity_contour_range": "MIDI velocity",
    "note_density_per_sec": "notes per second",
    "polyphony": "keys down at once",
    "pitch_mean": "MIDI note number",
    "pedal_down_fraction": "fraction",
    "pedal_changes_per_minute": "per minute",
}


def measure(
    performance: Performance, start_sec: float | None = None, end_sec: float | None = None
) -> dict[str, Measurement]:
    """Every measurement of :data:`UNITS`, over the whole or the notes struck in a stretch."""
    start = 0.0 if start_sec is None else max(start_sec, 0.0)
    end = performance.duration_sec if end_sec is None else min(end_sec, performance.duration_sec)
    notes = notes_between(performance.notes, start, end)
    if start_sec is None and end_sec is None:
        notes = performance.notes
    values = _note_values(notes)
    values["note_density_per_sec"] = texture.note_density_per_sec(notes, start, end)
    values["pedal_down_fraction"] = pedal.pedal_down_fraction(performance.pedal, start, end)
    values["pedal_changes_per_minute"] = pedal.pedal_changes_per_minute(
        performance.pedal, start, end
    )
    return {key: Measurement(values[key], unit, len(notes)) for key, unit in UNITS.items()}


def notes_between(notes: NoteArray, start_sec: float, end_sec: float) -> NoteArray:
    """Notes struck at or after start and before end; releases are left as they are."""
    left, right = np.searchsorted(notes["onset_sec"], [start_sec, end_sec])
    return notes[left:right]


def _note_values(notes: NoteArray) -> dict[str, float | None]:
    return {
        "note_count": float(len(notes)),
        "tempo_bpm": tempo.tempo_bpm(notes),
        "tempo_spread_bpm": tempo.tempo_spread_bpm(notes),
        "ioi_variability": tempo.ioi_variability(notes),
        "key_overlap_ratio": articulation.key_overlap_ratio(notes),
        "note_duration_sec": articulation.note_duration_sec(notes),
        "staccato_fraction": articulation.staccato_fraction(notes),
        "chord_asynchrony_ms": chords.chord_asynchrony_ms(notes),
        "melody_lead_ms": voicing.melody_lead_ms(notes),
        "melody_lead_velocity": voicing.melody_lead_velocity(notes),
        "velocity_mean": dynamics.velocity_mean(notes),
        "velocity_range": dynamics.velocity_range(notes),
        "velocity_contour_range": dynamics.velocity_contour_range(notes),
        "polyphony": texture.polyphony(notes),
        "pitch_mean": texture.pitch_mean(notes),
    }

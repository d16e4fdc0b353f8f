"""Features of which keys go down and how fast: dynamics, register, harmony.

Velocities are only ever compared with one another; a value that cannot be told is NaN.
"""

from __future__ import annotations

import numpy as np

from crescendai.music.feature_statistics import correlation, mean, quantiles, spread
from crescendai.music.note_table import EventTable, NoteTable
from crescendai.music.texture import key_correlations


def dynamics_features(notes: NoteTable, events: EventTable) -> dict[str, float]:
    """Velocities relative to one another: range, contour, voicing, accents."""
    velocity, melody = notes.velocity, notes.melody
    q05, q10, q50, q90, q95 = quantiles(velocity, 0.05, 0.1, 0.5, 0.9, 0.95)
    deviation = velocity - notes.contour
    bass, treble = notes.pitch < 52, notes.pitch > 67
    scale = max(spread(velocity), 1.0)
    event_changes = np.abs(np.diff(events.velocity))
    melody_changes = np.abs(np.diff(velocity[melody]))
    next_interval = np.append(np.diff(events.onset_sec), np.nan)
    return {
        "velocity_spread": spread(velocity),
        "velocity_range_90": q95 - q05,
        "velocity_range_80": q90 - q10,
        "velocity_low_tail": q50 - q05,
        "velocity_high_tail": q95 - q50,
        "velocity_skew": mean(((velocity - velocity.mean()) / scale) ** 3),
        "melody_velocity_spread": spread(velocity[melody]),
        "other_velocity_spread": spread(velocity[~melody]),
        "melody_lead_velocity": mean(velocity[melody]) - mean(velocity[~melody]),
        "event_velocity_change": mean(event_changes),
        "melody_velocity_change": mean(melody_changes),
        "voice_velocity_change": mean(np.abs(notes.voice_change)),
        "contour_spread": spread(notes.contour),
        "contour_range": float(np.ptp(notes.contour)),
        "deviation_spread": spread(deviation),
        "accent_q95": quantiles(deviation, 0.95)[0],
        "bass_velocity": mean(velocity[bass]) - q50,
        "treble_velocity": mean(velocity[treble]) - q50,
        "pitch_velocity_correlation": correlation(notes.pitch, velocity),
        "melody_pitch_velocity_correlation": correlation(notes.pitch[melody], velocity[melody]),
        "interval_velocity_correlation": correlation(np.log2(next_interval), events.velocity),
        "size_velocity_correlation": correlation(events.size, events.velocity),
        "duration_velocity_correlation": correlation(
            np.log2(np.maximum(notes.duration_sec, 0.02)), velocity
        ),
    }


def register_features(notes: NoteTable, events: EventTable) -> dict[str, float]:
    """How high, how low, how wide."""
    low, mid, high = quantiles(notes.pitch, 0.1, 0.5, 0.9)
    steps = np.abs(np.diff(notes.pitch[notes.melody]))
    return {
        "pitch_mean": mean(notes.pitch),
        "pitch_q10": low,
        "pitch_q50": mid,
        "pitch_q90": high,
        "pitch_spread": spread(notes.pitch),
        "melody_pitch_mean": mean(notes.pitch[notes.melody]),
        "low_pitch_mean": mean(events.low_pitch),
        "chord_width": mean((events.top_pitch - events.low_pitch)[events.size >= 2]),
        "melody_step_mean": mean(steps),
        "bass_fraction": float((notes.pitch < 48).mean()),
        "high_fraction": float((notes.pitch > 76).mean()),
    }


def harmony_features(notes: NoteTable) -> dict[str, float]:
    """Mode, and the interval classes of notes struck close together."""
    held_sec = np.clip(notes.duration_sec, 0.05, 1.0)
    pitch_classes = notes.pitch.astype(np.int64) % 12
    weights = np.bincount(pitch_classes, weights=held_sec, minlength=12).astype(np.float64)
    major, minor = key_correlations(weights)
    shares = weights / weights.sum()
    steps = np.abs(notes.pitch[2:] - notes.pitch[:-2]).astype(np.int64) % 12
    classes = np.bincount(np.minimum(steps, 12 - steps), minlength=7) / max(len(steps), 1)
    return {
        "major_correlation": major,
        "minor_correlation": minor,
        "major_minus_minor": major - minor,
        "pitch_class_entropy": float(-(shares * np.log2(shares + 1e-9)).sum()),
        "second_fraction": float(classes[1] + classes[2]),
        "minor_third_fraction": float(classes[3]),
        "major_third_fraction": float(classes[4]),
        "tritone_fraction": float(classes[6]),
    }


def pitch_class_features(notes: NoteTable) -> dict[str, float]:
    """How much of the key-down time each pitch class has: no playing, but which music it is."""
    held_sec = np.clip(notes.duration_sec, 0.05, 1.0)
    totals = np.bincount(notes.pitch.astype(np.int64) % 12, weights=held_sec, minlength=12)
    shares = totals / totals.sum()
    return {f"pitch_class_{number}": float(share) for number, share in enumerate(shares)}

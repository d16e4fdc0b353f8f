"""The groups of features, each a pure summary of note and event columns.

A value that cannot be told from the notes at hand is NaN. Durations, intervals and rates are
logarithms to base 2, so that equal steps are equal ratios.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.note_table import EventTable, NoteTable
from crescendai.music.tempo import even_interval_changes
from crescendai.music.texture import key_correlations

MIN_VALUES = 4

Floats = npt.NDArray[np.float64]


def quantiles(values: Floats, *fractions: float) -> list[float]:
    """Linear quantiles of the finite values; NaN with fewer than four of them."""
    finite = np.sort(values[np.isfinite(values)])
    if len(finite) < MIN_VALUES:
        return [np.nan] * len(fractions)
    at = np.array(fractions) * (len(finite) - 1)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, len(finite) - 1)
    return list(finite[low] + (at - low) * (finite[high] - finite[low]))


def mean(values: Floats) -> float:
    """Mean of the finite values; NaN with fewer than four of them."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) >= MIN_VALUES else np.nan


def spread(values: Floats) -> float:
    """Standard deviation of the finite values; NaN with fewer than four of them."""
    finite = values[np.isfinite(values)]
    return float(finite.std()) if len(finite) >= MIN_VALUES else np.nan


def correlation(left: Floats, right: Floats) -> float:
    """Pearson correlation over the finite pairs; NaN below six pairs or without variation."""
    both = np.isfinite(left) & np.isfinite(right)
    if np.count_nonzero(both) < 6:
        return np.nan
    left, right = left[both] - left[both].mean(), right[both] - right[both].mean()
    scale = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / scale) if scale > 1e-9 else np.nan


def timing_features(notes: NoteTable, events: EventTable) -> dict[str, float]:
    """Pace and its steadiness, from the intervals between events."""
    intervals = np.diff(events.onset_sec)
    span_sec = max(float(events.onset_sec[-1] - events.onset_sec[0]), 0.1)
    logs = np.log2(np.maximum(intervals, 0.02))
    low, quarter, mid, three, high = quantiles(logs, 0.1, 0.25, 0.5, 0.75, 0.9)
    changes = even_interval_changes(intervals)
    change_mid, change_high = quantiles(changes, 0.5, 0.85)
    ratios = np.abs(np.diff(logs))
    seconds = np.floor(events.onset_sec - events.onset_sec[0]).astype(np.int64)
    per_second = np.bincount(seconds)[: max(int(span_sec), 1)].astype(np.float64)
    return {
        "event_rate_log2": float(np.log2((len(events.onset_sec) - 1) / span_sec)),
        "note_rate_log2": float(np.log2((len(notes.onset_sec) - 1) / span_sec)),
        "interval_log2_q10": low,
        "interval_log2_q25": quarter,
        "interval_log2_q50": mid,
        "interval_log2_q75": three,
        "interval_log2_q90": high,
        "interval_log2_spread": spread(logs),
        "even_change_q50": change_mid,
        "even_change_q85": change_high,
        "even_change_mean": mean(changes),
        "even_pair_fraction": len(changes) / max(len(intervals) - 1, 1),
        "interval_ratio_mean": mean(ratios),
        "rate_variation": spread(per_second) / max(float(per_second.mean()), 0.1),
        "melody_interval_log2": mean(np.log2(np.diff(_melody_onsets(notes)))),
        "melody_even_change": mean(even_interval_changes(np.diff(_melody_onsets(notes)))),
    }


def _melody_onsets(notes: NoteTable) -> Floats:
    onsets = notes.onset_sec[notes.melody]
    keep = np.diff(onsets, prepend=-np.inf) > 0.02
    chosen: Floats = onsets[keep]
    return chosen


def articulation_features(notes: NoteTable) -> dict[str, float]:
    """Key overlap, key-down time and how many keys are down."""
    ratios = notes.overlap_ratio
    finite = ratios[np.isfinite(ratios)]
    low, quarter, mid, three, high = quantiles(ratios, 0.1, 0.25, 0.5, 0.75, 0.9)
    m_quarter, m_mid, m_three = quantiles(ratios[notes.melody], 0.25, 0.5, 0.75)
    durations = np.log2(np.maximum(notes.duration_sec, 0.02))
    d_low, d_mid, d_high = quantiles(durations, 0.1, 0.5, 0.9)
    offsets = notes.onset_sec + notes.duration_sec
    span_sec = max(float(offsets.max() - notes.onset_sec[0]), 0.1)
    reached = np.maximum.accumulate(offsets)
    gaps = np.maximum(notes.onset_sec[1:] - reached[:-1], 0.0).sum()
    enough = len(finite) >= MIN_VALUES
    return {
        "overlap_q10": low,
        "overlap_q25": quarter,
        "overlap_q50": mid,
        "overlap_q75": three,
        "overlap_q90": high,
        "overlap_mean": mean(ratios),
        "overlap_spread": spread(ratios),
        "staccato_fraction": float((finite < -0.5).mean()) if enough else np.nan,
        "legato_fraction": float((finite > 0.0).mean()) if enough else np.nan,
        "melody_overlap_q25": m_quarter,
        "melody_overlap_q50": m_mid,
        "melody_overlap_q75": m_three,
        "other_overlap_q50": quantiles(ratios[~notes.melody], 0.5)[0],
        "duration_log2_q10": d_low,
        "duration_log2_q50": d_mid,
        "duration_log2_q90": d_high,
        "duration_log2_mean": mean(durations),
        "melody_duration_log2": mean(durations[notes.melody]),
        "other_duration_log2": mean(durations[~notes.melody]),
        "keys_down_log2": float(np.log2(notes.duration_sec.sum() / span_sec + 0.05)),
        "silent_fraction": float(gaps / span_sec),
    }


def chord_features(events: EventTable) -> dict[str, float]:
    """Chord sizes, how exactly chords are struck, and the lead of their top note."""
    chords = events.size >= 2
    spreads = events.spread_ms[chords]
    spread_mid, spread_high = quantiles(spreads, 0.5, 0.9)
    lead_mid, lead_high = quantiles(events.lead_ms, 0.5, 0.85)
    return {
        "chord_size_mean": float(events.size.mean()),
        "chord_fraction": float(chords.mean()),
        "thick_chord_fraction": float((events.size >= 4).mean()),
        "chord_spread_mean": mean(spreads),
        "chord_spread_q50": spread_mid,
        "chord_spread_q90": spread_high,
        "top_lead_mean": mean(events.lead_ms),
        "top_lead_q50": lead_mid,
        "top_lead_q85": lead_high,
        "top_lead_spread": spread(events.lead_ms),
    }


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

"""Features of touch and resonance: key release, pedal, what sounds together, how hard keys go down.

A value that cannot be told from the notes at hand is NaN.
"""

from __future__ import annotations

import numpy as np

from crescendai.music.feature_statistics import correlation, mean, quantiles, spread, summary
from crescendai.music.note_table import EventTable, NoteTable
from crescendai.music.notes import PedalArray


def release_features(notes: NoteTable) -> dict[str, float]:
    """How long keys are held, against the time to the next note of the voice, by register."""
    durations = np.log2(np.maximum(notes.duration_sec, 0.02))
    with np.errstate(invalid="ignore"):
        shares = np.log2(np.maximum(notes.duration_sec / notes.voice_interval_sec, 0.02))
    shares = np.clip(shares, -4.0, 3.0)
    bass, treble = notes.pitch < 52, notes.pitch > 67
    quick = notes.voice_interval_sec < 0.35
    first, second = np.array_split(shares, 2)
    return {
        **summary("duration_share", shares),
        **summary("melody_duration_share", shares[notes.melody]),
        "bass_duration_share": mean(shares[bass]),
        "treble_duration_share": mean(shares[treble]),
        "quick_duration_share": mean(shares[quick]),
        "slow_duration_share": mean(shares[~quick]),
        "duration_log2_spread": spread(durations),
        "melody_duration_spread": spread(durations[notes.melody]),
        "bass_duration_log2": mean(durations[bass]),
        "treble_duration_log2": mean(durations[treble]),
        "short_note_fraction": float((notes.duration_sec < 0.12).mean()),
        "long_note_fraction": float((notes.duration_sec > 0.8).mean()),
        "duration_share_change": mean(np.abs(np.diff(shares[notes.melody]))),
        "halves_duration_share": mean(second) - mean(first),
        "share_velocity_correlation": correlation(shares, notes.velocity),
        "share_pitch_correlation": correlation(shares, notes.pitch),
        "duration_interval_correlation": correlation(durations, np.log2(notes.voice_interval_sec)),
    }


def resonance_features(notes: NoteTable) -> dict[str, float]:
    """What sounds together, by key or by pedal, and how much of it clashes."""
    rings = np.log2(np.maximum(notes.sounding_sec, 0.02))
    added = rings - np.log2(np.maximum(notes.duration_sec, 0.02))
    return {
        **summary("sounding", notes.sounding),
        **summary("keys_down", notes.keys_down),
        **summary("clashing", notes.clashing),
        "clash_share": float(notes.clashing.sum() / max(notes.sounding.sum(), 1.0)),
        "ring_log2_q25": quantiles(rings, 0.25)[0],
        "ring_log2_q50": quantiles(rings, 0.5)[0],
        "ring_log2_mean": mean(rings),
        "ring_added_mean": mean(added),
        "melody_ring_added": mean(added[notes.melody]),
        "bass_ring_added": mean(added[notes.pitch < 52]),
        "pedalled_fraction": float(notes.pedalled.mean()),
        "melody_pedalled": mean(notes.pedalled[notes.melody]),
        "pedalled_velocity": correlation(notes.pedalled, notes.velocity),
        "pedalled_short": mean(notes.pedalled[notes.duration_sec < 0.2]),
    }


def pedalling_features(
    pedal: PedalArray, events: EventTable, start_sec: float, end_sec: float
) -> dict[str, float]:
    """When the pedal goes down and up against the events around it."""
    here = pedal[(pedal["onset_sec"] >= start_sec) & (pedal["onset_sec"] < end_sec)]
    holds = np.log2(here["offset_sec"] - here["onset_sec"] + 0.05)
    gaps = np.log2(np.maximum(here["onset_sec"][1:] - here["offset_sec"][:-1], 0.0) + 0.02)
    before = np.searchsorted(events.onset_sec, here["onset_sec"], side="right") - 1
    ends = np.searchsorted(events.onset_sec, here["offset_sec"], side="right") - 1
    after_press = here["onset_sec"] - events.onset_sec[np.maximum(before, 0)]
    after_lift = here["offset_sec"] - events.onset_sec[np.maximum(ends, 0)]
    return {
        **summary("pedal_hold", holds),
        "pedal_gap_q50": quantiles(gaps, 0.5)[0],
        "pedal_gap_mean": mean(gaps),
        "press_after_event": mean(np.minimum(after_press, 1.0)),
        "lift_after_event": mean(np.minimum(after_lift, 1.0)),
        "press_after_spread": spread(np.minimum(after_press, 1.0)),
        "events_a_pedal": mean((ends - before).astype(np.float64)),
        "presses_an_event": len(here) / max(len(events.onset_sec), 1),
    }


def loudness_features(notes: NoteTable, events: EventTable) -> dict[str, float]:
    """How hard keys go down, as such: what an unknown microphone or transcriber shifts."""
    velocity = notes.velocity
    bass, treble = notes.pitch < 52, notes.pitch > 67
    return {
        **summary("velocity", velocity),
        "velocity_q99": quantiles(velocity, 0.99)[0],
        "event_velocity_mean": mean(events.velocity),
        "melody_velocity": mean(velocity[notes.melody]),
        "other_velocity": mean(velocity[~notes.melody]),
        "bass_velocity_level": mean(velocity[bass]),
        "treble_velocity_level": mean(velocity[treble]),
        "contour_highest": float(notes.contour.max()),
        "contour_lowest": float(notes.contour.min()),
    }


def voicing_features(notes: NoteTable, events: EventTable) -> dict[str, float]:
    """Balance and togetherness of the lines: melody, bass and what lies between."""
    chords = events.size >= 2
    bass, treble = notes.pitch < 52, notes.pitch > 67
    deviation = notes.velocity - notes.contour
    melody_deviation = deviation[notes.melody]
    return {
        **summary("deviation", np.abs(deviation)),
        "melody_deviation_mean": mean(melody_deviation),
        "melody_deviation_spread": spread(melody_deviation),
        "bass_deviation_mean": mean(deviation[bass]),
        "bass_deviation_spread": spread(deviation[bass]),
        "treble_velocity_spread": spread(notes.velocity[treble]),
        "bass_velocity_spread": spread(notes.velocity[bass]),
        "melody_fraction": float(notes.melody.mean()),
        "chord_spread_spread": spread(events.spread_ms[chords]),
        "exact_chord_fraction": mean((events.spread_ms[chords] < 5.0).astype(np.float64)),
        "lead_velocity_correlation": correlation(events.lead_ms, events.velocity),
        "spread_size_correlation": correlation(events.spread_ms[chords], events.size[chords]),
        "accent_q80": quantiles(deviation, 0.8)[0],
        "accent_skew": mean((deviation / max(spread(deviation), 1.0)) ** 3),
        "voice_change_spread": spread(notes.voice_change),
        "voice_change_pitch": correlation(np.abs(notes.voice_change), notes.pitch),
    }

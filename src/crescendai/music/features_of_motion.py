"""Features of how playing moves: deviations from even time, pace and loudness by window.

A value that cannot be told from the notes at hand is NaN.
"""

from __future__ import annotations

import numpy as np

from crescendai.music.feature_statistics import Floats, correlation, lagged, mean, spread, summary
from crescendai.music.note_table import EventTable, NoteTable

# Ratios of successive intervals that notation makes common; what is left over is timing.
_WRITTEN = np.log2(np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4]))
WINDOW_SECS = (2.0, 4.0)


def deviation_features(events: EventTable) -> dict[str, float]:
    """How far intervals are from simple ratios of their neighbours, and how that goes on."""
    logs = np.log2(np.maximum(np.diff(events.onset_sec), 0.03))
    ratios = np.diff(logs)
    left = ratios - _WRITTEN[np.abs(ratios[:, None] - _WRITTEN).argmin(axis=1)]
    even = np.where(np.abs(ratios) < 0.55, ratios, np.nan)
    pairs = np.abs(logs[2:] - logs[:-2])
    smooth = _smoothed(logs, 4)
    halves = np.array_split(logs, 2)
    last = max(len(logs) // 5, 2)
    return {
        **summary("off_ratio", np.abs(left)),
        "off_ratio_lag1": lagged(left),
        **summary("even_ratio", np.abs(even)),
        "even_ratio_lag1": lagged(even),
        "even_ratio_signed": mean(even),
        "skip_ratio_mean": mean(pairs),
        "interval_lag1": lagged(logs),
        "interval_lag2": lagged(logs, 2),
        "interval_lag4": lagged(logs, 4),
        "smooth_interval_spread": spread(smooth),
        "smooth_interval_change": mean(np.abs(np.diff(smooth))),
        "rough_interval_spread": spread(logs - smooth),
        "halves_interval": mean(halves[1]) - mean(halves[0]),
        "last_interval": mean(logs[-last:]) - mean(logs[:-last]),
        "interval_trend": correlation(events.onset_sec[:-1], logs),
    }


def window_features(notes: NoteTable, events: EventTable) -> dict[str, float]:
    """Pace, loudness, articulation and register of short windows, and how much they differ."""
    found: dict[str, float] = {}
    for length_sec in WINDOW_SECS:
        columns = _windows(notes, length_sec)
        for name, values in columns.items():
            key = f"{name}_{length_sec:.0f}s"
            found[f"{key}_spread"] = spread(values)
            found[f"{key}_change"] = mean(np.abs(np.diff(values)))
        found[f"rate_velocity_{length_sec:.0f}s"] = correlation(
            columns["rate"], columns["velocity"]
        )
        found[f"pitch_velocity_{length_sec:.0f}s"] = correlation(
            columns["pitch"], columns["velocity"]
        )
        found[f"rate_duration_{length_sec:.0f}s"] = correlation(
            columns["rate"], columns["duration"]
        )
    logs = np.log2(np.maximum(np.diff(events.onset_sec), 0.03))
    smooth_velocity = _smoothed(events.velocity, 4)
    return {
        **found,
        "event_velocity_lag1": lagged(events.velocity),
        "event_velocity_lag2": lagged(events.velocity, 2),
        "event_velocity_trend": correlation(events.onset_sec, events.velocity),
        "smooth_velocity_spread": spread(smooth_velocity),
        "smooth_velocity_change": mean(np.abs(np.diff(smooth_velocity))),
        "rough_velocity_spread": spread(events.velocity - smooth_velocity),
        "tempo_loudness": correlation(_smoothed(logs, 4), smooth_velocity[:-1]),
        "tempo_height": correlation(_smoothed(logs, 4), _smoothed(events.top_pitch, 4)[:-1]),
    }


def _windows(notes: NoteTable, length_sec: float) -> dict[str, Floats]:
    """Means over successive windows; NaN in windows with fewer than three notes."""
    number = ((notes.onset_sec - notes.onset_sec[0]) / length_sec).astype(np.int64)
    counts = np.bincount(number).astype(np.float64)
    if len(counts) > 1:
        counts = counts[:-1]  # the last one is cut off
    enough = counts >= 3
    columns = {
        "velocity": notes.velocity,
        "duration": np.log2(np.maximum(notes.duration_sec, 0.02)),
        "pitch": notes.pitch,
        "sounding": notes.sounding,
    }
    means = {
        name: np.where(
            enough, np.bincount(number, column)[: len(counts)] / np.maximum(counts, 1), np.nan
        )
        for name, column in columns.items()
    }
    return {"rate": np.log2(counts + 1.0), **means}


def _smoothed(values: Floats, half: int) -> Floats:
    """The mean of each value and up to ``half`` neighbours on either side."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    left, right = np.maximum(places - half, 0), np.minimum(places + half + 1, len(values))
    smooth: Floats = (total[right] - total[left]) / (right - left)
    return smooth

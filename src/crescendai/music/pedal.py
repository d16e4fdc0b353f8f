"""The sustain pedal: how much of the time it is down, and how often it is changed.

Taken from transcribed audio these are far less certain than notes (over 200 renders, r = 0.7
with the truth, and too low on average): compare recordings by them, trust no single value.
"""

from __future__ import annotations

import numpy as np

from crescendai.music.notes import PedalArray


def pedal_down_fraction(pedal: PedalArray, start_sec: float, end_sec: float) -> float | None:
    """Fraction (0–1) of the time between start and end with the pedal down."""
    if end_sec <= start_sec:
        return None
    down = np.minimum(pedal["offset_sec"], end_sec) - np.maximum(pedal["onset_sec"], start_sec)
    return float(min(np.clip(down, 0.0, None).sum() / (end_sec - start_sec), 1.0))


def pedal_changes_per_minute(pedal: PedalArray, start_sec: float, end_sec: float) -> float | None:
    """How often the pedal goes down between start and end, per minute; ``None`` below 2 s."""
    if end_sec - start_sec < 2.0:
        return None
    pressed = (pedal["onset_sec"] >= start_sec) & (pedal["onset_sec"] < end_sec)
    return float(60.0 * np.count_nonzero(pressed) / (end_sec - start_sec))

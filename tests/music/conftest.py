"""Hand-made performances, so that every expected value can be worked out on paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crescendai.music.notes import Performance, note_array, pedal_array

Rows = list[tuple[float, float, int, int]]
Player = Callable[[int], Performance]


def performance_of(rows: Rows, pedal: list[tuple[float, float]] | None = None) -> Performance:
    """A performance lasting half a second beyond its last release."""
    return Performance(note_array(rows), pedal_array(pedal or []), max(r[1] for r in rows) + 0.5)


@pytest.fixture
def perform() -> Callable[..., Performance]:
    return performance_of


@pytest.fixture
def scale() -> Performance:
    """A rising scale of 24 even quavers at 120 beats a minute, held 80 % of the interval."""
    steps = [0, 2, 4, 5, 7, 9, 11, 12]
    rows = [
        (0.25 * i, 0.25 * i + 0.2, 60 + 12 * (i // 8) + steps[i % 8], 64 + i % 4) for i in range(24)
    ]
    return performance_of(rows)


@pytest.fixture
def pianist() -> Player:
    """A pianist whose number draws the piece: a song over broken chords, shaped in phrases."""
    return song


def song(number: int) -> Performance:
    """Sixteen bars of melody and accompaniment, the same for the same number."""
    rng = np.random.default_rng(number)
    beat_sec = rng.uniform(0.45, 0.75)
    rows: Rows = []
    for bar in range(16):
        root = 48 + int(rng.choice([0, 5, 7, 9]))
        swell = 10 * np.sin(np.pi * (bar % 4) / 3)
        for beat in range(4):
            at = (4 * bar + beat) * beat_sec + rng.normal(0, 0.008)
            tone = root + (0, 7, 12, 7)[beat]
            rows.append((at, at + 0.8 * beat_sec, tone, int(50 + swell + rng.normal(0, 4))))
            pitch = root + 12 + int(rng.choice([4, 7, 12, 16]))
            early = at - 0.015 + rng.normal(0, 0.006)
            length = beat_sec * rng.uniform(0.8, 1.05)
            rows.append((early, early + length, pitch, int(64 + swell + rng.normal(0, 5))))
            half = at + beat_sec / 2 + rng.normal(0, 0.008)
            rows.append((half, half + 0.4 * beat_sec, tone + 4, int(48 + swell + rng.normal(0, 4))))
    shift_sec = 0.5 - min(row[0] for row in rows)
    return performance_of([(a + shift_sec, b + shift_sec, p, v) for a, b, p, v in rows])

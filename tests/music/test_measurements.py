"""The named measurements of a whole recording and of a stretch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crescendai.music.measurements import UNITS, measure
from crescendai.music.notes import Performance, note_array, pedal_array


def test_every_measurement_has_its_unit_and_sample(pianist: Callable[[int], Performance]) -> None:
    measured = measure(pianist(1))
    assert list(measured) == list(UNITS)
    for key, measurement in measured.items():
        assert measurement.unit == UNITS[key]
        assert measurement.note_count == 192
        assert measurement.value is not None, key
        assert np.isfinite(measurement.value), key


def test_golden_values_of_a_scale(scale: Performance) -> None:
    measured = {key: m.value for key, m in measure(scale).items()}
    assert measured["note_count"] == 24
    assert measured["tempo_bpm"] == pytest.approx(120, rel=0.02)
    assert measured["key_overlap_ratio"] == pytest.approx(-0.2)
    assert measured["velocity_mean"] == pytest.approx(65.5)
    assert measured["velocity_range"] == pytest.approx(3.0)
    assert measured["note_density_per_sec"] == pytest.approx(24 / scale.duration_sec)
    assert measured["pedal_down_fraction"] == 0.0
    assert measured["chord_asynchrony_ms"] is None


def test_a_stretch_counts_only_its_notes_and_pedal() -> None:
    rows = [(0.5 * i, 0.5 * i + 0.4, 60 + i % 3, 50 if i < 20 else 90) for i in range(40)]
    performance = Performance(note_array(rows), pedal_array([(10.0, 15.0)]), 20.5)
    late = measure(performance, 10.0, 20.0)
    assert late["note_count"].value == 20
    assert late["velocity_mean"].value == 90
    assert late["pedal_down_fraction"].value == pytest.approx(0.5)
    assert late["pedal_changes_per_minute"].value == pytest.approx(6.0)


def test_nothing_played_is_measured_as_nothing() -> None:
    silent = measure(Performance(note_array([]), pedal_array([]), 5.0))
    assert silent["note_count"].value == 0
    assert silent["tempo_bpm"].value is None
    assert silent["note_density_per_sec"].value == 0.0

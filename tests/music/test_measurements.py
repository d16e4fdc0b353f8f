"""The named measurements of a whole recording and of a stretch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crescendai.music.measurements import DEFINITIONS, Measuring, measure
from crescendai.music.notes import Performance, note_array, pedal_array
from crescendai.music.sound import sound_frames
from crescendai.music.windows import Window, split_windows

OF_SOUND = {"loudness_lufs", "loudness_range_lu", "brightness_hz", "roll_off_hz"}
RARE = {"repeated_note_unevenness", "repeated_note_velocity_change", "trill_rate_per_sec"}


def test_every_measurement_has_its_unit_and_sample(pianist: Callable[[int], Performance]) -> None:
    measured = measure(pianist(1))
    assert list(measured) == list(DEFINITIONS)
    for key, measurement in measured.items():
        assert measurement.unit == DEFINITIONS[key].unit
        assert measurement.needs == DEFINITIONS[key].needs
        assert measurement.note_count == 192
        if key in OF_SOUND | RARE:
            assert measurement.value is None, key
        else:
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


def crotchets(count: int, *, step_sec: float = 0.5) -> Performance:
    """A scale up and down, ever louder, over one long pedal."""
    rows = [
        (step_sec * i, step_sec * i + 0.4, 60 + (0, 2, 4, 5, 7, 5, 4, 2)[i % 8], 40 + i)
        for i in range(count)
    ]
    return Performance(note_array(rows), pedal_array([(0.0, 4.5)]), count * step_sec)


def test_each_window_is_measured_on_its_own_notes() -> None:
    played = crotchets(24)  # twelve seconds, six notes in each window
    windows = Measuring(played).windows(split_windows(played.duration_sec))
    assert [list(window) for window in windows] == [list(DEFINITIONS)] * 4
    assert [window["note_count"] for window in windows] == [6, 6, 6, 6]
    assert [window["velocity_mean"] for window in windows] == [42.5, 48.5, 54.5, 60.5]
    assert [window["pedal_down_fraction"] for window in windows] == [1.0, 0.5, 0.0, 0.0]
    assert [window["note_density_per_sec"] for window in windows] == [2.0] * 4
    assert [window["key_overlap_ratio"] for window in windows] == pytest.approx([-0.2] * 4)
    assert [window["tempo_bpm"] for window in windows] == pytest.approx([120] * 4, rel=0.02)


def test_a_window_of_few_notes_says_nothing_rather_than_something() -> None:
    (window,) = Measuring(crotchets(24)).windows([Window(3.0, 4.9)])
    assert window["note_count"] == 4
    assert window["velocity_mean"] == 47.5
    few = ("tempo_bpm", "ioi_variability", "note_duration_sec", "velocity_range", "pitch_range")
    assert all(window[key] is None for key in few)
    assert window["pedal_changes_per_minute"] is window["harmony_changes_per_minute"] is None


def test_an_empty_window_has_counts_of_nothing() -> None:
    played = crotchets(8)
    empty = Performance(played.notes, played.pedal, 12.0)
    window = Measuring(empty).windows(split_windows(12.0))[-1]
    assert window["note_count"] == window["trill_count"] == window["note_density_per_sec"] == 0.0
    assert window["velocity_mean"] is window["polyphony"] is window["accent_strength"] is None


def test_ornaments_are_counted_in_the_window_they_begin_in() -> None:
    trill = [(4.0 + 0.1 * i, 4.1 + 0.1 * i, 72 + 2 * (i % 2), 64) for i in range(12)]
    played = crotchets(24)
    notes = note_array([*played.notes.tolist(), *trill])
    windows = Measuring(Performance(notes, played.pedal, 12.0)).windows(split_windows(12.0))
    assert [window["trill_count"] for window in windows] == [0, 1, 0, 0]
    assert windows[1]["trill_rate_per_sec"] == pytest.approx(10.0)


def test_the_sound_is_measured_where_it_is_at_hand() -> None:
    at = np.arange(6 * 44_100) / 44_100
    loud_then_soft = np.where(at < 3.0, 0.5, 0.05) * np.sin(2 * np.pi * 1000 * at)
    frames = sound_frames(loud_then_soft.astype(np.float32), 44_100)
    played = crotchets(12)
    first, second = Measuring(played, frames).windows(split_windows(6.0))
    assert first["loudness_lufs"] == pytest.approx(-9.0, abs=0.3)
    assert second["loudness_lufs"] == pytest.approx(-29.0, abs=0.3)
    assert first["brightness_hz"] == pytest.approx(1000, rel=0.02)
    assert Measuring(played, frames).whole()["loudness_lufs"].value is not None

"""The feature vector: named, finite where it can be, blind to what a transcriber distorts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crescendai.music.features import FEATURE_NAMES, feature_matrix, feature_vector
from crescendai.music.notes import Performance, note_array, pedal_array

FEW_FEATURES = 92  # the first ones, without absolute velocities

Pianist = Callable[[int], Performance]


def changed(performance: Performance, **columns: np.ndarray) -> Performance:
    notes = performance.notes.copy()
    for name, values in columns.items():
        notes[name] = values
    return Performance(notes, performance.pedal, performance.duration_sec)


def test_names_are_unique_and_values_finite(pianist: Pianist) -> None:
    played = pianist(1)
    presses = pedal_array([(2.0 * i, 2.0 * i + 1.9) for i in range(12)])
    values = feature_vector(Performance(played.notes, presses, played.duration_sec))
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES) == len(values)
    unknown = {name for name, v in zip(FEATURE_NAMES, values, strict=True) if not np.isfinite(v)}
    # a song without notes under 0.2 s, whose chords all have as many notes
    assert unknown <= {"pedalled_short", "spread_size_correlation"}


def test_a_shift_in_velocity_changes_loudness_alone_and_one_in_time_nothing(
    pianist: Pianist,
) -> None:
    played = pianist(2)
    louder = changed(played, velocity=played.notes["velocity"] + 15)
    later = changed(
        played,
        onset_sec=played.notes["onset_sec"] + 4.0,
        offset_sec=played.notes["offset_sec"] + 4.0,
    )
    before = feature_vector(played)
    assert feature_vector(later) == pytest.approx(before, abs=1e-6, nan_ok=True)
    moved = np.abs(feature_vector(louder) - before) > 1e-6
    assert np.flatnonzero(moved).min() >= FEW_FEATURES
    assert all(
        any(word in name for word in ("velocity", "contour"))
        for name, differs in zip(FEATURE_NAMES, moved, strict=True)
        if differs
    )


def test_known_playing_has_known_values() -> None:
    """Quavers a second apart, held half of it, each louder by one, the pedal down from 4 to 8 s."""
    rows = [(1.0 * i, i + 0.5, 60 + 2 * (i % 2), 50 + i) for i in range(12)]
    played = Performance(note_array(rows), pedal_array([(3.9, 7.9)]), 12.0)
    values = dict(zip(FEATURE_NAMES, feature_vector(played), strict=True))
    assert values["off_ratio_mean"] == pytest.approx(0.0)
    assert values["duration_share_q50"] == pytest.approx(-1.0)  # half: 2 to the -1
    assert values["velocity_q50"] == pytest.approx(55.5)
    assert values["event_velocity_trend"] == pytest.approx(1.0)
    assert values["pedalled_fraction"] == pytest.approx(4 / 12)
    assert values["presses_an_event"] == pytest.approx(1 / 12)
    assert values["keys_down_mean"] == pytest.approx(0.0)
    assert values["sounding_mean"] > 0.0  # the pedal keeps notes sounding into the next ones
    assert values["clashing_mean"] == pytest.approx(values["sounding_mean"], abs=0.2)


def test_a_stretch_has_the_features_of_its_notes_alone(pianist: Pianist) -> None:
    played = pianist(3)
    rows = feature_matrix(played, [(0.0, 12.0), (-np.inf, np.inf), (500.0, 512.0)])
    assert rows[1] == pytest.approx(feature_vector(played), nan_ok=True)
    assert not np.allclose(rows[0], rows[1])
    assert np.all(np.isnan(rows[2]))


def test_the_pedal_is_summarised_over_the_time_between_first_and_last_onset() -> None:
    notes = note_array([(1.0 * i, i + 0.5, 60 + i % 3, 64) for i in range(11)])
    played = Performance(notes, pedal_array([(-1.0, 1.0), (4.0, 8.0)]), 12.0)
    values = dict(zip(FEATURE_NAMES, feature_vector(played), strict=True))
    assert values["pedal_fraction"] == pytest.approx(0.5)
    assert values["pedal_presses_log2"] == pytest.approx(3.0)  # one in 10 s: 6 a minute, plus 2
    assert values["pedal_hold_log2"] == pytest.approx(np.log2(2.6))


def test_too_few_notes_have_no_features() -> None:
    notes = note_array([(0.5 * i, 0.5 * i + 0.3, 60, 64) for i in range(7)])
    assert np.all(np.isnan(feature_vector(Performance(notes, pedal_array([]), 5.0))))


def test_one_held_chord_does_not_break_it() -> None:
    notes = note_array([(0.0, 4.0, 40 + 3 * i, 64) for i in range(10)])
    assert not np.any(np.isinf(feature_vector(Performance(notes, pedal_array([]), 5.0))))

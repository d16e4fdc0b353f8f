"""Golden values for tempo, dynamics, pedal, texture and windows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crescendai.music.dynamics import (
    velocity_contour,
    velocity_contour_range,
    velocity_mean,
    velocity_range,
)
from crescendai.music.notes import Performance, note_array, pedal_array
from crescendai.music.pedal import pedal_changes_per_minute, pedal_down_fraction
from crescendai.music.tempo import (
    inter_onset_intervals_sec,
    ioi_variability,
    local_tempi_bpm,
    tempo_bpm,
    tempo_spread_bpm,
)
from crescendai.music.texture import (
    key_correlations,
    note_density_per_sec,
    pitch_class_weights,
    pitch_mean,
    polyphony,
)
from crescendai.music.windows import Window, clock, split_windows

Perform = Callable[..., Performance]
NOTHING = note_array([])


@pytest.mark.parametrize("bpm", [66.0, 92.0, 120.0, 144.0])
def test_a_metronome_has_its_tempo_and_no_spread(perform: Perform, bpm: float) -> None:
    beats = perform([(i * 60 / bpm, i * 60 / bpm + 0.2, 60 + i % 5, 64) for i in range(40)])
    assert tempo_bpm(beats.notes) == pytest.approx(bpm, rel=0.02)
    assert tempo_spread_bpm(beats.notes) == pytest.approx(0.0, abs=1.0)
    assert ioi_variability(beats.notes) == pytest.approx(0.0, abs=1e-9)


def test_an_accelerando_spreads_the_tempo(perform: Perform) -> None:
    onsets = np.cumsum(60 / np.linspace(80, 110, 60))
    notes = perform([(t, t + 0.2, 60 + i % 5, 64) for i, t in enumerate(onsets)]).notes
    assert np.all(np.diff(local_tempi_bpm(notes)) > -3)
    spread_bpm = tempo_spread_bpm(notes)
    assert spread_bpm is not None
    assert 5 < spread_bpm < 15


def test_uneven_intervals_of_equal_value_are_variable(perform: Perform) -> None:
    onsets = np.cumsum([0.45, 0.55] * 10)  # |a - b| / mean = 0.1 / 0.5
    notes = perform([(t, t + 0.2, 60 + i % 5, 64) for i, t in enumerate(onsets)]).notes
    assert ioi_variability(notes) == pytest.approx(0.2)
    assert inter_onset_intervals_sec(notes)[:2] == pytest.approx([0.55, 0.45])


def test_too_few_notes_have_no_tempo(scale: Performance) -> None:
    assert tempo_bpm(scale.notes[:7]) is None
    assert tempo_spread_bpm(NOTHING) is None
    assert ioi_variability(scale.notes[:3]) is None


def test_velocity_mean_range_and_contour(perform: Perform) -> None:
    swell = perform([(0.25 * i, 0.25 * i + 0.2, 60, 40 + i // 2) for i in range(81)])
    assert velocity_mean(swell.notes) == pytest.approx(59.75, abs=0.01)
    assert velocity_range(swell.notes) == pytest.approx(36.0)
    assert velocity_contour(swell.notes, np.array([10.0])) == pytest.approx([59.75], abs=0.1)
    swing = velocity_contour_range(swell.notes)
    assert swing is not None
    assert 36 < swing < 40
    assert velocity_range(swell.notes[:7]) is velocity_mean(NOTHING) is None


def test_pedal_fraction_and_changes() -> None:
    pedal = pedal_array([(0.0, 2.0), (3.0, 6.0), (9.0, 12.0)])
    assert pedal_down_fraction(pedal, 0.0, 10.0) == pytest.approx(0.6)
    assert pedal_down_fraction(pedal, 1.0, 4.0) == pytest.approx(2 / 3)
    assert pedal_changes_per_minute(pedal, 0.0, 10.0) == pytest.approx(18.0)
    assert pedal_down_fraction(pedal_array([]), 0.0, 5.0) == 0.0
    assert pedal_down_fraction(pedal, 5.0, 5.0) is pedal_changes_per_minute(pedal, 0, 1) is None


def test_density_polyphony_and_pitch() -> None:
    notes = note_array([(0.0, 2.0, 60, 64), (0.0, 2.0, 64, 64), (2.0, 4.0, 68, 64)])
    assert note_density_per_sec(notes, 0.0, 6.0) == pytest.approx(0.5)
    assert polyphony(notes) == pytest.approx(1.5)
    assert pitch_mean(notes) == pytest.approx(64.0)
    assert note_density_per_sec(notes, 1.0, 1.0) is polyphony(NOTHING) is pitch_mean(NOTHING)


def test_major_and_minor_are_told_apart(perform: Perform) -> None:
    def mode(pitches: list[int]) -> tuple[float, float]:
        rows = [(0.3 * i, 0.3 * i + 0.3, pitch, 64) for i, pitch in enumerate(pitches)]
        return key_correlations(pitch_class_weights(note_array(rows)))

    major = mode([60, 64, 67, 72, 65, 69, 72, 67, 71, 62, 60, 64, 67, 60])
    minor = mode([60, 63, 67, 72, 65, 68, 72, 67, 71, 62, 60, 63, 67, 60])
    assert major[0] > major[1]
    assert minor[1] > minor[0]
    assert key_correlations(np.zeros(12)) == (0.0, 0.0)


def test_windows_cover_the_recording_and_the_last_may_be_shorter() -> None:
    windows = split_windows(10.5)
    assert [(w.start_sec, w.end_sec) for w in windows] == [(0, 3), (3, 6), (6, 9), (9, 10.5)]
    assert [w.timestamp for w in windows][::3] == ["0:00-0:03", "0:09-0:10"]
    assert len(split_windows(9.0)) == 3
    assert split_windows(0.0) == []
    assert split_windows(0.3) == [Window(0.0, 0.3)]
    assert split_windows(9.2)[-1] == Window(6.0, 9.2)
    assert clock(725.0) == "12:05"

"""Harmony, the pedal across it, accents, trend, register and local tempo, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from crescendai.music.accents import accent_strength, accents_per_minute, event_emphasis
from crescendai.music.dynamics import velocity_trend_per_sec
from crescendai.music.harmony import (
    harmony_changes_per_minute,
    harmony_changes_sec,
    pedal_over_harmony_fraction,
)
from crescendai.music.notes import NoteArray, note_array, pedal_array
from crescendai.music.tempo import tempo_near_bpm
from crescendai.music.texture import pitch_range

C_MAJOR, F_MAJOR, G_MAJOR = (48, 64, 67, 72), (53, 65, 69, 72), (43, 62, 67, 71)
NOTHING = note_array([])


def chords(*harmonies: tuple[int, ...]) -> NoteArray:
    """Each harmony for two seconds, struck four times."""
    return note_array(
        [
            (2.0 * bar + 0.5 * beat, 2.0 * bar + 0.5 * beat + 0.45, pitch, 64)
            for bar, harmony in enumerate(harmonies)
            for beat in range(4)
            for pitch in harmony
        ]
    )


def test_harmony_changes_where_the_chords_do() -> None:
    notes = chords(C_MAJOR, F_MAJOR, G_MAJOR, C_MAJOR)
    assert harmony_changes_sec(notes).tolist() == [2.0, 4.0, 6.0]
    assert harmony_changes_per_minute(harmony_changes_sec(notes), 0.0, 8.0) == 22.5
    assert harmony_changes_per_minute(np.array([1.0]), 0.0, 1.5) is None


def test_a_broken_chord_is_one_harmony() -> None:
    rows = [(0.25 * i, 0.25 * i + 0.25, (48, 55, 64, 55)[i % 4], 64) for i in range(16)]
    assert len(harmony_changes_sec(note_array(rows))) == 0
    assert len(harmony_changes_sec(NOTHING)) == 0


def test_the_pedal_blurs_the_changes_it_is_held_through() -> None:
    """Changes at 2, 4 and 6 s: cleared late but cleared, held through, cleared on the beat."""
    changes = np.array([2.0, 4.0, 6.0])
    pedal = pedal_array([(0.1, 2.2), (2.4, 6.0), (6.1, 7.9)])
    assert pedal_over_harmony_fraction(pedal, changes) == pytest.approx(1 / 3)
    assert pedal_over_harmony_fraction(pedal_array([(0.0, 8.0)]), changes) == 1.0
    assert pedal_over_harmony_fraction(pedal_array([]), changes) == 0.0
    assert pedal_over_harmony_fraction(pedal, changes[:1]) is None


def test_an_accent_stands_out_from_its_neighbours() -> None:
    """Every fourth crotchet is 20 louder; its neighbours within 1.5 s are three each side."""
    rows = [(0.5 * i, 0.5 * i + 0.4, 60, 80 if i % 4 == 2 else 60) for i in range(20)]
    emphasis = event_emphasis(note_array(rows))
    assert emphasis[6] == pytest.approx(20.0)
    assert emphasis[8] == pytest.approx(60 - (2 * 80 + 4 * 60) / 6)  # events 6 and 10 are loud
    assert accents_per_minute(emphasis, 0.0, 10.0) == pytest.approx(30.0)
    assert accent_strength(emphasis) == pytest.approx(20.0, abs=1.0)
    assert accent_strength(emphasis[:7]) is accents_per_minute(emphasis[:7], 0.0, 3.0) is None
    assert len(event_emphasis(NOTHING)) == 0


def test_a_crescendo_rises_by_its_slope() -> None:
    rows = [(0.5 * i, 0.5 * i + 0.4, 60, 40 + 3 * i) for i in range(9)]
    assert velocity_trend_per_sec(note_array(rows)) == pytest.approx(6.0)
    assert velocity_trend_per_sec(note_array(rows[:7])) is None
    together = [(0.01 * i, 1.0, 60 + i, 64) for i in range(9)]
    assert velocity_trend_per_sec(note_array(together)) is None


def test_register_leaves_out_the_outermost_twentieths() -> None:
    rows = [(0.1 * i, 0.1 * i + 0.1, 40 + i, 64) for i in range(41)]
    assert pitch_range(note_array(rows)) == pytest.approx(36.0)
    assert pitch_range(note_array(rows[:7])) is None


def test_a_few_beats_have_a_tempo_near_a_known_one() -> None:
    rows = [(0.5 * i, 0.5 * i + 0.4, 60, 64) for i in range(7)]
    assert tempo_near_bpm(note_array(rows), 110.0) == pytest.approx(120, rel=0.02)
    assert tempo_near_bpm(note_array(rows[:4]), 110.0) is None
    assert tempo_near_bpm(note_array(rows), 40.0) is None  # 3 s hold no two such beats

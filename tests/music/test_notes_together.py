"""Golden values for chords, voices, voicing and articulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crescendai.music.articulation import key_overlap_ratio, note_duration_sec, staccato_fraction
from crescendai.music.chords import (
    chord_asynchrony_ms,
    chord_sizes,
    chord_spreads_ms,
    event_of_note,
    event_onsets_sec,
)
from crescendai.music.notes import Performance, note_array
from crescendai.music.voices import melody_mask, next_in_voice
from crescendai.music.voicing import melody_lead_ms, melody_lead_velocity

Perform = Callable[..., Performance]
NOTHING = note_array([])


def chorale() -> list[tuple[float, float, int, int]]:
    """Six three-part chords: the melody 20 ms ahead and 24 louder, the bass 10 ms behind."""
    rows = []
    for i in range(6):
        at = 1.0 + i
        rows += [(at - 0.02, at + 0.8, 72 + i % 2, 84), (at, at + 0.8, 64, 60)]
        rows.append((at + 0.01, at + 0.8, 55, 60))
    return rows


def test_notes_within_50_ms_are_one_event() -> None:
    notes = note_array([(0.0, 1, 60, 64), (0.049, 1, 64, 64), (0.06, 1, 67, 64), (0.5, 1, 72, 64)])
    assert event_of_note(notes).tolist() == [0, 0, 1, 2]
    assert event_onsets_sec(notes).tolist() == [0.0, 0.06, 0.5]
    assert chord_sizes(notes).tolist() == [2, 1, 1]
    assert chord_spreads_ms(notes) == pytest.approx([49.0])


def test_a_chord_is_as_asynchronous_as_its_first_and_last_note() -> None:
    assert chord_asynchrony_ms(note_array(chorale())) == pytest.approx(30.0)
    assert chord_asynchrony_ms(note_array(chorale()[:6])) is None


def test_the_melody_is_the_top_line_even_under_a_short_higher_note() -> None:
    notes = note_array(chorale())
    assert melody_mask(notes).tolist() == [True, False, False] * 6
    covered = note_array([(0.0, 2.0, 76, 64), (0.5, 1.0, 60, 64), (2.5, 3.0, 62, 64)])
    assert melody_mask(covered).tolist() == [True, False, True]


def test_melody_lead_in_velocity_and_time() -> None:
    notes = note_array(chorale())
    assert melody_lead_velocity(notes) == pytest.approx(24.0)
    assert melody_lead_ms(notes) == pytest.approx(25.0)
    assert melody_lead_velocity(notes[:3]) is None
    assert melody_lead_ms(NOTHING) is None


def test_the_next_note_of_a_voice_is_the_next_within_nine_semitones() -> None:
    notes = note_array([(0.0, 1, 72, 64), (0.5, 1, 40, 64), (1.0, 2, 74, 64), (1.5, 2, 43, 64)])
    assert next_in_voice(notes).tolist() == [2, 3, -1, -1]


@pytest.mark.parametrize(("held", "ratio"), [(1.2, 0.2), (1.0, 0.0), (0.3, -0.7), (9.0, 2.0)])
def test_key_overlap_ratio_is_overlap_over_interval(
    scale: Performance, held: float, ratio: float
) -> None:
    notes = scale.notes.copy()
    notes["offset_sec"] = notes["onset_sec"] + 0.25 * held
    assert key_overlap_ratio(notes) == pytest.approx(ratio)


def test_durations_and_staccato(scale: Performance) -> None:
    assert note_duration_sec(scale.notes) == pytest.approx(0.2)
    assert staccato_fraction(scale.notes) == 0.0
    short = scale.notes.copy()
    short["offset_sec"] = short["onset_sec"] + 0.05
    assert staccato_fraction(short) == 1.0
    assert key_overlap_ratio(scale.notes[:4]) is None


def test_repeated_notes_do_not_count_as_detached(perform: Perform) -> None:
    repeated = perform([(0.5 * i, 0.5 * i + 0.1, 60, 64) for i in range(12)])
    assert key_overlap_ratio(repeated.notes) is None


def test_nothing_played_measures_nothing() -> None:
    assert len(event_of_note(NOTHING)) == len(chord_sizes(NOTHING)) == 0
    assert not np.any(melody_mask(NOTHING))
    assert chord_asynchrony_ms(NOTHING) is note_duration_sec(NOTHING) is None

"""Ornaments and repeated notes, in figures written out by hand."""

from __future__ import annotations

import pytest

from crescendai.music.notes import NoteArray, note_array
from crescendai.music.ornaments import find_ornaments
from crescendai.music.repetition import repeated_note_unevenness, repeated_note_velocity_change

Rows = list[tuple[float, float, int, int]]


def around(figure: Rows, before: float = 0.0, after: float = 3.0) -> NoteArray:
    """A figure between a crotchet before it and one after it, over a held bass."""
    rest: Rows = [(before, before + 0.4, 67, 60), (after, after + 0.4, 67, 60)]
    return note_array([*rest, *figure, (0.0, 4.0, 40, 50)])


def quick(pitches: list[int], at: float = 1.0, step: float = 0.1, last: float = 0.8) -> Rows:
    """Notes ``step`` seconds apart, each let go as the next begins; the last is held."""
    rows = [(at + step * i, at + step * (i + 1), pitch, 64) for i, pitch in enumerate(pitches)]
    start, _, pitch, velocity = rows[-1]
    return [*rows[:-1], (start, start + last, pitch, velocity)]


@pytest.mark.parametrize(
    ("pitches", "kind"),
    [
        ([72, 74, 72, 74, 72, 74, 72, 74], "trill"),
        ([72, 71, 72], "mordent"),
        ([72, 74, 72], "mordent"),
        ([74, 72, 71, 72], "turn"),
        ([71, 72, 74, 72], "turn"),
        ([72, 74, 72, 71, 72], "turn"),
        ([74, 72], "grace note"),
    ],
)
def test_each_figure_is_told_by_its_shape(pitches: list[int], kind: str) -> None:
    (found,) = find_ornaments(around(quick(pitches)))
    assert found.kind == kind
    assert found.onset_sec == 1.0
    assert found.note_count == len(pitches)
    assert found.notes_per_sec == pytest.approx(10.0)


@pytest.mark.parametrize(
    "figure",
    [
        quick([60, 62, 64, 65, 67, 69, 71, 72]),  # a scale
        quick([72, 76, 72, 76, 72, 76, 72, 76]),  # a tremolo in thirds
        quick([72, 74, 72], step=0.3),  # as slow as the tune
        quick([72, 74, 72, 74, 72, 74], step=0.25),
        [(1.0, 1.9, 72, 64), (1.06, 1.9, 74, 64)],  # a second struck together, roughly
        quick([72, 74, 72, 67, 72, 74, 72, 67]),  # an accompaniment
    ],
)
def test_other_quick_playing_is_no_ornament(figure: Rows) -> None:
    assert find_ornaments(around(figure)) == []


def test_a_trill_may_end_in_a_turn() -> None:
    trill = [74, 72, 74, 72, 74, 72, 71, 72]
    (found,) = find_ornaments(around(quick(trill)))
    assert (found.kind, found.note_count) == ("trill", 6)


def test_nothing_played_has_no_ornaments() -> None:
    assert find_ornaments(note_array([])) == []


def test_repeated_notes_are_as_uneven_as_their_intervals() -> None:
    """Intervals 0.2, 0.22, 0.2, 0.22, 0.2: every change is 0.02 / 0.21; velocities go by 6."""
    onsets = [0.0, 0.2, 0.42, 0.62, 0.84, 1.04]
    rows = [(at, at + 0.1, 60, 64 + 6 * (i % 2)) for i, at in enumerate(onsets)]
    assert repeated_note_unevenness(note_array(rows)) == pytest.approx(0.02 / 0.21)
    assert repeated_note_velocity_change(note_array(rows)) == pytest.approx(6.0)


def test_repeated_chords_count_and_an_alternating_figure_does_not() -> None:
    chords = [(0.3 * i, 0.3 * i + 0.2, pitch, 64) for i in range(6) for pitch in (60, 64, 67)]
    assert repeated_note_unevenness(note_array(chords)) == pytest.approx(0.0)
    alberti = [(0.2 * i, 0.2 * i + 0.2, (60, 67, 64, 67)[i % 4], 64) for i in range(24)]
    assert repeated_note_unevenness(note_array(alberti)) is None


def test_too_few_repetitions_are_not_measured() -> None:
    rows = [(0.2 * i, 0.2 * i + 0.1, 60, 64) for i in range(5)]
    assert repeated_note_unevenness(note_array(rows)) is None
    assert repeated_note_velocity_change(note_array(rows)) == 0.0
    assert repeated_note_velocity_change(note_array(rows[:4])) is None

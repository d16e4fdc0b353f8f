from __future__ import annotations

import numpy as np
import pytest

from crescendai.music.alignment import MOST_EVENTS, align
from crescendai.music.notes import NoteArray, note_array


def tune(seed: int, events: int = 120) -> list[tuple[float, list[int]]]:
    """Events of one to three notes at uneven distances, the notes of a chord a little apart."""
    chance = np.random.default_rng(seed)
    at = np.cumsum(chance.uniform(0.2, 0.6, events))
    return [
        (float(t), [int(p) for p in chance.choice(np.arange(48, 84), chance.integers(1, 4), False)])
        for t in at
    ]


def played(music: list[tuple[float, list[int]]], chance: np.random.Generator) -> NoteArray:
    rows = []
    for at, pitches in music:
        for pitch in pitches:
            onset = at + float(chance.uniform(0, 0.02))
            rows.append((onset, onset + 0.2, pitch, 64))
    return note_array(rows)


def test_a_slower_take_with_slips_is_aligned_event_by_event() -> None:
    chance = np.random.default_rng(1)
    music = tune(2)
    slips = [
        (2.0 + 1.25 * at, [p + 1 for p in pitches] if n % 17 == 5 else pitches)
        for n, (at, pitches) in enumerate(music)
        if n % 23 != 7  # notes left out
    ]
    found = align(played(music, chance), played(slips, chance))
    assert found.matched > 0.9
    assert np.all(np.diff(found.events, axis=0) > 0)
    assert found.onsets_sec[:, 1] == pytest.approx(2.0 + 1.25 * found.onsets_sec[:, 0], abs=0.06)
    first, last = found.onsets_sec[0], found.onsets_sec[-1]
    for (at, other), beyond in ((first, -0.7), (last, 0.7)):
        assert found.in_other(at + beyond) == pytest.approx(other + beyond)
    assert found.in_other(music[60][0]) == pytest.approx(2.0 + 1.25 * music[60][0], abs=0.2)


def test_a_passage_is_found_inside_the_whole() -> None:
    chance = np.random.default_rng(3)
    music = tune(4)
    found = align(played(music[40:80], chance), played(music, chance))
    assert found.matched > 0.95
    assert found.events[0, 1] == 40
    assert found.events[-1, 1] == 79
    back = align(played(music, chance), played(music[40:80], chance))
    assert [tuple(pair) for pair in back.events] == [tuple(p[::-1]) for p in found.events]


def test_other_music_is_not_matched() -> None:
    chance = np.random.default_rng(5)
    assert align(played(tune(6), chance), played(tune(7), chance)).matched < 0.4


def test_nothing_is_aligned_with_nothing_and_too_much_is_refused() -> None:
    chance = np.random.default_rng(8)
    assert align(note_array([]), played(tune(9), chance)).matched == 0.0
    too_long = played(tune(10, MOST_EVENTS + 1), chance)
    with pytest.raises(ValueError, match="events"):
        align(too_long, too_long)

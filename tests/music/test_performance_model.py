"""The shipped model: in range, calibrated in form, moved the right way by what is played."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from crescendai.music.chords import event_of_note
from crescendai.music.dimensions import ALL_KEYS, DIMENSION_KEYS, HOLISTIC_KEYS
from crescendai.music.notes import NoteArray, Performance, note_array, pedal_array
from crescendai.music.performance_model import WEIGHTS_PATH, PerformanceModel, _apart

Pianist = Callable[[int], Performance]


@pytest.fixture(scope="module")
def model() -> PerformanceModel:
    return PerformanceModel.load()


def jittered(notes: NoteArray) -> NoteArray:
    """Every event moved by 40 ms (standard deviation)."""
    events = event_of_note(notes)
    shift = np.random.default_rng(3).normal(0, 0.04, events.max() + 1)[events]
    notes["onset_sec"] += shift
    notes["offset_sec"] += shift
    return notes


def shortened(notes: NoteArray) -> NoteArray:
    notes["offset_sec"] = notes["onset_sec"] + 0.5 * (notes["offset_sec"] - notes["onset_sec"])
    return notes


def slowed(notes: NoteArray) -> NoteArray:
    notes["onset_sec"] *= 1.4
    notes["offset_sec"] *= 1.4
    return notes


def stretched(notes: NoteArray) -> NoteArray:
    mean = notes["velocity"].mean()
    notes["velocity"] = np.clip(np.round(mean + 1.6 * (notes["velocity"] - mean)), 1, 127)
    return notes


def louder(notes: NoteArray) -> NoteArray:
    notes["velocity"] = np.minimum(notes["velocity"] + 20, 127)
    return notes


@pytest.mark.parametrize(
    ("change", "key", "direction"),
    [
        (jittered, "timing_stable_unstable", 1),
        (shortened, "articulation_short_long", -1),
        (slowed, "music_making_fast_slow", 1),
        (stretched, "dynamic_range_little_large", 1),
        (louder, "timbre_soft_loud", 1),
    ],
)
def test_what_is_played_moves_the_scale_it_should(
    model: PerformanceModel,
    pianist: Pianist,
    change: Callable[[NoteArray], NoteArray],
    key: str,
    direction: int,
) -> None:
    moves = []
    for number in range(8):
        played = pianist(number)
        notes = np.sort(change(played.notes.copy()), order=["onset_sec", "pitch"])
        altered = Performance(notes, played.pedal, float(notes["offset_sec"].max()) + 0.5)
        moves.append(model.predict(altered).scores[key] - model.predict(played).scores[key])
    assert direction * np.mean(moves) > 0.01
    assert np.mean(np.sign(moves) == direction) >= 0.75


def test_every_value_is_in_range_and_in_its_interval(
    model: PerformanceModel, pianist: Pianist
) -> None:
    prediction = model.predict(pianist(1))
    assert tuple(prediction.scores) == DIMENSION_KEYS
    assert tuple(prediction.holistic) == HOLISTIC_KEYS
    assert tuple(prediction.intervals) == ALL_KEYS
    for key, score in {**prediction.scores, **prediction.holistic}.items():
        low, high = prediction.intervals[key]
        assert 0.0 <= low <= score <= high <= 1.0
        assert 0.05 < high - low < 0.9


def test_segments_cover_the_recording(model: PerformanceModel, pianist: Pianist) -> None:
    played = pianist(1)
    segments = model.predict(played).segments
    assert segments[0].start == 0.0
    assert segments[0].timestamp == "0:00-0:03"
    assert segments[-1].end == pytest.approx(played.duration_sec)
    assert [s.start for s in segments[1:]] == [s.end for s in segments[:-1]]
    assert sum(s.note_count for s in segments) == len(played.notes)
    for segment in segments:
        assert tuple(segment.scores) == DIMENSION_KEYS
        assert all(0.0 <= value <= 1.0 for value in segment.scores.values())
    assert len({segment.scores["music_making_fast_slow"] for segment in segments}) > 3


def test_different_performances_get_different_scores(
    model: PerformanceModel, pianist: Pianist
) -> None:
    one, two = model.predict(pianist(1)).scores, model.predict(pianist(2)).scores
    assert all(abs(one[key] - two[key]) > 1e-6 for key in DIMENSION_KEYS)
    assert model.predict(pianist(1)) == model.predict(pianist(1))


def test_fewer_notes_mean_wider_intervals(model: PerformanceModel, pianist: Pianist) -> None:
    played = pianist(1)
    start = Performance(played.notes[:12], played.pedal, 4.0)
    wide, narrow = model.predict(start).intervals, model.predict(played).intervals
    key = "music_making_pure_dramatic"
    assert wide[key][1] - wide[key][0] > narrow[key][1] - narrow[key][0]


def test_less_sure_notes_mean_wider_intervals(model: PerformanceModel, pianist: Pianist) -> None:
    played = pianist(1)

    def width(probability: float) -> float:
        sure = np.full(len(played.notes), probability, np.float32)
        heard = Performance(played.notes, played.pedal, played.duration_sec, sure)
        low, high = model.predict(heard).intervals["music_making_flat_spacious"]
        return high - low

    assert width(0.8) > width(0.95) > width(0.999)


def test_too_few_notes_are_an_error(model: PerformanceModel, pianist: Pianist) -> None:
    with pytest.raises(ValueError, match="too few"):
        model.predict(Performance(pianist(1).notes[:7], pedal_array([]), 4.0))


@pytest.mark.parametrize("interval_sec", [0.001, 4.0, 40.0])
def test_odd_playing_still_gives_finite_scores(
    model: PerformanceModel, interval_sec: float
) -> None:
    rows = [(interval_sec * i, interval_sec * i + 0.01, 21 + 8 * i % 87, 1) for i in range(12)]
    odd = Performance(note_array(rows), pedal_array([]), 12 * interval_sec + 3.0)
    assert all(np.isfinite(value) for value in model.predict(odd).scores.values())


def test_ten_minutes_are_rated_in_two_seconds(model: PerformanceModel) -> None:
    rng = np.random.default_rng(0)
    onsets = np.sort(rng.uniform(0, 600, 6000))
    rows = [(t, t + 0.3, int(rng.integers(36, 90)), int(rng.integers(30, 100))) for t in onsets]
    long = Performance(note_array(rows), pedal_array([]), 600.0)
    started = time.process_time()
    assert len(model.predict(long).segments) == 200
    assert time.process_time() - started < 2.0


def test_distances_are_means_of_absolute_differences() -> None:
    left, right = (np.random.default_rng(n).normal(size=(n, 7)) for n in (3, 600))
    np.testing.assert_allclose(_apart(left, right), cdist(left, right, "cityblock") / 7)


def test_damaged_or_foreign_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    shutil.copy(WEIGHTS_PATH, path)
    shutil.copy(WEIGHTS_PATH.with_suffix(".json"), path.with_suffix(".json"))
    described = json.loads(path.with_suffix(".json").read_text())
    assert PerformanceModel.load(path).settings.version == described["settings"]["version"]
    path.with_suffix(".json").write_text(json.dumps({**described, "features": ["one"]}))
    with pytest.raises(ValueError, match="other features"):
        PerformanceModel.load(path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="damaged"):
        PerformanceModel.load(path)


def test_the_weights_are_small_and_described() -> None:
    assert WEIGHTS_PATH.stat().st_size < 3_000_000
    assert "PercePiano" in (WEIGHTS_PATH.parent / "MODEL_CARD.md").read_text()


def test_a_rating_is_ended_by_what_its_pauses_raise(
    model: PerformanceModel, pianist: Pianist
) -> None:
    paused: list[int] = []

    def pause() -> None:
        paused.append(len(paused))
        if len(paused) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        model.predict(pianist(1), pause)
    assert len(paused) == 3

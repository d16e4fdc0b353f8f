"""Progress beside the player's own variation, and two takes stretch by stretch."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from crescendai.errors import Conflict
from crescendai.evidence.scales import SCALES
from crescendai.music.dimensions import ALL_KEYS, WISHED
from crescendai.music.notes import NoteArray, note_array
from crescendai.recordings.progress import Point, focus, trend
from crescendai.recordings.schemas import TemporalSegment
from crescendai.recordings.service import HeardNotes
from crescendai.recordings.takes import compare_takes
from tests.conftest import MakeRecording
from tests.fixtures.analysed import analysed
from tests.fixtures.in_process import in_process
from tests.recordings.test_performance import analysis

TIMING, MOOD = "timing_stable_unstable", "emotion_optimistic_dark"


def points(*values: float, width: float = 0.1) -> list[Point]:
    half = width / 2
    return [
        Point(
            recording_id=uuid4(),
            filename="a.wav",
            created_at=n,
            value=value,
            low=value - half,
            high=value + half,
        )
        for n, value in enumerate(values)
    ]


def test_the_wishes_are_those_of_the_scales() -> None:
    assert {key: SCALES[key].wish for key in ALL_KEYS if SCALES[key].wish} == WISHED


@pytest.mark.parametrize(
    ("key", "values", "change"),
    [
        (TIMING, (0.6, 0.62, 0.3), "unknown"),
        (TIMING, (0.6, 0.62, 0.64, 0.3), "improved"),
        (TIMING, (0.6, 0.62, 0.64, 0.9), "worse"),
        (TIMING, (0.6, 0.62, 0.64, 0.63), "within"),
        (TIMING, (0.3, 0.62, 0.9, 0.25), "within"),  # somebody who varies as much
        (MOOD, (0.6, 0.62, 0.64, 0.3), "changed"),  # no pole is better
    ],
)
def test_improved_is_said_outside_the_players_own_band(
    key: str, values: tuple[float, ...], change: str
) -> None:
    found = trend(key, points(*values))
    assert found.change == change
    if found.low is not None and found.high is not None:
        assert (found.low <= values[-1] <= found.high) == (change == "within")


def test_uncertain_recordings_make_a_wide_band() -> None:
    assert trend(TIMING, points(0.60, 0.61, 0.62, 0.50, width=0.4)).change == "within"
    assert trend(TIMING, points(0.60, 0.61, 0.62, 0.50, width=0.04)).change == "improved"


def test_the_focus_is_one_thing_that_lies_on_the_unwished_side() -> None:
    pedal, rich = "pedal_clean_blurred", "timbre_shallow_rich"
    steady = {TIMING: points(0.2), MOOD: points(0.9), rich: points(0.8)}
    trends = {key: trend(key, of) for key, of in steady.items()}
    assert focus(steady, trends) is None
    both = steady | {pedal: points(0.9), TIMING: points(0.3, 0.31, 0.32, 0.58)}
    trends = {key: trend(key, of) for key, of in both.items()}
    found = focus(both, trends)
    assert found is not None
    assert (found.dimension, found.towards, found.value) == (TIMING, "stable", 0.58)
    del both[TIMING]
    found = focus(both, trends)
    assert found is not None
    assert (found.dimension, found.towards) == (pedal, "clean")


def take(pace: float, louder_from_sec: float, held: float = 0.9, seed: int = 1) -> HeardNotes:
    """Half a minute of one melody, from a place on twenty velocity steps louder."""
    chance = np.random.default_rng(seed)
    rows, at = [], 1.0
    for pitch in chance.integers(48, 84, 100):
        apart = 0.3 / pace
        velocity = 70 if at * pace > louder_from_sec else 50
        rows.append((at, at + held * apart, int(pitch), velocity))
        at += apart
    notes: NoteArray = note_array(rows)
    windows = [
        TemporalSegment(
            start=start,
            end=start + 3,
            timestamp=f"{start:.0f}",
            scores={"a": round(start / 100, 2)},
            note_count=10,
        )
        for start in np.arange(0, at, 3.0)
    ]
    heard = analysis(temporal_segments=windows, intervals={"a": (0.2, 0.3), "b": (0.4, 0.6)})
    return HeardNotes(heard, notes, notes[:0])


def test_two_takes_are_compared_stretch_by_stretch() -> None:
    found = compare_takes(take(1.2, 99), take(1.0, 15, held=0.45))
    assert found.matched == 1.0
    assert found.pace == pytest.approx(1.2, abs=0.01)
    middle = found.stretches[2]
    assert (middle.start, middle.end) == (6.0, 9.0)
    assert middle.other_start == pytest.approx(7.0, abs=0.3)
    assert middle.other_end == pytest.approx(10.6, abs=0.3)
    assert middle.matched_events == 12
    assert middle.length == pytest.approx(2.0, abs=0.05)
    assert middle.dimensions["a"][0] == 0.06
    assert middle.dimensions["a"][1] == pytest.approx(0.078, abs=0.01)
    loudness = [s.loudness for s in found.stretches if s.loudness is not None]
    assert loudness[1] > 5 > -5 > loudness[-2]  # the other is soft first, and loud at the end


def test_takes_of_other_music_are_not_compared() -> None:
    with pytest.raises(Conflict) as caught:
        compare_takes(take(1.0, 99), take(1.0, 99, seed=2))
    assert caught.value.code == "takes_differ"


async def test_progress_of_one_piece_leaves_the_others_out(
    tmp_path: Path, recording: MakeRecording
) -> None:
    async with in_process(tmp_path / "data") as client:
        for number, name in enumerate(("Étude in C.mp3", "étude again.mp3", "Waltz.mp3")):
            audio = recording(".mp3", start_sec=4 * number, seconds=4).read_bytes()
            await analysed(client, audio, {}, name)
        names = {}
        for piece in ("", "ÉTUDE", " waltz ", "sonata"):
            found = (await client.get("/api/progress", params={"piece": piece})).json()
            points = found["dimensions"].get(TIMING, [])
            names[piece.strip()] = [point["filename"] for point in points]
            assert (found["focus"] is None) == (not points)
    études = ["Étude in C.mp3", "étude again.mp3"]
    assert names == {
        "": [*études, "Waltz.mp3"],
        "ÉTUDE": études,
        "waltz": ["Waltz.mp3"],
        "sonata": [],
    }

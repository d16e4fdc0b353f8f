"""What was played, as it is drawn and taken along."""

from __future__ import annotations

import io
from uuid import uuid4

import mido
import numpy as np
import pytest

from crescendai.music import courses
from crescendai.music.notes import NoteArray, note_array, pedal_array
from crescendai.recordings.performance import segment_rows, to_midi, to_played
from crescendai.recordings.schemas import Analysis, AudioQuality, Measurement, TemporalSegment


def scale(intervals_sec: list[float], held: float, velocities: list[int]) -> NoteArray:
    """Notes a step apart, each held for a share of the interval to the next."""
    onsets = np.concatenate([[1.0], 1.0 + np.cumsum(intervals_sec)])
    rows = []
    for index, onset in enumerate(onsets[:-1]):
        off = float(onset) + held * intervals_sec[index]
        rows.append((float(onset), off, 60 + index % 5, velocities[index]))
    return note_array(rows)


def analysis(**values: object) -> Analysis:
    empty = AudioQuality(
        clipping_fraction=0,
        silence_fraction=0,
        level_dbfs=-20,
        peak_dbfs=-3,
        is_piano=True,
        warnings=[],
    )
    base: dict[str, object] = {
        "recording_id": uuid4(),
        "model_version": "test",
        "duration": 7.0,
        "processing_time_ms": 1,
        "scores": {"a": 0.25, "b": 0.5},
        "holistic": {},
        "intervals": {},
        "temporal_segments": [],
        "measurements": {},
        "audio_quality": empty,
        "created_at": 0,
    }
    return Analysis.model_validate(base | values)


def test_tempo_dynamics_and_articulation_run_as_they_were_played() -> None:
    slower = [0.5] * 30 + [0.6] * 30
    at, bpm = courses.tempo(scale(slower, 0.9, [64] * 60))
    assert bpm[at < 10] == pytest.approx(120, abs=2)
    assert bpm[at > 24] == pytest.approx(100, abs=2)
    at, loudness = courses.dynamics(scale([0.25] * 60, 0.9, list(range(40, 100))))
    assert np.all(np.diff(loudness) > 0)
    legato_then_short = note_array(
        [
            *scale([0.3] * 30, 1.1, [64] * 30).tolist(),
            *[(10 + 0.3 * i, 10.1 + 0.3 * i, 60 + i % 5, 64) for i in range(30)],
        ]
    )
    at, overlap = courses.articulation(legato_then_short)
    assert overlap[at < 8] == pytest.approx(0.1, abs=0.02)
    assert overlap[at > 12] == pytest.approx(-0.67, abs=0.02)


def test_too_few_notes_have_no_course() -> None:
    few = scale([0.5] * 3, 1.0, [64] * 3)
    for course in (courses.tempo, courses.dynamics, courses.articulation):
        assert [len(part) for part in course(few)] == [0, 0]
    played = to_played(analysis(), few, pedal_array([]))
    assert played.courses.tempo.time == []
    assert len(played.notes) == 3


def test_the_midi_file_holds_the_notes_and_the_pedal() -> None:
    notes = note_array([(0.5, 1.25, 60, 70), (1.25, 1.5, 60, 71), (0.75, 2.0, 67, 80)])
    file = mido.MidiFile(file=io.BytesIO(to_midi(notes, pedal_array([(0.6, 1.9)]))))
    now, down, found, pedal = 0.0, {}, [], []
    for message in file:
        now += message.time
        if message.type == "note_on":
            assert message.note not in down  # released before it is struck again
            down[message.note] = (now, message.velocity)
        elif message.type == "note_off":
            onset, velocity = down.pop(message.note)
            found.append((onset, now, message.note, velocity))
        elif message.type == "control_change":
            pedal.append((message.control, message.value, now))
    assert not down
    for heard, written in zip(sorted(found), notes.tolist(), strict=True):
        assert heard == pytest.approx(written, abs=0.001)
    assert pedal == [(64, 127, pytest.approx(0.6)), (64, 0, pytest.approx(1.9))]


def test_the_table_has_the_whole_and_every_window() -> None:
    window = TemporalSegment(
        start=0,
        end=3,
        timestamp="0:00-0:03",
        scores={"a": 0.1, "b": 0.2},
        note_count=9,
        measurements={"tempo": None},
    )
    tempo = Measurement(value=90.5, unit="bpm", note_count=9)
    rows = segment_rows(analysis(temporal_segments=[window], measurements={"tempo": tempo}))
    assert rows == [
        ["start_sec", "end_sec", "note_count", "a", "b", "tempo"],
        [0.0, 7.0, 9, 0.25, 0.5, 90.5],
        [0.0, 3.0, 9, 0.1, 0.2, None],
    ]

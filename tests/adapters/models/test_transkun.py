"""The shipped weights on synthetic tones: slow to run, so one transcription serves all tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from crescendai.adapters.models.transkun import (
    WEIGHTS_DIR,
    DamagedWeights,
    TranscriptionCancelled,
    TranskunTranscriber,
    verify,
)
from crescendai.music.mel import SAMPLE_RATE
from crescendai.music.notes import NOTE_DTYPE, PEDAL_DTYPE, Performance

PLAYED = [(0.30, 60), (0.80, 64), (1.30, 67), (1.80, 62), (2.40, 55), (2.40, 71)]
HELD_SEC = 0.45


def tone(pitch: int, length_sec: float) -> npt.NDArray[np.float64]:
    """Slightly inharmonic partials that decay, the higher the faster, and a hammer's knock."""
    time = np.arange(int((length_sec + 0.1) * SAMPLE_RATE)) / SAMPLE_RATE
    base = 440 * 2 ** ((pitch - 69) / 12)
    sound = np.zeros_like(time)
    for k in range(1, 16):
        frequency = base * k * np.sqrt(1 + 4e-4 * k * k)
        if frequency < 10_000:
            sound += (
                k**-1.8 * np.exp(-time * (1.2 + 0.6 * k)) * np.sin(2 * np.pi * frequency * time)
            )
    knock = np.random.default_rng(pitch).normal(size=len(time)) * np.exp(-time / 0.006)
    damper = np.clip((length_sec - time) / 0.06 + 1, 0, 1)
    return (sound + 0.1 * knock) * np.minimum(time / 0.002, 1) * damper


def played() -> npt.NDArray[np.float32]:
    sound = np.random.default_rng(0).normal(size=4 * SAMPLE_RATE) * 1e-4
    for onset_sec, pitch in PLAYED:
        note = 0.15 * tone(pitch, HELD_SEC)
        first = int(onset_sec * SAMPLE_RATE)
        sound[first : first + len(note)] += note
    return sound.astype(np.float32)


@dataclass
class Heard:
    performance: Performance
    progress: list[float]


@pytest.fixture(scope="module")
def transcriber() -> TranskunTranscriber:
    return TranskunTranscriber()


@pytest.fixture(scope="module")
def heard(transcriber: TranskunTranscriber) -> Heard:
    progress: list[float] = []
    performance = transcriber.transcribe(played(), SAMPLE_RATE, progress.append, lambda: False)
    return Heard(performance, progress)


def test_cancelling_ends_the_network_in_the_middle_of_a_segment(
    transcriber: TranskunTranscriber,
) -> None:
    """The tests after this one show that the transcriber is as good as new."""
    progress: list[float] = []
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(len(asked) >= 1)
        return asked[-1]

    with pytest.raises(TranscriptionCancelled):
        transcriber.transcribe(played(), SAMPLE_RATE, progress.append, cancelled)
    assert progress == []
    assert asked[0] is False
    assert all(asked[1:])


def test_the_notes_played_are_heard_and_no_others(heard: Heard) -> None:
    assert heard.performance.notes.dtype == NOTE_DTYPE
    notes = np.sort(heard.performance.notes, order="pitch")
    expected = sorted(PLAYED, key=lambda note: note[1])
    assert notes["pitch"].tolist() == [pitch for _, pitch in expected]
    np.testing.assert_allclose(notes["onset_sec"], [onset for onset, _ in expected], atol=0.05)
    assert np.all(notes["offset_sec"] > notes["onset_sec"])
    assert np.all((notes["velocity"] >= 1) & (notes["velocity"] <= 127))


def test_pedal_and_duration_come_with_the_notes(heard: Heard) -> None:
    assert heard.performance.pedal.dtype == PEDAL_DTYPE
    assert heard.performance.duration_sec == pytest.approx(4.0)


def test_every_note_has_the_probability_that_it_is_one(heard: Heard) -> None:
    performance = heard.performance
    assert performance.is_heard
    assert performance.probabilities is not None
    assert len(performance.probabilities) == len(performance.notes)
    assert 0.9 < performance.confidence <= 1.0
    assert performance.probabilities.min() > 0.5  # what is less likely is not decoded


def test_progress_grows_to_one_in_steps_of_a_segment(heard: Heard) -> None:
    assert heard.progress == sorted(heard.progress)
    assert heard.progress[-1] == 1.0
    assert len(heard.progress) == 3


def test_one_segment_at_a_time_gives_the_same(heard: Heard) -> None:
    alone = TranskunTranscriber(threads=1).transcribe(played(), SAMPLE_RATE)
    assert np.array_equal(alone.notes, heard.performance.notes)
    assert np.array_equal(alone.pedal, heard.performance.pedal)


def test_silence_and_emptiness_have_no_notes(transcriber: TranskunTranscriber) -> None:
    for samples in (0, SAMPLE_RATE):
        progress: list[float] = []
        silence = np.zeros(samples, np.float32)
        performance = transcriber.transcribe(silence, SAMPLE_RATE, progress.append)
        assert len(performance.notes) == len(performance.pedal) == 0
        assert progress[-1] == 1.0


def test_other_rates_and_stereo_are_refused(transcriber: TranskunTranscriber) -> None:
    with pytest.raises(ValueError, match="resample first"):
        transcriber.transcribe(np.zeros(10, np.float32), 48_000)
    with pytest.raises(ValueError, match="mix down"):
        transcriber.transcribe(np.zeros((2, 10), np.float32), SAMPLE_RATE)


def test_damaged_and_missing_weights_are_named(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS_DIR, tmp_path, dirs_exist_ok=True)
    verify(tmp_path)
    with (tmp_path / "heads.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x55\xaa")
    with pytest.raises(DamagedWeights, match=r"heads\.onnx of the transcription model"):
        TranskunTranscriber(tmp_path)
    (tmp_path / "heads.onnx").unlink()
    with pytest.raises(DamagedWeights, match=r"heads\.onnx is missing"):
        TranskunTranscriber(tmp_path)


def test_importing_the_adapter_does_not_import_the_runtime() -> None:
    program = "import sys, crescendai.adapters.models.transkun; print('openvino' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "False"

"""What is accepted as a piano recording and what is refused, and with which code."""

from __future__ import annotations

import itertools
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from crescendai.music.notes import Performance, note_array, pedal_array
from crescendai.music.quality import Refusal, assess, reconsider, refusal

RATE = 22_050
Samples = npt.NDArray[np.float32]


def clock(duration_sec: float) -> npt.NDArray[np.float64]:
    return np.arange(int(duration_sec * RATE)) / RATE


def plucked(duration_sec: float = 8.0) -> Samples:
    """Decaying, slightly inharmonic tones on a semitone grid: a crude piano."""
    sound = np.zeros(int(duration_sec * RATE) + 3 * RATE)
    rng = np.random.default_rng(5)
    for at in np.arange(0.1, duration_sec - 0.2, 0.3):
        base = 440 * 2 ** ((int(rng.choice([48, 52, 55, 60, 64, 67, 72, 76])) - 69) / 12)
        t = clock(2.0)
        tone = sum(
            np.sin(2 * np.pi * base * k * np.sqrt(1 + 3e-4 * k * k) * t) * np.exp(-(1 + k) * t) / k
            for k in range(1, 8)
        )
        start = int(at * RATE)
        sound[start : start + len(t)] += 0.1 * tone
    return sound[: int(duration_sec * RATE)].astype(np.float32)


def code(samples: Samples, performance: Performance | None = None) -> str | None:
    quality = assess(samples, RATE)
    if performance is not None:
        quality = reconsider(quality, performance)
    refused = refusal(quality, performance, quality.duration_sec)
    return refused.code if refused else None


def others() -> dict[str, npt.NDArray[np.float64]]:
    t, rng = clock(6.0), np.random.default_rng(0)
    beats = np.zeros(len(t))
    for start in range(0, len(t) - RATE, RATE // 2):
        beats[start : start + RATE // 4] += rng.standard_normal(RATE // 4) * np.exp(
            -25 * t[: RATE // 4]
        )
    glide = 2 * np.pi * np.cumsum(100 * 2 ** (t / 2)) / RATE
    clicks = np.zeros(len(t))
    clicks[:: RATE // 4] = 0.8
    return {
        "noise": 0.1 * rng.standard_normal(len(t)),
        "brown noise": np.cumsum(rng.standard_normal(len(t))) * 1e-3,
        "sweep": 0.3 * np.sin(glide),
        "clicks": clicks,
        "hum": 0.3 * np.sign(np.sin(2 * np.pi * 50 * t)),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * t),
        "drums": 0.3 * beats,
    }


def test_decaying_tones_on_a_scale_pass_also_under_noise() -> None:
    sound = plucked()
    assert code(sound) is None
    hiss = np.random.default_rng(1).standard_normal(len(sound)) * sound.std() * 0.1
    assert code((sound + hiss).astype(np.float32)) is None


@pytest.mark.parametrize("name", list(others()))
def test_other_sounds_are_refused(name: str) -> None:
    assert code(others()[name].astype(np.float32)) == "not_piano"


def test_silence_and_near_silence_are_refused() -> None:
    assert code(np.zeros(5 * RATE, dtype=np.float32)) == "silent"
    assert code((plucked() * 1e-4).astype(np.float32)) == "silent"
    assert code(np.zeros(0, dtype=np.float32)) == "too_short"


def test_a_clip_under_three_seconds_is_refused() -> None:
    sound = plucked(2.9)
    refused = refusal(assess(sound, RATE), None, 2.9)
    assert isinstance(refused, Refusal)
    assert refused.code == "too_short"
    assert "2.9 s" in refused.reason


def test_a_piano_with_hardly_a_note_is_refused() -> None:
    few = Performance(note_array([(1.0, 2.0, 60, 64)] * 3), pedal_array([]), 8.0)
    many = note_array([(0.3 * i, 0.3 * i + 0.2, 60, 64) for i in range(24)])
    assert code(plucked(), few) == "too_few_notes"
    assert code(plucked(), Performance(many[:0], pedal_array([]), 8.0)) == "not_piano"
    assert code(plucked(), Performance(many, pedal_array([]), 8.0)) is None


@pytest.mark.parametrize(("fade_per_sec", "expected"), [(2.0, None), (0.0, "not_piano")])
def test_held_tones_must_fade(fade_per_sec: float, expected: str | None) -> None:
    t = clock(0.6)
    pitches = [60, 64, 67, 72, 65, 69, 62, 71, 60, 64, 67, 72]
    tones = [np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * t) for p in pitches]
    shape = np.exp(-fade_per_sec * t) * np.minimum(1.0, (0.6 - t) / 0.15)
    assert code(np.concatenate([0.2 * tone * shape for tone in tones]).astype("f4")) == expected


def swelling(duration_sec: float = 8.0) -> Samples:
    """Chords that swell in, drift a little apart and fade out: a crude choir."""
    rng, t = np.random.default_rng(3), clock(2.0)
    shape = np.minimum(1.0, t / 0.6) * np.exp(-1.2 * np.maximum(t - 0.6, 0.0))
    sound = np.zeros(int(duration_sec * RATE) + 3 * RATE)
    for at in np.arange(0.0, duration_sec - 0.2, 0.5):
        for pitch in rng.choice([48, 52, 55, 60, 64, 67, 72], 2, replace=False):
            base = 440 * 2 ** ((int(pitch) - 69) / 12)
            phase = 2 * np.pi * base * t
            tone = sum(np.sin(k * phase + k) / k**2 for k in range(1, 6))
            sound[int(at * RATE) : int(at * RATE) + len(t)] += 0.1 * tone * shape
    return sound[: int(duration_sec * RATE)].astype(np.float32)


def test_a_piano_under_loud_noise_is_refused_for_the_noise() -> None:
    sound = plucked()
    noise = np.random.default_rng(1).standard_normal(len(sound)) * sound.std() * 1.5
    quality = assess((sound + noise).astype(np.float32), RATE)
    assert not quality.is_piano
    assert any("noise" in reason for reason in quality.reasons)
    assert not any("swell" in reason for reason in quality.reasons)


def test_tones_that_swell_are_refused_and_the_reason_says_so() -> None:
    quality = assess(swelling(), RATE)
    assert "no strokes stand out in it: its tones swell, or noise covers them" in quality.reasons
    assert code(swelling()) == "not_piano"


def test_a_sound_as_bright_as_a_harpsichord_is_doubted_but_not_refused() -> None:
    assert assess(plucked(), RATE).doubts == ()
    bright = np.diff(plucked(), n=2, prepend=[0, 0]).astype(np.float32)  # 12 dB more an octave
    quality = assess(bright / np.abs(bright).max(), RATE)
    assert "harpsichord" in quality.doubts[0]
    assert quality.is_piano


def test_levels_clipping_and_silence_are_measured() -> None:
    t = clock(4.0)
    square = np.sign(np.sin(2 * np.pi * 100 * t)).astype(np.float32)
    square[2 * RATE :] = 0.0
    quality = assess(square, RATE)
    assert quality.peak_dbfs == pytest.approx(0.0)
    assert quality.level_dbfs == pytest.approx(-3.01, abs=0.05)
    assert quality.clipping_fraction == pytest.approx(0.5, abs=0.01)
    assert quality.silence_fraction == pytest.approx(0.5, abs=0.03)
    assert assess(np.zeros(RATE, dtype=np.float32), RATE).peak_dbfs == -120.0


def test_levels_do_not_depend_on_where_a_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.clip(plucked() * 40, -1, 1)
    whole = assess(sound, RATE)
    assert whole.clipping_fraction > 0
    monkeypatch.setattr("crescendai.music.quality.BLOCK", 1237)
    pieces = assess(sound, RATE)
    assert pieces.clipping_fraction == whole.clipping_fraction
    assert pieces.peak_dbfs == whole.peak_dbfs
    assert pieces.silence_fraction == whole.silence_fraction
    assert pieces.level_dbfs == pytest.approx(whole.level_dbfs, abs=1e-9)


def test_judging_can_be_ended_between_its_parts() -> None:
    parts, last = 0, 0

    def pause() -> None:
        nonlocal parts
        parts += 1
        if parts == last:
            raise InterruptedError

    sound = np.tile(plucked(), 2)
    assess(sound, RATE, pause)
    assert parts >= 4
    for last in (1, parts):
        parts = 0
        with pytest.raises(InterruptedError):
            assess(sound, RATE, pause)
        assert parts == last


@pytest.mark.parametrize("voice", ["en-us", "de", "fr+f3"])
def test_speech_is_refused(voice: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    text = "The pianist played the opening theme with great care, letting every phrase breathe."
    subprocess.run(["espeak-ng", "-v", voice, "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        quality = assess((raw / 32768).astype(np.float32), file.getframerate())
    refused = refusal(quality, None, quality.duration_sec)
    assert refused is not None
    assert refused.code == "not_piano"


def test_real_piano_recordings_are_accepted(shared: Path) -> None:
    paths = sorted((shared / "audio").glob("*.ogg"))
    assert paths
    for path in paths:
        with av.open(str(path)) as container:
            decoded = itertools.islice(container.decode(audio=0), 500)
            frames = [frame.to_ndarray().mean(axis=0) for frame in decoded]
            rate = container.streams.audio[0].rate
        quality = assess(np.concatenate(frames).astype(np.float32), rate)
        assert refusal(quality, None, quality.duration_sec) is None, path.name

"""Loudness against the standard's own figures, brightness of tones that are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter

from crescendai.music.sound import (
    brightness_hz,
    k_weighted,
    k_weighting,
    loudness_lufs,
    loudness_range_lu,
    roll_off_hz,
    sound_frames,
)

RATE = 44_100


def tone(frequency_hz: float, seconds: float, amplitude: float = 1.0) -> npt.NDArray[np.float32]:
    at = np.arange(int(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * at)).astype(np.float32)


def test_the_weighting_is_the_standards_at_48_khz() -> None:
    (shelf_b, shelf_a), (high_b, high_a) = k_weighting(48_000)
    assert shelf_b == pytest.approx([1.53512485958697, -2.69169618940638, 1.19839281085285])
    assert shelf_a == pytest.approx([1.0, -1.69065929318241, 0.73248077421585])
    assert high_b == pytest.approx([1.0, -2.0, 1.0])
    assert high_a == pytest.approx([1.0, -1.99004745483398, 0.99007225036621])


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_weighting_by_frequency_is_weighting_sample_by_sample(rate: int) -> None:
    loud = np.random.default_rng(0).normal(size=32 * rate + 7)  # past the first block's end
    loud[20 * rate :] *= 1e-3
    filtered = loud.astype(np.float32).astype(np.float64)
    for b, a in k_weighting(rate):
        filtered = lfilter(b, a, filtered)
    np.testing.assert_allclose(
        k_weighted(loud.astype(np.float32).astype(np.float64), rate), filtered, atol=1e-10
    )
    frames = filtered[: 320 * (rate // 10)].reshape(320, -1)
    power = sound_frames(loud.astype(np.float32), rate).power
    np.testing.assert_allclose(power, (frames**2).mean(axis=1), rtol=1e-9)


def test_a_full_scale_997_hz_tone_has_the_standards_loudness() -> None:
    assert loudness_lufs(sound_frames(tone(997, 10), RATE)) == pytest.approx(-3.01, abs=0.05)
    quiet = sound_frames(tone(997, 10, 0.1), RATE)
    assert loudness_lufs(quiet) == pytest.approx(-23.01, abs=0.05)


def test_rests_are_gated_out_of_the_loudness() -> None:
    rests = np.zeros(10 * RATE, np.float32)
    whole = sound_frames(np.concatenate([tone(997, 10, 0.1), rests]), RATE)
    assert loudness_lufs(whole) == pytest.approx(-23.01, abs=0.2)


def test_the_range_lies_between_the_soft_and_the_loud_half() -> None:
    """EBU Tech 3342, case 1: 20 s at -20 dBFS and 20 s at -30 dBFS are 10 LU apart."""
    levels = [tone(1000, 20, 0.1), tone(1000, 20, 0.1 * 10**-0.5)]
    found = sound_frames(np.concatenate(levels), RATE)
    assert loudness_range_lu(found) == pytest.approx(10.0, abs=1.0)
    assert loudness_range_lu(sound_frames(tone(1000, 5), RATE)) is None


def test_brightness_and_roll_off_of_a_tone_are_its_frequency() -> None:
    found = sound_frames(tone(1000, 2, 0.5), RATE)
    assert brightness_hz(found) == pytest.approx(1000, rel=0.02)
    assert roll_off_hz(found) == pytest.approx(1000, rel=0.02)


def test_two_tones_balance_at_their_centroid_whatever_the_level() -> None:
    both = tone(500, 2, 0.3) + tone(1500, 2, 0.1)
    expected = (3 * 500 + 1500) / 4
    assert brightness_hz(sound_frames(both, RATE)) == pytest.approx(expected, rel=0.02)
    assert brightness_hz(sound_frames(0.1 * both, RATE)) == pytest.approx(expected, rel=0.02)
    assert roll_off_hz(sound_frames(both, RATE)) == pytest.approx(500, rel=0.02)


def test_silence_and_a_snippet_have_nothing() -> None:
    for samples in (np.zeros(5 * RATE, np.float32), tone(997, 0.3), np.zeros(0, np.float32)):
        found = sound_frames(samples, RATE)
        assert loudness_lufs(found) is loudness_range_lu(found) is brightness_hz(found) is None
        assert roll_off_hz(found) is None


def test_working_in_blocks_changes_nothing() -> None:
    """A stretch of a long recording is as loud as the same stretch between others."""
    long = np.concatenate([tone(1000, 35, 0.1), tone(1000, 5, 0.01)])
    found = sound_frames(long, RATE)
    assert len(found.power) == 400
    assert loudness_lufs(found.between(36.0, 39.0)) == pytest.approx(-43.0, abs=0.1)
    assert found.power[250:350] == pytest.approx(found.power[100], rel=1e-3)


def test_an_analysis_is_ended_by_what_its_pauses_raise() -> None:
    paused: list[int] = []

    def pause() -> None:
        paused.append(len(paused))
        if len(paused) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        sound_frames(np.zeros(70 * 8_000, np.float32), 8_000, pause)
    assert len(paused) == 2

"""The front end against values that the reference implementation (torch) gave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from crescendai.music.mel import (
    HOP,
    MEL_BANDS,
    SAMPLE_RATE,
    MelFrontEnd,
    analysis_windows,
    frame_count,
    mel_filters,
)

CENTERS = (0.3427625414, 0.4463801442, 0.4921023662, 0.5828544894, 0.7200335913)
WIDTHS = (0.2367305123, 0.3076589718, 0.6513310820, 0.3360314349, 0.2292505613)

# (window, frame, band): value, from transkun 2.0.1 on the sound below
GOLDEN = {
    (0, 0, 40): 1.52335,
    (0, 10, 54): 0.00431,
    (0, 21, 0): 0.43857,
    (0, 22, 150): 0.73887,
    (0, 30, 228): 0.00000,
    (1, 44, 150): 0.72789,
    (2, 10, 54): 0.18092,
    (3, 30, 228): 0.37127,
    (4, 0, 40): 1.54467,
    (4, 44, 150): 0.45636,
    (5, 22, 150): 0.29749,
    (5, 44, 150): 0.00009,
}
GOLDEN_MEANS = (0.13814, 0.14856, 0.15619, 0.46530, 0.21495, 0.20609)


def sound() -> npt.NDArray[np.float32]:
    """One second: 440 Hz that decays, and 2,500 Hz from the middle on."""
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    low = np.exp(-3 * time) * np.sin(2 * np.pi * 440 * time)
    high = 0.5 * (time > 0.5) * np.sin(2 * np.pi * 2500 * (time - 0.5))
    return np.asarray(low + high, np.float32)


@pytest.fixture(scope="module")
def front_end() -> MelFrontEnd:
    return MelFrontEnd(CENTERS, WIDTHS)


def test_values_are_the_references(front_end: MelFrontEnd) -> None:
    mel = front_end(sound())
    assert mel.shape == (6, 45, MEL_BANDS)
    assert mel.dtype == np.float32
    found = [float(mel[place]) for place in GOLDEN]
    np.testing.assert_allclose(found, list(GOLDEN.values()), atol=5e-5)
    np.testing.assert_allclose(mel.mean(axis=(1, 2)), GOLDEN_MEANS, atol=2e-5)


def test_loudness_makes_no_difference(front_end: MelFrontEnd) -> None:
    loud, quiet = front_end(sound()), front_end(sound() * np.float32(0.01))
    np.testing.assert_allclose(loud, quiet, atol=2e-4)


def test_silence_is_constant(front_end: MelFrontEnd) -> None:
    mel = front_end(np.zeros(3 * HOP, np.float32))
    assert np.all(np.isfinite(mel))
    np.testing.assert_allclose(mel, 0, atol=1e-6)


def test_frames_are_centred_on_multiples_of_the_hop(front_end: MelFrontEnd) -> None:
    assert frame_count(16 * SAMPLE_RATE) == 691
    click = np.zeros(20 * HOP, np.float32)
    click[7 * HOP] = 1
    assert front_end(click)[0].sum(axis=1).argmax() == 7


def test_filters_are_triangles_of_height_one_from_30_to_8000_hz() -> None:
    filters = mel_filters()
    hertz = np.arange(len(filters)) * SAMPLE_RATE / 4096
    assert filters.shape == (2049, MEL_BANDS)
    assert filters.max() <= 1
    assert not filters[(hertz < 30) | (hertz > 8000)].any()
    np.testing.assert_allclose(filters[3, 0], 0.290834, atol=1e-5)
    np.testing.assert_allclose(filters[742, 228], 0.119925, atol=2e-5)


def test_windows_are_hann_and_one_gaussian_each() -> None:
    windows = analysis_windows(CENTERS, WIDTHS)
    assert windows.shape == (6, 4096)
    np.testing.assert_allclose(windows.argmax(axis=1) / 4096, (0.5, *CENTERS), atol=2e-4)

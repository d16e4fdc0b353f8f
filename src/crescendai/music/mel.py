"""Transkun's front end: six log mel spectrograms of one segment, each through another window.

Input is mono sound at 44,100 Hz. Frames of 4,096 samples every 1,024 are centred on multiples of
the hop, with silence beyond both ends. The first window is Hann; the other five are Gaussians
whose centres and widths the model learned, so that together the six tell where inside a frame a
sound began. The segment is brought to mean 0 and deviation 1 (over its overlapping frames), and
the log is scaled so that silence is 0.

Source: Yan & Duan, "Scoring Time Intervals using Non-Hierarchical Transformer for Automatic Piano
Transcription", ISMIR 2024. Mel scale: HTK's formula, triangles of height 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SAMPLE_RATE = 44_100
HOP = 1_024
WINDOW = 4_096
MEL_BANDS = 229
LOWEST_HZ = 30.0
HIGHEST_HZ = 8_000.0
FLOOR = 1e-5
BLOCK = 16  # frames worked on at once, which a core's own memory holds


def frame_count(samples: int) -> int:
    """Number of frames of a segment of ``samples`` samples."""
    return math.ceil(samples / HOP) + 1


def mel_filters() -> Floats:
    """Triangular filters [bins, 229] for the bins 0 … 2,048 of a power spectrum."""
    frequencies = np.linspace(0, SAMPLE_RATE // 2, WINDOW // 2 + 1)
    lowest, highest = (2595 * math.log10(1 + f / 700) for f in (LOWEST_HZ, HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(lowest, highest, MEL_BANDS + 2) / 2595) - 1)
    widths = np.diff(corners)
    slopes = corners[None, :] - frequencies[:, None]
    falling, rising = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    return np.maximum(0, np.minimum(falling, rising)).astype(np.float32)


def analysis_windows(centers: Sequence[float], widths: Sequence[float]) -> Floats:
    """Hann, then one Gaussian per (centre, width), both fractions of the frame: [1 + n, 4096]."""
    place = np.arange(WINDOW)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * place / WINDOW)
    gaussians = [
        np.exp(-0.5 * ((place - WINDOW * center) / (width * WINDOW / 2)) ** 2)
        for center, width in zip(centers, widths, strict=True)
    ]
    return np.stack([hann, *gaussians]).astype(np.float32)


class MelFrontEnd:
    """Samples of one segment → log mel [windows, frames, 229], float32."""

    def __init__(self, centers: Sequence[float], widths: Sequence[float]) -> None:
        filters = mel_filters()
        self._bins = int(np.flatnonzero(filters.any(axis=1)).max()) + 1  # above 8 kHz: all zero
        self._filters = np.ascontiguousarray(filters[: self._bins])
        # The orthonormal transform's factor is put into the windows.
        self._windows = analysis_windows(centers, widths) / np.float32(math.sqrt(WINDOW))

    def __call__(self, samples: Floats) -> Floats:
        """Analyse ``samples`` [n], mono float32 at 44,100 Hz.

        Returns [windows, frame_count(n), 229]. A segment of pure silence comes out constant.
        """
        frames = _framed(samples)
        mean, deviation = _level(samples)
        power = np.empty((len(self._windows), len(frames), self._bins), np.float32)
        # (The stubs of numpy know no single precision here.)
        spectrum: Any = np.empty((BLOCK, WINDOW // 2 + 1), np.complex64)
        for first in range(0, len(frames), BLOCK):
            block = (frames[first : first + BLOCK] - mean) / deviation
            for window, out in zip(self._windows, power[:, first : first + BLOCK], strict=True):
                found = np.fft.rfft(block * window, axis=1, out=spectrum[: len(block)])
                bins = found[:, : self._bins]
                np.add(np.square(bins.real), np.square(bins.imag), out=out)
        # One product: each wakes all of the linear algebra's threads, which wait for more in vain.
        mel = (power.reshape(-1, self._bins) @ self._filters).reshape(*power.shape[:2], MEL_BANDS)
        mel += np.float32(FLOOR)
        np.log(mel, out=mel)
        mel -= np.float32(math.log(FLOOR))
        mel /= np.float32(-math.log(FLOOR))
        return mel


def _framed(samples: Floats) -> Floats:
    """Overlapping frames [frames, 4096], the first centred on sample 0 (a read-only view)."""
    count = frame_count(len(samples))
    padded = np.zeros((count - 1) * HOP + WINDOW, np.float32)
    padded[WINDOW // 2 : WINDOW // 2 + len(samples)] = samples
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]


def _level(samples: Floats) -> tuple[np.float32, np.float32]:
    """Mean and deviation of all that is in the frames, most samples of which are in four."""
    count = frame_count(len(samples))
    hops = np.zeros((count - 1 + WINDOW // HOP, HOP))
    hops.reshape(-1)[WINDOW // 2 : WINDOW // 2 + len(samples)] = samples
    often = np.convolve(np.ones(count), np.ones(WINDOW // HOP))  # frames each hop is in
    size = count * WINDOW
    mean = float(often @ hops.sum(axis=1)) / size
    energy = float(often @ np.square(hops - mean).sum(axis=1))
    return np.float32(mean), np.float32(math.sqrt(energy / (size - 1)) + 1e-8)

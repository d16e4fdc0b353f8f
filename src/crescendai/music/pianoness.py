"""Evidence, in the sound alone, that a piano is being played.

A piano's partials stand still, on a grid of semitones, and fade after every stroke. Speech
glides between the semitones, noise and clicks have a flat spectrum, a hum or a steady tone
never fades. Other fixed-pitch, decaying instruments (harpsichord, guitar) may pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FRAME_SEC, HOP_SEC = 0.256, 0.064
MAX_EXCERPTS, EXCERPT_SEC = 6, 10.0
PEAK_BAND_HZ = (80.0, 1600.0)
PEAK_RANGE_NATURAL_LOG = np.log(10 ** (30 / 20))  # peaks down to 30 dB below the frame's highest

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PianoEvidence:
    """Four fractions between 0 and 1, over the frames that are not silent."""

    flatness: float  # geometric over arithmetic mean of the spectrum, 100–2000 Hz: noise is high
    pitch_grid: float  # how closely spectral peaks keep to one grid of semitones
    pitch_stability: float  # how many peaks are still there, within 0.12 semitone, 128 ms later
    decay_fraction: float  # frames quieter than the frame before


def piano_evidence(samples: Samples, sample_rate: int) -> PianoEvidence | None:
    """The evidence of up to six excerpts of 10 s; ``None`` where hardly anything sounds."""
    size, hop = int(FRAME_SEC * sample_rate), int(HOP_SEC * sample_rate)
    found = [_excerpt(part, size, hop, sample_rate) for part in _excerpts(samples, sample_rate)]
    rows = [(weight, values) for weight, values in found if weight >= 5]
    if not rows:
        return None
    weights = np.array([weight for weight, _ in rows], dtype=np.float64)
    means = np.average(np.array([values for _, values in rows]), axis=0, weights=weights)
    return PianoEvidence(*(float(value) for value in means))


def _excerpts(samples: Samples, sample_rate: int) -> list[Samples]:
    size = int(EXCERPT_SEC * sample_rate)
    if len(samples) <= MAX_EXCERPTS * size:
        return [samples[start : start + size] for start in range(0, len(samples), size)]
    starts = np.linspace(0, len(samples) - size, MAX_EXCERPTS).astype(np.int64)
    return [samples[start : start + size] for start in starts]


def _excerpt(samples: Samples, size: int, hop: int, sample_rate: int) -> tuple[int, list[float]]:
    """The number of sounding frames and the four fractions."""
    if len(samples) < size:
        return 0, [0.0] * 4
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    level = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    sounding = level > max(0.03 * float(level.max()), 1e-4)
    if np.count_nonzero(sounding) < 5:
        return 0, [0.0] * 4
    spectra = np.abs(np.fft.rfft(frames[sounding] * np.hanning(size), axis=1))
    bin_hz = sample_rate / size
    frame, semitone, weight = _peaks(spectra, bin_hz)
    changes_db = np.diff(20 * np.log10(level[sounding] + 1e-6))
    grid = abs((weight * np.exp(2j * np.pi * semitone)).sum() / max(weight.sum(), 1e-9))
    return int(sounding.sum()), [
        _flatness(spectra, bin_hz),
        float(grid),
        _stability(frame, semitone, weight, len(spectra)),
        float((changes_db < -0.05).mean()),
    ]


def _flatness(spectra: Floats, bin_hz: float) -> float:
    power = spectra[:, int(100 / bin_hz) : int(2000 / bin_hz)] ** 2 + 1e-12
    return float(np.median(np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)))


def _peaks(spectra: Floats, bin_hz: float) -> tuple[Ints, Floats, Floats]:
    """Frame, frequency in semitones from 440 Hz (interpolated) and weight of spectral peaks."""
    low, high = (int(edge / bin_hz) for edge in PEAK_BAND_HZ)
    logs = np.log(spectra + 1e-9)
    centre = logs[:, low:high]
    is_peak = (centre > logs[:, low - 1 : high - 1]) & (centre >= logs[:, low + 1 : high + 1])
    is_peak &= centre > centre.max(axis=1, keepdims=True) - PEAK_RANGE_NATURAL_LOG
    frame, place = np.nonzero(is_peak)
    place = place + low
    left, mid, right = (logs[frame, place + step] for step in (-1, 0, 1))
    shift = 0.5 * (left - right) / np.minimum(left - 2 * mid + right, -1e-12)
    semitone = 12 * np.log2((place + shift) * bin_hz / 440.0)
    weight = spectra[frame, place] / spectra[frame].max(axis=1)
    return frame, semitone, weight


def _stability(frame: Ints, semitone: Floats, weight: Floats, frame_count: int) -> float:
    edges = np.searchsorted(frame, np.arange(frame_count + 1))
    shares = []
    for index in range(frame_count - 2):
        now = slice(edges[index], edges[index + 1])
        then = semitone[edges[index + 2] : edges[index + 3]]
        if edges[index] == edges[index + 1] or len(then) == 0:
            continue
        moved = np.abs(semitone[now][:, None] - then[None, :]).min(axis=1)
        shares.append(float(weight[now][moved < 0.12].sum() / weight[now].sum()))
    return float(np.mean(shares)) if shares else 0.0

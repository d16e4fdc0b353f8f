"""Evidence, in the sound alone, that a piano is being played.

A piano's partials stand still, on a grid of semitones, and fade after every stroke. Speech
glides between the semitones, noise and clicks have a flat spectrum; a hum, an organ, a violin
or a flute does not fade; a choir swells, and a harpsichord is brighter than any piano. Guitar and
harp may pass, and so do struck bars until their notes are known (:mod:`crescendai.music.partials`;
``bench/pianoness.py`` counts them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crescendai.music.strokes import stroke_evidence

FRAME_SEC, HOP_SEC = 0.256, 0.064
MAX_EXCERPTS, EXCERPT_SEC = 6, 10.0
LAG_FRAMES = 2
SAME_PITCH_SEMITONES = 0.12
PEAK_BAND_HZ = (80.0, 1600.0)
PEAK_RANGE_NATURAL_LOG = np.log(10 ** (30 / 20))  # peaks down to 30 dB below the frame's highest

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PianoEvidence:
    """Over the frames that are not silent; the first four are fractions between 0 and 1."""

    flatness: float  # geometric over arithmetic mean of the spectrum, 100–2000 Hz: noise is high
    pitch_grid: float  # how closely spectral peaks keep to one grid of semitones
    pitch_stability: float  # how many peaks are still there, within 0.12 semitone, 128 ms later
    decay_fraction: float  # frames quieter than the frame before
    fade_db_per_sec: float  # median change of level of the peaks that stand still
    stroke_concentration: float  # see StrokeEvidence
    brightness_db: float


def piano_evidence(
    samples: Samples, sample_rate: int, pause: Callable[[], None] = lambda: None
) -> PianoEvidence | None:
    """The evidence of up to six excerpts of 10 s; ``None`` where hardly anything sounds.

    ``pause`` is called before each and may raise.
    """
    size, hop = int(FRAME_SEC * sample_rate), int(HOP_SEC * sample_rate)
    found = []
    for part in _excerpts(samples, sample_rate):
        pause()
        found.append(_excerpt(part, size, hop, sample_rate))
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
    """The number of sounding frames and the values of PianoEvidence."""
    if len(samples) < size:
        return 0, []
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    level = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    sounding = level > max(0.03 * float(level.max()), 1e-4)
    if np.count_nonzero(sounding) < 5:
        return 0, []
    spectra = np.abs(np.fft.rfft(frames[sounding] * np.hanning(size), axis=1))
    bin_hz = sample_rate / size
    frame, semitone, weight = _peaks(spectra, bin_hz)
    changes_db = np.diff(20 * np.log10(level[sounding] + 1e-6))
    grid = abs((weight * np.exp(2j * np.pi * semitone)).sum() / max(weight.sum(), 1e-9))
    stability, fade = _followed(frame, semitone, weight, 20 * np.log10(spectra.max(axis=1) + 1e-9))
    falling = float((changes_db < -0.05).mean())
    strokes = stroke_evidence(samples, sample_rate)
    if strokes is None:
        return 0, []
    values = [_flatness(spectra, bin_hz), float(grid), stability, falling, fade]
    return int(sounding.sum()), [*values, strokes.concentration, strokes.brightness_db]


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


def _followed(
    frame: Ints, semitone: Floats, weight: Floats, loudest_db: Floats
) -> tuple[float, float]:
    """Share of peaks found again two frames later, and their median change in dB a second."""
    edges = np.searchsorted(frame, np.arange(len(loudest_db) + 1))
    level_db = 20 * np.log10(weight + 1e-9) + loudest_db[frame]
    shares, changes, weights = [], [np.zeros(0)], [np.zeros(0)]
    for index in range(len(loudest_db) - LAG_FRAMES):
        now = slice(edges[index], edges[index + 1])
        then = slice(edges[index + LAG_FRAMES], edges[index + LAG_FRAMES + 1])
        if now.start == now.stop or then.start == then.stop:
            continue
        apart = np.abs(semitone[now][:, None] - semitone[then][None, :])
        nearest, found = apart.argmin(axis=1), apart.min(axis=1) < SAME_PITCH_SEMITONES
        shares.append(float(weight[now][found].sum() / weight[now].sum()))
        changes.append((level_db[then][nearest] - level_db[now])[found])
        weights.append(weight[now][found])
    if not shares:
        return 0.0, 0.0
    change_db = _weighted_median(np.concatenate(changes), np.concatenate(weights))
    return float(np.mean(shares)), change_db / (LAG_FRAMES * HOP_SEC)


def _weighted_median(values: Floats, weights: Floats) -> float:
    if len(values) == 0:
        return 0.0
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, 0.5 * reached[-1])])

"""What is measured on the sound itself: loudness and brightness, ten times a second.

Loudness is that of ITU-R BS.1770-4 (K-weighted, gated), its range that of EBU Tech 3342; both
depend on the microphone's gain and distance, so compare within a recording. Brightness is the
spectral centroid, the best acoustic correlate of perceived brightness (McAdams, Winsberg,
Donnadieu, De Soete & Krimphoff 1995, Psychological Research 58, 177–192), beside the spectral
roll-off at 85 % of the power (Tzanetakis & Cook 2002, IEEE TSAP 10, 293–302). A phone that cuts
the treble lowers both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FRAMES_PER_SEC = 10
SPECTRUM_SIZE = 4096
BLOCK_FRAMES = 300  # frames worked on at once, so that memory does not grow with the recording
SETTLING_FRAMES = 10  # after which the K-weighting has forgotten all: 10^-25 of a sample is left
ROLL_OFF = 0.85
MAX_BELOW_LOUDEST_DB = 50.0  # quieter frames have no brightness worth the name
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU, RANGE_GATE_LU = -70.0, -10.0, -20.0
MOMENTARY_FRAMES, SHORT_TERM_FRAMES = 4, 30
MIN_SHORT_TERM_BLOCKS = 30  # a range needs 6 s of sound at least

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SoundFrames:
    """Columns of equal length, one row for each 0.1 s."""

    power: Floats  # mean square of the K-weighted sound, full scale 1
    centroid_hz: Floats  # NaN in digital silence
    roll_off_hz: Floats

    def between(self, start_sec: float, end_sec: float) -> SoundFrames:
        """The frames that begin at or after start and before end."""
        first, last = (round(at * FRAMES_PER_SEC) for at in (start_sec, end_sec))
        return SoundFrames(
            self.power[first:last], self.centroid_hz[first:last], self.roll_off_hz[first:last]
        )


def sound_frames(
    samples: Samples, sample_rate: int, pause: Callable[[], None] = lambda: None
) -> SoundFrames:
    """Analyse mono samples (full scale 1.0); a rest under 0.1 s at the end is left out.

    ``pause`` is called before each half minute and may raise.
    """
    size = sample_rate // FRAMES_PER_SEC
    count = len(samples) // size
    columns: list[tuple[Floats, Floats, Floats]] = []
    for first in range(0, count, BLOCK_FRAMES):
        pause()
        last = min(first + BLOCK_FRAMES, count)
        before = max(first - SETTLING_FRAMES, 0)
        block = np.asarray(samples[before * size : last * size], dtype=np.float64)
        frames = block[(first - before) * size :].reshape(-1, size)
        weighted = k_weighted(block, sample_rate)[(first - before) * size :].reshape(-1, size)
        power = (weighted**2).mean(axis=1)
        columns.append((power, *_spectral(frames, sample_rate)))
    if not columns:
        return SoundFrames(np.zeros(0), np.zeros(0), np.zeros(0))
    return SoundFrames(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def loudness_lufs(sound: SoundFrames) -> float | None:
    """Integrated loudness in LUFS; ``None`` when nothing is above -70 LUFS or under 0.4 s."""
    blocks = _above(_moving_power(sound.power, MOMENTARY_FRAMES), RELATIVE_GATE_LU)
    return _lufs(float(blocks.mean())) if len(blocks) else None


def loudness_range_lu(sound: SoundFrames) -> float | None:
    """95th minus 10th percentile of the 3-second loudness, in LU; ``None`` below 6 s of sound."""
    blocks = _above(_moving_power(sound.power, SHORT_TERM_FRAMES), RANGE_GATE_LU)
    if len(blocks) < MIN_SHORT_TERM_BLOCKS:
        return None
    low, high = np.percentile(blocks, [10, 95])
    return _lufs(float(high)) - _lufs(float(low))


def brightness_hz(sound: SoundFrames) -> float | None:
    """Median spectral centroid of the sounding frames, in Hz; ``None`` below five frames."""
    return _median_sounding(sound, sound.centroid_hz)


def roll_off_hz(sound: SoundFrames) -> float | None:
    """Median frequency below which 85 % of the power lies, in Hz; ``None`` below five frames."""
    return _median_sounding(sound, sound.roll_off_hz)


def k_weighting(sample_rate: int) -> list[tuple[Floats, Floats]]:
    """The two filters (b, a) of BS.1770-4, which gives them for 48 kHz, at any sample rate."""
    k = np.tan(np.pi * 1681.974450955533 / sample_rate)
    q, shelf = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = shelf**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = np.array([shelf + middle * k / q + k * k, 2 * (k * k - shelf), 0.0])
    b[2] = shelf - middle * k / q + k * k
    a = np.array([a0, 2 * (k * k - 1), 1 - k / q + k * k])
    k = np.tan(np.pi * 38.13547087602444 / sample_rate)
    q = 0.5003270373238773
    a0_high = 1 + k / q + k * k
    high = np.array([1.0, 2 * (k * k - 1) / a0_high, (1 - k / q + k * k) / a0_high])
    return [(b / a0, a / a0), (np.array([1.0, -2.0, 1.0]), high)]


def k_weighted(samples: Floats, sample_rate: int) -> Floats:
    """``samples`` through both filters, from rest, by their response to each frequency."""
    size = len(samples) + SETTLING_FRAMES * sample_rate // FRAMES_PER_SEC  # what rings on
    spectrum = np.fft.rfft(samples, size) * _k_response(size, sample_rate)
    filtered: Floats = np.fft.irfft(spectrum, size)[: len(samples)]
    return filtered


@lru_cache(maxsize=1)  # all blocks of a long recording are of one length but the first and the last
def _k_response(size: int, sample_rate: int) -> npt.NDArray[np.complex128]:
    """What both filters do to each frequency of a spectrum of ``size`` samples."""
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)  # of one sample
    response = np.ones(len(delay), np.complex128)
    for b, a in k_weighting(sample_rate):
        response *= np.polyval(b[::-1], delay) / np.polyval(a[::-1], delay)
    return response


def _spectral(frames: Floats, sample_rate: int) -> tuple[Floats, Floats]:
    """Centroid and roll-off of each frame (rows), from a Hann window at its beginning."""
    size = min(SPECTRUM_SIZE, frames.shape[1])
    magnitude = np.abs(np.fft.rfft(frames[:, :size] * np.hanning(size), axis=1))
    frequency = np.arange(magnitude.shape[1]) * sample_rate / size
    power = np.cumsum(magnitude**2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centroid = (magnitude @ frequency) / magnitude.sum(axis=1)
    roll_off = frequency[(power < ROLL_OFF * power[:, -1:]).sum(axis=1)]
    return centroid, np.where(np.isnan(centroid), np.nan, roll_off)


def _median_sounding(sound: SoundFrames, column: Floats) -> float | None:
    loudest = sound.power.max(initial=0.0)
    sounding = np.isfinite(column) & (sound.power > loudest * 10 ** (-MAX_BELOW_LOUDEST_DB / 10))
    return float(np.median(column[sounding])) if np.count_nonzero(sounding) >= 5 else None


def _moving_power(power: Floats, frames: int) -> Floats:
    if len(power) < frames:
        return np.zeros(0)
    total = np.concatenate([[0.0], np.cumsum(power)])
    moving: Floats = (total[frames:] - total[:-frames]) / frames
    return moving


def _above(blocks: Floats, relative_lu: float) -> Floats:
    """The blocks above -70 LUFS and above a gate relative to the mean of those."""
    loud = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
    kept: Floats = loud[loud > loud.mean() * 10 ** (relative_lu / 10)] if len(loud) else loud
    return kept


def _lufs(power: float) -> float:
    return -0.691 + 10 * float(np.log10(power))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))

"""Evidence, in the sound alone, of how its tones begin and how bright they are.

A hammer's stroke brings all partials at once, so most of what is added to a piano's spectrum is
added in few frames; a choir, strings or an accordion swell. A plucked harpsichord string has far
more power in its upper partials than a struck one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FRAME_SEC, HOP_SEC = 0.046, 0.010
RISE_FRAMES = 3
RISE_BAND_HZ = (80.0, 4000.0)
LOW_BAND_HZ, HIGH_BAND_HZ = (80.0, 1000.0), (2500.0, 7000.0)
FLOOR_OF_PEAK = 1e-4  # power; what is quieter does not count as rising
SOUNDING_OF_LOUD = 0.02  # power, of the 95th percentile
BUSIEST = 0.1  # of all frames


@dataclass(frozen=True)
class StrokeEvidence:
    """Of an excerpt of some seconds."""

    concentration: float  # share of all that rises in the spectrum that rises in a tenth of frames
    brightness_db: float  # power 2.5–7 kHz over power 80–1000 Hz, without what sounds all the time


def stroke_evidence(samples: npt.NDArray[np.float32], sample_rate: int) -> StrokeEvidence | None:
    """Of mono samples; ``None`` for digital silence or less than 20 frames."""
    size, hop = int(FRAME_SEC * sample_rate), int(HOP_SEC * sample_rate)
    if len(samples) < size + 20 * hop or not samples.any():
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size).astype(np.float32), axis=1)) ** 2
    hz = np.arange(power.shape[1]) * sample_rate / size
    return StrokeEvidence(_concentration(power[:, _within(hz, RISE_BAND_HZ)]), _bright(power, hz))


def _concentration(power: npt.NDArray[np.float32]) -> float:
    logs = np.log(power + FLOOR_OF_PEAK * power.max() + 1e-20)
    rise = np.maximum(logs[RISE_FRAMES:] - logs[:-RISE_FRAMES], 0.0).mean(axis=1)
    busiest = np.sort(rise)[::-1][: max(int(BUSIEST * len(rise)), 1)]
    return float(busiest.sum() / max(float(rise.sum()), 1e-12))


def _bright(power: npt.NDArray[np.float32], hz: npt.NDArray[np.float64]) -> float:
    heard = np.maximum(power - np.percentile(power, 10, axis=0), 0.0)
    low = heard[:, _within(hz, LOW_BAND_HZ)].sum(axis=1)
    high = heard[:, _within(hz, HIGH_BAND_HZ)].sum(axis=1)
    sounding = low + high > SOUNDING_OF_LOUD * np.percentile(low + high, 95)
    return float(10 * np.log10((high[sounding].sum() + 1e-20) / (low[sounding].sum() + 1e-20)))


def _within(hz: npt.NDArray[np.float64], band: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return (hz >= band[0]) & (hz < band[1])

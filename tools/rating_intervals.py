"""80 % intervals for ratings of unseen pieces, calibrated on held-out residuals (conformal)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.performance_study import Floats, HeldOut
from tools.training_rows import Study

COVERAGE = 0.8
Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Calibration:
    """Half-widths of the intervals for many notes, and how they came about."""

    widen: float  # intervals grow by sqrt(1 + widen / notes)
    factor: float  # by which intervals from three pieces must grow to cover the fourth
    half_width: Floats  # one per scale
    left_out_coverage: dict[str, float]  # by piece, calibrated on the others


def calibrate(study: Study, unseen_piece: dict[str, HeldOut]) -> Calibration:
    """From ratings with pieces held out, heard through audio where there is any.

    Each piece counts the same. Intervals calibrated on three pieces miss more often on the
    fourth, so all are scaled until this left-out coverage is 80 % on average.
    """
    crops = [unseen_piece[ear] for ear in ("midi", "crop", "short crop")]
    widen = _widening(study.labels, crops)
    tested = unseen_piece.get("audio", unseen_piece["midi"])
    spread = np.sqrt(1.0 + widen / np.maximum(tested.note_count, 1.0))
    ratio = np.abs(study.labels[tested.clip] - tested.rated) / spread[:, None]
    pieces = np.array([study.clips[index].piece for index in tested.clip])
    factor = 1.0
    while _mean(left_out_coverage(ratio, pieces, factor)) < COVERAGE and factor < 2.0:
        factor += 0.01
    widths = factor * _balanced_quantile(ratio, pieces)
    return Calibration(widen, factor, widths, left_out_coverage(ratio, pieces, factor))


def left_out_coverage(ratio: Floats, pieces: Names, factor: float) -> dict[str, float]:
    """Share of ratings of each piece inside intervals calibrated on the other pieces."""
    shares = {}
    for piece in np.unique(pieces):
        out = pieces == piece
        widths = factor * _balanced_quantile(ratio[~out], pieces[~out])
        shares[str(piece)] = float((ratio[out] <= widths).mean())
    return shares


def _mean(shares: dict[str, float]) -> float:
    return float(np.mean(list(shares.values())))


def _widening(labels: Floats, tested: list[HeldOut]) -> float:
    """The ``c`` of ``error² ~ 1 + c / notes``, by least squares over whole clips and crops."""
    squared = np.concatenate([((labels[t.clip] - t.rated) ** 2).mean(axis=1) for t in tested])
    counts = np.maximum(np.concatenate([t.note_count for t in tested]), 8.0)
    slope, level = np.polyfit(1.0 / counts, squared, 1)
    return float(np.clip(slope / max(level, 1e-6), 0.0, 40.0))


def _balanced_quantile(ratio: Floats, pieces: Names) -> Floats:
    """The 80 % quantile of every scale with each piece given the same total weight."""
    _, piece, counts = np.unique(pieces, return_inverse=True, return_counts=True)
    weight = 1.0 / counts[piece] / len(counts)
    level = COVERAGE * (1.0 + 1.0 / len(ratio))
    result = np.zeros(ratio.shape[1])
    for scale, column in enumerate(ratio.T):
        order = np.argsort(column)
        place = np.searchsorted(np.cumsum(weight[order]), level)
        result[scale] = column[order][min(int(place), len(order) - 1)]
    return result

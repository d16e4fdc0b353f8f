"""80 % intervals for ratings of unseen pieces, calibrated on held-out residuals (conformal).

A half-width is ``half_width · sqrt(1 + widen_notes / notes + widen_doubt · (1 - confidence))``.
Each piece counts the same. Intervals calibrated on some pieces miss more often on another, so all
are scaled until pieces left out of the calibration are covered as they should be on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.performance_study import Floats, HeldOut, held_out, splits
from tools.training_rows import Study

COVERAGE = 0.8
MOST_WIDENING_BY_NOTES, MOST_WIDENING_BY_DOUBT = 40.0, 60.0
MAX_FACTOR = 2.5
Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Calibration:
    """What the intervals are made of, and how they fared on pieces they had not seen."""

    widen_notes: float
    widen_doubt: float
    half_width: Floats  # one per scale, for very many notes without doubt
    pieces: tuple[str, ...]
    coverage: Floats  # [pieces, scales] share of ratings inside; see :func:`nested_coverage`


@dataclass(frozen=True)
class Widths:
    """What is learnt from some pieces for any other."""

    widen_notes: float
    widen_doubt: float
    half_width: Floats

    def around(self, held: HeldOut) -> Floats:
        """Half-widths of each row and scale."""
        return _spread(held, self.widen_notes, self.widen_doubt)[:, None] * self.half_width


def calibrate(study: Study, unseen_piece: dict[str, HeldOut]) -> Calibration:
    """From ratings with pieces held out, heard through audio where there is any."""
    widths = calibrate_on(study, unseen_piece)
    pieces, coverage = nested_coverage(study, unseen_piece)
    return Calibration(widths.widen_notes, widths.widen_doubt, widths.half_width, pieces, coverage)


def nested_coverage(
    study: Study, unseen_piece: dict[str, HeldOut]
) -> tuple[tuple[str, ...], Floats]:
    """Share of each scale's ratings inside, for pieces of which nothing was used.

    For each piece, the others alone calibrate its intervals, by models that saw neither the
    piece nor the one they are calibrated on.
    """
    folds, heard = splits(study)["piece"], tested(unseen_piece)
    names, shares = [], []
    for fold in np.unique(folds):
        names.append(study.clips[int(np.flatnonzero(folds == fold)[0])].piece)
        others = folds != fold
        inner = held_out(study, folds, within=others)
        widths = calibrate_on(study, inner)
        out = folds[heard.clip] == fold
        error = np.abs(study.labels[heard.clip] - heard.rated)
        shares.append((error <= widths.around(heard))[out].mean(axis=0))
    return tuple(names), np.array(shares)


def tested(unseen_piece: dict[str, HeldOut]) -> HeldOut:
    """The ear that intervals are calibrated for."""
    return unseen_piece.get("audio", unseen_piece["midi"])


def calibrate_on(study: Study, unseen_piece: dict[str, HeldOut]) -> Widths:
    """Widths from ratings of pieces unseen by the models that gave them."""
    widen_notes = _widening_by_notes(study, unseen_piece)
    widen_doubt = _widening_by_doubt(study, unseen_piece, widen_notes)
    held = tested(unseen_piece)
    error = np.abs(study.labels[held.clip] - held.rated)
    ratio = error / _spread(held, widen_notes, widen_doubt)[:, None]
    pieces = np.array([study.clips[index].piece for index in held.clip])
    factor = 1.0
    while _left_out_coverage(ratio, pieces, factor) < COVERAGE and factor < MAX_FACTOR:
        factor += 0.01
    return Widths(widen_notes, widen_doubt, factor * _balanced_quantile(ratio, pieces))


def _spread(held: HeldOut, widen_notes: float, widen_doubt: float) -> Floats:
    """:func:`crescendai.music.performance_model.widening` of each row."""
    spread: Floats = np.sqrt(
        1.0 + widen_notes / np.maximum(held.note_count, 1.0) + widen_doubt * (1.0 - held.confidence)
    )
    return spread


def _left_out_coverage(ratio: Floats, pieces: Names, factor: float) -> float:
    """Share of ratings inside intervals calibrated on the other pieces; mean over pieces."""
    shares = []
    for piece in np.unique(pieces):
        out = pieces == piece
        widths = factor * _balanced_quantile(ratio[~out], pieces[~out])
        shares.append(float((ratio[out] <= widths).mean()))
    return float(np.mean(shares))


def _squared_error(study: Study, held: HeldOut) -> Floats:
    """Of each row, the mean over scales."""
    squared: Floats = ((study.labels[held.clip] - held.rated) ** 2).mean(axis=1)
    return squared


def _widening_by_notes(study: Study, unseen_piece: dict[str, HeldOut]) -> float:
    """The ``c`` of ``error² ~ 1 + c / notes``, by least squares over whole clips and crops."""
    crops = [unseen_piece[ear] for ear in ("midi", "crop", "short crop")]
    squared = np.concatenate([_squared_error(study, held) for held in crops])
    counts = np.maximum(np.concatenate([held.note_count for held in crops]), 8.0)
    slope, level = np.polyfit(1.0 / counts, squared, 1)
    return float(np.clip(slope / max(level, 1e-6), 0.0, MOST_WIDENING_BY_NOTES))


def _widening_by_doubt(study: Study, unseen_piece: dict[str, HeldOut], widen_notes: float) -> float:
    """The ``c`` of ``(what wrong notes move)² ~ c · their share · error²``.

    This is cautious: errors on unseen pieces grow by less, for wrong notes also make a rating
    more ordinary. 0 where no doubtful performances were rated.
    """
    if "doubtful" not in unseen_piece:
        return 0.0
    held, usual = unseen_piece["doubtful"], tested(unseen_piece)
    sure = np.flatnonzero(held.confidence == 1.0)
    of_clip = {int(held.clip[row]): row for row in sure}
    reference = held.rated[[of_clip[int(clip)] for clip in held.clip]]
    moved = ((held.rated - reference) ** 2).mean(axis=1)
    doubt = 1.0 - held.confidence
    slope = float(doubt @ moved) / max(float(doubt @ doubt), 1e-9)
    level = (_squared_error(study, usual) / _spread(usual, widen_notes, 0.0) ** 2).mean()
    return float(np.clip(slope / max(float(level), 1e-6), 0.0, MOST_WIDENING_BY_DOUBT))


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

"""Fit the rating model: the mean of a Laplacian kernel ridge and a linear ridge.

Both are on normal scores of the features that rate. Every piece has a random level of its own,
which the features need not explain, and part of what they do explain holds for that piece alone; it
counts as far as a kernel ridge on the pieces' names recognises the piece. Nothing here is random,
and every step has a closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from scipy.special import ndtri

from crescendai.music.performance_model import ModelSettings, PerformanceModel

KNOT_COUNT = 33
RATING_FEATURES = 263
WIDTH, PENALTY = 1.4, 0.15
LINEAR_PENALTY = 2000.0
PIECE_VARIANCE = 1.0  # of a piece's own level, in the kernel's unit; from 0.3 to 5 nothing changes
PIECE_SHARE = 0.6  # of what holds for one piece alone, against what holds for all
PIECE_WIDTH, CLASS_WIDTH, PIECE_PENALTY = 0.8, 0.4, 0.1  # of the kernel that recognises a piece
EAR_SHARE = 1.0  # of what holds for one ear alone, against what holds for both
EAR_VARIANCE = 0.3  # of an ear's own level
SHARE = 0.5  # of each of the two parts

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]
Bools = npt.NDArray[np.bool_]
Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class TrainingRows:
    """A clip heard by several ears is several rows."""

    features: Floats
    labels: Floats
    weights: Floats  # mean 1: which rows to trust
    piece: Names
    heard: Bools  # from a transcriber
    rendered: Floats  # features of the true notes behind the heard rows
    clip_count: int  # distinct clips behind the rows
    contrasts: tuple[Contrasts, ...] = ()  # of different scales


@dataclass(frozen=True)
class Contrasts:
    """The same playing changed in one respect, of which only the direction of a scale is known."""

    scale: int
    move: Floats  # how far each should move it
    before: Floats  # features
    after: Floats
    heard: Bools  # which are from a transcriber; what true notes teach counts half for its ear


def fit(rows: TrainingRows) -> Arrays:
    """Arrays for :class:`PerformanceModel`.

    Penalties grow with the rows per clip, so that more ears do not mean less smoothing.
    """
    tables = _normal_tables(rows)
    heard = _heard(rows)
    normal = np.concatenate(
        [rows.features, *(f for c in rows.contrasts for f in (c.before, c.after))]
    )
    for name, chosen in (("known", ~heard), ("heard", heard)):
        normal[chosen] = _normalised(normal[chosen], *tables[name])
    support = normal.astype(np.float16).astype(np.float64)
    rating = support[:, :RATING_FEATURES]
    rows_per_clip = len(rows.features) / rows.clip_count
    noise = np.sqrt(rows_per_clip) / rows.weights
    slope_noise = rows_per_clip / rows.weights

    apart = _distance(rating)
    kernels = _ridge(np.exp(-apart / WIDTH), PENALTY * noise, rows)
    slopes = _ridge(rating @ rating.T / LINEAR_PENALTY, slope_noise, rows)
    of_piece = _of_piece(rows, len(support))
    piece_kernel = np.exp(
        -apart / PIECE_WIDTH - _distance(support[:, RATING_FEATURES:]) / CLASS_WIDTH
    )
    arrays: Arrays = {
        "support": normal.astype(np.float16),
        "heard": heard,
        "of_piece": of_piece.astype(np.bool_),
        "piece_dual": _recogniser(piece_kernel, PIECE_PENALTY * noise, of_piece).astype(np.float32),
        "dual": (SHARE * kernels.dual).astype(np.float32),
        "half_width": np.full(rows.labels.shape[1], 0.5, dtype=np.float32),
    }
    for name, ear in (("known", False), ("heard", True)):
        here = heard == ear
        own = ((1.0 + EAR_SHARE * here) / (1.0 + EAR_SHARE))[:, None] * slopes.dual
        linear = [rating.T @ own, *(PIECE_SHARE * rating[m].T @ own[m] for m in _masks(of_piece))]
        parts = kernels, slopes
        level = [
            sum(part.mean + EAR_VARIANCE * part.dual[here].sum(axis=0) for part in parts),
            *(PIECE_VARIANCE * sum(p.dual[m].sum(axis=0) for p in parts) for m in _masks(of_piece)),
        ]
        knots, scores = tables[name]
        scale = SHARE / LINEAR_PENALTY / (1.0 + PIECE_SHARE)
        arrays |= {
            f"{name}_knots": knots.astype(np.float32),
            f"{name}_normal": scores.astype(np.float32),
            f"{name}_linear": (scale * np.array(linear)).astype(np.float32),
            f"{name}_level": (SHARE * np.array(level)).astype(np.float32),
        }
    return arrays


class _Part(NamedTuple):
    mean: Floats
    dual: Floats  # weights of the rows


def _heard(rows: TrainingRows) -> Bools:
    """Which of the supporting rows are transcriptions."""
    return np.concatenate([rows.heard, *(c.heard for c in rows.contrasts for _ in range(2))])


def _of_piece(rows: TrainingRows, count: int) -> Floats:
    """For each supporting row and piece 1 or 0; contrasts are of no piece."""
    found = np.zeros((count, len(np.unique(rows.piece))))
    found[: len(rows.piece)] = rows.piece[:, None] == np.unique(rows.piece)
    return found


def _masks(of_piece: Floats) -> list[Bools]:
    return [column > 0 for column in of_piece.T]


def _recogniser(kernel: Floats, penalty: Floats, of_piece: Floats) -> Floats:
    """Kernel ridge on 1 for a row's own piece and 0 for others; far from all rows it says 0."""
    dual, count = np.zeros_like(of_piece), len(penalty)
    dual[:count] = np.linalg.solve(kernel[:count, :count] + np.diag(penalty), of_piece[:count])
    return dual


def _ridge(kernel: Floats, penalty: Floats, rows: TrainingRows) -> _Part:
    """Kernel ridge regression with a random level for each piece and for each ear.

    The level of a piece may come from its notation, its rooms or who rated it; a new piece has
    none, so what the level explains must not be learnt from the features. Half of what is learnt
    through one ear holds for it alone, and three eighths of what is learnt from one piece.
    Contrasts are observed as differences of two rows.
    """
    heard, of_piece = _heard(rows), _of_piece(rows, len(kernel))
    same_ear = heard[:, None] == heard
    covariance = kernel * (1.0 + EAR_SHARE * same_ear) / (1.0 + EAR_SHARE)
    covariance *= (1.0 + PIECE_SHARE * of_piece @ of_piece.T) / (1.0 + PIECE_SHARE)
    covariance += EAR_VARIANCE * same_ear
    count = len(rows.labels)
    of_rows = covariance[:count, :count] + PIECE_VARIANCE * (rows.piece[:, None] == rows.piece)
    of_rows[np.diag_indices_from(of_rows)] += penalty
    mean, own = _solved(of_rows, rows.labels, np.ones(count))
    dual = np.zeros((len(kernel), rows.labels.shape[1]))
    dual[:count] = own
    first = count
    for contrasts in rows.contrasts:
        scale, pairs = contrasts.scale, len(contrasts.before)
        before, after = np.arange(first, first + 2 * pairs).reshape(2, pairs)
        moved = covariance[:, after] - covariance[:, before]
        among = moved[after] - moved[before] + np.median(penalty) * np.eye(pairs)
        observed = np.block([[of_rows, moved[:count]], [moved[:count].T, among]])
        target = np.concatenate([rows.labels[:, scale], contrasts.move])
        level = np.concatenate([np.ones(count), np.zeros(pairs)])
        means, duals = _solved(observed, target[:, None], level)
        mean[scale], dual[:count, scale] = means[0], duals[:count, 0]
        dual[before, scale], dual[after, scale] = -duals[count:, 0], duals[count:, 0]
        first += 2 * pairs
    return _Part(mean, dual)


def _solved(covariance: Floats, target: Floats, level: Floats) -> tuple[Floats, Floats]:
    """Generalised least squares: the level of each column, and the duals of what is left."""
    solved = np.linalg.solve(covariance, np.hstack([target, level[:, None]]))
    by_target, by_level = solved[:, :-1], solved[:, -1:]
    mean: Floats = (level @ by_target) / (level @ by_level)
    return mean, by_target - by_level * mean


def _distance(rows: Floats) -> Floats:
    """Mean absolute difference of every two rows."""
    distance: Floats = cdist(rows, rows, "cityblock") / rows.shape[1]
    return distance


def model_of(arrays: Arrays, settings: ModelSettings) -> PerformanceModel:
    """The run-time model over freshly fitted arrays."""
    return PerformanceModel(settings, arrays)


def draft_settings(version: str = "draft") -> ModelSettings:
    """Settings before calibration; lengths follow from the data set's clips (median 26 s)."""
    return ModelSettings(
        version=version,
        rating_features=RATING_FEATURES,
        width=WIDTH,
        piece_width=PIECE_WIDTH,
        class_width=CLASS_WIDTH,
        piece_share=PIECE_SHARE,
        ear_share=EAR_SHARE,
        stretch_sec=24.0,
        stretch_hop_sec=12.0,
        context_sec=9.0,
        segment_shrink_notes=15.0,
        widen_notes=0.0,
        widen_doubt=0.0,
    )


def _normal_tables(rows: TrainingRows) -> dict[str, tuple[Floats, Floats]]:
    """By ear: feature values and the normal scores they stand for.

    A transcriber bends every feature (velocities, releases, pedal). A heard value is read as the
    value of the true notes at the same quantile of the same clips.
    """
    known = _normal_knots(rows.features[~rows.heard])
    if not rows.heard.any():
        return {"known": known, "heard": known}
    heard = _quantiles(rows.features[rows.heard])
    true = _quantiles(rows.rendered)
    tables = []
    for own, rendered, knots, scores in zip(heard, true, *known, strict=True):
        if np.isnan(own).any() or np.isnan(rendered).any():  # too seldom told
            tables.append((knots, scores))
            continue
        places, first = np.unique(own.astype(np.float32), return_index=True)
        upto = np.append(first[1:], len(own))
        means = np.interp(
            [rendered[low:high].mean() for low, high in zip(first, upto, strict=True)],
            knots,
            scores,
        )
        tables.append(_padded(places.astype(np.float64), means))
    return {"known": known, "heard": _stacked(tables)}


def _quantiles(features: Floats) -> Floats:
    """33 quantiles of each feature; NaN where fewer than 33 rows have it."""
    found = np.full((features.shape[1], KNOT_COUNT), np.nan)
    for index, column in enumerate(features.T):
        told = column[~np.isnan(column)]
        if len(told) >= KNOT_COUNT:
            found[index] = np.quantile(told, np.linspace(0, 1, KNOT_COUNT))
    return found


def _normal_knots(features: Floats) -> tuple[Floats, Floats]:
    """Per feature, 33 quantiles and the normal scores of their mid-ranks (within ±2.3)."""
    tables = []
    for column in features.T:
        ordered = np.sort(column[~np.isnan(column)])
        places = np.unique(np.quantile(ordered, np.linspace(0, 1, KNOT_COUNT)).astype(np.float32))
        below = np.searchsorted(ordered, places, side="left")
        upto = np.searchsorted(ordered, places, side="right")
        ranks = (below + upto) / (2 * len(ordered))
        tables.append(_padded(places.astype(np.float64), ndtri(np.clip(ranks, 0.01, 0.99))))
    return _stacked(tables)


def _stacked(tables: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.array([knots for knots, _ in tables]), np.array([scores for _, scores in tables])


def _padded(places: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """33 knots: the last score goes on beyond the last place."""
    padding = KNOT_COUNT - len(places)
    beyond = places[-1] + (1.0 + np.arange(padding)) * max(abs(float(places[-1])), 1.0)
    return np.concatenate([places, beyond]), np.concatenate([scores, np.full(padding, scores[-1])])


def _normalised(features: Floats, knots: Floats, scores: Floats) -> Floats:
    columns = [np.interp(c, k, s) for c, k, s in zip(features.T, knots, scores, strict=True)]
    return np.where(np.isnan(features), 0.0, np.array(columns).T)

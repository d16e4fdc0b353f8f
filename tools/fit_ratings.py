"""Fit the rating model: half Laplacian kernel ridge, half linear ridge, on normal scores.

Nothing here is random, and every step has a closed form.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from scipy.special import ndtri

from crescendai.music.performance_model import ModelSettings, PerformanceModel

KNOT_COUNT = 33
KERNEL_WIDTH = 0.5
KERNEL_PENALTY = 0.5
LINEAR_PENALTY = 2000.0

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]


def fit(features: Floats, labels: Floats, weights: Floats, clip_count: int) -> Arrays:
    """Arrays for :class:`PerformanceModel`; ``clip_count`` distinct clips stand behind the rows.

    A clip heard by several ears is several rows. Penalties grow with the rows per clip, so
    that more ears do not mean less smoothing; ``weights`` (mean 1) say which rows to trust.
    """
    knots, normal_scores = _normal_knots(features)
    normal = _normalised(features, knots, normal_scores)
    support = normal.astype(np.float16).astype(np.float64)
    rows_per_clip = len(features) / clip_count
    mean = np.average(labels, axis=0, weights=weights)
    target = labels - mean

    distance = cdist(support, support, "cityblock") / support.shape[1]
    kernel = np.exp(-distance / KERNEL_WIDTH)
    kernel[np.diag_indices_from(kernel)] += KERNEL_PENALTY * np.sqrt(rows_per_clip) / weights
    dual = np.linalg.solve(kernel, target)

    centre = np.average(support, axis=0, weights=weights)
    centred = support - centre
    gram = (centred * weights[:, None]).T @ centred
    gram[np.diag_indices_from(gram)] += LINEAR_PENALTY * rows_per_clip
    linear = np.linalg.solve(gram, (centred * weights[:, None]).T @ target)
    return {
        "knots": knots.astype(np.float32),
        "normal": normal_scores.astype(np.float32),
        "support": normal.astype(np.float16),
        "dual": (0.5 * dual).astype(np.float32),
        "linear": (0.5 * linear).astype(np.float32),
        "intercept": (mean - 0.5 * centre @ linear).astype(np.float32),
        "half_width": np.full(labels.shape[1], 0.5, dtype=np.float32),
    }


def model_of(arrays: Arrays, settings: ModelSettings) -> PerformanceModel:
    """The run-time model over freshly fitted arrays."""
    return PerformanceModel(settings, arrays)


def draft_settings(version: str = "draft") -> ModelSettings:
    """Settings before calibration; lengths follow from the data set's clips (median 26 s)."""
    return ModelSettings(
        version=version,
        kernel_width=KERNEL_WIDTH,
        stretch_sec=24.0,
        stretch_hop_sec=12.0,
        context_sec=9.0,
        segment_shrink_notes=15.0,
        interval_shrink_notes=0.0,
    )


def _normal_knots(features: Floats) -> tuple[Floats, Floats]:
    """Per feature, 33 quantiles and the normal scores of their mid-ranks (within ±2.3)."""
    knots = np.zeros((features.shape[1], KNOT_COUNT))
    scores = np.zeros_like(knots)
    for index, column in enumerate(features.T):
        ordered = np.sort(column[~np.isnan(column)])
        places = np.unique(np.quantile(ordered, np.linspace(0, 1, KNOT_COUNT)).astype(np.float32))
        below = np.searchsorted(ordered, places, side="left")
        upto = np.searchsorted(ordered, places, side="right")
        ranks = (below + upto) / (2 * len(ordered))
        padding = KNOT_COUNT - len(places)
        beyond = places[-1] + (1.0 + np.arange(padding)) * max(abs(float(places[-1])), 1.0)
        knots[index] = np.concatenate([places, beyond])
        values = ndtri(np.clip(ranks, 0.01, 0.99))
        scores[index] = np.concatenate([values, np.full(padding, values[-1])])
    return knots, scores


def _normalised(features: Floats, knots: Floats, scores: Floats) -> Floats:
    columns = [np.interp(c, k, s) for c, k, s in zip(features.T, knots, scores, strict=True)]
    return np.where(np.isnan(features), 0.0, np.array(columns).T)

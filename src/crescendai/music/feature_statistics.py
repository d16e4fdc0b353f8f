"""Summaries that say NaN, rather than something, of too few values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MIN_VALUES = 4
SUMMARY_FRACTIONS = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
SUMMARIES = ("q10", "q25", "q50", "q75", "q90", "mean", "spread")

Floats = npt.NDArray[np.float64]


def quantiles(values: Floats, *fractions: float) -> list[float]:
    """Linear quantiles of the finite values; NaN with fewer than four of them."""
    finite = np.sort(values[np.isfinite(values)])
    if len(finite) < MIN_VALUES:
        return [np.nan] * len(fractions)
    at = np.array(fractions) * (len(finite) - 1)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, len(finite) - 1)
    return list(finite[low] + (at - low) * (finite[high] - finite[low]))


def mean(values: Floats) -> float:
    """Mean of the finite values; NaN with fewer than four of them."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) >= MIN_VALUES else np.nan


def spread(values: Floats) -> float:
    """Standard deviation of the finite values; NaN with fewer than four of them."""
    finite = values[np.isfinite(values)]
    return float(finite.std()) if len(finite) >= MIN_VALUES else np.nan


def correlation(left: Floats, right: Floats) -> float:
    """Pearson correlation over the finite pairs; NaN below six pairs or without variation."""
    both = np.isfinite(left) & np.isfinite(right)
    if np.count_nonzero(both) < 6:
        return np.nan
    left, right = left[both] - left[both].mean(), right[both] - right[both].mean()
    scale = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / scale) if scale > 1e-9 else np.nan


def summary(name: str, values: Floats) -> dict[str, float]:
    """Five quantiles, mean and spread under ``name``, as features."""
    finite = np.sort(values[np.isfinite(values)])
    count = len(finite)
    if count < MIN_VALUES:
        return {f"{name}_{what}": np.nan for what in SUMMARIES}
    at = SUMMARY_FRACTIONS * (count - 1)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, count - 1)
    at = finite[low] + (at - low) * (finite[high] - finite[low])
    values_of = [*at.tolist(), float(finite.mean()), float(finite.std())]
    return {f"{name}_{what}": value for what, value in zip(SUMMARIES, values_of, strict=True)}


def lagged(values: Floats, lag: int = 1) -> float:
    """Autocorrelation at ``lag``; NaN where it cannot be told."""
    return correlation(values[:-lag], values[lag:])

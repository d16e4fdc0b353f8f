"""How well ratings agree with listeners: explained variance, and pairs put in the right order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CLEAR_DIFFERENCE = 0.1  # of the scale: listeners' means nearer than this are mostly chance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def r2_by_scale(labels: Floats, rated: Floats) -> Floats:
    """Explained variance of each scale about the mean of ``labels``."""
    left = ((labels - rated) ** 2).sum(axis=0)
    result: Floats = 1.0 - left / ((labels - labels.mean(axis=0)) ** 2).sum(axis=0)
    return result


def pooled_r2(labels: Floats, rated: Floats) -> float:
    """Explained variance of all scales together: those on which clips differ more weigh more."""
    left = ((labels - rated) ** 2).sum()
    return float(1.0 - left / ((labels - labels.mean(axis=0)) ** 2).sum())


def pairs_right(
    labels: Floats, rated: Floats, passages: list[str], folds: Ints, least: float = 1e-9
) -> float:
    """Share of same-passage pairs, over all scales, that are ordered as listeners order them.

    Counted are pairs whose labels differ by more than ``least``; equal ratings count half.
    Only clips rated by the same model (same fold) are compared: a model that lacks the
    better of two performances has learnt a lower mean, which would mislead.
    """
    right = total = 0
    names = np.array([f"{name} {fold}" for name, fold in zip(passages, folds, strict=True)])
    for name in np.unique(names):
        here = np.flatnonzero(names == name)
        first, second = np.triu_indices(len(here), 1)
        truth = labels[here[first]] - labels[here[second]]
        guess = rated[here[first]] - rated[here[second]]
        told = np.abs(truth) > least
        right += int(((truth * guess) > 0)[told].sum()) * 2 + int((guess == 0)[told].sum())
        total += 2 * int(told.sum())
    return right / total if total else float("nan")

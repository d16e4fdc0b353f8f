"""How well ratings agree with listeners: explained variance, and pairs put in the right order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BOOTSTRAPS = 1000
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
    return _share(_pairs(labels, rated, passages, folds, least))


def r2_interval(labels: Floats, rated: Floats, groups: list[str]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean R² over scales, whole groups of passages redrawn."""
    clips = _clips_of(groups)
    sums = np.array(
        [
            [
                np.full(labels.shape[1], len(own)),
                labels[own].sum(axis=0),
                (labels[own] ** 2).sum(axis=0),
                ((labels[own] - rated[own]) ** 2).sum(axis=0),
            ]
            for own in clips
        ]
    )
    count, total, squares, left = sums[_redrawn(len(clips))].sum(axis=1).transpose(1, 0, 2)
    return _middle((1.0 - left / (squares - total**2 / count)).mean(axis=1))


def pairs_interval(
    labels: Floats,
    rated: Floats,
    passages: list[str],
    groups: list[str],
    folds: Ints,
    least: float = 1e-9,
) -> tuple[float, float]:
    """95 % bootstrap interval of :func:`pairs_right`, whole groups of passages redrawn."""
    counts = np.array(
        [
            _pairs(labels[own], rated[own], [passages[i] for i in own], folds[own], least)
            for own in _clips_of(groups)
        ]
    )
    drawn = counts[_redrawn(len(counts))].sum(axis=1)
    return _middle(drawn[:, 0] / np.maximum(drawn[:, 1], 1))


def _pairs(
    labels: Floats, rated: Floats, passages: list[str], folds: Ints, least: float
) -> tuple[int, int]:
    """Pairs ordered rightly and pairs counted, both twice over so that ties are whole numbers."""
    right = total = 0
    for here in _clips_of([f"{n} {fold}" for n, fold in zip(passages, folds, strict=True)]):
        first, second = np.triu_indices(len(here), 1)
        truth = labels[here[first]] - labels[here[second]]
        guess = rated[here[first]] - rated[here[second]]
        told = np.abs(truth) > least
        right += int(((truth * guess) > 0)[told].sum()) * 2 + int((guess == 0)[told].sum())
        total += 2 * int(told.sum())
    return right, total


def _share(counts: tuple[int, int]) -> float:
    right, total = counts
    return right / total if total else float("nan")


def _clips_of(names: list[str]) -> list[Ints]:
    """The indexes of each name's clips, in order of the names."""
    every = np.array(names)
    return [np.flatnonzero(every == name) for name in np.unique(every)]


def _redrawn(count: int) -> Ints:
    return np.random.default_rng(0).integers(0, count, (BOOTSTRAPS, count))


def _middle(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)

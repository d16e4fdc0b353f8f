"""Single listeners: how well one of them agrees with the others, and the ceiling that all set.

PercePiano's ``total_2rounds.csv`` holds every rating, 1 to 7 on nineteen scales; a label is the
mean of a performance's ratings divided by 7.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tools.agreement import CLEAR_DIFFERENCE, pairs_right, r2_by_scale
from tools.percepiano import Clip

RATINGS_FILE = "total_2rounds.csv"
SCALES = 19
HIGHEST = 7.0  # other values than 1 to 7 are slips
MIN_CLIPS = 100  # of a listener who is judged

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ratings:
    """One row for each time a listener rated a clip."""

    clip: Ints
    listener: Ints
    values: Floats  # [n, 19] in (0, 1], NaN where none was given


@dataclass(frozen=True)
class OneListener:
    """Means over listeners, each held against the mean of the others."""

    listeners: int
    r2: float  # of the ratings as given
    fitted_r2: float  # after the best straight line for each listener and scale: it flatters
    pairs: float  # same-passage pairs ordered as by the others
    clear_pairs: float


def load_ratings(folder: Path, clips: list[Clip]) -> Ratings:
    """All ratings of ``clips``."""
    index = {clip.name: number for number, clip in enumerate(clips)}
    clip, listener, values = [], [], []
    with (folder / RATINGS_FILE).open(encoding="utf-8") as file:
        reader = csv.reader(file)
        first = next(reader).index("filename") + 1
        for row in reader:
            name = row[first - 1].removesuffix(".wav").strip()
            if name in index:
                clip.append(index[name])
                listener.append(row[0])
                values.append([_rating(text) for text in row[first : first + SCALES]])
    _, numbers = np.unique(listener, return_inverse=True)
    return Ratings(np.array(clip), numbers.astype(np.int64), np.array(values) / HIGHEST)


def _rating(text: str) -> float:
    digit = text.removesuffix(".0")
    return float(digit) if digit in set("1234567") else np.nan


def one_listener(ratings: Ratings, passages: list[str]) -> OneListener:
    """How far one listener's ratings agree with the mean of all others', on the same clips."""
    totals, counts = _sums(ratings, len(passages))
    found = []
    for number in np.unique(ratings.listener):
        mine = ratings.listener == number
        own, own_counts = _sums(_chosen(ratings, mine), len(passages))
        rated = (own_counts > 0) & (counts - own_counts > 0)
        clips = np.flatnonzero(rated.all(axis=1))
        if len(clips) >= MIN_CLIPS:
            others = ((totals - own) / np.maximum(counts - own_counts, 1))[clips]
            found.append(
                _against(others, (own / np.maximum(own_counts, 1))[clips], clips, passages)
            )
    return OneListener(len(found), *(float(value) for value in np.mean(found, axis=0)))


def _against(others: Floats, own: Floats, clips: Ints, passages: list[str]) -> list[float]:
    names, fold = [passages[index] for index in clips], np.zeros(len(clips), np.int64)
    left, right = own - own.mean(axis=0), others - others.mean(axis=0)
    correlation = (left * right).mean(axis=0) / np.maximum(
        left.std(axis=0) * right.std(axis=0), 1e-9
    )
    return [
        float(r2_by_scale(others, own).mean()),
        float((correlation**2).mean()),
        pairs_right(others, own, names, fold),
        pairs_right(others, own, names, fold, CLEAR_DIFFERENCE),
    ]


def ceiling(ratings: Ratings, labels: Floats, groups: list[str] | None = None) -> Floats:
    """The R² of each scale that a perfect knowledge of the mean of all listeners would reach.

    A label of n ratings misses that mean by their variance / n (one-way random effects). With
    ``groups``, the share is of the variance within them.
    """
    totals, counts = _sums(ratings, len(labels))
    mean = totals / np.maximum(counts, 1)
    squared = (ratings.values - mean[ratings.clip]) ** 2
    spread = _sums(Ratings(ratings.clip, ratings.listener, squared), len(labels))[0]
    known = counts > 1
    noise = np.where(known, spread / np.maximum(counts - 1, 1) / np.maximum(counts, 1), np.nan)
    centred = labels - labels.mean(axis=0)
    if groups is not None:
        names = np.array(groups)
        for name in np.unique(names):
            centred[names == name] = labels[names == name] - labels[names == name].mean(axis=0)
    result: Floats = 1.0 - np.nanmean(noise, axis=0) / (centred**2).mean(axis=0)
    return result


def _chosen(ratings: Ratings, keep: npt.NDArray[np.bool_]) -> Ratings:
    return Ratings(ratings.clip[keep], ratings.listener[keep], ratings.values[keep])


def _sums(ratings: Ratings, clip_count: int) -> tuple[Floats, Floats]:
    """Sum and number of each clip's ratings; [clips, 19]."""
    given = ~np.isnan(ratings.values)
    totals, counts = np.zeros((clip_count, SCALES)), np.zeros((clip_count, SCALES))
    np.add.at(totals, ratings.clip, np.where(given, ratings.values, 0.0))
    np.add.at(counts, ratings.clip, given.astype(np.float64))
    return totals, counts

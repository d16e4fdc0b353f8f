"""Agreement with listeners, on ratings small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tools.agreement import (
    pairs_interval,
    pairs_right,
    pooled_r2,
    r2_by_scale,
    r2_interval,
)

LABELS = np.array([[0.2, 0.5], [0.4, 0.5], [0.9, 0.6]])


def test_perfect_ratings_explain_everything_and_the_mean_nothing() -> None:
    mean = np.tile(LABELS.mean(axis=0), (3, 1))
    assert r2_by_scale(LABELS, LABELS) == pytest.approx([1.0, 1.0])
    assert r2_by_scale(LABELS, mean) == pytest.approx([0.0, 0.0])
    assert pooled_r2(LABELS, mean) == pytest.approx(0.0)


def test_pooled_variance_weighs_the_scale_on_which_clips_differ() -> None:
    rated = np.column_stack([LABELS[:, 0], np.full(3, LABELS[:, 1].mean())])
    assert r2_by_scale(LABELS, rated) == pytest.approx([1.0, 0.0])
    assert pooled_r2(LABELS, rated) == pytest.approx(0.26 / (0.26 + 0.02 / 3))


def test_pairs_count_within_a_passage_and_a_fold_only() -> None:
    labels = np.array([[0.1], [0.3], [0.5], [0.9]])
    rated = np.array([[0.1], [0.2], [0.9], [0.0]])
    together = np.zeros(4, dtype=np.int64)
    assert pairs_right(labels, rated, ["a"] * 4, together) == pytest.approx(3 / 6)
    assert pairs_right(labels, rated, ["a", "a", "b", "b"], together) == pytest.approx(1 / 2)
    assert pairs_right(labels, rated, ["a"] * 4, np.array([0, 0, 0, 1])) == pytest.approx(1.0)


def test_only_clear_differences_count_when_asked_and_ties_count_half() -> None:
    labels, fold = np.array([[0.50], [0.52], [0.90]]), np.zeros(3, dtype=np.int64)
    rated = np.array([[0.5], [0.4], [0.5]])
    assert pairs_right(labels, rated, ["a"] * 3, fold) == pytest.approx((0 + 0.5 + 1) / 3)
    assert pairs_right(labels, rated, ["a"] * 3, fold, 0.1) == pytest.approx((0.5 + 1) / 2)
    assert np.isnan(pairs_right(labels, rated, ["a", "b", "c"], fold))


def test_bootstrap_intervals_surround_the_figure_and_widen_with_fewer_passages() -> None:
    rng = np.random.default_rng(1)
    labels = rng.uniform(0, 1, (120, 3))
    rated = 0.5 * labels + 0.25 + rng.normal(0, 0.15, labels.shape)
    fold = np.zeros(120, np.int64)
    many = [str(index // 3) for index in range(120)]
    few = [str(index // 24) for index in range(120)]
    low, high = r2_interval(labels, rated, many)
    assert low < r2_by_scale(labels, rated).mean() < high
    assert high - low < 0.5
    low, high = pairs_interval(labels, rated, many, few, fold)
    assert low < pairs_right(labels, rated, many, fold) < high
    assert r2_interval(labels, labels, many) == pytest.approx((1.0, 1.0))

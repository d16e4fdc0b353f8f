"""The fit, on features whose part in the ratings is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.fit_ratings import (
    Contrasts,
    Floats,
    TrainingRows,
    draft_settings,
    fit,
    model_of,
)

ROWS, FEATURES, SCALES = 240, 275, 3
MOVE = 0.1


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    """The first feature makes the first scale; a fifth of the rows was heard by a transcriber."""
    rng = np.random.default_rng(0)
    features = rng.normal(0.0, 1.0, (ROWS, FEATURES))
    labels = 0.5 + rng.normal(0.0, 0.02, (ROWS, SCALES))
    labels[:, 0] += 0.1 * features[:, 0]
    heard = np.arange(ROWS) >= 0.8 * ROWS
    true = features[heard].copy()
    features[heard] = bent(true)
    piece = np.array([str(index % 3) for index in range(ROWS)])
    return TrainingRows(features, labels, np.ones(ROWS), piece, heard, true, ROWS)


def bent(features: Floats) -> Floats:
    return 30.0 + 4.0 * features


def rated(rows: TrainingRows, features: Floats, heard: bool = False) -> Floats:
    return model_of(fit(rows), draft_settings()).rate(features, heard)


def test_what_makes_the_ratings_is_found(rows: TrainingRows) -> None:
    probe = np.zeros((3, FEATURES))
    probe[:, 0] = [-1.5, 0.0, 1.5]
    first = rated(rows, probe)[:, 0]
    assert first[0] < first[1] < first[2]
    assert first[2] - first[0] > 0.02
    assert np.ptp(rated(rows, probe)[:, 1]) < 0.2 * np.ptp(first)


def test_a_heard_feature_is_read_as_the_true_one_it_stands_for(rows: TrainingRows) -> None:
    probe = np.random.default_rng(1).normal(0.0, 1.0, (40, FEATURES))
    known, heard = rated(rows, probe), rated(rows, bent(probe), heard=True)
    assert np.corrcoef(known[:, 0], heard[:, 0])[0, 1] > 0.8
    assert abs((known - heard).mean()) < 0.02


def test_the_level_of_a_piece_is_not_learnt_as_playing(rows: TrainingRows) -> None:
    """A feature that only tells one piece apart from the others must not carry its level over."""
    features, labels = rows.features.copy(), rows.labels.copy()
    tells, shift = rows.piece == "2", 0.3
    features[:, 99] = tells + 0.01 * features[:, 99]
    labels[tells, 1] += shift
    probe = np.zeros((2, FEATURES))
    probe[1, 99] = 1.0
    moved = np.diff(rated(replace(rows, features=features, labels=labels), probe)[:, 1])[0]
    assert abs(moved) < 0.05 * shift


def test_a_contrast_teaches_a_direction_to_its_scale_alone(rows: TrainingRows) -> None:
    rng = np.random.default_rng(2)
    before = rng.normal(0.0, 1.0, (60, FEATURES))
    after = before.copy()
    after[:, 95:] += 1.0
    move, known = np.full(40, MOVE), np.zeros(40, np.bool_)
    contrasts = (
        Contrasts(2, move, before[:40], after[:40], known),
        Contrasts(1, -move, before[:40], after[:40], known),
    )
    plain, taught = (
        rated(some, after[40:]) - rated(some, before[40:])
        for some in (rows, replace(rows, contrasts=contrasts))
    )
    for scale, direction in ((2, 1), (1, -1)):
        moved = direction * taught[:, scale]
        assert (moved > 0).all()
        assert 0.05 * MOVE < moved.mean() < 1.2 * MOVE
    assert taught[:, 0] == pytest.approx(plain[:, 0], abs=1e-6)


def test_a_heard_contrast_is_read_through_its_ear(rows: TrainingRows) -> None:
    before = np.random.default_rng(3).normal(0.0, 1.0, (60, FEATURES))
    after = before.copy()
    after[:, 95:120] += 1.0
    pair = bent(before[:40]), bent(after[:40])
    contrasts = (Contrasts(2, np.full(40, MOVE), *pair, np.ones(40, np.bool_)),)
    taught = replace(rows, contrasts=contrasts)
    moved = {
        heard: rated(taught, bent(after[40:]) if heard else after[40:], heard)[:, 2]
        - rated(taught, bent(before[40:]) if heard else before[40:], heard)[:, 2]
        for heard in (False, True)
    }
    assert (moved[True] > 0).all()
    assert moved[True].mean() > 1.3 * moved[False].mean()


def test_what_holds_for_one_piece_counts_where_it_is_recognised(rows: TrainingRows) -> None:
    """Piece 1 is known by its pitch classes; there the second feature makes the third scale."""
    features, labels = rows.features.copy(), rows.labels.copy()
    own = rows.piece == "1"
    features[:, 263:] = own[:, None] + 0.1 * features[:, 263:]
    labels[own, 2] += 0.1 * features[own, 1]
    probe = np.zeros((2, FEATURES))
    probe[:, 1] = -1.5, 1.5
    here = probe.copy()
    here[:, 263:] = 1.0
    new = replace(rows, features=features, labels=labels, rendered=features[rows.heard])
    assert np.ptp(rated(new, here)[:, 2]) > 1.1 * np.ptp(rated(new, probe)[:, 2])

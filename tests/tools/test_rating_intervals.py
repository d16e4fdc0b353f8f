"""Intervals cover what they promise where pieces are alike, and grow with doubt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.percepiano import Clip
from tools.performance_study import HeldOut
from tools.rating_intervals import COVERAGE, calibrate_on
from tools.training_rows import Study

PIECES, CLIPS, SCALES = 4, 150, 19


def study_and_ratings(moved_by_doubt: float) -> tuple[Study, dict[str, HeldOut]]:
    """Errors as large in every piece; where a tenth of the notes is wrong, ratings have moved."""
    rng = np.random.default_rng(0)
    count = PIECES * CLIPS
    clips = [
        Clip(str(i), Path(), str(i % PIECES), "1", group, group, group, np.zeros(SCALES))
        for i, group in ((i, str(i // 9)) for i in range(count))
    ]
    every, labels = np.arange(count), rng.uniform(0.3, 0.7, (count, SCALES))

    def held(error: float, notes: float) -> HeldOut:
        rated = labels + rng.normal(0.0, error, labels.shape)
        return HeldOut(every, rated, np.full(count, notes), np.ones(count))

    sure, few = held(0.05, 100.0), held(0.1, 10.0)
    moved = sure.rated + rng.normal(0.0, moved_by_doubt, labels.shape)
    doubtful = HeldOut(
        np.tile(every, 2),
        np.concatenate([sure.rated, moved]),
        np.full(2 * count, 100.0),
        np.repeat([1.0, 0.9], count),
    )
    ears = {"midi": sure, "crop": few, "short crop": few, "audio": held(0.05, 100.0)}
    return Study(clips, labels, {}), {**ears, "doubtful": doubtful}


def test_widths_grow_with_fewer_notes_and_with_doubt() -> None:
    widths = calibrate_on(*study_and_ratings(0.05))
    assert widths.widen_notes > 5.0
    # a tenth of wrong notes moves ratings by as much as they miss: error² doubles
    spread = 1.0 + widths.widen_notes / 100.0
    assert widths.widen_doubt == pytest.approx(10.0 * spread, rel=0.1)
    assert calibrate_on(*study_and_ratings(0.0)).widen_doubt == 0.0


def test_four_fifths_of_the_ratings_are_inside() -> None:
    study, ratings = study_and_ratings(0.05)
    widths = calibrate_on(study, ratings)
    for ear in ("audio", "midi"):
        error = np.abs(study.labels[ratings[ear].clip] - ratings[ear].rated)
        assert (error <= widths.around(ratings[ear])).mean() == pytest.approx(COVERAGE, abs=0.03)

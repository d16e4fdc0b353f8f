"""Single listeners and the ceiling, on ratings whose noise is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.percepiano import Clip
from tools.raters import SCALES, Floats, Ratings, ceiling, load_ratings, one_listener

CLIPS, LISTENERS = 300, 12


def noisy_ratings(
    noise: float,
) -> tuple[Ratings, Floats]:
    """Every listener rates every clip with the same normal noise; the labels are the means."""
    rng = np.random.default_rng(0)
    truth = rng.normal(0.5, 0.1, (CLIPS, SCALES))
    values = truth[:, None] + rng.normal(0, noise, (CLIPS, LISTENERS, SCALES))
    clip = np.repeat(np.arange(CLIPS), LISTENERS)
    listener = np.tile(np.arange(LISTENERS), CLIPS)
    return Ratings(clip, listener, values.reshape(-1, SCALES)), values.mean(axis=1)


def test_the_ceiling_is_what_the_noise_of_the_mean_leaves() -> None:
    ratings, labels = noisy_ratings(0.2)
    variance = 0.2**2 / LISTENERS
    assert ceiling(ratings, labels).mean() == pytest.approx(0.1**2 / (0.1**2 + variance), abs=0.01)
    passages = [str(index // 10) for index in range(CLIPS)]
    assert ceiling(ratings, labels, passages).mean() < ceiling(ratings, labels).mean()


def test_a_listener_agrees_less_the_noisier_the_rating() -> None:
    passages = [str(index // 10) for index in range(CLIPS)]
    careful, careless = (one_listener(noisy_ratings(n)[0], passages) for n in (0.02, 0.4))
    assert careful.listeners == LISTENERS
    assert careful.fitted_r2 > 0.9 > 0.2 > careless.fitted_r2
    assert careful.clear_pairs > careful.pairs > careless.pairs > 0.5
    assert careless.r2 < 0 < careful.r2


def test_slips_and_empty_answers_are_left_out(tmp_path: Path) -> None:
    names = ",".join(f"Question_{number}" for number in range(SCALES))
    given = ",".join(["7.0", "0.0", "", "9.0", "1"] + ["4.0"] * (SCALES - 5))
    (tmp_path / "total_2rounds.csv").write_text(
        f"user,dataID,filename,{names},message\n8,1, known.wav,{given},\n9,1,unknown.wav,{given},\n"
    )
    clip = Clip("known", tmp_path, "piece", "1", "passage", "group", "bars", np.zeros(SCALES))
    ratings = load_ratings(tmp_path, [clip])
    assert ratings.values.shape == (1, SCALES)
    assert ratings.values[0, [0, 4, 5]] == pytest.approx([1.0, 1 / 7, 4 / 7])
    assert np.isnan(ratings.values[0, 1:4]).all()

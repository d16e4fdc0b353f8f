"""Ratings of clips held out of training, and the null beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.fit_ratings import draft_settings, fit, model_of
from tools.training_rows import Study

TRAINING_EARS = ("midi", "imitated", "crop", "audio")
TESTED_EARS = ("midi", "crop", "short crop", "twin", "audio")
AUDIO_WEIGHT = 5.0

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HeldOut:
    """Ratings of clips by models that never saw their passage, performer or piece."""

    clip: Ints
    rated: Floats
    note_count: Floats


def folds_by(names: list[str], count: int) -> Ints:
    """Fold numbers that keep equal names together, filled largest first."""
    sizes = {name: names.count(name) for name in sorted(set(names))}
    filled = np.zeros(count)
    fold_of: dict[str, int] = {}
    for name in sorted(sizes, key=lambda n: (-sizes[n], n)):
        fold_of[name] = int(filled.argmin())
        filled[fold_of[name]] += sizes[name]
    return np.array([fold_of[name] for name in names])


def splits(study: Study) -> dict[str, Ints]:
    """Fold numbers of every clip for each way of holding out."""
    return {
        "passage": folds_by([clip.group for clip in study.clips], 8),
        "performer": folds_by([clip.player for clip in study.clips], 8),
        "piece": folds_by([clip.piece for clip in study.clips], 4),
        "work": folds_by([work_of(clip.piece) for clip in study.clips], 3),
    }


def work_of(piece: str) -> str:
    """The work that a piece is, or is a movement of."""
    return piece.split("_mv")[0]


def training_rows(
    study: Study, chosen: Bools, ears: tuple[str, ...] = TRAINING_EARS
) -> tuple[Floats, Floats, Floats, int]:
    """Features, labels, weights and number of clips for :func:`tools.fit_ratings.fit`."""
    parts = [(ear, study.ears[ear].of(chosen)) for ear in ears if ear in study.ears]
    features = np.concatenate([rows.features for _, rows in parts])
    clip = np.concatenate([rows.clip for _, rows in parts])
    weights = np.concatenate(
        [np.full(len(rows.clip), AUDIO_WEIGHT if ear == "audio" else 1.0) for ear, rows in parts]
    )
    return features, study.labels[clip], weights / weights.mean(), int(chosen.sum())


def held_out(
    study: Study, folds: Ints, ears: tuple[str, ...] = TRAINING_EARS
) -> dict[str, HeldOut]:
    """Ratings through every tested ear, each clip rated by the model that lacks its fold."""
    tested = [ear for ear in TESTED_EARS if ear in study.ears]
    rated = {ear: np.zeros((len(study.ears[ear].clip), study.labels.shape[1])) for ear in tested}
    for fold in np.unique(folds):
        model = model_of(fit(*training_rows(study, folds != fold, ears)), draft_settings())
        for ear in tested:
            rows = study.ears[ear]
            out = folds[rows.clip] == fold
            rated[ear][out] = np.clip(model.rate(rows.features[out]), 0.0, 1.0)
    return {
        ear: HeldOut(study.ears[ear].clip, rated[ear], study.ears[ear].note_count) for ear in tested
    }


def passage_mean(study: Study, folds: Ints) -> Floats:
    """The null: the mean rating of the same passage in the training folds, with no sound at all."""
    passages = np.array([clip.passage for clip in study.clips])
    rated = np.zeros_like(study.labels)
    for index, passage in enumerate(passages):
        training = folds != folds[index]
        same = training & (passages == passage)
        rated[index] = study.labels[same if same.any() else training].mean(axis=0)
    return rated

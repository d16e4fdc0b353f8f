"""Ratings of clips held out of training, and the null beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crescendai.music.dimensions import ALL_KEYS
from tools.fit_ratings import Contrasts, TrainingRows, draft_settings, fit, model_of
from tools.training_rows import Study

TESTED_EARS = ("midi", "crop", "short crop", "twin", "audio", "imitated", "doubtful")
HEARD = ("audio", "imitated")
AUDIO_WEIGHT = 3.0
# Of which scale nobody rated what changes: from, to, how far it should move. The heard ones are 20
# steps of velocity apart, the others 30.
CONTRASTS = {
    "pedal_clean_blurred": (
        ("changed at each harmony", "held over", 0.1),
        ("heard pedalled", "heard pedal-held-over", 0.1),
    ),
    "timbre_soft_loud": (
        ("softer", "louder", 0.2),
        ("heard softer", "heard as-played", 0.2),
        ("heard as-played", "heard louder", 0.2),
    ),
}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HeldOut:
    """Ratings of clips by models that never saw their passage, performer or piece."""

    clip: Ints
    rated: Floats
    note_count: Floats
    confidence: Floats


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
        "bars": folds_by([clip.bars for clip in study.clips], 8),
        "performer": folds_by([clip.player for clip in study.clips], 8),
        "piece": folds_by([clip.piece for clip in study.clips], 4),
        "work": folds_by([work_of(clip.piece) for clip in study.clips], 3),
    }


def work_of(piece: str) -> str:
    """The work that a piece is, or is a movement of."""
    return piece.split("_mv")[0]


def training_rows(study: Study, chosen: Bools) -> TrainingRows:
    """What :func:`tools.fit_ratings.fit` takes, of the chosen clips."""
    known = study.ears["midi"].of(chosen)
    by_ear, rendered = ("audio", "twin") if "audio" in study.ears else ("imitated", "midi")
    through_ear, behind_it = study.ears[by_ear].of(chosen), study.ears[rendered].of(chosen)
    clip = np.concatenate([known.clip, through_ear.clip])
    heard = np.arange(len(clip)) >= len(known.clip)
    weights = np.where(heard, AUDIO_WEIGHT, 1.0)
    return TrainingRows(
        features=np.concatenate([known.features, through_ear.features]),
        labels=study.labels[clip],
        weights=weights / weights.mean(),
        piece=np.array([study.clips[index].piece for index in clip]),
        heard=heard,
        rendered=behind_it.features,
        contrasts=tuple(_contrasts(study, key, chosen) for key in CONTRASTS),
        clip_count=int(chosen.sum()),
    )


def _contrasts(study: Study, key: str, chosen: Bools) -> Contrasts:
    """What the chosen clips teach of one scale without ratings; the heard ones where there are."""
    pairs = [pair for pair in CONTRASTS[key] if pair[0] in study.ears]
    befores = [study.ears[before].of(chosen).features for before, _, _ in pairs]
    afters = [study.ears[after].of(chosen).features for _, after, _ in pairs]
    counts = [len(features) for features in befores]
    return Contrasts(
        scale=ALL_KEYS.index(key),
        move=np.repeat([move for _, _, move in pairs], counts),
        before=np.concatenate(befores),
        after=np.concatenate(afters),
        heard=np.repeat([before.startswith("heard") for before, _, _ in pairs], counts),
    )


def held_out(study: Study, folds: Ints, within: Bools | None = None) -> dict[str, HeldOut]:
    """Ratings through every tested ear, each clip rated by the model that lacks its fold.

    ``within``: the only clips that are trained on and rated.
    """
    inside = np.ones(len(study.clips), np.bool_) if within is None else within
    ears = {ear: study.ears[ear].of(inside) for ear in TESTED_EARS if ear in study.ears}
    rated = {ear: np.zeros((len(rows.clip), study.labels.shape[1])) for ear, rows in ears.items()}
    for fold in np.unique(folds[inside]):
        model = model_of(fit(training_rows(study, inside & (folds != fold))), draft_settings())
        for ear, rows in ears.items():
            out = folds[rows.clip] == fold
            rated[ear][out] = np.clip(model.rate(rows.features[out], ear in HEARD), 0.0, 1.0)
    return {
        ear: HeldOut(rows.clip, rated[ear], rows.note_count, rows.confidence)
        for ear, rows in ears.items()
    }


def training_mean(study: Study, folds: Ints) -> Floats:
    """The null that knows nothing of a clip: the mean rating of the training folds."""
    rated = np.zeros_like(study.labels)
    for fold in np.unique(folds):
        rated[folds == fold] = study.labels[folds != fold].mean(axis=0)
    return rated


def passage_mean(study: Study, folds: Ints) -> Floats:
    """The null: the mean rating of the same passage in the training folds, with no sound at all."""
    passages = np.array([clip.passage for clip in study.clips])
    rated = np.zeros_like(study.labels)
    for index, passage in enumerate(passages):
        training = folds != folds[index]
        same = training & (passages == passage)
        rated[index] = study.labels[same if same.any() else training].mean(axis=0)
    return rated

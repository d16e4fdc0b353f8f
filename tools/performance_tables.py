"""The evaluation as Markdown tables, for the terminal and the model card."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from crescendai.music.dimensions import ALL_KEYS
from tools.agreement import (
    CLEAR_DIFFERENCE,
    pairs_interval,
    pairs_right,
    pooled_r2,
    r2_by_scale,
    r2_interval,
)
from tools.performance_study import HeldOut, Ints, passage_mean, splits, training_mean
from tools.raters import Ratings, ceiling, one_listener
from tools.rating_intervals import Calibration
from tools.training_rows import Study

Floats = npt.NDArray[np.float64]
Results = Mapping[str, Mapping[str, HeldOut]]
EAR_NAMES = {
    "midi": "true notes",
    "crop": "true notes, 9 s",
    "short crop": "true notes, 4 s",
    "twin": "true notes of the clips below",
    "audio": "through audio",
    "imitated": "imitated transcriptions",
}
SPLIT_EARS = ("midi", "audio")


def evaluation_tables(
    study: Study, results: Results, calibration: Calibration, ratings: Ratings
) -> str:
    """Every split beside its nulls, one listener and the ceiling; every scale; the intervals."""
    return "\n\n".join(
        [
            _splits(study, results),
            _listeners(study, ratings),
            _by_scale(study, results, ratings),
            _intervals(calibration),
        ]
    )


def _splits(study: Study, results: Results) -> str:
    rows = [
        "| unseen | heard as | clips | R² [95 %] | R² humans | null: training mean "
        "| null: passage mean | pooled R² | pairs "
        f"| pairs over {CLEAR_DIFFERENCE} apart [95 %] | same, humans |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for split, tested in results.items():
        folds = splits(study)[split]
        nulls = training_mean(study, folds), passage_mean(study, folds)
        rows += [
            f"| {split} | {EAR_NAMES[ear]} | {_overall(study, held, nulls, folds)} |"
            for ear, held in tested.items()
            if ear in EAR_NAMES
        ]
    return "\n".join(rows)


def _overall(study: Study, held: HeldOut, nulls: tuple[Floats, Floats], folds: Ints) -> str:
    labels, rated, fold = study.labels[held.clip], held.rated, folds[held.clip]
    clips = [study.clips[index] for index in held.clip]
    passages, groups = [clip.passage for clip in clips], [clip.group for clip in clips]
    human = np.flatnonzero([clip.is_human for clip in clips])
    human_passages = [passages[index] for index in human]
    low, high = r2_interval(labels, rated, groups)
    clear = pairs_right(labels, rated, passages, fold, CLEAR_DIFFERENCE)
    clear_low, clear_high = pairs_interval(labels, rated, passages, groups, fold, CLEAR_DIFFERENCE)
    among_humans = pairs_right(
        labels[human], rated[human], human_passages, fold[human], CLEAR_DIFFERENCE
    )
    return " | ".join(
        [
            str(len(clips)),
            f"{_mean_r2(labels, rated):.3f} [{low:.2f}, {high:.2f}]",
            f"{_mean_r2(labels[human], rated[human]):.3f}",
            *(f"{_mean_r2(labels, null[held.clip]):.3f}" for null in nulls),
            f"{pooled_r2(labels, rated):.3f}",
            f"{pairs_right(labels, rated, passages, fold):.3f}",
            f"{clear:.3f} [{clear_low:.2f}, {clear_high:.2f}]",
            f"{among_humans:.3f}",
        ]
    )


def _listeners(study: Study, ratings: Ratings) -> str:
    passages = [clip.passage for clip in study.clips]
    one = one_listener(ratings, passages)
    whole = ceiling(ratings, study.labels).mean()
    within = ceiling(ratings, study.labels, passages).mean()
    return (
        f"**One listener** (mean of {one.listeners}, each against the mean of the others): R² "
        f"{one.fitted_r2:.3f} after the best straight line for each listener and scale, "
        f"{one.r2:.2f} as given; pairs {one.pairs:.3f}, clear ones {one.clear_pairs:.3f}. "
        f"**Ceiling** from the listeners' agreement: R² {whole:.2f}, within a passage {within:.2f}."
    )


def _by_scale(study: Study, results: Results, ratings: Ratings) -> str:
    columns = [(split, ear) for ear in SPLIT_EARS for split in results if ear in results[split]]
    values = [
        *(r2_by_scale(study.labels[results[s][e].clip], results[s][e].rated) for s, e in columns),
        ceiling(ratings, study.labels),
    ]
    names = [f"{split}, {EAR_NAMES[ear]}" for split, ear in columns]
    rows = [
        "| R² by scale, unseen | " + " | ".join([*names, "ceiling"]) + " |",
        "|---" * (len(values) + 1) + "|",
    ]
    rows += [
        f"| `{key}` | " + " | ".join(f"{value[scale]:.2f}" for value in values) + " |"
        for scale, key in enumerate(ALL_KEYS)
    ]
    return "\n".join(rows)


def _intervals(calibration: Calibration) -> str:
    covered = calibration.coverage  # piece × scale
    pieces = list(calibration.pieces)
    mean = covered.mean(axis=0)
    rows = [
        "| 80 % interval | ± for many sure notes | ratings inside, unseen piece | "
        + " | ".join(pieces)
        + " |",
        "|---" * (len(pieces) + 3) + "|",
    ]
    for scale, key in enumerate(ALL_KEYS):
        own = " | ".join(f"{share:.2f}" for share in covered[:, scale])
        rows.append(
            f"| `{key}` | {calibration.half_width[scale]:.2f} | {mean[scale]:.2f} | {own} |"
        )
    own = " | ".join(f"{share:.2f}" for share in covered.mean(axis=1))
    rows.append(f"| mean | {calibration.half_width.mean():.2f} | {mean.mean():.2f} | {own} |")
    return "\n".join(rows) + (
        f"\n\nLeast share of a scale {mean.min():.2f}. A half-width grows by √(1 + "
        f"{calibration.widen_notes:.1f} / notes + {calibration.widen_doubt:.1f} · (1 − the "
        "transcriber's mean probability of the notes))."
    )


def _mean_r2(labels: Floats, rated: Floats) -> float:
    return float(r2_by_scale(labels, rated).mean())

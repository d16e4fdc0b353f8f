"""The evaluation as Markdown tables, for the terminal and the model card."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crescendai.music.dimensions import ALL_KEYS
from tools.agreement import CLEAR_DIFFERENCE, pairs_right, pooled_r2, r2_by_scale
from tools.performance_study import HeldOut, Ints, passage_mean, splits
from tools.rating_intervals import Calibration
from tools.training_rows import Study

Floats = npt.NDArray[np.float64]
EAR_NAMES = {
    "midi": "true notes",
    "crop": "true notes, 9 s",
    "short crop": "true notes, 4 s",
    "twin": "true notes of the clips below",
    "audio": "through audio",
}


def evaluation_tables(
    study: Study,
    results: dict[str, dict[str, HeldOut]],
    calibration: Calibration,
) -> str:
    """Overall figures beside the null, then every scale, then the intervals."""
    folds = splits(study)
    lines = [
        "| unseen | heard as | clips | R² (null) | pooled R² | R², humans | passage pairs "
        f"| those over {CLEAR_DIFFERENCE} apart | all pairs (null) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for split, tested in results.items():
        null = passage_mean(study, folds[split])
        for ear, held in tested.items():
            lines.append(
                f"| {split} | {EAR_NAMES[ear]} | {_overall(study, held, null, folds[split])} |"
            )
    lines += ["", *_by_scale(study, results, calibration.half_width), ""]
    covered = ", ".join(f"{k} {v:.2f}" for k, v in calibration.left_out_coverage.items())
    lines.append(
        f"Intervals: mean width {2 * calibration.half_width.mean():.2f} for many notes (factor "
        f"{calibration.factor:.2f}, widening {calibration.widen:.1f} / notes); share of ratings "
        f"inside when calibrated on the other pieces: {covered}."
    )
    return "\n".join(lines)


def _overall(study: Study, held: HeldOut, null: Floats, folds: Ints) -> str:
    labels = study.labels[held.clip]
    human = np.array([study.clips[index].is_human for index in held.clip])
    passages = [study.clips[index].passage for index in held.clip]
    chance = null[held.clip]
    fold = folds[held.clip]
    nowhere = [""] * len(passages)
    return " | ".join(
        [
            str(len(held.clip)),
            f"{r2_by_scale(labels, held.rated).mean():.3f} "
            f"({r2_by_scale(labels, chance).mean():.3f})",
            f"{pooled_r2(labels, held.rated):.3f}",
            f"{r2_by_scale(labels[human], held.rated[human]).mean():.3f}",
            f"{pairs_right(labels, held.rated, passages, fold):.3f}",
            f"{pairs_right(labels, held.rated, passages, fold, CLEAR_DIFFERENCE):.3f}",
            f"{pairs_right(labels, held.rated, nowhere, fold):.3f} "
            f"({pairs_right(labels, chance, nowhere, fold):.3f})",
        ]
    )


def _by_scale(study: Study, results: dict[str, dict[str, HeldOut]], widths: Floats) -> list[str]:
    columns = [
        (split, ear)
        for split in ("passage", "piece")
        for ear in ("midi", "audio")
        if ear in results[split]
    ]
    head = " | ".join(f"unseen {split}, {EAR_NAMES[ear]}" for split, ear in columns)
    values = [
        r2_by_scale(study.labels[results[split][ear].clip], results[split][ear].rated)
        for split, ear in columns
    ]
    lines = [f"| R² by scale | {head} | 80 % interval ± |", "|---" * (len(columns) + 2) + "|"]
    for index, key in enumerate(ALL_KEYS):
        row = " | ".join(f"{value[index]:.2f}" for value in values)
        lines.append(f"| `{key}` | {row} | {float(widths[index]):.2f} |")
    return lines

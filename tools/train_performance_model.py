"""Train the performance model on PercePiano and write its weights.

    PERCEPIANO=folder [EARS_CACHE=folder] python -m tools.train_performance_model

EARS_CACHE is the cache of ``tools.render_and_transcribe`` (and of ``bench.metamorphic hear``);
without it, the model is trained on true notes and imitated transcriptions alone. The same inputs
give the same weights.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.music.dimensions import ALL_KEYS
from crescendai.music.features import FEATURE_NAMES
from crescendai.music.performance_model import WEIGHTS_PATH, ModelSettings
from tools.fit_ratings import Arrays, draft_settings, fit
from tools.percepiano import data_folder
from tools.performance_study import held_out, splits, training_rows
from tools.performance_tables import evaluation_tables
from tools.raters import load_ratings
from tools.rating_intervals import calibrate
from tools.training_rows import load_study

CARD_PATH = WEIGHTS_PATH.parent / "MODEL_CARD.md"
CARD_MARK = "<!-- figures -->"


def write_weights(arrays: Arrays, settings: ModelSettings, facts: dict[str, object]) -> None:
    """The .npz (byte for byte reproducible) and the .json that describes and checks it."""
    WEIGHTS_PATH.parent.mkdir(exist_ok=True)
    packed = _packed(arrays)
    digest = hashlib.sha256(packed).hexdigest()
    named = dataclasses.replace(settings, version=f"{settings.version}-{digest[:8]}")
    WEIGHTS_PATH.write_bytes(packed)
    described = {
        "sha256": digest,
        "settings": dataclasses.asdict(named),
        "keys": ALL_KEYS,
        "features": FEATURE_NAMES,
        **facts,
    }
    text = json.dumps(described, indent=1) + "\n"
    WEIGHTS_PATH.with_suffix(".json").write_text(text, encoding="utf-8")


def _packed(arrays: dict[str, npt.NDArray[np.generic]]) -> bytes:
    """A compressed .npz whose bytes depend on the arrays alone (fixed time stamps)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, arrays[key], allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), member.getvalue())
    return buffer.getvalue()


def write_card(tables: str, path: Path = CARD_PATH) -> None:
    """Put the figures between the two marks of the model card."""
    if path.exists():
        before, _, after = path.read_text(encoding="utf-8").split(CARD_MARK)
        text = f"{before}{CARD_MARK}\n{tables}\n{CARD_MARK}{after}"
        path.write_text(text, encoding="utf-8")


def main() -> None:
    """Evaluate, calibrate, fit on everything, write."""
    study = load_study()
    results = {name: held_out(study, folds) for name, folds in splits(study).items()}
    calibration = calibrate(study, results["piece"])
    ratings = load_ratings(data_folder(), study.clips)
    tables = evaluation_tables(study, results, calibration, ratings)
    print(tables)
    everything = np.ones(len(study.clips), dtype=np.bool_)
    arrays = fit(training_rows(study, everything))
    arrays["half_width"] = calibration.half_width.astype(np.float32)
    settings = dataclasses.replace(
        draft_settings("percepiano-4"),
        widen_notes=round(calibration.widen_notes, 3),
        widen_doubt=round(calibration.widen_doubt, 3),
    )
    rows = {ear: len(held.clip) for ear, held in study.ears.items()}
    covered = dict(zip(calibration.pieces, calibration.coverage.mean(axis=1).round(3), strict=True))
    write_weights(arrays, settings, {"rows": rows, "left_out_coverage": covered})
    write_card(tables)


if __name__ == "__main__":
    main()

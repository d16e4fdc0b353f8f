"""How well do ratings agree with listeners, on music and players the model never saw?

    PERCEPIANO=folder [EARS_CACHE=folder] PYTHONPATH=src python -m bench.performance_model

Prints the tables of the model card (trains some 35 models; about two minutes), then how long
the shipped model takes for ten minutes of music. Beside each figure stand two nulls that hear
nothing, and below them one listener and the ceiling that listeners' agreement sets.
"""

from __future__ import annotations

import time

import numpy as np

from crescendai.music.measurements import measure
from crescendai.music.notes import Performance, note_array, pedal_array
from crescendai.music.performance_model import PerformanceModel
from tools.percepiano import data_folder
from tools.performance_study import held_out, splits
from tools.performance_tables import evaluation_tables
from tools.raters import load_ratings
from tools.rating_intervals import calibrate
from tools.training_rows import load_study


def ten_minutes(note_count: int = 6000) -> Performance:
    """Random notes: only their number matters for speed."""
    rng = np.random.default_rng(0)
    onsets_sec = np.sort(rng.uniform(0.0, 600.0, note_count))
    rows = [(t, t + 0.3, int(rng.integers(36, 90)), int(rng.integers(30, 99))) for t in onsets_sec]
    return Performance(note_array(rows), pedal_array([]), 600.0)


def main() -> None:
    """Print everything."""
    performance, model = ten_minutes(), PerformanceModel.load()
    started = time.perf_counter()
    model.predict(performance)
    rated = time.perf_counter()
    measure(performance)
    measured = time.perf_counter()
    study = load_study()
    results = {name: held_out(study, folds) for name, folds in splits(study).items()}
    ratings = load_ratings(data_folder(), study.clips)
    print(evaluation_tables(study, results, calibrate(study, results["piece"]), ratings))
    print(
        f"\nTen minutes with {len(performance.notes)} notes: rated in {rated - started:.2f} s, "
        f"measured in {measured - rated:.2f} s ({model.settings.version})."
    )


if __name__ == "__main__":
    main()

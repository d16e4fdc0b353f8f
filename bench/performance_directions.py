"""Does playing differently move the scale it should, on pieces the model never saw?

    PERCEPIANO=folder [EARS_CACHE=folder] PYTHONPATH=src python -m bench.performance_directions

Every seventh clip is altered in one respect and rated by a model trained without its piece.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from crescendai.music.chords import event_of_note
from crescendai.music.dimensions import ALL_KEYS
from crescendai.music.features import feature_vector
from crescendai.music.notes import NoteArray, Performance
from tools.fit_ratings import draft_settings, fit, model_of
from tools.percepiano import read_midi
from tools.performance_study import splits, training_rows
from tools.training_rows import Study, load_study

Change = Callable[[NoteArray], NoteArray]


def jittered(notes: NoteArray) -> NoteArray:
    """Every chord moved by 40 ms (standard deviation)."""
    events = event_of_note(notes)
    shift_sec = np.random.default_rng(len(notes)).normal(0, 0.04, events.max() + 1)[events]
    notes["onset_sec"] += shift_sec
    notes["offset_sec"] += shift_sec
    return np.sort(notes, order=["onset_sec", "pitch"])


def shortened(notes: NoteArray) -> NoteArray:
    """Keys held half as long."""
    notes["offset_sec"] = 0.5 * (notes["onset_sec"] + notes["offset_sec"])
    return notes


def slowed(notes: NoteArray) -> NoteArray:
    """Everything 1.4 times as slow (the pedal is left out of these changes)."""
    notes["onset_sec"] *= 1.4
    notes["offset_sec"] *= 1.4
    return notes


def stretched(notes: NoteArray) -> NoteArray:
    """Velocities 1.6 times as far from their mean."""
    mean = notes["velocity"].mean()
    notes["velocity"] = np.clip(np.round(mean + 1.6 * (notes["velocity"] - mean)), 1, 127)
    return notes


CHANGES: tuple[tuple[str, Change, str, int], ...] = (
    ("onsets jittered by 40 ms", jittered, "timing_stable_unstable", 1),
    ("notes half as long", shortened, "articulation_short_long", -1),
    ("1.4 times slower", slowed, "music_making_fast_slow", 1),
    ("velocities spread 1.6 times", stretched, "dynamic_range_little_large", 1),
)


def moves(study: Study) -> dict[str, list[float]]:
    """By change, how far each clip moved in the expected direction."""
    folds = splits(study)["piece"]
    found: dict[str, list[float]] = {name: [] for name, *_ in CHANGES}
    for fold in np.unique(folds):
        model = model_of(fit(*training_rows(study, folds != fold)), draft_settings())
        for index in np.flatnonzero(folds == fold)[::7]:
            played = read_midi(study.clips[index].path)
            dry = Performance(played.notes, played.pedal[:0], played.duration_sec)
            before = model.rate(feature_vector(dry)[None])[0]
            for name, change, key, direction in CHANGES:
                altered = Performance(change(played.notes.copy()), dry.pedal, dry.duration_sec)
                after = model.rate(feature_vector(altered)[None])[0]
                scale = ALL_KEYS.index(key)
                found[name].append(direction * float(after[scale] - before[scale]))
    return found


def main() -> None:
    """Print a table."""
    print("| change | scale | mean move the right way | clips that do |")
    print("|---|---|---|---|")
    found = moves(load_study())
    for name, _, key, _ in CHANGES:
        values = np.array(found[name])
        print(f"| {name} | `{key}` | {values.mean():.3f} | {(values > 0).mean():.0%} |")


if __name__ == "__main__":
    main()

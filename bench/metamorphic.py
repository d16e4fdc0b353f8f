"""Does playing differently move the scale it should, and recording differently move nothing?

    PERCEPIANO=folder EARS_CACHE=folder PYTHONPATH=src python -m bench.metamorphic [midi|hear]

Performances of PercePiano are altered in one respect each and rated by models fitted without
their piece, and by the shipped one; the measurements must move the same way. ``midi`` stops
after the true notes (some 3 minutes of one core). Audio comes from the cache
``$EARS_CACHE/metamorphic``, which ``hear`` fills (some 50 minutes of one core); only versions that
are there are reported.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from bench.perturbations import PLAYED, RELATIONS, VERSIONS, flattened, pedalled, shuffled
from bench.perturbed_sound import SPOILT, heard
from crescendai.music.dimensions import ALL_KEYS
from crescendai.music.measurements import Measurement, measure
from crescendai.music.notes import Performance
from crescendai.music.pedal import pedal_down_fraction
from crescendai.music.performance_model import WEIGHTS_PATH, PerformanceModel
from crescendai.music.prediction import Prediction
from tools.fit_ratings import fit, model_of
from tools.percepiano import Clip, data_folder, load_clips, read_midi
from tools.performance_study import splits, training_rows
from tools.render_and_transcribe import choose_clips
from tools.training_rows import load_study

MIDI_CLIPS, AUDIO_CLIPS = 96, 40
MIDI_SEC, AUDIO_SEC = 20.0, 6.25
MIN_NOTES, MIN_PEDAL, MIN_HARMONIES = 20, 0.1, 4
CHANGED = 0.02  # an analysis is another one when a scale moves by more than this

Versions = dict[str, dict[str, Performance]]  # by version, by clip
Models = dict[str, PerformanceModel]  # by piece


def chosen(max_sec: float, count: int) -> dict[str, tuple[Clip, Performance]]:
    """Human performances on which every relation can be tried: some pedal, notes, harmonies."""
    found = {}
    for clip in choose_clips(load_clips(data_folder())):
        played = read_midi(clip.path, max_sec)
        down = pedal_down_fraction(played.pedal, 0.0, played.duration_sec) or 0.0
        enough = len(played.notes) >= MIN_NOTES and down >= MIN_PEDAL
        if clip.is_human and enough and len(pedalled(played).pedal) > MIN_HARMONIES:
            found[clip.name] = (clip, played)
        if len(found) == count:
            break
    return found


def held_out_models() -> Models:
    """For each piece, a model fitted to the others, with the shipped intervals."""
    study, shipped = load_study(), PerformanceModel.load()
    folds = splits(study)["piece"]
    with np.load(WEIGHTS_PATH) as kept:
        half_width = kept["half_width"]
    models = {}
    for fold in np.unique(folds):
        arrays = fit(training_rows(study, folds != fold))
        arrays["half_width"] = half_width
        piece = study.clips[int(np.flatnonzero(folds == fold)[0])].piece
        models[piece] = model_of(arrays, replace(shipped.settings, version="held out"))
    return models


def right_way(moves: Iterable[float | None], direction: int) -> tuple[float, float, int]:
    """Share of the moves that go the right way, their mean that way, and how many there are."""
    values = np.array([direction * move for move in moves if move is not None])
    if not len(values):
        return np.nan, np.nan, 0
    return float((values > 0).mean()), float(values.mean()), len(values)


def print_relations(versions: Versions, pieces: dict[str, str], models: Models) -> None:
    """One line for each relation: held-out models, shipped model, measurement."""
    shipped = PerformanceModel.load()

    @cache
    def held(version: str, name: str) -> Prediction:
        return models[pieces[name]].predict(versions[version][name])

    @cache
    def whole(version: str, name: str) -> Prediction:
        return shipped.predict(as_heard(versions[version][name]))

    @cache
    def measured(version: str, name: str) -> Mapping[str, Measurement]:
        return measure(versions[version][name])

    print(
        "| change | scale | clips | right way, piece held out (mean move) "
        "| shipped model, its ear for transcriptions | measurement | right way |"
    )
    print("|---|---|---|---|---|---|---|")
    for relation in RELATIONS:
        pair = relation.before, relation.after
        before, after = (versions.get(version, {}) for version in pair)
        names = [name for name in before if name in after]
        if not names:
            continue
        ratable = [n for n in names if min(len(before[n].notes), len(after[n].notes)) >= 8]
        by_held, by_whole = (
            [_move(predict, pair, name, relation.scale) for name in ratable]
            for predict in (held, whole)
        )
        by_measure = [_measured_move(measured, pair, n, relation.measurement) for n in names]
        share, mean, count = right_way(by_held, relation.direction)
        print(
            f"| {relation.name} | `{relation.scale}` | {count} | {share:.0%} ({mean:+.3f}) "
            f"| {right_way(by_whole, relation.direction)[0]:.0%} | `{relation.measurement}` | "
            f"{right_way(by_measure, relation.measured_direction or relation.direction)[0]:.0%} |",
            flush=True,
        )


def as_heard(performance: Performance) -> Performance:
    """As a transcriber would give it that is sure of every note."""
    if performance.is_heard:
        return performance
    return replace(performance, probabilities=np.ones(len(performance.notes), np.float32))


def print_changed(played: dict[str, Performance], pieces: dict[str, str], models: Models) -> None:
    """Shuffled and flattened input must give another analysis."""
    print("\n| input | clips | analyses changed | mean largest move |\n|---|---|---|---|")
    for name, change in (("shuffled", shuffled), ("velocities flattened", flattened)):
        largest = []
        for clip, performance in played.items():
            model = models[pieces[clip]]
            before, after = model.predict(performance), model.predict(change(performance))
            largest.append(float(np.abs(_vector(before) - _vector(after)).max()))
        moved = np.array(largest)
        print(f"| {name} | {len(moved)} | {(moved > CHANGED).mean():.0%} | {moved.mean():.3f} |")


def print_steadiness(versions: Versions, pieces: dict[str, str], models: Models) -> None:
    """How far another way of recording moves the scores, against their intervals' half-width."""
    print(
        "\n| recorded with | clips | all 19 scores within half an interval "
        "| scores within | mean move |\n|---|---|---|---|---|"
    )
    before = versions[PLAYED]
    for spoilt in SPOILT:
        shares, moves = [], []
        for name in before.keys() & versions.get(spoilt, {}).keys():
            model = models[pieces[name]]
            clean, other = model.predict(before[name]), model.predict(versions[spoilt][name])
            width = np.array([clean.intervals[k][1] - clean.intervals[k][0] for k in ALL_KEYS])
            move = np.abs(_vector(clean) - _vector(other))
            shares.append(move < width / 2)
            moves.append(move)
        if shares:
            inside = np.array(shares)
            print(
                f"| {spoilt} | {len(inside)} | {inside.all(axis=1).mean():.0%} "
                f"| {inside.mean():.1%} | {np.mean(moves):.3f} |"
            )


def _move(
    predict: Callable[[str, str], Prediction], pair: tuple[str, str], name: str, scale: str
) -> float:
    before, after = (predict(version, name).scores[scale] for version in pair)
    return after - before


def _measured_move(
    measured: Callable[[str, str], Mapping[str, Measurement]],
    pair: tuple[str, str],
    name: str,
    what: str,
) -> float | None:
    left, right = (measured(version, name)[what].value for version in pair)
    return None if left is None or right is None else right - left


def _vector(prediction: Prediction) -> npt.NDArray[np.float64]:
    both = {**prediction.scores, **prediction.holistic}
    return np.array([both[key] for key in ALL_KEYS])


def _hear(excerpts: dict[str, Performance]) -> None:
    from crescendai.adapters.models.transkun import TranskunTranscriber

    transcribe = TranskunTranscriber(threads=1).transcribe
    for version in (PLAYED, *SPOILT, *VERSIONS):
        began = time.monotonic()
        heard(excerpts, version, transcribe)
        print(f"{version}: {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    """Print every table, or fill the cache."""
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    if what == "hear":
        _hear({name: played for name, (_, played) in chosen(AUDIO_SEC, AUDIO_CLIPS).items()})
        return
    models = held_out_models()
    clips = chosen(MIDI_SEC, MIDI_CLIPS)
    pieces = {name: clip.piece for name, (clip, _) in clips.items()}
    played = {name: performance for name, (_, performance) in clips.items()}
    versions = {
        version: {name: change(performance) for name, performance in played.items()}
        for version, change in VERSIONS.items()
    }
    print("True notes\n")
    print_relations(versions, pieces, models)
    print_changed(played, pieces, models)
    if what == "midi":
        return
    clips = chosen(AUDIO_SEC, AUDIO_CLIPS)
    pieces = {name: clip.piece for name, (clip, _) in clips.items()}
    played = {name: performance for name, (_, performance) in clips.items()}
    versions = {version: heard(played, version, None) for version in (*VERSIONS, *SPOILT)}
    print("\nThrough audio\n")
    print_relations(versions, pieces, models)
    print_steadiness(versions, pieces, models)


if __name__ == "__main__":
    main()

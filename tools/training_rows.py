"""Rows of features for training, each clip heard by different "ears".

``midi``: the true notes. ``crop``: nine seconds of them, as a segment's context. ``audio``: notes
transcribed from a render (only for clips in the cache of ``tools.render_and_transcribe``);
``twin``: what was rendered. ``imitated``: the true notes with the errors a transcriber makes,
where nothing was transcribed.
``changed at each harmony`` and ``held over``: the pedal down all the time; the second is more
blurred, by how much nobody has rated. ``softer`` and ``louder``: the same with other velocities.
``heard …``: transcriptions of such renders, of the clips and versions that
``python -m bench.metamorphic hear`` has put into the cache.
``doubtful``: the true notes of some clips with a known share of wrong ones, which is what the
transcriber's doubt estimates.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.music.features import feature_matrix, feature_vector
from crescendai.music.harmony import harmony_changes_sec
from crescendai.music.notes import PedalArray, Performance, pedal_array
from tools.percepiano import Clip, data_folder, load_clips, read_midi
from tools.render_and_transcribe import MAX_CLIP_SEC, load_notes

CROP_SEC = 9.0
WRONG_SHARES = (0.0, 0.02, 0.05, 0.1, 0.2)  # of a doubtful performance's notes
EVERY_DOUBTFUL = 6  # clips
EVERY_PEDALLED, HELD_HARMONIES, PRESS_AFTER_SEC = 5, 3, 0.06
EVERY_LOUDER, FIRST_LOUDER = 5, 2
VELOCITY_STEPS = 15
HEARD_VERSIONS = ("as-played", "softer", "louder", "pedalled", "pedal-held-over")  # in the cache
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Features of several clips through one ear; ``clip`` indexes the list of clips."""

    clip: Ints
    features: Floats
    note_count: Floats
    confidence: Floats  # of the transcriber; 1 for true notes

    def of(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """The rows whose clip is chosen (one truth value a clip)."""
        keep = chosen[self.clip]
        return Rows(*(column[keep] for column in vars(self).values()))


@dataclass(frozen=True)
class Study:
    """Everything training and evaluation need."""

    clips: list[Clip]
    labels: Floats
    ears: dict[str, Rows]


def load_study() -> Study:
    """Read PERCEPIANO and, where the variable EARS_CACHE is set, the transcriptions in it."""
    clips = load_clips(data_folder())
    performances = [read_midi(clip.path) for clip in clips]
    every = list(range(len(clips)))
    ears = {
        "midi": _rows(every, performances),
        "crop": _crops(performances, CROP_SEC, np.random.default_rng(1)),
        "short crop": _crops(performances, 4.0, np.random.default_rng(2)),
    }
    heard = _transcribed(clips)
    if heard:
        ears["audio"] = _rows(list(heard), list(heard.values()))
        twins = [read_midi(clips[index].path, MAX_CLIP_SEC) for index in heard]
        ears["twin"] = _rows(list(heard), twins)
    else:
        rng = np.random.default_rng(3)
        ears["imitated"] = _rows(every, [imitate_transcription(p, rng) for p in performances])
    ears["doubtful"] = _doubtful(performances)
    ears |= _pedalled(performances)
    some = range(FIRST_LOUDER, len(clips), EVERY_LOUDER)
    ears["softer"], ears["louder"] = (
        _rows(list(some), [_struck(performances[index], steps) for index in some])
        for steps in (-VELOCITY_STEPS, VELOCITY_STEPS)
    )
    ears |= _heard_versions(clips)
    return Study(clips, np.array([clip.labels for clip in clips]), ears)


def imitate_transcription(performance: Performance, rng: np.random.Generator) -> Performance:
    """The errors of a transcriber, as large as measured on rendered clips (see the model card).

    Some short or soft notes are missed, lengths are off by a factor, velocities are raised as a
    whole, squeezed, bent and blurred, and part of the pedalling is lost.
    """
    notes = performance.notes.copy()
    length_sec = notes["offset_sec"] - notes["onset_sec"]
    missed = rng.random(len(notes)) < (
        0.005 + 0.03 * (length_sec < 0.06) + 0.02 * (notes["velocity"] < 30)
    )
    notes, length_sec = notes[~missed], length_sec[~missed]
    count = len(notes)
    notes["onset_sec"] += rng.normal(0.0, 0.003, count)
    octaves = rng.normal(0.04, 0.25) + rng.normal(0.0, 0.5, count)
    length_sec = np.maximum(np.maximum(length_sec, 0.03) * 2.0**octaves, 0.03)
    notes["offset_sec"] = notes["onset_sec"] + length_sec
    velocity = notes["velocity"] - notes["velocity"].mean()
    bent = rng.normal(0.0, 0.12) * (velocity**2 - velocity.var()) / 20
    level = notes["velocity"].mean() + rng.uniform(0.0, 30.0)
    velocity = level + rng.uniform(0.5, 1.05) * velocity + bent + rng.normal(0.0, 4.7, count)
    notes["velocity"] = np.clip(np.round(velocity), 1, 127)
    ordered = notes[np.lexsort((notes["pitch"], notes["onset_sec"]))]
    return Performance(ordered, _lossy(performance.pedal, rng), performance.duration_sec)


def _lossy(pedal: PedalArray, rng: np.random.Generator) -> PedalArray:
    """One performance in five loses all of its pedalling, the others up to half."""
    if rng.random() < 0.2:
        return pedal[:0]
    kept = pedal[rng.random(len(pedal)) >= rng.uniform(0.0, 0.5)].copy()
    kept["onset_sec"] += rng.normal(0.05, 0.1, len(kept))
    ends = kept["offset_sec"] + rng.normal(-0.05, 0.1, len(kept))
    kept["offset_sec"] = np.maximum(ends, kept["onset_sec"] + 0.05)
    return kept[np.argsort(kept["onset_sec"])]


def _rows(indexes: list[int], performances: list[Performance]) -> Rows:
    return Rows(
        np.array(indexes),
        np.array([feature_vector(performance) for performance in performances]),
        np.array([float(len(performance.notes)) for performance in performances]),
        np.array([performance.confidence for performance in performances]),
    )


def _crops(performances: list[Performance], crop_sec: float, rng: np.random.Generator) -> Rows:
    """One crop a clip, at a random place."""
    features, counts = [], []
    for performance in performances:
        onsets = performance.notes["onset_sec"]
        start = rng.uniform(onsets[0], max(onsets[-1] - crop_sec, onsets[0] + 1e-3))
        features.append(feature_matrix(performance, [(start, start + crop_sec)])[0])
        counts.append(float(((onsets >= start) & (onsets < start + crop_sec)).sum()))
    kept = np.flatnonzero(~np.isnan(features).all(axis=1))
    return Rows(kept, np.array(features)[kept], np.array(counts)[kept], np.ones(len(kept)))


def _transcribed(clips: list[Clip]) -> dict[int, Performance]:
    cache = os.environ.get("EARS_CACHE")
    if cache is None:
        return {}
    heard = {}
    for index, clip in enumerate(clips):
        if performance := _ratable(Path(cache, "notes", f"{clip.name}.npz")):
            heard[index] = performance
    return heard


def _heard_versions(clips: list[Clip]) -> dict[str, Rows]:
    """Of the clips of which every version was heard, a few seconds each."""
    folder = Path(os.environ.get("EARS_CACHE", ""), "metamorphic")
    found: dict[int, list[Performance]] = {}
    for index, clip in enumerate(clips):
        versions = [_ratable(folder / f"{clip.name}.{name}.npz") for name in HEARD_VERSIONS]
        complete = [version for version in versions if version is not None]
        if len(complete) == len(HEARD_VERSIONS):
            found[index] = complete
    by_version = (
        zip(HEARD_VERSIONS, zip(*found.values(), strict=True), strict=True) if found else ()
    )
    return {f"heard {name}": _rows(list(found), list(heard)) for name, heard in by_version}


def _doubtful(performances: list[Performance]) -> Rows:
    """Every sixth clip at each share of wrong notes."""
    rng = np.random.default_rng(4)
    indexes = [i for i in range(0, len(performances), EVERY_DOUBTFUL) for _ in WRONG_SHARES]
    shares = np.tile(WRONG_SHARES, len(indexes) // len(WRONG_SHARES))
    return _rows(
        indexes,
        [with_wrong_notes(performances[i], s, rng) for i, s in zip(indexes, shares, strict=True)],
    )


def _pedalled(performances: list[Performance]) -> dict[str, Rows]:
    """Every fifth clip of more than three harmonies, twice."""
    indexes: list[int] = []
    clean: list[Performance] = []
    blurred: list[Performance] = []
    for index in range(0, len(performances), EVERY_PEDALLED):
        played = performances[index]
        each, held = (_changed_at_each(played, count) for count in (1, HELD_HARMONIES))
        if len(each) > HELD_HARMONIES:
            indexes.append(index)
            clean.append(replace(played, pedal=each))
            blurred.append(replace(played, pedal=held))
    return {
        "changed at each harmony": _rows(indexes, clean),
        "held over": _rows(indexes, blurred),
    }


def _struck(performance: Performance, steps: int) -> Performance:
    """Every velocity so many steps higher."""
    notes = performance.notes.copy()
    notes["velocity"] = np.clip(notes["velocity"].astype(np.int64) + steps, 3, 127)
    return replace(performance, notes=notes)


def _changed_at_each(performance: Performance, harmonies: int) -> PedalArray:
    """The pedal pressed just after every so many changes of harmony, and held until the next."""
    changes = harmony_changes_sec(performance.notes)
    edges = [float(performance.notes["onset_sec"][0]), *changes[harmonies - 1 :: harmonies]]
    ends = [*edges[1:], performance.duration_sec]
    return pedal_array(
        [
            (start + PRESS_AFTER_SEC, end)
            for start, end in zip(edges, ends, strict=True)
            if end > start + PRESS_AFTER_SEC
        ]
    )


def with_wrong_notes(
    performance: Performance, share: float, rng: np.random.Generator
) -> Performance:
    """That share of the notes at a wrong time, pitch, length and velocity, each drawn anew."""
    notes = performance.notes.copy()
    wrong = rng.random(len(notes)) < share
    count = int(wrong.sum())
    notes["onset_sec"][wrong] = rng.uniform(0.0, notes["onset_sec"].max(), count)
    notes["offset_sec"][wrong] = notes["onset_sec"][wrong] + rng.exponential(0.2, count) + 0.03
    notes["pitch"][wrong] = rng.permutation(notes["pitch"])[:count] + rng.integers(-12, 13, count)
    notes["velocity"][wrong] = rng.permutation(notes["velocity"])[:count]
    sure = np.full(len(notes), 1.0 - share, np.float32)
    ordered = notes[np.lexsort((notes["pitch"], notes["onset_sec"]))]
    return Performance(ordered, performance.pedal, performance.duration_sec, sure)


def _ratable(path: Path) -> Performance | None:
    """What was transcribed, if it was and has enough notes."""
    if not path.exists():
        return None
    performance = load_notes(path)
    return None if np.isnan(feature_vector(performance)).all() else performance

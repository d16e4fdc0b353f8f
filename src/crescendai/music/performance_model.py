"""Rates a performance on the nineteen scales, with calibrated intervals and 3-second segments.

The model is a Laplacian kernel machine plus a linear one on quantile-normalised note features; its
weights are plain arrays. It has two ears, one for notes that are known and one for notes that a
transcriber heard: each has its own quantiles, and gives more weight to what was learnt through it.
As far as it recognises a piece it was trained on, what was learnt of that piece counts too.
How it was trained, what it can and cannot do: ``weights/MODEL_CARD.md``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crescendai.music.dimensions import ALL_KEYS, DIMENSION_KEYS, HOLISTIC_KEYS
from crescendai.music.features import FEATURE_NAMES, MIN_FEATURE_NOTES, feature_matrix
from crescendai.music.notes import Performance
from crescendai.music.prediction import Prediction, SegmentScore
from crescendai.music.windows import split_windows

WEIGHTS_PATH = Path(__file__).parent / "weights" / "performance_model.npz"
CACHED_ROWS = 256  # half a megabyte of features, which stays in the processor's cache

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ModelSettings:
    """Numbers that travel with the weights."""

    version: str
    rating_features: int  # the first so many rate; the others only help to recognise a piece
    width: float  # of their Laplacian kernel, in mean absolute normalised difference
    piece_width: float  # of the kernel that recognises a piece, on what rates …
    class_width: float  # … and on pitch classes
    piece_share: float  # of what was learnt of one piece alone, against what holds for all
    ear_share: float  # of what an ear has learnt for itself, against what both have
    stretch_sec: float  # a long recording is rated in stretches of this length …
    stretch_hop_sec: float  # … starting this far apart, and averaged
    context_sec: float  # a segment is rated on the notes of this much music around it
    segment_shrink_notes: float  # with so many context notes, half-way to the whole's score
    widen_notes: float  # half-widths grow by sqrt(1 + this / notes …
    widen_doubt: float  # … + this · (1 - the transcriber's confidence))


class _Ear:
    """What turns features, heard this way, into ratings."""

    def __init__(self, name: str, arrays: dict[str, npt.NDArray[np.generic]], own: Floats) -> None:
        self.knots = arrays[f"{name}_knots"].astype(np.float64)  # features × knots: values …
        self.normal = arrays[f"{name}_normal"].astype(np.float64)  # … and their normal scores
        self.dual = arrays["dual"].astype(np.float64) * own
        # For any music, then what each piece adds: [1 + pieces, features, scales], [.., scales].
        self.linear = arrays[f"{name}_linear"].astype(np.float64)
        self.level = arrays[f"{name}_level"].astype(np.float64)

    def normalised(self, features: Floats) -> Floats:
        """Normal scores; what is NaN is ordinary."""
        columns = [
            np.interp(column, knots, normal)
            for column, knots, normal in zip(features.T, self.knots, self.normal, strict=True)
        ]
        return np.where(np.isnan(features), 0.0, np.array(columns).T)


class PerformanceModel:
    """Immutable after loading; safe to share between threads."""

    def __init__(self, settings: ModelSettings, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
        self.settings = settings
        self._support = arrays["support"].astype(np.float64)
        self._half_width = arrays["half_width"].astype(np.float64)  # one per scale
        self._of_piece = arrays["of_piece"].astype(np.float64)  # support × pieces: 1 or 0
        self._piece_dual = arrays["piece_dual"].astype(np.float64)
        heard = arrays["heard"].astype(np.bool_)  # which rows of the support are transcriptions
        both = 1.0 + settings.ear_share
        self._ears = {
            ear: _Ear(name, arrays, ((1.0 + settings.ear_share * (heard == ear)) / both)[:, None])
            for ear, name in ((False, "known"), (True, "heard"))
        }

    @classmethod
    def load(cls, path: Path = WEIGHTS_PATH) -> PerformanceModel:
        """Read ``path`` (.npz) and the .json beside it; refuse weights that do not match it."""
        described = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != described["sha256"]:
            raise ValueError(f"{path.name} is damaged: its checksum is not the one in its .json")
        if tuple(described["features"]) != FEATURE_NAMES or tuple(described["keys"]) != ALL_KEYS:
            raise ValueError(f"{path.name} was trained for other features; train the model anew")
        with np.load(path, allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in kept.files}
        return cls(ModelSettings(**described["settings"]), arrays)

    def predict(
        self, performance: Performance, pause: Callable[[], None] = lambda: None
    ) -> Prediction:
        """Rate a performance of at least eight notes; fewer raise ``ValueError``.

        ``pause`` is called every few milliseconds and may raise to end it.
        """
        if len(performance.notes) < MIN_FEATURE_NOTES:
            raise ValueError(
                f"{len(performance.notes)} notes are too few to rate; "
                f"{MIN_FEATURE_NOTES} are needed"
            )
        whole = self._rate_whole(performance, pause)
        width = self._half_width * widening(
            len(performance.notes), performance.confidence, self.settings
        )
        low, high = np.clip(whole - width, 0.0, 1.0), np.clip(whole + width, 0.0, 1.0)
        scores = dict(zip(ALL_KEYS, np.clip(whole, 0.0, 1.0).tolist(), strict=True))
        return Prediction(
            scores={key: scores[key] for key in DIMENSION_KEYS},
            holistic={key: scores[key] for key in HOLISTIC_KEYS},
            intervals=dict(
                zip(ALL_KEYS, zip(low.tolist(), high.tolist(), strict=True), strict=True)
            ),
            segments=self._rate_segments(performance, whole, pause),
            version=self.settings.version,
        )

    def rate(self, features: Floats, heard: bool) -> Floats:
        """Unclipped ratings, one row of nineteen for each row of features (NaN allowed).

        ``heard``: the notes come from a transcriber.
        """
        ear, share = self._ears[heard], self.settings.piece_share
        normal = ear.normalised(features)
        rating = normal[:, : self.settings.rating_features]
        apart = _apart(rating, self._support[:, : self.settings.rating_features])
        known = self._recognised(normal, apart)
        kin = (1.0 + share * known @ self._of_piece.T) / (1.0 + share)
        rated: Floats = (kin * np.exp(-apart / self.settings.width)) @ ear.dual
        counted = np.hstack([np.ones((len(known), 1)), known])
        for weight, linear in zip(counted.T, ear.linear, strict=True):
            rated += weight[:, None] * (rating @ linear)
        rated += counted @ ear.level
        return rated

    def _recognised(self, normal: Floats, apart: Floats) -> Floats:
        """How sure it is, from 0 to 1, that each row is of each of the pieces trained on."""
        first = self.settings.rating_features
        apart_classes = _apart(normal[:, first:], self._support[:, first:])
        near = np.exp(
            -apart / self.settings.piece_width - apart_classes / self.settings.class_width
        )
        sure: Floats = np.clip(near @ self._piece_dual, 0.0, 1.0)
        return sure

    def _rate_whole(self, performance: Performance, pause: Callable[[], None]) -> Floats:
        """The note-weighted mean over stretches as long as those the model was trained on."""
        onsets = performance.notes["onset_sec"]
        starts = _stretch_starts(float(onsets[0]), float(onsets[-1]), self.settings)
        length_sec = self.settings.stretch_sec
        stretches = [(start, start + length_sec) for start in starts]
        if len(stretches) == 1:
            stretches = [(-np.inf, np.inf)]
        features = feature_matrix(performance, stretches, pause)
        counts = _note_counts(performance, stretches)
        counts[np.isnan(features).all(axis=1)] = 0.0
        if counts.sum() == 0.0:  # sparse music: no stretch has enough notes of its own
            features, counts = feature_matrix(performance, [(-np.inf, np.inf)]), np.ones(1)
        whole: Floats = np.average(
            self.rate(features, performance.is_heard), axis=0, weights=counts
        )
        return whole

    def _rate_segments(
        self, performance: Performance, whole: Floats, pause: Callable[[], None]
    ) -> list[SegmentScore]:
        """Each window from its context, drawn towards the whole when the context has few notes."""
        windows = split_windows(performance.duration_sec)
        contexts = [
            self._context(w.start_sec, w.end_sec, performance.duration_sec) for w in windows
        ]
        features = feature_matrix(performance, contexts, pause)
        counts = _note_counts(performance, contexts)
        counts[np.isnan(features).all(axis=1)] = 0.0
        trust = (counts / (counts + self.settings.segment_shrink_notes))[:, None]
        own = self.rate(features, performance.is_heard)
        rated = np.clip(trust * own + (1.0 - trust) * whole, 0.0, 1.0)
        inside = _note_counts(performance, [(w.start_sec, w.end_sec) for w in windows])
        return [
            SegmentScore(
                start=window.start_sec,
                end=window.end_sec,
                timestamp=window.timestamp,
                scores=dict(zip(DIMENSION_KEYS, row[: len(DIMENSION_KEYS)].tolist(), strict=True)),
                note_count=int(count),
            )
            for window, row, count in zip(windows, rated, inside, strict=True)
        ]

    def _context(
        self, start_sec: float, end_sec: float, duration_sec: float
    ) -> tuple[float, float]:
        """``context_sec`` of music around a window, moved inwards at either end."""
        length = min(self.settings.context_sec, duration_sec)
        start = min(max((start_sec + end_sec - length) / 2, 0.0), duration_sec - length)
        return start, start + length


def widening(
    note_count: float | Floats, confidence: float | Floats, settings: ModelSettings
) -> Floats:
    """By how much intervals are wider than for very many notes that the transcriber is sure of."""
    fewer = settings.widen_notes / np.maximum(note_count, 1.0)
    doubt = settings.widen_doubt * (1.0 - np.asarray(confidence))
    grown: Floats = np.sqrt(1.0 + fewer + doubt)
    return grown


def _apart(left: Floats, right: Floats) -> Floats:
    """Mean absolute difference of each row of ``left`` to each of ``right``."""
    distances = np.empty((len(left), len(right)))
    for first in range(0, len(right), CACHED_ROWS):
        near = right[first : first + CACHED_ROWS]
        differences = np.empty_like(near)
        for row, out in zip(left, distances[:, first : first + CACHED_ROWS], strict=True):
            np.subtract(near, row, out=differences)
            np.abs(differences, out=differences)
            np.add.reduce(differences, axis=1, out=out)
    distances /= left.shape[1]
    return distances


def _stretch_starts(first_sec: float, last_sec: float, settings: ModelSettings) -> list[float]:
    """Starts of overlapping stretches, evenly spread; one if 1.5 stretches hold everything."""
    span_sec = last_sec - first_sec + 1e-3
    if span_sec <= 1.5 * settings.stretch_sec:
        return [first_sec]
    count = int(np.ceil((span_sec - settings.stretch_sec) / settings.stretch_hop_sec)) + 1
    starts: list[float] = np.linspace(first_sec, last_sec - settings.stretch_sec, count).tolist()
    return starts


def _note_counts(performance: Performance, stretches: list[tuple[float, float]]) -> Floats:
    edges = np.searchsorted(performance.notes["onset_sec"], np.array(stretches))
    counts: Floats = (edges[:, 1] - edges[:, 0]).astype(np.float64)
    return counts

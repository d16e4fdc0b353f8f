"""How close one transcription is to another, or to the truth: mir_eval's measures, in per cent."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cached_property

import mir_eval
import numpy as np
import numpy.typing as npt

from crescendai.music.notes import NoteArray, PedalArray, Performance

Booleans = npt.NDArray[np.bool_]

TOLERANCE_SEC = 0.05
OFFSET_RATIO = 0.2
PEDAL_FRAME_SEC = 0.01


@dataclass(frozen=True)
class Scores:
    """F1 × 100 each; ``nan`` where there is nothing to find and nothing found."""

    onset: float  # same pitch, onsets within 50 ms
    offset: float  # and offsets within 50 ms or 20 % of the note
    velocity: float  # onsets match, velocities within 0.1 of their range after a linear fit
    pedal: float  # 10 ms frames with the sustain pedal down
    pedal_onset: float  # presses within 50 ms


NAMES = ("onset F1", "offset F1", "onset + velocity F1", "pedal frame F1", "pedal press F1")


class _Notes:
    """Notes as mir_eval takes them."""

    def __init__(self, notes: NoteArray) -> None:
        on, off = notes["onset_sec"], np.maximum(notes["offset_sec"], notes["onset_sec"] + 1e-3)
        self.spans = np.stack([on, off], axis=1).reshape(-1, 2)
        self.pitch_hz = 440.0 * 2.0 ** ((notes["pitch"] - 69) / 12)
        self.velocity = notes["velocity"].astype(np.float64)

    @cached_property
    def count(self) -> int:
        return len(self.spans)


def compare(expected: Performance, found: Performance) -> Scores:
    """``found`` against ``expected``."""
    one, other = _Notes(expected.notes), _Notes(found.notes)
    return Scores(
        _note_f1(one, other, None),
        _note_f1(one, other, OFFSET_RATIO),
        _velocity_f1(one, other),
        _pedal_f1(expected.pedal, found.pedal, expected.duration_sec),
        _press_f1(expected.pedal, found.pedal),
    )


def mean(scores: list[Scores]) -> Scores:
    """Mean over clips, each weighted alike; clips without a value are left out."""
    table = np.array([astuple(score) for score in scores], np.float64)
    return Scores(*np.nanmean(table, axis=0).tolist())


def velocity_differences(expected: Performance, found: Performance) -> npt.NDArray[np.int64]:
    """Velocity found minus expected, for notes whose onsets match."""
    one, other = _Notes(expected.notes), _Notes(found.notes)
    pairs = _matched(one, other, None)
    return np.array([int(other.velocity[j] - one.velocity[i]) for i, j in pairs], np.int64)


def _matched(one: _Notes, other: _Notes, offset_ratio: float | None) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = mir_eval.transcription.match_notes(
        one.spans,
        one.pitch_hz,
        other.spans,
        other.pitch_hz,
        onset_tolerance=TOLERANCE_SEC,
        offset_ratio=offset_ratio,
    )
    return pairs


def _note_f1(one: _Notes, other: _Notes, offset_ratio: float | None) -> float:
    hits = len(_matched(one, other, offset_ratio)) if one.count and other.count else 0
    return _f1(hits, one.count, other.count)


def _velocity_f1(one: _Notes, other: _Notes) -> float:
    if not (one.count and other.count):
        return _f1(0, one.count, other.count)
    pairs = mir_eval.transcription_velocity.match_notes(
        one.spans,
        one.pitch_hz,
        one.velocity,
        other.spans,
        other.pitch_hz,
        other.velocity,
        onset_tolerance=TOLERANCE_SEC,
        offset_ratio=None,
    )
    return _f1(len(pairs), one.count, other.count)


def _pedal_f1(expected: PedalArray, found: PedalArray, duration_sec: float) -> float:
    one, other = (_pressed(spans, duration_sec) for spans in (expected, found))
    return _f1(int((one & other).sum()), int(one.sum()), int(other.sum()))


def _pressed(spans: PedalArray, duration_sec: float) -> Booleans:
    frames = np.zeros(int(duration_sec / PEDAL_FRAME_SEC) + 1, np.bool_)
    for onset, offset in spans.tolist():
        frames[int(onset / PEDAL_FRAME_SEC) : int(offset / PEDAL_FRAME_SEC)] = True
    return frames


def _press_f1(expected: PedalArray, found: PedalArray) -> float:
    hits = mir_eval.util.match_events(expected["onset_sec"], found["onset_sec"], TOLERANCE_SEC)
    return _f1(len(hits), len(expected), len(found))


def _f1(hits: int, expected: int, found: int) -> float:
    return 200.0 * hits / (expected + found) if expected + found else float("nan")

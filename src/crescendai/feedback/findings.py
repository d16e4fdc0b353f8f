"""What stands out in an analysis: pure rules, no opinion on what is good.

A score stands out by its distance from the middle of the scale, a moment by its distance from the
recording's own level; both are counted in half-widths of the dimension's 80 % interval, so that
what was heard with little certainty stands out less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from crescendai.evidence.scales import SCALES, Scale, Side
from crescendai.evidence.scales import pole as pole
from crescendai.evidence.scales import scale as scale
from crescendai.feedback.outliers import outliers as outliers
from crescendai.feedback.outliers import settled as settled
from crescendai.music.dimensions import ALL_KEYS, DIMENSION_KEYS
from crescendai.recordings.schemas import Analysis, TemporalSegment

MIDDLE = 0.5
MIN_HALF_WIDTH = 0.02
MIN_MOMENT_NOTES = 6
SLIGHT_STRENGTH = 0.25

Certainty = Literal["clear", "lean", "middle"]


@dataclass(frozen=True)
class Finding:
    """One score. ``certainty`` is clear when the interval leaves out the middle of the scale.

    ``welcome`` says whether ``side`` is the pole most teachers wish for; None where it depends.
    """

    key: str
    value: float
    low: float
    high: float
    side: Side
    strength: float
    certainty: Certainty
    welcome: bool | None

    @property
    def scale(self) -> Scale:
        return SCALES[self.key]

    @property
    def name(self) -> str:
        return self.scale.name(self.side)

    @property
    def pole(self) -> str:
        return pole(self.key, self.side)


@dataclass(frozen=True)
class Moment:
    """One dimension in one window; ``usual`` is the same dimension over the whole recording.

    ``side`` is the pole that the window is nearer to than the whole is.
    """

    start: float
    end: float
    timestamp: str
    key: str
    value: float
    usual: float
    side: Side
    strength: float
    welcome: bool | None

    @property
    def name(self) -> str:
        return SCALES[self.key].name(self.side)

    @property
    def pole(self) -> str:
        return pole(self.key, self.side)


def findings(analysis: Analysis) -> tuple[Finding, ...]:
    """All nineteen scores, those that stand out most first."""
    scores = analysis.scores | analysis.holistic
    read = [_finding(key, scores[key], analysis.intervals[key]) for key in ALL_KEYS]
    return tuple(sorted(read, key=lambda finding: -finding.strength))


def moments(analysis: Analysis, keys: Sequence[str] = DIMENSION_KEYS) -> tuple[Moment, ...]:
    """Every window with enough notes to be judged, by dimension, most unusual first."""
    read = [
        _moment(segment, key, analysis)
        for segment in analysis.temporal_segments
        if segment.note_count >= MIN_MOMENT_NOTES
        for key in keys
        if key in segment.scores
    ]
    return tuple(sorted(read, key=lambda moment: (-moment.strength, moment.start)))


def _finding(key: str, value: float, interval: tuple[float, float]) -> Finding:
    low, high = interval
    side: Side = "left" if value < MIDDLE else "right"
    strength = abs(value - MIDDLE) / _half_width(interval)
    certainty: Certainty = "middle" if strength < SLIGHT_STRENGTH else "lean"
    if not low <= MIDDLE <= high:
        certainty = "clear"
    return Finding(key, value, low, high, side, strength, certainty, _welcome(key, side))


def _moment(segment: TemporalSegment, key: str, analysis: Analysis) -> Moment:
    value, usual = segment.scores[key], analysis.scores[key]
    side: Side = "left" if value < usual else "right"
    return Moment(
        start=segment.start,
        end=segment.end,
        timestamp=segment.timestamp,
        key=key,
        value=value,
        usual=usual,
        side=side,
        strength=abs(value - usual) / _half_width(analysis.intervals[key]),
        welcome=_welcome(key, side),
    )


def _half_width(interval: tuple[float, float]) -> float:
    return max((interval[1] - interval[0]) / 2, MIN_HALF_WIDTH)


def _welcome(key: str, side: Side) -> bool | None:
    wish = SCALES[key].wish
    return None if wish is None else wish == side

"""Windows whose measurements, rather than ratings, differ from the whole recording.

Ratings of 3-second windows differ little on even playing, where a tempo, a velocity or an overlap
of keys still can. A measurement stands out if it differs from the whole recording's by more than
a listener's threshold and by more than the windows commonly do, and rests on enough notes.

The thresholds are this project's choice: tempo 8 %, velocity 6 of 127, overlap 0.15, and for a
chord asynchrony 15 ms, about the precision of transcribed onsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from crescendai.kit.prose import number
from crescendai.recordings.schemas import Analysis, TemporalSegment

MIN_WINDOWS = 4
SPREADS = 1.5  # robust standard deviations of the windows about the whole
MAD_TO_DEVIATION = 1.4826
FEWEST_SETTLED = 2  # measurements that a window must have to be called settled


@dataclass(frozen=True)
class Measure:
    """``key`` is the dimension it bears on, ``unit`` what is said behind the number."""

    name: str
    key: str
    words: str
    unit: str
    threshold: float  # in its unit, or a fraction of the whole where ``relative``
    relative: bool
    least_notes: int

    def said(self, value: float) -> str:
        return number(value) if self.name == "key_overlap_ratio" else f"{value:.0f}{self.unit}"

    def noticeable(self, usual: float) -> float:
        return self.threshold * usual if self.relative else self.threshold


MEASURES = (
    Measure(
        "tempo_bpm",
        "timing_stable_unstable",
        "the tempo is",
        " beats a minute",
        0.08,
        relative=True,
        least_notes=8,
    ),
    Measure(
        "velocity_mean",
        "timbre_soft_loud",
        "the mean velocity is",
        "",
        6.0,
        relative=False,
        least_notes=8,
    ),
    Measure(
        "key_overlap_ratio",
        "articulation_short_long",
        "the key-overlap ratio is",
        "",
        0.15,
        relative=False,
        least_notes=10,
    ),
    Measure(
        "chord_asynchrony_ms",
        "timing_stable_unstable",
        "the chord asynchrony is",
        " ms",
        15.0,
        relative=False,
        least_notes=10,
    ),
)


@dataclass(frozen=True)
class Outlier:
    """One measurement in one window beside the whole recording's.

    ``strength`` counts the thresholds by which they differ.
    """

    start: float
    end: float
    timestamp: str
    measure: Measure
    value: float
    usual: float
    note_count: int
    strength: float

    @property
    def key(self) -> str:
        return self.measure.key

    @property
    def said(self) -> str:
        """A clause with both numbers and what they rest on."""
        here, whole = self.measure.said(self.value), self.measure.said(self.usual)
        return f"{self.measure.words} {here} here, against {whole} over the whole recording"


def outliers(analysis: Analysis) -> tuple[Outlier, ...]:
    """What stands out by measurement, furthest first; none where the playing is even."""
    found = [one for measure in MEASURES for one in _standing_out(measure, analysis)]
    return tuple(sorted(found, key=lambda one: (-one.strength, one.start)))


def settled(analysis: Analysis) -> tuple[Outlier, ...]:
    """The measurements of the window nearest to the whole in all of them; often none at all."""
    by_window: dict[float, list[Outlier]] = {}
    for measure in MEASURES:
        for one in _measured(measure, analysis):
            by_window.setdefault(one.start, []).append(one)
    whole = [found for found in by_window.values() if len(found) >= FEWEST_SETTLED]
    if len(whole) < MIN_WINDOWS:
        return ()
    most = max(len(found) for found in whole)
    full = [found for found in whole if len(found) == most]
    nearest = min(full, key=lambda found: max(one.strength for one in found))
    return tuple(nearest) if max(one.strength for one in nearest) < 1 else ()


def _standing_out(measure: Measure, analysis: Analysis) -> list[Outlier]:
    read = _measured(measure, analysis)
    if len(read) < MIN_WINDOWS:
        return []
    common = median(abs(one.value - one.usual) for one in read) * MAD_TO_DEVIATION
    return [
        one for one in read if one.strength >= 1 and abs(one.value - one.usual) >= SPREADS * common
    ]


def _measured(measure: Measure, analysis: Analysis) -> list[Outlier]:
    whole = analysis.measurements.get(measure.name)
    usual = whole.value if whole is not None else None
    if usual is None or usual <= 0:
        return []
    return [
        _outlier(measure, segment, value, usual)
        for segment in _with_enough(measure, analysis.temporal_segments)
        if (value := segment.measurements.get(measure.name)) is not None and value >= 0
    ]


def _with_enough(measure: Measure, segments: Sequence[TemporalSegment]) -> list[TemporalSegment]:
    return [segment for segment in segments if segment.note_count >= measure.least_notes]


def _outlier(measure: Measure, segment: TemporalSegment, value: float, usual: float) -> Outlier:
    return Outlier(
        start=segment.start,
        end=segment.end,
        timestamp=segment.timestamp,
        measure=measure,
        value=value,
        usual=usual,
        note_count=segment.note_count,
        strength=abs(value - usual) / measure.noticeable(usual),
    )

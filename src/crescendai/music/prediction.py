"""What the performance model says of a performance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentScore:
    """The sixteen scores of one 3-second window; ``note_count`` notes are struck in it."""

    start: float
    end: float
    timestamp: str
    scores: dict[str, float]
    note_count: int


@dataclass(frozen=True)
class Prediction:
    """All values lie in [0, 1]: 0 is wholly a scale's left pole, 1 wholly its right one."""

    scores: dict[str, float]
    holistic: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    segments: list[SegmentScore]
    version: str
